// A sound that is still only here: recorded, or read from a file; and a part of it.

export const LONGEST_S = 15; // that is converted; see app/own/limits.py
export const SHORTEST_S = 1;
const MOST_BYTES = 64 << 20; // of a file that is read here
const MOST_S = 600; // of a file from which a part may be chosen: ten minutes take 115 MB
const PEAKS = 1200; // of a picture of the wave

export class SoundProblem extends Error {}

export class OwnSound {
  // samples (Float32Array), one channel.
  constructor(samples, rateHz) {
    this.samples = samples;
    this.rateHz = rateHz;
    this.seconds = samples.length / rateHz;
  }

  // Blocks of the microphone, one after another.
  static join(blocks, rateHz) {
    const samples = new Float32Array(blocks.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const block of blocks) {
      samples.set(block, at);
      at += block.length;
    }
    return new OwnSound(samples, rateHz);
  }

  // Whatever the browser can decode. Rejects with a SoundProblem; null where only the server may be able to read it.
  static async read(file) {
    if (file.size === 0) throw new SoundProblem("The file is empty; choose another.");
    if (file.size > MOST_BYTES) throw new SoundProblem(`The file has ${Math.round(file.size / 1e6)} MB; choose one of at most ${MOST_BYTES >> 20} MB, or a part of it.`);
    if (file.type.startsWith("video/")) throw new SoundProblem("This is a video; save its sound alone, and choose that.");
    const context = new OfflineAudioContext(1, 1, 48000);
    let buffer;
    try {
      buffer = await context.decodeAudioData(await file.arrayBuffer());
    } catch {
      return null;
    }
    if (buffer.duration > MOST_S) throw new SoundProblem(`This lasts ${Math.round(buffer.duration / 60)} minutes; choose a file of at most ${MOST_S / 60} minutes.`);
    const samples = new Float32Array(buffer.length);
    for (let channel = 0; channel < buffer.numberOfChannels; channel += 1) {
      const values = buffer.getChannelData(channel);
      for (let i = 0; i < samples.length; i += 1) samples[i] += values[i] / buffer.numberOfChannels;
    }
    return new OwnSound(samples, buffer.sampleRate);
  }

  // From second to second.
  part(from, to) {
    return new OwnSound(this.samples.subarray(Math.round(from * this.rateHz), Math.round(to * this.rateHz)), this.rateHz);
  }

  // The part that is probably meant: from a little before it first sounds, as long as may be.
  likelyPart() {
    const peaks = this.peaks(Math.max(1, Math.round(this.seconds * 20)));
    const loudest = Math.max(...peaks);
    const first = Math.max(0, peaks.findIndex((peak) => peak > loudest / 10) / 20 - 0.2);
    const last = Math.min(this.seconds, (peaks.findLastIndex((peak) => peak > loudest / 30) + 1) / 20 + 0.3);
    const from = last - first < SHORTEST_S ? 0 : first;
    return [from, Math.min(last - first < SHORTEST_S ? this.seconds : last, from + LONGEST_S)];
  }

  // Largest size of each of so many parts.
  peaks(parts = PEAKS) {
    const found = new Float32Array(parts);
    for (let part = 0; part < parts; part += 1) {
      const begin = Math.floor((part * this.samples.length) / parts);
      const end = Math.max(begin + 1, Math.floor(((part + 1) * this.samples.length) / parts));
      for (let i = begin; i < end && i < this.samples.length; i += 1) found[part] = Math.max(found[part], Math.abs(this.samples[i]));
    }
    return found;
  }
}

// {rms, peak} in dB of full scale of a block of samples: what a meter shows.
export function levelOf(block) {
  let [sum, peak] = [0, 0];
  for (const value of block) {
    sum += value * value;
    peak = Math.max(peak, Math.abs(value));
  }
  const inDb = (size) => 20 * Math.log10(Math.max(size, 1e-5));
  return { rms: inDb(Math.sqrt(sum / block.length)), peak: inDb(peak) };
}
