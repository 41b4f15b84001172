// One point of the mel picture along a walk: the recurrence of replay.js for a single band and frame, where a
// thousand steps are a thousand multiplications and nothing need be replayed beforehand.

import { hash32 } from "./noise.js";
import { between } from "./replay.js";

// `index` = band * frames + frame -> {state, predicted} in dB, Float32Array (place). The state is at unit variance, as
// the pictures show it.
export function pointAlong(conversion, index) {
  const { walk } = conversion;
  const { scale, sampler, levels, places, size, seeded } = walk;
  const second = walk.second ?? levels;
  const table = walk.walk;
  const inDb = (pictures, place) => {
    const [i, share] = between(place, places);
    const next = Math.min(i + 1, places.length - 1);
    const level = (1 - share) * pictures[i * size + index] + share * pictures[next * size + index];
    return scale.db_per_level * level + scale.floor_db;
  };
  const noise = (address) => seeded.table[hash32((seeded.addresses[index] + seeded.base(address)) >>> 0) >>> 16];
  const normal = (db) => (db - scale.mel_mean_db) / scale.mel_std_db;
  const limit = sampler.clamp ?? Infinity;
  const state = new Float32Array(sampler.steps);
  const predicted = new Float32Array(sampler.steps);
  let held = sampler.start_weight * noise(sampler.start_address);
  for (let place = 0; place < sampler.steps; place += 1) {
    predicted[place] = inDb(levels, place);
    state[place] = scale.mel_std_db * held + scale.mel_mean_db;
    let moved = table.predicted[place] * normal(predicted[place]) + table.state[place] * held;
    if (walk.second) moved += table.second[place] * normal(inDb(second, place));
    if (table.noise[place] !== 0) moved += table.noise[place] * noise(table.address[place]);
    held = Math.min(Math.max(moved, -limit), limit);
  }
  return { state, predicted };
}
