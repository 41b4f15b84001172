// One conversion in the browser, loaded once, whoever on the page shows it.

import { nearest } from "./address.js";
import { Walk } from "./replay.js";
import { States } from "./states.js";
import { Trace, TraceProblem } from "./trace.js";

const MOST_OPEN = 8; // of 5 s, a conversion of a thousand steps takes some 6 MB, and 40 more once its noise is shown
const TRIES = 3;
const AGAIN_MS = 300; // a trace that is recorded anew is between two states for some milliseconds
const opened = new Map(); // id -> promise of a Conversion, the latest wish last

// `roots`: addresses of the folder of traces, relative to the page. `onresult(trace, levels)` is called as soon
// as the result's picture is there. Rejects with a TraceProblem that says what is wrong.
export function openConversion(roots, id, onresult = () => {}) {
  const wanted = opened.get(id) ?? Conversion.load(roots.map((root) => new URL(root, document.location.href).href), id, onresult);
  opened.delete(id);
  opened.set(id, wanted);
  wanted.catch(() => opened.delete(id)); // so that trying again asks again
  if (opened.size > MOST_OPEN) opened.delete(opened.keys().next().value);
  return wanted;
}

export class Conversion {
  // What fails is tried again, from its manifest on: a trace may just have been replaced, a connection dropped.
  static async load(roots, id, onresult) {
    for (let tries = 1; ; tries += 1) {
      try {
        return await Conversion.read(roots, id, onresult);
      } catch (error) {
        if (!(error instanceof TraceProblem) || tries === TRIES) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }

  static async read(roots, id, onresult) {
    const trace = await Trace.open(roots, id);
    return new Conversion(trace, await trace.load((levels) => onresult(trace, levels)));
  }

  constructor(trace, { walk, levels, second, f0, source, target, targetF0 }) {
    const { sampler, scale, grid, frames, pictures } = trace.manifest;
    this.trace = trace;
    this.id = trace.id;
    this.manifest = trace.manifest;
    this.facts = { walk, sampler, scale, places: pictures.places, bands: grid.n_mels, frames, levels, second };
    this.walk = new Walk(this.facts);
    this.steps = walk.step; // the sampler's own count at each place
    this.sigma = walk.sigma;
    this.last = sampler.steps - 1;
    this.frames = frames;
    this.seconds = (frames * grid.hop) / grid.sample_rate_hz;
    this.f0 = f0;
    this.source = source; // levels (band, frame), as are all pictures: see decibels()
    this.target = target; // null where the trace has no recording of the target
    this.targetF0 = targetF0;
    this.heard = new Set();
  }

  // Gain and offset that turn a picture's levels into dB; a state's values are normalised instead.
  get ofLevels() {
    return [this.manifest.scale.db_per_level, this.manifest.scale.floor_db];
  }

  get ofStates() {
    return [this.manifest.scale.mel_std_db, this.manifest.scale.mel_mean_db];
  }

  // Levels of the prediction at a place, into `values` (Float32Array of walk.size).
  predictedAt(place, values = new Float32Array(this.walk.size)) {
    return this.walk.predictedAt(place, values);
  }

  // The noisy states, replayed from the first wish on. `onreached(place)` is called for those still to come;
  // it is given back a function that ends that.
  watchStates(onreached) {
    this.heard.add(onreached);
    this.states ??= new States(this.walk, this.facts, (place) => {
      for (const heard of this.heard) heard(place);
    });
    return () => this.heard.delete(onreached);
  }

  // F0 in tenths of Hz, 0 where unvoiced.
  get sourceF0() {
    return this.f0Row(0);
  }

  get askedF0() {
    return this.f0Row(1);
  }

  // F0 measured on the sound of the kept step nearest to a place; null where none was.
  measuredF0(kind, place) {
    const { predicted, state } = this.manifest.contours;
    const places = kind === "predicted" ? predicted : state;
    if (places.length === 0) return null;
    return this.f0Row(2 + (kind === "predicted" ? 0 : predicted.length) + nearest(places, place));
  }

  f0Row(index) {
    return this.f0.subarray(index * this.frames, (index + 1) * this.frames);
  }

  // The place on this walk that is as noisy as `sigma`.
  placeOfNoise(sigma) {
    return nearest(Array.from(this.sigma, Math.log), Math.log(sigma));
  }

  placeOfStep(step) {
    return nearest(Array.from(this.steps), step);
  }

  // {name, load} of one of the trace's sounds, for a player: "source", "target", "converted"; null where it has none.
  recording(kind) {
    const file = this.trace.named(`sound/${kind}`);
    return file && { name: `${this.id}/${file}`, load: () => this.trace.sound(file) };
  }

  // The same for the kept sound nearest to a place, of a "predicted" or a "state", with that `place`; null where none was kept.
  stepSound(kind, place) {
    const kept = this.manifest.sounds.filter((sound) => sound[kind] !== null);
    if (kept.length === 0) return null;
    const sound = kept[nearest(kept.map((one) => one.place), place)];
    return { name: `${this.id}/${sound[kind]}`, load: () => this.trace.sound(sound[kind]), place: sound.place };
  }
}
