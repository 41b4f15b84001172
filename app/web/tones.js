// Plain tones made on the spot, as WAV, so that they are played like every other sound of the page.

export const RATE_HZ = 24_000;
const FADE_S = 0.02; // at both ends, against clicks
const LOUDNESS = [0.5, 0.25, 0.16, 0.1, 0.06]; // of the harmonics: a plain, voice-like tone
const PEAK = 0.25;

// Samples (Float32Array) of a tone with its first harmonics.
export function toneOf(hz, seconds) {
  const samples = new Float32Array(Math.round(seconds * RATE_HZ));
  for (let i = 0; i < samples.length; i += 1) {
    const phase = (2 * Math.PI * hz * i) / RATE_HZ;
    const fade = Math.min(1, i / (FADE_S * RATE_HZ), (samples.length - 1 - i) / (FADE_S * RATE_HZ));
    samples[i] = PEAK * fade * LOUDNESS.reduce((sum, amplitude, k) => sum + amplitude * Math.sin((k + 1) * phase), 0);
  }
  return samples;
}

// One after the other, with a short silence between.
export function inTurn(sounds, gapSeconds = 0.12) {
  const gap = Math.round(gapSeconds * RATE_HZ);
  const joined = new Float32Array(sounds.reduce((sum, { length }) => sum + length + gap, -gap));
  let at = 0;
  for (const sound of sounds) {
    joined.set(sound, at);
    at += sound.length + gap;
  }
  return joined;
}

// Two of one length at once.
export const together = (one, other) => one.map((sample, i) => sample + other[i]);

// 16-bit mono WAV, as an ArrayBuffer.
export function wavOf(samples) {
  const bytes = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const text = (at, word) => [...word].forEach((sign, i) => bytes.setUint8(at + i, sign.charCodeAt(0)));
  text(0, "RIFF");
  bytes.setUint32(4, 36 + 2 * samples.length, true);
  text(8, "WAVEfmt ");
  bytes.setUint32(16, 16, true);
  bytes.setUint16(20, 1, true); // PCM
  bytes.setUint16(22, 1, true); // mono
  bytes.setUint32(24, RATE_HZ, true);
  bytes.setUint32(28, 2 * RATE_HZ, true);
  bytes.setUint16(32, 2, true);
  bytes.setUint16(34, 16, true);
  text(36, "data");
  bytes.setUint32(40, 2 * samples.length, true);
  samples.forEach((sample, i) => bytes.setInt16(44 + 2 * i, Math.round(32767 * Math.max(-1, Math.min(1, sample))), true));
  return bytes.buffer;
}
