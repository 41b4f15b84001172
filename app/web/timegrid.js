// Everything on one time grid: which labels of which encoder a mel frame is made of, and how far off in time.

import { noteInAddress } from "./address.js";
import { openConversion } from "./conversion.js";
import { element, tellDone, tellProblem } from "./dom.js";
import { boxRatio, ENCODERS, errorsOf, frameCentre, frameCount, RATE_HZ, TARGET_HOP, toMs } from "./grid_arithmetic.js";
import { choiceInAddress, numberInAddress } from "./noising_address.js";
import { noteName } from "./picture.js";
import { errorText, Rails } from "./timegrid_rails.js";

const SECONDS = 5;
const SAMPLES = SECONDS * RATE_HZ;
const FRAMES = frameCount(SAMPLES);
const MARGIN = 0.015 * RATE_HZ; // shown beyond the phrase's ends: a label may begin before it
const WAYS = ["box", "linear"];
const SAID = { box: "Repeat and average", linear: "Read off between true centres" };
const PARTS = { first: 0, middle: FRAMES >> 1, last: FRAMES - 1 };

export class Figure {
  constructor(place) {
    this.place = place;
    this.find = (selector) => place.querySelector(selector);
    this.slider = this.find(".slider");
    this.slider.max = FRAMES - 1;
    this.rails = new Rails(this.find(".rails"));
    this.listeners = new AbortController();
    this.phrase = null;
    this.span = 0.2 * RATE_HZ;
    this.connect();
  }

  connect() {
    const { signal } = this.listeners;
    this.slider.addEventListener("input", (event) => this.go(Number(this.slider.value), event.timeStamp), { signal });
    for (const button of this.place.querySelectorAll("button")) button.addEventListener("click", (event) => this.press(button, event.timeStamp), { signal });
    const point = (event) => this.go(this.rails.frameAt(event.clientX - this.rails.place.getBoundingClientRect().left), event.timeStamp, false);
    for (const kind of ["pointermove", "pointerdown"]) this.rails.place.addEventListener(kind, point, { signal });
    this.watched = new ResizeObserver(() => this.start !== undefined && this.draw());
    this.watched.observe(this.rails.place);
  }

  // data: {trace: id or null, roots}
  open(data) {
    if (this.shown === undefined) {
      const [way, frame] = [choiceInAddress("way", WAYS), numberInAddress("frame", 0, FRAMES - 1, PARTS.middle)];
      this.say([way.problem, frame.problem].filter(Boolean).join(" "));
      Object.assign(this, { way: way.value, frame: frame.value });
      this.look();
      this.draw();
    }
    if (this.shown === data.trace) return;
    this.shown = data.trace;
    if (data.trace) this.bring(data);
  }

  // The beginning of a real recording, for the rows that have one value a frame.
  async bring({ roots, trace }) {
    try {
      const conversion = await openConversion(roots, trace);
      if (this.shown !== trace || this.listeners.signal.aborted) return;
      if (conversion.frames < FRAMES) throw new Error(`its source is shorter than the ${SECONDS} s shown here`);
      const bands = conversion.manifest.grid.n_mels;
      const [gain, offset] = conversion.ofLevels;
      const levels = Float32Array.from({ length: FRAMES }, (_, frame) => {
        let sum = 0;
        for (let band = 0; band < bands; band += 1) sum += conversion.source[band * conversion.frames + frame];
        return (gain * sum) / bands + offset;
      });
      this.phrase = { mel: conversion.source, f0: conversion.sourceF0, levels, bands, stride: conversion.frames, gain, offset };
      this.draw();
    } catch (error) {
      this.say(`The recording’s own rows stay empty. ${error.message} The grid itself needs none of it.`);
    }
  }

  // --- the reader's wishes

  press(button, since) {
    const { way, part, span, do: action } = button.dataset;
    if (way) {
      this.way = way;
      tellDone(`way ${way}`);
    }
    if (span) this.span = (Number(span) * RATE_HZ) / 1000;
    if (part) this.frame = PARTS[part];
    if (part || span) this.look();
    if (action) this.go(this.frame + (action === "back" ? -1 : 1), since);
    else this.draw(since);
  }

  // `follow`: the window moves along, so that the frame stays in sight.
  go(frame, since, follow = true) {
    const wanted = Math.min(Math.max(frame, 0), FRAMES - 1);
    if (wanted === this.frame && !follow) return;
    this.frame = wanted;
    const at = frameCentre(wanted);
    if (follow && (at < this.start + TARGET_HOP || at > this.start + this.span - TARGET_HOP)) this.look();
    this.draw(since);
    tellDone("frame chosen");
  }

  // Puts the frame in the middle of the window, except at the ends of the phrase.
  look() {
    const start = frameCentre(this.frame) - this.span / 2;
    this.start = Math.min(Math.max(start, -MARGIN), SAMPLES + MARGIN - this.span);
  }

  // --- what is shown

  draw(since = null) {
    const { way, frame, start, span, phrase } = this;
    this.rails.draw({ way, frame, start, span, phrase, samples: SAMPLES, frames: FRAMES });
    this.slider.value = frame;
    const centre = frameCentre(frame);
    const f0 = phrase?.f0[frame] > 0 ? ` · F0 ${Math.round(phrase.f0[frame] / 10)} Hz (${noteName(phrase.f0[frame] / 10)})` : "";
    this.slider.setAttribute("aria-valuetext", `frame ${frame}, ${toMs(centre).toFixed(1)} ms. ${this.rails.words}`);
    this.find(".where").replaceChildren(element("span", {}, "Mel frame ", element("b", {}, `${frame}`), ` of ${FRAMES - 1} · centre 256 · ${frame} + 128 = sample ${centre} = ${toMs(centre).toFixed(1)} ms${f0}`));
    this.mark();
    this.tabulate();
    this.place.dataset.frame = frame;
    if (since === null) return;
    noteInAddress({ way, frame });
    performance.measure("scrub", { start: since, end: performance.now() });
  }

  mark() {
    for (const button of this.place.querySelectorAll("[data-way]")) button.setAttribute("aria-pressed", String(button.dataset.way === this.way));
    for (const button of this.place.querySelectorAll("[data-span]")) button.setAttribute("aria-pressed", String((Number(button.dataset.span) * RATE_HZ) / 1000 === this.span));
  }

  tabulate() {
    if (this.tabulated === this.way) return;
    this.tabulated = this.way;
    this.find("caption").textContent = `${SAID[this.way]}: all ${FRAMES} frames of ${SECONDS} s`;
    this.find("tbody").replaceChildren(...ENCODERS.map((encoder) => {
      const { meanMs, largestMs, held } = errorsOf(this.way, encoder, SAMPLES);
      const cells = [`${encoder.hop}`, boxRatio(encoder.hop).join(" : "), errorText(meanMs), errorText(largestMs), `${held}`];
      return element("tr", { "data-encoder": encoder.id }, element("th", { scope: "row" }, encoder.name), ...cells.map((cell) => element("td", {}, cell)));
    }));
  }

  say(sentence) {
    tellProblem(this.place, sentence);
  }

  close() {
    this.watched.disconnect();
    this.listeners.abort();
  }
}
