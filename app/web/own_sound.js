// A sound that is still only here: recorded, or read from a file; and a part of it.

const MOST_BYTES = 64 << 20; // of a file that is read here
const MOST_SENT = 32 << 20; // that the server takes as it is; see app/own/limits.py
const MOST_S = 600; // of a file from which a part may be chosen: ten minutes take 115 MB
const LOOKED_MS = 4000; // for a file's length, before it is simply decoded
const PEAKS = 1200; // of a picture of the wave
const SILENT = 10 ** (-60 / 20); // peak below which nothing can have been sung

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
    const { seconds, isVideo } = await lookAt(file);
    if (isVideo) throw new SoundProblem("This is a video; save its sound alone, and choose that.");
    if (seconds > MOST_S) throw new SoundProblem(tooLong(seconds)); // decoded, an hour would take more than a gigabyte
    const context = new OfflineAudioContext(1, 1, 48000);
    let buffer;
    try {
      buffer = await context.decodeAudioData(await file.arrayBuffer());
    } catch {
      if (file.size > MOST_SENT) throw new SoundProblem(`This browser cannot read the file, and it is too large for the server; choose one of at most ${MOST_SENT >> 20} MB.`);
      return null;
    }
    if (buffer.duration > MOST_S) throw new SoundProblem(tooLong(buffer.duration));
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

  // The part that is probably meant: from a little before it first sounds, as long as may be. `limits`: {shortest_s, longest_s}.
  likelyPart({ shortest_s: shortest, longest_s: longest }) {
    const peaks = this.peaks(Math.max(1, Math.round(this.seconds * 20)));
    const loudest = Math.max(...peaks);
    const first = Math.max(0, peaks.findIndex((peak) => peak > loudest / 10) / 20 - 0.2);
    const last = Math.min(this.seconds, (peaks.findLastIndex((peak) => peak > loudest / 30) + 1) / 20 + 0.3);
    const from = last - first < shortest ? 0 : first;
    return [from, Math.min(last - first < shortest ? this.seconds : last, from + longest)];
  }

  get isSilent() {
    return !this.samples.some((sample) => Math.abs(sample) > SILENT);
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

const tooLong = (seconds) => `This lasts ${Math.round(seconds / 60)} minutes; choose a file of at most ${MOST_S / 60} minutes.`;

// {seconds, isVideo} of a file, as far as the browser can tell without decoding it; NaN seconds where it cannot.
async function lookAt(file) {
  const player = document.createElement("video");
  const address = URL.createObjectURL(file);
  try {
    await new Promise((resolve) => {
      for (const event of ["loadedmetadata", "error"]) player.addEventListener(event, resolve, { once: true });
      setTimeout(resolve, LOOKED_MS);
      Object.assign(player, { preload: "metadata", src: address });
    });
    const isKnown = player.readyState > 0;
    // the picture of a record's cover is none of a video's; files that cannot be looked into are known by their type alone
    const isVideo = isKnown ? player.videoWidth > 0 && !file.type.startsWith("audio/") : file.type.startsWith("video/");
    return { seconds: isKnown && Number.isFinite(player.duration) ? player.duration : NaN, isVideo };
  } finally {
    player.removeAttribute("src");
    URL.revokeObjectURL(address);
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
