// The step comparison matrix: how far the predictions of any two steps are apart, in dB; two of them side by side.

import { openConversion } from "./conversion.js";
import { difference, rmsDb } from "./difference.js";
import { DifferencePicture, makeDifferenceLegend } from "./diverging.js";
import { element, tellDone, tellProblem } from "./dom.js";
import { RISING } from "./gradient.js";
import { stepTicks } from "./measures.js";
import { fillPanel, makePanel } from "./panel.js";
import { presentOf } from "./present.js";
import { TraceProblem } from "./trace.js";
import { followChosen } from "./unchosen.js";
import { notesOf } from "./wishes.js";

const COMPARED = 24; // places; 276 pairs of pictures are compared in some 50 ms
const HIGHEST_DB = 10; // the colours run from 0 to here, in every conversion
const SLICE_MS = 8; // of comparing at a time, so that nothing else has to wait

export class Figure {
  constructor(place) {
    this.place = place;
    this.find = (selector) => place.querySelector(selector);
    this.field = this.find(".field");
    this.canvas = this.find(".field canvas");
    this.listeners = new AbortController();
    const { signal } = this.listeners;
    this.field.addEventListener("pointermove", (event) => this.point(this.cellUnder(event)), { signal });
    this.field.addEventListener("pointerleave", () => this.point(null), { signal });
    this.field.addEventListener("click", (event) => this.compare(this.cellUnder(event), event.timeStamp), { signal });
    this.field.addEventListener("keydown", (event) => this.key(event), { signal });
    this.field.addEventListener("blur", () => this.point(null), { signal });
    this.panels = [
      makePanel("one", "One step", "", "Predicted clean mel of one step"),
      makePanel("other", "The other step", "", "Predicted clean mel of the other step"),
      makePanel("difference", "Difference", "", "Difference of the two in decibels"),
    ];
    this.find(".three").append(...this.panels);
    this.find(".cells").addEventListener("change", () => this.choose(this.find(".cells").value), { signal });
    this.furnish();
  }

  furnish() {
    const bar = this.find(".scale .bar");
    bar.style.background = RISING.css;
    this.find(".scale .numbers").append(...[0, 2, 4, 6, 8].map((db) => element("span", {}, `${db}`)), element("span", {}, `${HIGHEST_DB} dB and more`));
    this.find(".parting").append(makeDifferenceLegend());
  }

  // data: {trace: an id, or null for whatever the group presents, roots, group}
  async open(data) {
    if (data.trace === null) {
      this.trailing ??= followChosen(this.place, data.group, (trace) => this.open({ ...data, trace, sharesState: true }));
      return;
    }
    if (data.trace === this.wanted) return;
    this.wanted = data.trace;
    this.data = data;
    this.notes = notesOf(data.sharesState);
    this.noted = data.sharesState ? "pair" : "compare"; // what is compared is another thing where conversions are
    if (this.conversion && data.sharesState) this.notes.note(this.noted, ""); // two steps of another walk
    await this.load();
  }

  async load() {
    const { data } = this;
    const ticket = (this.ticket = Symbol("the latest wish"));
    this.ending?.();
    this.apart = null;
    this.field.classList.add("is-waiting");
    this.place.removeAttribute("data-pair");
    const stale = () => this.ticket !== ticket || this.listeners.signal.aborted;
    try {
      const conversion = await openConversion(data.roots, data.trace);
      if (stale()) return;
      this.conversion = conversion;
      this.present = presentOf(data.group);
      this.places = comparedPlaces(conversion.last, this.count);
      this.levels = this.places.map((place) => conversion.predictedAt(place));
      this.apart = await compareAll(this.levels, conversion.ofLevels, stale);
      if (stale()) return;
      this.say("");
      this.begin();
    } catch (error) {
      if (stale()) return;
      this.wanted = null;
      this.say(error instanceof TraceProblem ? error.message : `The steps cannot be compared: ${error.message}.`);
    }
  }

  // How many steps are held against each other: what the reader chose, else the address, else some.
  get count() {
    const counts = [...this.find(".cells").options].map(({ value }) => value);
    const asked = this.notes.read("cells");
    return Number(counts.includes(asked) ? asked : COMPARED);
  }

  choose(count) {
    this.notes.note("cells", count);
    this.load();
  }

  begin() {
    const { steps } = this.conversion;
    this.field.classList.remove("is-waiting");
    this.field.dataset.size = this.places.length;
    this.find(".cells").value = this.count;
    this.paint();
    for (const axis of [".axis-x", ".axis-y"]) {
      this.find(`.square ${axis}`).replaceChildren(...stepTicks(steps).map(({ step, place }) => {
        const tick = element("span", {}, `${step}`);
        tick.style.setProperty("--at", `${this.along(place)}%`);
        return tick;
      }));
    }
    const { pair, problem } = this.pairInAddress();
    if (problem) this.say(problem);
    this.chosen = pair;
    this.showPair();
    this.ending = this.present.watch(() => this.follow());
  }

  // "compare=999-500": two steps by the sampler's count.
  pairInAddress() {
    const ends = [0, this.places.length - 1];
    const text = this.notes.read(this.noted);
    if (text === null) return { pair: ends, problem: "" };
    const { steps, last } = this.conversion;
    const [low, high] = [Math.min(steps[0], steps[last]), Math.max(steps[0], steps[last])];
    const asked = text.match(/^(\d{1,6})-(\d{1,6})$/)?.slice(1).map(Number);
    if (!asked || asked.some((step) => step < low || step > high)) {
      return { pair: ends, problem: `The address asks to compare “${text.slice(0, 40)}”; two steps from ${low} to ${high} with a hyphen between them are needed. First and last are compared instead.` };
    }
    return { pair: asked.map((step) => nearestIndex(this.places, this.conversion.placeOfStep(step))), problem: "" };
  }

  // One pixel a cell; the browser makes it large without blurring.
  paint() {
    const size = this.places.length;
    Object.assign(this.canvas, { width: size, height: size });
    const image = new ImageData(size, size);
    this.apart.forEach((row, i) => row.forEach((db, j) => image.data.set([...RISING.at(db / HIGHEST_DB), 255], 4 * (i * size + j))));
    this.canvas.getContext("2d").putImageData(image, 0, 0);
    const next = this.places.slice(1).map((_, i) => this.apart[i][i + 1]);
    const { steps } = this.conversion;
    const largest = next.indexOf(Math.max(...next));
    const turning = size < 2 ? "" : ` From one compared step to the next the prediction changes most between ${steps[this.places[largest]]} and ${steps[this.places[largest + 1]]}: ${next[largest].toFixed(1)} dB.`;
    this.canvas.setAttribute("aria-label",
      `Matrix of ${size} by ${size} steps, from noise at the top left to the result at the bottom right; dark is alike. First and last prediction are ${this.apart[0][size - 1].toFixed(1)} dB apart.${turning}`);
    this.find(".hint").textContent = `Dark cells: two predictions that are alike.${turning}`;
  }

  // --- cells

  cellUnder(event) {
    if (!this.apart) return null;
    const box = this.field.getBoundingClientRect();
    const size = this.places.length;
    const index = (share) => Math.min(Math.max(Math.floor(share * size), 0), size - 1);
    return [index((event.clientY - box.top) / box.height), index((event.clientX - box.left) / box.width)];
  }

  point(cell) {
    this.pointed = cell;
    const frame = this.find(".pointed");
    frame.hidden = cell === null;
    if (cell) this.frame(frame, cell);
    if (this.apart) this.tell(cell ?? this.chosen);
  }

  frame(node, [row, column]) {
    const size = 100 / this.places.length;
    Object.assign(node.style, { top: `${row * size}%`, left: `${column * size}%`, width: `${size}%`, height: `${size}%` });
  }

  tell([row, column]) {
    const { steps } = this.conversion;
    this.find(".sentence").replaceChildren(
      `The predictions at step ${steps[this.places[row]]} and step ${steps[this.places[column]]} are `,
      element("b", {}, `${this.apart[row][column].toFixed(1)} dB`), " apart (root mean square).");
  }

  // Shows two steps side by side, and goes to the one on the x axis.
  compare(cell, since) {
    if (!cell || !this.apart) return;
    this.chosen = cell;
    this.showPair();
    const { steps } = this.conversion;
    this.notes.note(this.noted, cell.map((index) => steps[this.places[index]]).join("-"));
    this.present.go(this.places[cell[1]], since);
    tellDone("steps compared");
  }

  showPair() {
    const [row, column] = this.chosen;
    const { conversion } = this;
    const { grid, frames } = conversion.manifest;
    const { steps } = conversion;
    const [one, other] = [this.levels[row], this.levels[column]];
    const [from, to] = [row, column].map((index) => steps[this.places[index]]);
    this.frame(this.find(".chosen"), this.chosen);
    this.tell(this.chosen);
    const caption = (panel, title, about, label) => {
      panel.querySelector("b").textContent = title;
      panel.querySelector(".about").textContent = about;
      panel.querySelector("canvas").setAttribute("aria-label", label);
    };
    const [first, second, apart] = this.panels;
    caption(first, `Step ${from}`, "prediction x̂₀", `Predicted clean mel at step ${from}`);
    caption(second, `Step ${to}`, "prediction x̂₀", `Predicted clean mel at step ${to}`);
    caption(apart, "Difference", `● louder at ${from}, ◆ louder at ${to}`, `Where the prediction at step ${to} is louder than at step ${from} (orange) or softer (blue), in decibels; dark where they agree`);
    const readout = this.find(".readout");
    fillPanel(first, grid, frames, one, conversion.ofLevels, [], readout);
    fillPanel(second, grid, frames, other, conversion.ofLevels, [], readout);
    if (apart.picture?.frames !== frames) apart.picture = new DifferencePicture(apart, grid, frames);
    fillPanel(apart, grid, frames, difference(other, one, conversion.ofLevels), [conversion.ofLevels[0], 0], [], readout);
    this.find(".goers").replaceChildren(...[...new Set([row, column])].map((index) => {
      const button = element("button", { type: "button" }, `Go to step ${steps[this.places[index]]}`);
      button.addEventListener("click", (event) => this.present.go(this.places[index], event.timeStamp), { signal: this.listeners.signal });
      return button;
    }));
    this.place.dataset.pair = `${from}-${to}`;
  }

  key(event) {
    if (!this.apart) return;
    const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    const [row, column] = this.pointed ?? this.chosen;
    const last = this.places.length - 1;
    if (Object.hasOwn(moves, event.key)) {
      const [down, right] = moves[event.key];
      this.point([Math.min(Math.max(row + down, 0), last), Math.min(Math.max(column + right, 0), last)]);
    } else if (event.key === "Enter" || event.key === " ") {
      this.compare([row, column], event.timeStamp);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  // --- the step

  follow() {
    if (!this.present.isOf(this.conversion)) return;
    for (const line of this.place.querySelectorAll(".here")) line.style.setProperty("--at", `${this.along(this.present.place)}%`);
  }

  // Where a place lies on either axis, in %.
  along(place) {
    return (100 * (shareAmong(this.places, place) + 0.5)) / this.places.length;
  }

  say(sentence) {
    tellProblem(this.place, sentence);
    if (sentence && !this.apart) this.field.classList.remove("is-waiting");
  }

  close() {
    this.wanted = null;
    this.trailing?.();
    this.ending?.();
    this.listeners.abort();
    for (const panel of this.panels) panel.watched?.disconnect();
  }
}

// Evenly over the walk, first and last among them.
function comparedPlaces(last, most) {
  const count = Math.min(most, last + 1);
  return Array.from({ length: count }, (_, i) => (count === 1 ? 0 : Math.round((i * last) / (count - 1))));
}

// Rows of differences in dB, a slice at a time; `stale()` ends it.
async function compareAll(levels, scale, stale) {
  const rows = levels.map(() => new Float32Array(levels.length));
  let began = performance.now();
  for (let i = 0; i < levels.length; i += 1) {
    for (let j = 0; j < i; j += 1) {
      rows[i][j] = rmsDb(levels[i], levels[j], scale);
      rows[j][i] = rows[i][j];
      if (performance.now() - began > SLICE_MS) {
        await new Promise((resolve) => setTimeout(resolve));
        if (stale()) return rows;
        began = performance.now();
      }
    }
  }
  return rows;
}

const nearestIndex = (places, place) => places.reduce((best, one, i) => (Math.abs(one - place) < Math.abs(places[best] - place) ? i : best), 0);

// Where a place lies among ascending ones: 2.5 is halfway from the third to the fourth.
function shareAmong(places, place) {
  const next = places.findIndex((one) => one >= place);
  return next <= 0 ? 0 : next - (places[next] - place) / (places[next] - places[next - 1]);
}
