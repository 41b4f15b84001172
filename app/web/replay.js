// Every noisy state of a walk again, from the kept predictions, the walk's table and a seed. The same
// arithmetic as svc_core/traces/replay.py, which explains it; a test holds the two together.
// A place is where a step stands on the walk: 0 is the noisiest, whatever the sampler calls it.

import { Noise, hash } from "./noise.js";

const COLUMNS = ["step", "sigma", "predicted", "second", "state", "noise", "address"];
export const ROWS = COLUMNS.length;

// The table of walk.npy.gz, (row, place), as an object of rows.
export function readWalk(values, steps) {
  return Object.fromEntries(COLUMNS.map((name, row) => [name, values.subarray(row * steps, (row + 1) * steps)]));
}

// Signal-to-noise ratio in dB of a signal of unit variance.
export const snrDb = (sigma) => -20 * Math.log10(sigma);

// Where a place lies among those kept (ascending): [index, share of the next].
export function between(place, places) {
  let index = 0;
  while (index < places.length - 1 && places[index + 1] <= place) index += 1;
  if (index === places.length - 1) return [index, 0];
  return [index, (place - places[index]) / (places[index + 1] - places[index])];
}

// One trace's walk. `facts`: walk (see readWalk), sampler, scale, places, bands, frames, and the pictures
// `levels` and (Heun's method alone) `second`, bytes (picture, band, frame).
export class Walk {
  constructor(facts) {
    Object.assign(this, facts);
    this.size = facts.bands * facts.frames;
    this.seeded = new Noise(facts.sampler.seed, facts.bands, facts.frames);
  }

  // The prediction at any place, in levels of the fixed scale, into `values`.
  predictedAt(place, values) {
    const { here, next, share } = this.neighbours(place);
    for (let i = 0; i < this.size; i += 1) {
      values[i] = (1 - share) * this.levels[here + i] + share * this.levels[next + i];
    }
    return values;
  }

  neighbours(place) {
    const [index, share] = between(place, this.places);
    return { here: index * this.size, next: Math.min(index + 1, this.places.length - 1) * this.size, share };
  }

  start() {
    const { addresses, table } = this.seeded;
    const base = this.seeded.base(this.sampler.start_address);
    const weight = this.sampler.start_weight;
    return Float32Array.from(addresses, (address) => weight * table[hash((address + base) | 0) >>> 16]);
  }

  // Turns the state at `place` into that at the next, in place.
  advance(state, place) {
    const { walk, scale, size, levels } = this;
    const second = this.second ?? levels;
    const { here, next, share } = this.neighbours(place);
    const [weight, weightOfSecond] = [walk.predicted[place], this.second ? walk.second[place] : 0];
    const perLevel = scale.db_per_level / scale.mel_std_db;
    const offset = ((weight + weightOfSecond) * (scale.floor_db - scale.mel_mean_db)) / scale.mel_std_db;
    const ofHere = (1 - share) * weight * perLevel;
    const ofNext = share * weight * perLevel;
    const secondOfHere = (1 - share) * weightOfSecond * perLevel;
    const secondOfNext = share * weightOfSecond * perLevel;
    const ofState = walk.state[place];
    const ofNoise = walk.noise[place];
    const { addresses, table } = this.seeded;
    const base = this.seeded.base(walk.address[place]);
    const { clamp } = this.sampler;
    if (weightOfSecond === 0 && typeof clamp !== "number") {
      const one = levels.subarray(here, here + size);
      const two = levels.subarray(next, next + size);
      move(state, one, two, ofHere, ofNext, offset, ofState, ofNoise, addresses, base, table);
      return;
    }
    const limit = clamp ?? Infinity;
    for (let i = 0; i < size; i += 1) {
      const moved = ofHere * levels[here + i] + ofNext * levels[next + i] + offset + ofState * state[i]
        + ofNoise * table[hash((addresses[i] + base) | 0) >>> 16]
        + (secondOfHere * second[here + i] + secondOfNext * second[next + i]);
      state[i] = moved > limit ? limit : moved < -limit ? -limit : moved;
    }
  }
}

// What most samplers need, in a loop of its own: three times as fast as with the rest.
function move(state, one, two, ofOne, ofTwo, offset, ofState, ofNoise, addresses, base, table) {
  for (let i = 0; i < state.length; i += 1) {
    state[i] = ofOne * one[i] + ofTwo * two[i] + offset + ofState * state[i] + ofNoise * table[hash((addresses[i] + base) | 0) >>> 16];
  }
}
