// Seeded noise: N(0, 1) as a function of (seed, address, band, frame). The same arithmetic as
// svc_core/diffusion/noise.py, which explains it; a test holds the two together.

const GOLDEN = 0x9e3779b9;
const TABLE_SIZE = 65536;

// All 32 bits of the hash as a signed number: inner loops stay with whole numbers, three times as fast.
export function hash(x) {
  x ^= x >>> 16;
  x = Math.imul(x, 0x7feb352d);
  x ^= x >>> 15;
  x = Math.imul(x, 0x846ca68b);
  return x ^ (x >>> 16);
}

export const hash32 = (x) => hash(x) >>> 0;

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

function makeTable() {
  const table = new Float32Array(TABLE_SIZE);
  for (let k = TABLE_SIZE / 2; k < TABLE_SIZE; k += 1) {
    table[k] = normalQuantile((k + 0.5) / TABLE_SIZE);
    table[TABLE_SIZE - 1 - k] = -table[k];
  }
  return table;
}

let table = null;

// Noise of pictures of one size: `addresses`, `table` and `base(address)` are what an inner loop needs:
// z = table[hash((addresses[i] + base) | 0) >>> 16].
export class Noise {
  constructor(seed, bands, frames) {
    this.seed = seed >>> 0;
    this.table = table ??= makeTable();
    this.addresses = new Int32Array(bands * frames);
    for (let i = 0, band = 0; band < bands; band += 1) {
      for (let frame = 0; frame < frames; frame += 1, i += 1) {
        this.addresses[i] = Math.imul((band << 16) + frame, GOLDEN);
      }
    }
  }

  base(address) {
    return hash((hash(this.seed) + Math.imul(address, GOLDEN)) | 0);
  }
}
