// Pictures as decibels, and how far two of them lie apart: the same figures as svc_core.metrics takes of mels.

// dB of values (band, frame) with [gain, offset], into `into`.
export function decibels(values, [gain, offset], into = new Float32Array(values.length)) {
  for (let i = 0; i < values.length; i += 1) into[i] = gain * values[i] + offset;
  return into;
}

// First less second, (band, frame) of the first's length; frames that the second lacks are 0.
export function difference(first, frames, second, framesOfSecond, bands, into = new Float32Array(first.length)) {
  const common = Math.min(frames, framesOfSecond);
  for (let band = 0; band < bands; band += 1) {
    for (let frame = 0; frame < frames; frame += 1) {
      const i = band * frames + frame;
      into[i] = frame < common ? first[i] - second[band * framesOfSecond + frame] : 0;
    }
  }
  return into;
}

// {mean: mean of |d|, rms} in dB over bands [lowBand, highBand) and frames [from, to).
export function distance(differences, frames, [lowBand, highBand], [from, to]) {
  let [sum, squares, n] = [0, 0, 0];
  for (let band = lowBand; band < highBand; band += 1) {
    for (let i = band * frames + from; i < band * frames + to; i += 1) {
      const d = differences[i];
      sum += Math.abs(d);
      squares += d * d;
      n += 1;
    }
  }
  return n === 0 ? { mean: NaN, rms: NaN } : { mean: sum / n, rms: Math.sqrt(squares / n) };
}
