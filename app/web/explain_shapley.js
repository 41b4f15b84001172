// Shapley values of the conditions, band by band and frame by frame: the same numbers as svc_core/traces/shapley.py,
// which explains them; a test holds the two together.

export const CONDITIONS = ["content", "melody", "loudness", "singer"];

// The sixteen coalitions as bits: bit i is set where condition i was told. Text: what was taken away, as catalogues say it.
export function awayOf(mask) {
  return CONDITIONS.filter((_, i) => !(mask & (1 << i))).sort().join(" ");
}

const factorial = (n) => (n < 2 ? 1 : n * factorial(n - 1));

const countOf = (mask) => mask.toString(2).replaceAll("0", "").length;

// `worths`: an array of numbers for each coalition, by mask, of `players` players; `gain`: dB a unit of them.
// Gives a Float32Array of dB for each player; over all players they sum to the worth of all less that of none.
export function shapleyValues(worths, players, gain) {
  return Array.from({ length: players }, (_, player) => {
    const bit = 1 << player;
    const values = new Float32Array(worths[0].length);
    worths.forEach((without, mask) => {
      if (mask & bit) return;
      const told = countOf(mask);
      const weight = (gain * factorial(told) * factorial(players - told - 1)) / factorial(players);
      const withIt = worths[mask | bit];
      for (let i = 0; i < values.length; i += 1) values[i] += weight * (withIt[i] - without[i]);
    });
    return values;
  });
}

// Each player's part of all that is moved, by band or by frame of (band, frame) values: [{player's shares}], 0…1.
// `along`: "bands" gives a share for each band (mean over time), "frames" one for each frame, "all" a single one.
export function sharesOf(values, frames, along) {
  const bands = values[0].length / frames;
  const length = { bands, frames, all: 1 }[along];
  const sums = values.map((one) => {
    const sum = new Float64Array(length);
    for (let i = 0; i < one.length; i += 1) {
      const at = along === "bands" ? Math.floor(i / frames) : along === "frames" ? i % frames : 0;
      sum[at] += Math.abs(one[i]);
    }
    return sum;
  });
  return sums.map((sum) => sum.map((part, at) => {
    const total = sums.reduce((all, other) => all + other[at], 0);
    return total > 0 ? part / total : 0;
  }));
}

// Which player's value is largest at each point, whatever its sign; the first of equals.
export function leaders(values) {
  return Uint8Array.from(values[0], (_, i) => {
    let best = 0;
    for (let player = 1; player < values.length; player += 1) {
      if (Math.abs(values[player][i]) > Math.abs(values[best][i])) best = player;
    }
    return best;
  });
}
