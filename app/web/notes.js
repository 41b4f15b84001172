// What a pitch contour holds: the note that is held longest, vibrato with its rate and extent, and breaths.
// F0 comes in tenths of Hz, 0 where unvoiced; `rate` is in frames a second; times are in seconds.

import { hzAt } from "./picture.js";

const NOTE_CENTS = 140; // a held note wavers by less, its vibrato smoothed away
const SMOOTH_S = 0.2; // one wave of vibrato
const SHORTEST_NOTE_S = 0.4;
const WINDOW_S = 0.44; // two waves and more
const RATES_HZ = [4.8, 8.5]; // of vibrato, as trained singers have it
const SHORTEST_VIBRATO_S = 0.5; // three waves, nearly: two may be a turn of the melody
const LEAST_CENTS = 30; // to either side; smaller wavering is not heard as vibrato
const LEAST_LIKENESS = 0.7; // of a wave to the next, as a correlation
const BREATH_ABOVE_HZ = 1500; // below that, rooms and microphones hum
const BREATH_DB = -75;
const SHORTEST_BREATH_S = 0.15;

// Hundredths of a semitone above C-1, NaN where unvoiced: 6900 is A4.
export function centsOf(f0) {
  return Float32Array.from(f0, (tenths) => (tenths > 0 ? 6900 + 1200 * Math.log2(tenths / 4400) : NaN));
}

export const hzOfCents = (cents) => 440 * 2 ** ((cents - 6900) / 1200);

// {from, to, hz} of the note that is held longest; null where none is.
export function heldNote(f0, rate) {
  const smooth = smoothed(centsOf(f0), Math.round(SMOOTH_S * rate));
  let best = { from: 0, to: 0 };
  for (let from = 0, to = 0; from < smooth.length; from += 1) {
    to = Math.max(to, from);
    while (to < smooth.length && spread(smooth.subarray(from, to + 1)) <= NOTE_CENTS) to += 1;
    if (to - from > best.to - best.from) best = { from, to };
  }
  if (best.to - best.from < SHORTEST_NOTE_S * rate) return null;
  const cents = median(smooth.slice(best.from, best.to));
  const near = (frame) => Math.abs(smooth[frame] - cents) < NOTE_CENTS / 2; // not the slide into it, or out of it
  while (!near(best.from)) best.from += 1;
  while (!near(best.to - 1)) best.to -= 1;
  return { from: best.from / rate, to: best.to / rate, hz: hzOfCents(cents) };
}

// [{from, to, rateHz, cents}]: where the pitch swings evenly; `cents` to either side of the note.
export function vibratos(f0, rate) {
  const cents = centsOf(f0);
  const half = Math.round((WINDOW_S * rate) / 2);
  const swings = Array.from(cents, (_, at) => swingOf(cents.subarray(Math.max(0, at - half), at + half + 1), half, rate));
  const runs = runsOf(swings.map((swing) => swing !== null));
  return runs.filter(([from, to]) => to - from + 2 * half >= SHORTEST_VIBRATO_S * rate).map(([from, to]) => {
    const inside = swings.slice(from, to);
    return {
      from: (from - half) / rate,
      to: (to + half) / rate,
      rateHz: median(inside.map((swing) => swing.rateHz)),
      cents: median(inside.map((swing) => swing.cents)),
    };
  });
}

// [{from, to}] where air is heard but no pitch, outside all `words` ([{start_s, end_s}]). `db(band, frame)` is the mel.
// Without words nobody can tell a breath from a consonant by such a rule: [].
export function breaths(f0, rate, words, db, grid) {
  if (!words) return [];
  const lowest = Array.from({ length: grid.n_mels }, (_, band) => hzAt((band + 0.5) / grid.n_mels, grid)).findIndex((hz) => hz > BREATH_ABOVE_HZ);
  const isAir = Array.from(f0, (tenths, frame) => {
    const at = (frame + 0.5) / rate;
    if (tenths > 0 || words.some(({ start_s, end_s }) => start_s <= at && at < end_s)) return false;
    let sum = 0;
    for (let band = lowest; band < grid.n_mels; band += 1) sum += db(band, frame);
    return sum / (grid.n_mels - lowest) > BREATH_DB;
  });
  return runsOf(isAir)
    .filter(([from, to]) => to - from >= SHORTEST_BREATH_S * rate)
    .map(([from, to]) => ({ from: from / rate, to: to / rate }));
}

export function median(values) {
  const known = Array.from(values).filter(Number.isFinite).sort((a, b) => a - b);
  if (known.length === 0) return NaN;
  const middle = known.length >> 1;
  return known.length % 2 ? known[middle] : (known[middle - 1] + known[middle]) / 2;
}

// The swing within one window: {rateHz, cents}, or null where it is not even, too small, or partly unvoiced.
function swingOf(window, half, rate) {
  if (window.length < 2 * half + 1 || !window.every(Number.isFinite)) return null;
  const swing = withoutSlope(window);
  const cents = Math.SQRT2 * Math.sqrt(swing.reduce((sum, v) => sum + v * v, 0) / swing.length);
  if (cents < LEAST_CENTS) return null;
  let best = { likeness: -1, lag: 0 };
  const [shortest, longest] = [Math.floor(rate / RATES_HZ[1]), Math.ceil(rate / RATES_HZ[0])];
  for (let lag = shortest; lag <= longest; lag += 1) {
    const found = likeness(swing, lag);
    if (found > best.likeness) best = { likeness: found, lag };
  }
  if (best.lag === shortest || best.lag === longest) return null; // still rising: no wave of these rates
  const isEven = best.likeness >= LEAST_LIKENESS && likeness(swing, Math.round(best.lag / 2)) <= -LEAST_LIKENESS;
  return isEven ? { rateHz: rate / best.lag, cents } : null;
}

function withoutSlope(values) {
  const n = values.length;
  const mean = values.reduce((sum, v) => sum + v, 0) / n;
  const centre = (n - 1) / 2;
  let up = 0;
  let square = 0;
  values.forEach((v, i) => {
    up += (i - centre) * (v - mean);
    square += (i - centre) ** 2;
  });
  return Float64Array.from(values, (v, i) => v - mean - (up / square) * (i - centre));
}

// Correlation of a series with itself, `lag` later.
function likeness(values, lag) {
  let [both, before, after] = [0, 0, 0];
  for (let i = 0; i + lag < values.length; i += 1) {
    both += values[i] * values[i + lag];
    before += values[i] ** 2;
    after += values[i + lag] ** 2;
  }
  return both / Math.sqrt(before * after);
}

// Mean over about `length` neighbours, NaN wherever one of them is unvoiced.
function smoothed(values, length) {
  const half = length >> 1;
  return values.map((_, at) => {
    const near = values.subarray(Math.max(0, at - half), at + half + 1);
    return near.reduce((sum, v) => sum + v, 0) / near.length;
  });
}

function spread(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const v of values) {
    if (Number.isNaN(v)) return Infinity;
    low = Math.min(low, v);
    high = Math.max(high, v);
  }
  return high - low;
}

// [from, to) of every run of true.
function runsOf(flags) {
  const runs = [];
  let from = null;
  for (let i = 0; i <= flags.length; i += 1) {
    if (flags[i] && from === null) from = i;
    if (!flags[i] && from !== null) {
      runs.push([from, i]);
      from = null;
    }
  }
  return runs;
}
