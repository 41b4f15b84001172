// Reading a trace over HTTP: its manifest, and its arrays (.npy.gz). What is wrong is said in one sentence.

import { decodePictures } from "./coding.js";
import { LONGEST_MANIFEST, faultOf } from "./manifest.js";
import { unpackArray } from "./npy.js";
import { ROWS, readWalk } from "./replay.js";

export class TraceProblem extends Error {
  // `why`: the reason alone, for a sentence that begins otherwise.
  constructor(message, why = message) {
    super(message);
    this.why = why;
  }
}

// Why something of a conversion cannot be had, and of which: the end of a sentence.
export const whyNot = (error, id) => `${error.why ?? error.message}, of the conversion “${id}”`;

export const ANOTHER = 409; // the server has another file of that name than the manifest names
const refused = new Set(); // roots that did not answer this page: not asked again for every file

export class Trace {
  // `roots`: addresses of the folder of traces, in the order in which to try them; `id`: the trace's folder.
  static async open(roots, id) {
    const trace = new Trace(roots, id);
    const text = await trace.bytes("trace.json", "default", LONGEST_MANIFEST);
    let fault;
    try {
      trace.manifest = JSON.parse(new TextDecoder().decode(text));
      fault = faultOf(trace.manifest, id);
    } catch {
      fault = "it is damaged";
    }
    if (fault) throw trace.problem(`its trace.json cannot be used, ${fault}`);
    return trace;
  }

  constructor(roots, id) {
    this.roots = roots;
    this.id = id;
    this.manifest = null;
    this.isLoaded = false;
  }

  has(name) {
    return Object.hasOwn(this.manifest.files, name);
  }

  // The file of that name whatever its ending, as sound/source is .flac in one trace and .mp3 in another; null if none.
  named(stem) {
    return Object.keys(this.manifest.files).find((name) => name.startsWith(`${stem}.`)) ?? null;
  }

  // Walk, predictions, contours: all that the page shows of it. `onresult(levels)` is called as soon as
  // the result's picture is there, which comes first.
  async load(onresult) {
    const { manifest } = this;
    const { n_mels: bands } = manifest.grid;
    const { steps } = manifest.sampler;
    const { places, quantum } = manifest.pictures;
    const rows = 2 + manifest.contours.predicted.length + manifest.contours.state.length;
    const still = async (name, frames) => decodePictures(await this.array(name, "|u1", [1, bands, frames]), frames, [0], 1);
    const moving = async (name, onfirst = null) => {
      const coded = await this.array(name, "|u1", [places.length, bands, manifest.frames], onfirst);
      return decodePictures(coded, manifest.frames, places, quantum);
    };
    const [walk, levels, second, f0, source, target, targetF0] = await Promise.all([
      this.array("walk.npy.gz", "<f4", [ROWS, steps]),
      moving("predicted.npy.gz", (coded) => onresult(decodePictures(coded, manifest.frames, [0], 1))),
      this.has("second.npy.gz") ? moving("second.npy.gz") : null,
      this.array("f0.npy.gz", "<u2", [rows, manifest.frames]),
      still("source.npy.gz", manifest.frames),
      manifest.reference ? still("target.npy.gz", manifest.reference_frames) : null,
      manifest.reference ? this.array("target_f0.npy.gz", "<u2", [1, manifest.reference_frames]) : null,
    ]);
    if (!walk.every(Number.isFinite)) throw this.damaged("walk.npy.gz", "a number is missing");
    this.isLoaded = true;
    return { walk: readWalk(walk, steps), levels, second, f0, source, target, targetF0 };
  }

  async array(name, kind, shape, onfirst = null) {
    const response = await this.reach(name);
    try {
      return await unpackArray(response.body, kind, shape, onfirst);
    } catch (error) {
      throw this.damaged(name, error.message);
    }
  }

  // A text file of the trace, such as metrics.csv.
  async text(name) {
    return new TextDecoder().decode(await this.whole(name));
  }

  // The bytes of a sound. Rejects with a TraceProblem whose message is a reason, and names file and conversion.
  async sound(name) {
    try {
      return (await this.whole(name)).buffer;
    } catch (error) {
      throw new TraceProblem(whyNot(error, this.id));
    }
  }

  // The bytes of a file, as they were written: of damaged ones a browser would play a crack, or draw half a curve.
  async whole(name) {
    let damage = null;
    // what the browser keeps may be what is damaged: asked for once more, from the server
    for (const cache of ["default", "reload"]) {
      const bytes = await this.bytes(name, cache);
      damage = await damageOf(bytes, this.manifest.files[name]);
      if (damage === null) return bytes;
    }
    throw this.damaged(name, damage);
  }

  async bytes(name, cache, most = this.manifest.files[name]?.bytes) {
    const { body } = await this.reach(name, cache);
    const parts = [];
    let length = 0;
    for (const reader = body.getReader(); ;) {
      const { done, value } = await reader.read().catch(() => {
        throw this.silent(name);
      });
      if (done) break;
      length += value.length;
      if (length > most) {
        reader.cancel().catch(() => {});
        throw this.damaged(name, "it is longer than it may be");
      }
      parts.push(value);
    }
    return new Uint8Array(await new Blob(parts).arrayBuffer());
  }

  damaged(name, why) {
    return this.problem(`${name} is damaged (${why})`);
  }

  // The connection is lost, perhaps in the middle of a file.
  silent(name) {
    return this.problem(`the server does not answer (${name}); try again`);
  }

  // Files that are fetched when all else is on the screen are no reason to say that nothing is.
  problem(why) {
    const what = this.isLoaded ? `Not all of the conversion “${this.id}” can be shown` : `The conversion “${this.id}” cannot be shown`;
    return new TraceProblem(`${what}: ${why}.`, why);
  }

  // Asks the first root that answers. What a foreign server keeps to itself, the app itself reads.
  async reach(name, cache = "default") {
    if (this.manifest && !this.has(name)) throw this.problem(`it has no ${name}`);
    let problem = null;
    const last = this.roots.at(-1);
    for (const root of this.roots) {
      if (refused.has(root) && root !== last) continue;
      try {
        const response = await fetch(this.address(root, name), this.settings(root, name, cache));
        if (response.ok) return response;
        problem = this.problem(response.status === ANOTHER ? `${name} is damaged, or was just recorded anew` : `${name} is missing (status ${response.status})`);
      } catch {
        refused.add(root);
        problem = this.silent(name);
      }
    }
    throw problem;
  }

  // A foreign server may say nothing of how long a manifest holds good.
  settings(root, name, cache) {
    const foreign = new URL(root).origin !== document.location.origin;
    return foreign
      ? { credentials: "omit", referrerPolicy: "no-referrer", cache: name === "trace.json" ? "no-cache" : cache }
      : { cache };
  }

  // The checksum in the address lets a browser keep the file for good, and never an outdated one.
  address(root, name) {
    const url = new URL(`${encodeURIComponent(this.id)}/${name}`, root);
    const sha256 = this.manifest?.files[name].sha256;
    if (sha256) url.searchParams.set("v", sha256.slice(0, 8));
    return url;
  }
}

// What is wrong with the bytes of a file; null where they are those that the manifest knows. Browsers compute no
// checksum on pages that came over plain http: there the length must do.
async function damageOf(bytes, { bytes: length, sha256 }) {
  if (bytes.length !== length) return "it is cut off";
  if (!globalThis.crypto?.subtle) return null;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const found = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return found === sha256 ? null : "it is not what was written";
}
