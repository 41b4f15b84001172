// Of a conversion only what a view of Explain needs: its manifest and predictions, and on demand its walk, its
// measured figures and its sound. A conversion of one step takes some 40 kB that way, where all of it takes 300.

import { decodePictures } from "./coding.js";
import { measuresOf } from "./measures.js";
import { between, readWalk, ROWS } from "./replay.js";
import { Trace, TraceProblem } from "./trace.js";

const MOST_KEPT = 48; // three sets of coalitions; a result of 7 s takes 60 kB, a walk of a hundred pictures 6 MB
const kept = new Map(); // id -> promise of a Light, the latest wish last

// Rejects with a TraceProblem that says what is wrong.
export function openLight(roots, id) {
  const wanted = kept.get(id) ?? Light.load(roots.map((root) => new URL(root, document.location.href).href), id);
  kept.delete(id);
  kept.set(id, wanted);
  wanted.catch(() => kept.delete(id));
  if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value);
  return wanted;
}

export class Light {
  static async load(roots, id) {
    const trace = await Trace.open(roots, id);
    const { frames, grid, pictures } = trace.manifest;
    const coded = await trace.array("predicted.npy.gz", "|u1", [pictures.places.length, grid.n_mels, frames]);
    return new Light(trace, decodePictures(coded, frames, pictures.places, pictures.quantum));
  }

  constructor(trace, levels) {
    const { sampler, frames, grid, pictures, scale } = trace.manifest;
    this.trace = trace;
    this.id = trace.id;
    this.manifest = trace.manifest;
    this.levels = levels; // bytes (picture, band, frame)
    this.places = pictures.places;
    this.last = sampler.steps - 1;
    this.frames = frames;
    this.grid = grid;
    this.scale = scale;
    this.size = grid.n_mels * frames;
    this.gain = scale.db_per_level;
    this.seconds = (frames * grid.hop) / grid.sample_rate_hz;
  }

  // Levels of the last prediction, the result.
  get result() {
    return this.levels.subarray(this.levels.length - this.size);
  }

  // dB of the prediction at any place, between those that are kept on a straight line.
  decibelsAt(place, into = new Float32Array(this.size)) {
    const { levels, size, gain, scale } = this;
    const [index, share] = between(place, this.places);
    const here = index * size;
    const next = Math.min(index + 1, this.places.length - 1) * size;
    for (let i = 0; i < size; i += 1) {
      into[i] = gain * ((1 - share) * levels[here + i] + share * levels[next + i]) + scale.floor_db;
    }
    return into;
  }

  // The walk's table: step, sigma and the rest, by place.
  walk() {
    this.walked ??= this.trace.array("walk.npy.gz", "<f4", [ROWS, this.last + 1]).then((values) => {
      const walk = readWalk(values, this.last + 1);
      if (!values.every(Number.isFinite) || !walk.sigma.every((sigma) => sigma > 0)) {
        throw this.trace.damaged("walk.npy.gz", "a number is missing");
      }
      return walk;
    });
    this.walked.catch(() => { this.walked = null; }); // so that trying again asks again
    return this.walked;
  }

  // Rows of metrics.csv by place, of predictions.
  measures() {
    this.measured ??= measuresOf(this.trace).then((rows) => rows.filter(({ kind }) => kind === "predicted"));
    this.measured.catch(() => { this.measured = null; });
    return this.measured;
  }

  // {name, load} of the result's sound, for a player; null where it has none.
  sound() {
    const file = this.trace.named("sound/converted");
    return file && { name: `${this.id}/${file}`, load: () => this.trace.sound(file) };
  }
}

// Throws a TraceProblem where they cannot be laid over one another: `of`, such as "frames" or "last", must be the same.
export function mustBeAlike(lights, of = ["frames"]) {
  const words = { frames: "frames long", last: "steps behind the first" };
  const [first] = lights;
  for (const light of lights) {
    if (light.grid.n_mels !== first.grid.n_mels) {
      throw new TraceProblem(`“${light.id}” has ${light.grid.n_mels} mel bands and “${first.id}” has ${first.grid.n_mels}: they cannot be compared.`);
    }
    for (const name of of) {
      if (light[name] === first[name]) continue;
      throw new TraceProblem(`“${light.id}” is ${light[name]} ${words[name]} and “${first.id}” ${first[name]}: they cannot be laid over one another.`);
    }
  }
}
