// Every noisy state x_t again, from the kept predictions and a seed. The same arithmetic as
// svc_core/diffusion/noise.py, schedule.py and svc_core/traces/replay.py, which explain it; a test
// holds the two together.

const GOLDEN = 0x9e3779b9;
const TABLE_SIZE = 65536;
export const CHECKPOINT_EVERY = 10; // at most nine steps to walk from a kept state: under 5 ms

export function hash32(x) {
  x ^= x >>> 16;
  x = Math.imul(x, 0x7feb352d);
  x ^= x >>> 15;
  x = Math.imul(x, 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

const polynomial = (coefficients, x) => coefficients.reduceRight((sum, c) => sum * x + c, 0);

// Inverse of the normal distribution function for p in (0, 1): Wichura 1988, algorithm AS 241 (PPND16).
export function normalQuantile(p) {
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    return (q * polynomial([3.387132872796366608, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125,
      45921.953931549871457, 67265.770927008700853, 33430.575583588128105, 2509.0809287301226727], r))
      / polynomial([1, 42.313330701600911252, 687.1870074920579083, 5394.1960214247511077, 21213.794301586595867,
        39307.89580009271061, 28729.085735721942674, 5226.495278852545925], r);
  }
  let r = Math.sqrt(-Math.log(q < 0 ? p : 1 - p));
  let z;
  if (r <= 5) {
    r -= 1.6;
    z = polynomial([1.42343711074968357734, 4.6303378461565452959, 5.7694972214606914055, 3.64784832476320460504,
      1.27045825245236838258, 0.24178072517745061177, 0.0227238449892691845833, 7.7454501427834140764e-4], r)
      / polynomial([1, 2.05319162663775882187, 1.6763848301838038494, 0.68976733498510000455, 0.14810397642748007459,
        0.0151986665636164571966, 5.475938084995344946e-4, 1.05075007164441684324e-9], r);
  } else {
    r -= 5;
    z = polynomial([6.6579046435011037772, 5.4637849111641143699, 1.7848265399172913358, 0.29656057182850489123,
      0.026532189526576123093, 0.0012426609473880784386, 2.71155556874348757815e-5, 2.01033439929228813265e-7], r)
      / polynomial([1, 0.59983220655588793769, 0.13692988092273580531, 0.0148753612908506148525,
        7.868691311456132591e-4, 1.8463183175100546818e-5, 1.4215117583164458887e-7, 2.04426310338993978564e-15], r);
  }
  return q < 0 ? -z : z;
}

export function normalTable() {
  const table = new Float32Array(TABLE_SIZE);
  for (let k = TABLE_SIZE / 2; k < TABLE_SIZE; k += 1) {
    table[k] = normalQuantile((k + 0.5) / TABLE_SIZE);
    table[TABLE_SIZE - 1 - k] = -table[k];
  }
  return table;
}

// DDPM with linear beta: the level of noise at t and the weights of the step from t to t - 1.
export function makeSchedule({ steps, beta_first: first, beta_last: last }) {
  const schedule = { steps, snrDb: [], predicted: [], state: [], noise: [] };
  let before = 1;
  for (let t = 0; t < steps; t += 1) {
    const beta = steps > 1 ? first + ((last - first) * t) / (steps - 1) : first;
    const kept = before * (1 - beta);
    schedule.snrDb.push(10 * Math.log10(kept / (1 - kept)));
    schedule.predicted.push((Math.sqrt(before) * beta) / (1 - kept));
    schedule.state.push((Math.sqrt(1 - beta) * (1 - before)) / (1 - kept));
    schedule.noise.push(Math.sqrt((beta * (1 - before)) / (1 - kept)));
    before = kept;
  }
  return schedule;
}

// Where a step lies among the kept ones (descending): [index, share of the next].
export function betweenKept(step, keptSteps) {
  let index = 0;
  while (index < keptSteps.length - 2 && keptSteps[index + 1] > step) index += 1;
  if (keptSteps.length < 2) return [0, 0];
  return [index, (keptSteps[index] - step) / (keptSteps[index] - keptSteps[index + 1])];
}

// The walk of one trace. `facts`: seed, keptSteps, bands, frames, sampler, scale; `levels`: bytes (kept, band, frame).
export class Walk {
  constructor(facts, levels) {
    this.facts = facts;
    this.levels = levels;
    this.size = facts.bands * facts.frames;
    this.schedule = makeSchedule(facts.sampler);
    this.table = normalTable();
    this.addresses = new Uint32Array(this.size);
    for (let i = 0, band = 0; band < facts.bands; band += 1) {
      for (let frame = 0; frame < facts.frames; frame += 1, i += 1) {
        this.addresses[i] = Math.imul((band << 16) + frame, GOLDEN);
      }
    }
  }

  noiseBase(step) {
    return hash32((hash32(this.facts.sampler.seed >>> 0) + Math.imul(step, GOLDEN)) >>> 0);
  }

  start() {
    const state = new Float32Array(this.size);
    const base = this.noiseBase(this.schedule.steps);
    for (let i = 0; i < this.size; i += 1) state[i] = this.table[hash32((this.addresses[i] + base) >>> 0) >>> 16];
    return state;
  }

  // Turns x_t into x_{t-1}, in place.
  advance(state, t) {
    const { scale, keptSteps } = this.facts;
    const [index, share] = betweenKept(t, keptSteps);
    const here = index * this.size;
    const next = Math.min(index + 1, keptSteps.length - 1) * this.size;
    const perLevel = (this.schedule.predicted[t] * scale.db_per_level) / scale.mel_std_db;
    const offset = (this.schedule.predicted[t] * (scale.floor_db - scale.mel_mean_db)) / scale.mel_std_db;
    const ofHere = (1 - share) * perLevel;
    const ofNext = share * perLevel;
    const ofState = this.schedule.state[t];
    const ofNoise = this.schedule.noise[t];
    const base = this.noiseBase(t);
    const { levels, addresses, table } = this;
    for (let i = 0; i < this.size; i += 1) {
      const noise = table[hash32((addresses[i] + base) >>> 0) >>> 16];
      state[i] = ofHere * levels[here + i] + ofNext * levels[next + i] + offset + ofState * state[i] + ofNoise * noise;
    }
  }
}
