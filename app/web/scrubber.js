// The scrubber: x_t and x̂0 of one conversion, any step at once, with sound. One instance per place on a page.
// Inside, a step goes by its place on the walk: 0 is the noisiest. The reader sees the sampler's own count.

import { noteInAddress, placeInAddress } from "./address.js";
import { openConversion } from "./conversion.js";
import { movesLittle, tellDone, tellProblem } from "./dom.js";
import { wishOf } from "./keys.js";
import { Listening } from "./listening.js";
import { Pace } from "./pace.js";
import { fillPanel, makeLegend, waitIn } from "./panel.js";
import { presentOf } from "./present.js";
import { snrDb } from "./replay.js";
import { TraceProblem } from "./trace.js";

const EARLY_MS = 150; // a connection slower than this shows the result before the steps that lead to it
const LOADING = "Loading the conversion…";
export const MEASURED = "#5ee6ff";
export const ASKED = "#ffffff";

export class Figure {
  constructor(place) {
    this.place = place;
    this.find = (selector) => place.querySelector(selector);
    this.panel = (name) => this.find(`[data-panel="${name}"]`);
    this.slider = this.find(".slider");
    this.listening = new Listening(place, (sentence) => this.say(sentence));
    this.pace = new Pace(this.find('[data-do="play"]'), this.find('[data-do="slow"]'), (steps, now) => this.moveOn(steps, now));
    this.conversion = null;
    this.endings = []; // what ends our watching of others
    this.listeners = new AbortController();
    this.connect();
    this.find(".legend").prepend(makeLegend());
  }

  connect() {
    const { signal } = this.listeners;
    this.slider.addEventListener("input", (event) => this.jump(Number(this.slider.value), event.timeStamp), { signal });
    for (const button of this.place.querySelectorAll("button")) {
      button.addEventListener("click", (event) => this.press(button, event.timeStamp), { signal });
    }
    document.addEventListener("keydown", (event) => this.key(event), { signal });
  }

  get at() {
    return this.present.place;
  }

  get last() {
    return this.conversion.last;
  }

  get states() {
    return this.conversion.states;
  }

  // --- a conversion

  // Shows the trace that `data` names, unless it is on the screen already. data: {trace, roots, group, references, addressed}.
  async open(data) {
    if (data.trace === this.wanted) return;
    this.wanted = data.trace;
    this.present = presentOf(data.group);
    this.references = data.references;
    this.addressed = data.addressed;
    this.find(".references").hidden = !data.references;
    this.pace.halt();
    this.listening.stop();
    this.place.setAttribute("aria-busy", "true");
    this.wait("predicted", LOADING);
    const stale = () => this.wanted !== data.trace || this.listeners.signal.aborted;
    let early;
    try {
      const conversion = await openConversion(data.roots, data.trace, (trace, levels) => {
        early = setTimeout(() => stale() || this.showResult(trace.manifest, levels), EARLY_MS);
      });
      clearTimeout(early);
      if (stale()) return;
      this.say("");
      this.begin(conversion);
    } catch (error) {
      if (stale()) return;
      this.wanted = null; // so that trying again is not taken for nothing new
      this.say(error instanceof TraceProblem ? error.message : `The conversion cannot be shown: ${error.message}.`);
      if (!(error instanceof TraceProblem)) console.error(error);
    } finally {
      clearTimeout(early);
      if (!stale()) this.place.removeAttribute("aria-busy");
    }
  }

  // The result alone, while its steps are on the way.
  showResult({ grid, frames, scale }, levels) {
    this.paint("predicted", grid, frames, levels, [scale.db_per_level, scale.floor_db]);
    this.wait("predicted", "The result; the steps to it are on the way…");
  }

  begin(conversion) {
    const before = this.conversion && { place: this.at, last: this.last, sigma: this.conversion.sigma[this.at] };
    for (const end of this.endings.splice(0)) end();
    this.conversion = conversion;
    this.predicted = new Float32Array(conversion.walk.size);
    this.prepareControls();
    this.showRecordings();
    this.listening.open(conversion, { state: this.panel("state"), predicted: this.panel("predicted"), ...this.recordings() });
    this.endings.push(
      conversion.watchStates((place) => {
        if (this.stateMissing && place <= this.at && place > this.at - this.states.every) this.present.go(this.at);
      }),
    );
    const { place, problem } = before ? { place: this.placeLike(before), problem: "" } : this.placeAsked(conversion);
    if (problem) this.say(problem);
    this.present.conversion = null; // whoever watches is told once, with the new place
    this.endings.push(this.present.watch(() => this.draw()));
    this.present.show(conversion, place ?? 0);
    if (place === null && this.last > 0 && !movesLittle()) this.pace.move();
  }

  placeAsked({ steps }) {
    return this.addressed ? placeInAddress(steps) : { place: null, problem: "" };
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
    return place === last ? this.last : this.conversion.placeOfNoise(sigma);
  }

  recordings() {
    return this.references ? { source: this.panel("source"), target: this.panel("target") } : {};
  }

  showRecordings() {
    if (!this.references) return;
    const { conversion } = this;
    const { grid, frames, reference, reference_frames: length, source } = conversion.manifest;
    this.paint("source", grid, frames, conversion.source, conversion.ofLevels, [{ f0: conversion.sourceF0, colour: MEASURED }]);
    this.describe("source", source);
    this.panel("target").hidden = !conversion.target;
    if (!conversion.target) return;
    this.paint("target", grid, length, conversion.target, conversion.ofLevels, [{ f0: conversion.targetF0, colour: MEASURED }]);
    this.describe("target", reference);
  }

  describe(panel, { singer, phrase }) {
    this.panel(panel).querySelector(".about").textContent = phrase ? `${singer}, “${String(phrase).replaceAll("_", " ")}”` : singer;
  }

  paint(name, grid, frames, levels, scale, contours = []) {
    return fillPanel(this.panel(name), grid, frames, levels, scale, contours, this.find(".readout"));
  }

  // --- a step

  draw() {
    const { conversion } = this;
    // somebody else went somewhere; noise that comes late is merely drawn
    if (this.pace.moving && !this.pacing && this.at !== this.drawnAt) this.pace.halt();
    this.drawnAt = this.at;
    const { grid, frames } = conversion.manifest;
    this.paint("predicted", grid, frames, conversion.predictedAt(this.at, this.predicted), conversion.ofLevels, this.contours("predicted"));
    this.wait("predicted", null);
    const noisy = this.states.at(this.at);
    this.stateMissing = noisy === null;
    this.panel("state").classList.toggle("is-waiting", this.stateMissing);
    if (noisy) this.paint("state", grid, frames, noisy, conversion.ofStates, this.contours("state"));
    this.tell();
    this.listening.follow(this.at);
    if (this.addressed) noteInAddress({ trace: conversion.id, step: conversion.steps[this.at] });
  }

  // The melody asked for, and F0 of the nearest place at which it was measured.
  contours(kind) {
    const asked = { f0: this.conversion.askedF0, colour: ASKED, dashed: true };
    const measured = this.conversion.measuredF0(kind, this.at);
    return measured ? [asked, { f0: measured, colour: MEASURED }] : [asked];
  }

  tell() {
    const { steps, sigma } = this.conversion;
    const [step, highest] = [steps[this.at], Math.max(steps[0], steps[this.last])];
    const db = snrDb(sigma[this.at]);
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

  // --- the reader's wishes

  press(button, since) {
    const { do: action, sound } = button.dataset;
    if (!this.conversion) return;
    if (sound) this.listen(sound);
    if (action === "first") this.jump(0, since);
    if (action === "last") this.jump(this.last, since);
    if (action === "back") this.jump(this.at - 1, since);
    if (action === "forward") this.jump(this.at + 1, since);
    if (action === "play") this.play();
    if (action === "slow") this.pace.press();
  }

  key(event) {
    const wish = this.conversion ? wishOf(event, this.place, this.slider, this.last) : null;
    if (wish === null) return;
    if (wish === "play") this.play();
    else if (wish === "listen") this.listen(this.listening.kind ?? "predicted");
    else this.jump(wish.to ?? this.at + wish.by, event.timeStamp);
    event.preventDefault();
  }

  listen(kind) {
    this.listening.listen(kind, this.at);
    tellDone(`heard ${kind}`);
  }

  jump(place, since) {
    if (!this.conversion) return;
    this.pace.halt();
    this.present.go(place, since);
    tellDone("stepped");
  }

  moveOn(steps, now) {
    this.pacing = true;
    this.present.go(this.at + steps, now);
    this.pacing = false;
    return this.at < this.last;
  }

  play() {
    if (this.last === 0) return;
    if (this.pace.moving) this.pace.halt();
    else {
      if (this.at === this.last) this.present.go(0);
      this.pace.move();
      tellDone("played");
    }
  }

  // --- messages

  wait(panel, text) {
    waitIn(this.panel(panel), text);
  }

  say(sentence) {
    tellProblem(this.place, sentence);
    if (sentence) for (const figure of this.place.querySelectorAll("figure")) figure.classList.remove("is-waiting");
  }

  close() {
    this.pace.halt();
    for (const end of this.endings.splice(0)) end();
    this.present?.clear(this.conversion);
    this.listening.close();
    this.listeners.abort();
  }
}
