// The scrubber: x_t and x̂0 of one conversion, any step at once, with sound. One instance per place on a page.
// Inside, a step goes by its place on the walk: 0 is the noisiest. The reader sees the sampler's own count.

import { AddressNote, nearest, placeInAddress } from "./address.js";
import { wishOf } from "./keys.js";
import { Listening } from "./listening.js";
import { Pace } from "./pace.js";
import { HIGHEST_DB, legendGradient, LOWEST_DB, Picture } from "./picture.js";
import { Walk, snrDb } from "./replay.js";
import { States } from "./states.js";
import { Trace, TraceProblem } from "./trace.js";

const EARLY_MS = 150; // a connection slower than this shows the result before the steps that lead to it
const LOADING = "Loading the conversion…";
const MEASURED = "#5ee6ff";
const ASKED = "#ffffff";

export class Scrubber {
  constructor(place) {
    this.place = place;
    this.find = (selector) => place.querySelector(selector);
    this.slider = this.find(".slider");
    this.listening = new Listening(place, (sentence) => this.say(sentence));
    this.pace = new Pace(this.find('[data-do="play"]'), this.find('[data-do="slow"]'), (steps, now) => {
      this.show(this.at + steps, now);
      return this.at < this.last;
    });
    this.address = new AddressNote();
    this.pictures = {};
    this.listeners = new AbortController();
    this.connect();
    this.find(".bar").style.background = legendGradient;
    for (let db = LOWEST_DB; db <= HIGHEST_DB; db += 20) {
      const number = document.createElement("span");
      number.textContent = db === HIGHEST_DB ? `+${db} dB` : `${db}`.replace("-", "−");
      this.find(".numbers").append(number);
    }
  }

  connect() {
    const { signal } = this.listeners;
    this.slider.addEventListener("input", (event) => this.jump(Number(this.slider.value), event.timeStamp), { signal });
    for (const button of this.place.querySelectorAll("button")) {
      button.addEventListener("click", (event) => this.press(button, event.timeStamp), { signal });
    }
    for (const figure of this.place.querySelectorAll("figure")) {
      const canvas = figure.querySelector("canvas");
      canvas.addEventListener("pointermove", (event) => {
        this.find(".readout").textContent = this.pictures[figure.dataset.panel]?.readout(event) ?? "";
      }, { signal });
      canvas.addEventListener("pointerleave", () => { this.find(".readout").textContent = ""; }, { signal });
    }
    document.addEventListener("keydown", (event) => this.key(event), { signal });
    this.watcher = new ResizeObserver(() => this.refit());
    this.watcher.observe(this.place);
  }

  // --- a trace

  // Shows the trace that `data` names, unless it is on the screen already.
  async open(data) {
    if (data.trace === this.wanted) return;
    this.wanted = data.trace;
    this.pace.halt();
    this.listening.stop();
    this.loading?.abort();
    this.loading = new AbortController();
    const { signal } = this.loading;
    this.place.setAttribute("aria-busy", "true");
    this.wait("predicted", LOADING);
    let early;
    try {
      const roots = data.roots.map((root) => new URL(root, document.location.href).href);
      const trace = await Trace.open(roots, data.trace, signal);
      const parts = await trace.load((levels) => {
        early = setTimeout(() => signal.aborted || this.showResult(trace.manifest, levels), EARLY_MS);
      });
      if (signal.aborted) return;
      this.say("");
      this.begin(trace, parts);
    } catch (error) {
      if (signal.aborted) return;
      this.wanted = null; // so that trying again is not taken for nothing new
      this.say(error instanceof TraceProblem ? error.message : `The conversion cannot be shown: ${error.message}.`);
      if (!(error instanceof TraceProblem)) console.error(error);
    } finally {
      clearTimeout(early);
      if (!signal.aborted) this.place.removeAttribute("aria-busy");
    }
  }

  // The result alone, while its steps are on the way.
  showResult({ grid, frames, scale }, levels) {
    const picture = new Picture(this.find('[data-panel="predicted"]'), grid, frames);
    picture.paint(levels, scale.db_per_level, scale.floor_db);
    this.wait("predicted", "The result; the steps to it are on the way…");
  }

  begin(trace, { walk, levels, second, f0, source, target, targetF0 }) {
    const { manifest } = trace;
    const { sampler, scale, grid, frames } = manifest;
    const before = this.trace && { place: this.at, last: this.last, sigma: this.walk.walk.sigma[this.at] };
    const facts = { walk, sampler, scale, places: manifest.pictures.places, bands: grid.n_mels, frames, levels, second };
    this.trace = trace;
    this.walk = new Walk(facts);
    this.steps = walk.step;
    this.last = sampler.steps - 1;
    this.predicted = new Float32Array(this.walk.size);
    this.row = (index) => f0.subarray(index * frames, (index + 1) * frames);
    this.prepareControls();
    const picture = (name, length) => new Picture(this.find(`[data-panel="${name}"]`), grid, length);
    this.pictures = { state: picture("state", frames), predicted: picture("predicted", frames), source: picture("source", frames) };
    this.pictures.source.contours = [{ f0: this.row(0), colour: MEASURED }];
    this.pictures.source.paint(source, scale.db_per_level, scale.floor_db);
    this.find('[data-panel="target"]').hidden = !target;
    if (target) {
      this.pictures.target = picture("target", manifest.reference_frames);
      this.pictures.target.contours = [{ f0: targetF0, colour: MEASURED }];
      this.pictures.target.paint(target, scale.db_per_level, scale.floor_db);
      this.describe("target", manifest.reference);
    }
    this.describe("source", manifest.source);
    this.listening.open(trace, this.pictures, this.steps);
    this.states?.close();
    this.states = new States(this.walk, facts, (place) => {
      if (this.stateMissing && place <= this.at && place > this.at - this.states.every) this.show(this.at);
    });
    if (before) this.show(this.placeLike(before));
    else this.start();
  }

  start() {
    const { place, problem } = placeInAddress(this.steps);
    if (problem) this.say(problem);
    this.show(place ?? 0);
    if (place === null && this.last > 0 && !matchMedia("(prefers-reduced-motion: reduce)").matches) this.pace.move();
  }

  prepareControls() {
    const single = this.last === 0;
    this.slider.max = this.last;
    this.slider.disabled = single;
    this.find(".ends").hidden = single;
    for (const button of this.place.querySelectorAll("[data-do]")) button.disabled = single;
    this.pace.suit(this.last + 1);
  }

  // Where another trace's walk is as noisy as the one before was; its ends are its ends.
  placeLike({ place, last, sigma }) {
    if (place === 0) return 0;
    if (place === last) return this.last;
    return nearest(Array.from(this.walk.walk.sigma, Math.log), Math.log(sigma));
  }

  describe(panel, { singer, phrase }) {
    this.find(`[data-panel="${panel}"] .about`).textContent = phrase ? `${singer}, “${String(phrase).replaceAll("_", " ")}”` : singer;
  }

  // --- a step

  // Paints a place. `since` is the time stamp of what asked for it; every paint leaves a measure named "scrub".
  show(place, since = performance.now()) {
    this.at = Math.min(Math.max(Math.round(place), 0), this.last);
    const { scale } = this.trace.manifest;
    const { state, predicted } = this.pictures;
    predicted.contours = this.contours("predicted");
    predicted.paint(this.walk.predictedAt(this.at, this.predicted), scale.db_per_level, scale.floor_db);
    this.wait("predicted", null);
    const noisy = this.states.at(this.at);
    this.stateMissing = noisy === null;
    state.figure.classList.toggle("is-waiting", this.stateMissing);
    if (noisy) {
      state.contours = this.contours("state");
      state.paint(noisy, scale.mel_std_db, scale.mel_mean_db);
    }
    this.tell();
    performance.measure("scrub", { start: since, end: performance.now() });
    this.listening.follow(this.at);
    this.address.write(this.trace.id, this.steps[this.at]);
  }

  // The melody asked for, and F0 of the nearest place at which it was measured.
  contours(kind) {
    const { predicted, state } = this.trace.manifest.contours;
    const places = kind === "predicted" ? predicted : state;
    const asked = { f0: this.row(1), colour: ASKED, dashed: true };
    if (places.length === 0) return [asked];
    const row = 2 + (kind === "predicted" ? 0 : predicted.length) + nearest(places, this.at);
    return [asked, { f0: this.row(row), colour: MEASURED }];
  }

  tell() {
    const [step, highest] = [this.steps[this.at], Math.max(this.steps[0], this.steps[this.last])];
    const db = snrDb(this.walk.walk.sigma[this.at]);
    const level = `voice ${Math.abs(db).toFixed(1)} dB ${db < 0 ? "below" : "above"} the noise`;
    const number = document.createElement("b");
    number.textContent = step;
    this.find(".where").replaceChildren(
      ...(this.last === 0 ? ["The only step"] : ["Step ", number, ` of ${highest}`]), ` · ${level}`,
    );
    this.slider.value = this.at;
    this.slider.setAttribute("aria-valuetext", `step ${step} of ${highest}, ${level}`);
    this.place.dataset.step = step;
  }

  refit() {
    for (const picture of Object.values(this.pictures)) if (picture.resize()) picture.compose();
  }

  // --- the reader's wishes

  press(button, since) {
    const { do: action, sound } = button.dataset;
    if (!this.trace) return;
    if (sound) this.listening.listen(sound, this.at);
    if (action === "first") this.jump(0, since);
    if (action === "last") this.jump(this.last, since);
    if (action === "back") this.jump(this.at - 1, since);
    if (action === "forward") this.jump(this.at + 1, since);
    if (action === "play") this.play();
    if (action === "slow") this.pace.press();
  }

  key(event) {
    const wish = this.trace ? wishOf(event, this.place, this.slider, this.last) : null;
    if (wish === null) return;
    if (wish === "play") this.play();
    else if (wish === "listen") this.listening.listen(this.listening.kind ?? "predicted", this.at);
    else this.jump(wish.to ?? this.at + wish.by, event.timeStamp);
    event.preventDefault();
  }

  jump(place, since) {
    if (!this.trace) return;
    this.pace.halt();
    this.show(place, since);
  }

  play() {
    if (this.last === 0) return;
    if (this.pace.moving) this.pace.halt();
    else {
      if (this.at === this.last) this.show(0);
      this.pace.move();
    }
  }

  // --- messages

  wait(panel, text) {
    const figure = this.find(`[data-panel="${panel}"]`);
    figure.classList.toggle("is-waiting", text !== null);
    if (text !== null) figure.querySelector(".waiting").textContent = text;
  }

  say(sentence) {
    const problem = this.find(".problem");
    problem.textContent = sentence;
    problem.hidden = sentence === "";
    if (sentence) for (const figure of this.place.querySelectorAll("figure")) figure.classList.remove("is-waiting");
  }

  close() {
    this.pace.halt();
    this.address.close();
    this.loading?.abort();
    this.states?.close();
    this.listening.close();
    this.watcher.disconnect();
    this.listeners.abort();
  }
}
