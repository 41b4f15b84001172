// DDPM's forward process on a real mel: x_t = sqrt(abar_t) x_0 + sqrt(1 - abar_t) z. The same arithmetic as
// svc_core/traces/noised.py, which explains it; a test holds the two together.

import { hash32, Noise } from "./noise.js";

const FORMAT = "singsteps-noising-1";
const LONGEST_INDEX = 1 << 20;
const SAFE_FILE = /^[a-z0-9][a-z0-9_-]*\.mp3$/;
const MOST_STEPS = 10000;

// What the lesson is shown with where no index says otherwise: DDPM's own schedule, and the noise of seed 0.
export const USUAL = { trace: null, seed: 0, address: 1000, schedule: { steps: 1000, beta_start: 1e-4, beta_end: 0.02 }, sounds: [] };

// The share of the signal's power left at each t.
function alphaBars({ steps, beta_start: first, beta_end: last }) {
  let left = 1;
  return Float64Array.from({ length: steps }, (_, t) => (left *= 1 - (first + ((last - first) * t) / Math.max(steps - 1, 1))));
}

// Index of the forward process, of unknown origin. Throws an Error that says what is wrong.
export async function fetchIndex(address) {
  let response;
  try {
    response = await fetch(address);
  } catch {
    throw new Error("the server does not answer");
  }
  if (!response.ok) throw new Error(`its index is missing (status ${response.status})`);
  const text = await response.text();
  const fault = "its index is damaged";
  if (text.length > LONGEST_INDEX) throw new Error(fault);
  let index;
  try {
    index = JSON.parse(text);
  } catch {
    throw new Error(fault);
  }
  if (!isIndex(index)) throw new Error(fault);
  return index;
}

function isIndex(index) {
  const whole = (value, low, high) => Number.isInteger(value) && value >= low && value <= high;
  const { steps, beta_start: first, beta_end: last } = index?.schedule ?? {};
  return index?.format === FORMAT && typeof index.trace === "string" && whole(index.seed, 0, 2 ** 32 - 1) && whole(index.address, 0, 2 ** 32 - 1)
    && whole(steps, 1, MOST_STEPS) && first > 0 && first <= last && last < 1
    && Array.isArray(index.sounds) && index.sounds.length > 0
    && index.sounds.every((sound) => whole(sound?.t, 0, steps - 1) && SAFE_FILE.test(sound.file) && /^[0-9a-f]{64}$/.test(sound.sha256));
}

export class Forward {
  // `levels`: bytes of the fixed scale (band, frame); `scale` and `grid` as in a trace's manifest.
  constructor(index, levels, scale, bands, frames) {
    this.alphaBar = alphaBars(index.schedule);
    this.last = this.alphaBar.length - 1;
    this.clean = Float32Array.from(levels, (level) => (scale.db_per_level * level + scale.floor_db - scale.mel_mean_db) / scale.mel_std_db);
    const seeded = new Noise(index.seed, bands, frames);
    const base = seeded.base(index.address);
    this.noise = Float32Array.from(seeded.addresses, (address) => seeded.table[hash32((address + base) >>> 0) >>> 16]);
    this.values = new Float32Array(this.clean.length);
  }

  // [of the picture, of the noise]: the two weights at t.
  weights(t) {
    return [Math.sqrt(this.alphaBar[t]), Math.sqrt(1 - this.alphaBar[t])];
  }

  // Signal-to-noise ratio in dB of a signal of unit variance.
  snrDb(t) {
    return 10 * Math.log10(this.alphaBar[t] / (1 - this.alphaBar[t]));
  }

  // x_t, normalised, (band, frame); the same array at every call.
  at(t) {
    const { clean, noise, values } = this;
    const [ofClean, ofNoise] = this.weights(t);
    for (let i = 0; i < values.length; i += 1) values[i] = ofClean * clean[i] + ofNoise * noise[i];
    return values;
  }
}

// [lowest, highest] of a picture's values.
export function extremes(values) {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i += 1) {
    if (values[i] < low) low = values[i];
    if (values[i] > high) high = values[i];
  }
  return [low, high];
}
