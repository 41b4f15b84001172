// Why fewer steps are possible: one point of the picture on its way from noise to voice, by three samplers.

import { openConversion } from "./conversion.js";
import { element, signed, svg, tellDone, tellProblem } from "./dom.js";
import { CLEANEST_DB, dbText, MARKED_DB, NOISIEST_DB, shareOf, sigmaOf, sigmaText } from "./noise_levels_axis.js";
import { fillPanel, makePanel } from "./panel.js";
import { pointAlong } from "./paths_point.js";
import { hzAt } from "./picture.js";
import { snrDb } from "./replay.js";
import { TraceProblem } from "./trace.js";

const [WIDTH, HEIGHT] = [560, 320];
const BOX = { left: 66, right: 552, top: 12, bottom: 268 };
const [LOWEST_DB, HIGHEST_DB] = [-130, 30]; // three and a half standard deviations of noise to either side
const MARKS_DB = [-120, -90, -60, -30, 0, 30];
const BEGIN = { share: 0.6101, hz: 439 }; // of the phrase, and hertz: a harmonic of a long vowel, where the noise begins low
const LEAPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [1, 0], ArrowDown: [-1, 0] };
const FAR = 10; // bands or frames at once, with Shift
const DOTTED = 45; // fewer looks than this are marked

const x = (db) => BOX.left + shareOf(db) * (BOX.right - BOX.left);
const y = (db) => {
  const inside = Math.min(Math.max(db, LOWEST_DB), HIGHEST_DB);
  return BOX.bottom - ((inside - LOWEST_DB) / (HIGHEST_DB - LOWEST_DB)) * (BOX.bottom - BOX.top);
};

// How far a line goes up and down altogether, dB.
const roamed = (values) => values.reduce((sum, value, i) => (i ? sum + Math.abs(value - values[i - 1]) : 0), 0);

export class Figure {
  constructor(place) {
    this.place = place;
    this.find = (selector) => place.querySelector(selector);
    this.shows = "state";
    this.makeChooser();
    this.makeChart();
    for (const button of place.querySelectorAll("[data-shows]")) {
      button.addEventListener("click", () => {
        this.shows = button.dataset.shows;
        for (const other of place.querySelectorAll("[data-shows]")) other.setAttribute("aria-pressed", String(other === button));
        this.draw();
      });
    }
  }

  makeChooser() {
    this.panel = makePanel("result", "Choose a point", "click the picture, or use the arrows below", "Mel spectrogram of the teacher’s result");
    this.crosshair = element("div", { class: "crosshair" });
    this.panel.querySelector(".plot").append(this.crosshair);
    this.panel.querySelector("canvas").addEventListener("click", (event) => this.clicked(event));
    const arrows = [["ArrowLeft", "←", "Earlier"], ["ArrowRight", "→", "Later"], ["ArrowDown", "↓", "Lower band"], ["ArrowUp", "↑", "Higher band"]];
    this.readout = element("output", {});
    const moves = element("div", { class: "row moves", role: "group", "aria-label": "Move the point; arrow keys work here too, with Shift ten times as far" },
      element("div", { class: "buttons" }, ...arrows.map(([key, sign, words]) => {
        const button = element("button", { type: "button", "aria-label": words, title: `${words} (arrow key; with Shift further)`, "data-move": key }, sign);
        button.addEventListener("click", (event) => this.move(LEAPS[key], event));
        return button;
      })), this.readout);
    moves.addEventListener("keydown", (event) => {
      if (!LEAPS[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
      this.move(LEAPS[event.key], event);
      event.preventDefault();
      event.stopPropagation();
    });
    this.find(".chooser").append(this.panel, moves);
  }

  makeChart() {
    const text = (attributes, words) => svg("text", attributes, words);
    this.lines = svg("g", {});
    this.chart = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": "Lines; loading" },
      ...MARKS_DB.map((db) => svg("line", { class: "grid", x1: BOX.left, x2: BOX.right, y1: y(db), y2: y(db) })),
      ...MARKS_DB.map((db) => text({ x: BOX.left - 6, y: y(db) + 4, "text-anchor": "end" }, db === MARKS_DB.at(-1) ? `+${db} dB` : signed(db, 0))),
      ...MARKED_DB.map((db) => svg("line", { class: "grid", y1: BOX.top, y2: BOX.bottom, x1: x(db), x2: x(db) })),
      ...MARKED_DB.map((db) => text({ x: x(db), y: BOX.bottom + 18, "text-anchor": "middle" }, `σ ${sigmaText(sigmaOf(db))}`)),
      text({ x: BOX.left, y: HEIGHT - 10 }, "noise"),
      text({ x: BOX.right, y: HEIGHT - 10, "text-anchor": "end" }, "voice"),
      this.lines);
    this.find(".drawing").append(this.chart);
  }

  // data: {walks: [{trace, name, sampler}], roots}: the teacher's is the picture to choose from
  async open(data) {
    const wanted = JSON.stringify(data.walks);
    if (wanted === this.wanted) return;
    this.wanted = wanted;
    this.say("");
    const found = await Promise.all(data.walks.map(async (walk) => {
      try {
        return { ...walk, conversion: await openConversion(data.roots, walk.trace) };
      } catch (error) {
        if (this.wanted === wanted) this.say(error instanceof TraceProblem ? error.message : `${walk.name} cannot be shown: ${error.message}.`);
        if (!(error instanceof TraceProblem)) console.error(error);
        return null;
      }
    }));
    if (this.wanted !== wanted) return;
    this.walks = found.filter(Boolean);
    if (this.walks.length > 0) this.begin();
  }

  begin() {
    const { conversion } = this.walks.find(({ sampler }) => sampler === "euler") ?? this.walks[0];
    const { grid, frames } = conversion.manifest;
    Object.assign(this, { grid, frames });
    fillPanel(this.panel, grid, frames, conversion.predictedAt(conversion.last), conversion.ofLevels);
    this.point ??= { band: this.bandOf(BEGIN.hz), frame: Math.round(BEGIN.share * frames) };
    this.choose(this.point.band, this.point.frame, performance.now());
    this.place.dataset.drawn = "true";
  }

  bandOf(hz) {
    const bands = Array.from({ length: this.grid.n_mels }, (_, band) => Math.abs(hzAt((band + 0.5) / this.grid.n_mels, this.grid) - hz));
    return bands.indexOf(Math.min(...bands));
  }

  clicked(event) {
    if (!this.walks?.length) return;
    const box = event.target.getBoundingClientRect();
    const height = 1 - (event.clientY - box.top) / box.height;
    this.choose(Math.floor(height * this.grid.n_mels), Math.floor(((event.clientX - box.left) / box.width) * this.frames), event.timeStamp);
    tellDone("chose point");
  }

  move([bands, frames], event) {
    if (!this.walks?.length) return;
    const far = event.shiftKey ? FAR : 1;
    this.choose(this.point.band + far * bands, this.point.frame + far * frames, event.timeStamp);
    tellDone("chose point");
  }

  choose(band, frame, since) {
    const inside = (value, most) => Math.min(Math.max(value, 0), most - 1);
    this.point = { band: inside(band, this.grid.n_mels), frame: inside(frame, this.frames) };
    this.draw();
    performance.measure("scrub", { start: since, end: performance.now() });
  }

  draw() {
    if (!this.walks?.length) return;
    const { band, frame } = this.point;
    this.crosshair.style.setProperty("--x", (frame + 0.5) / this.frames);
    this.crosshair.style.setProperty("--y", (band + 0.5) / this.grid.n_mels);
    const seconds = (frame * this.grid.hop + this.grid.hop / 2) / this.grid.sample_rate_hz;
    const hz = Math.round(hzAt((band + 0.5) / this.grid.n_mels, this.grid));
    this.readout.textContent = `${seconds.toFixed(2)} s · ${hz} Hz`;
    Object.assign(this.place.dataset, { band, frame, shows: this.shows });
    const ways = this.walks.map((walk) => ({ ...walk, ...this.wayOf(walk.conversion) }));
    this.lines.replaceChildren(...ways.flatMap(drawn));
    this.find(".keys").replaceChildren(...ways.map((way) => element("li", { "data-sampler": way.sampler }, keyOf(way.sampler),
      `${way.name}: ends at ${signed(way.values.at(-1))} dB`)));
    const told = ways.map((way) => `${way.name} goes up and down by ${Math.round(roamed(way.values))} dB altogether`).join("; ");
    this.find(".told").textContent = `${told}.`;
    const range = `from ${dbText(NOISIEST_DB)} to ${dbText(CLEANEST_DB)} of signal to noise`;
    this.chart.setAttribute("aria-label", `Level of this point over the noise level, ${range}. ${told}.`);
  }

  // Levels of noise and of the point, dB, and at the end the result, without noise: at the last look's level.
  wayOf(conversion) {
    const index = this.point.band * this.frames + this.point.frame;
    const { state, predicted } = pointAlong(conversion, index);
    const at = Array.from(conversion.sigma, snrDb);
    if (this.shows === "predicted") return { at, values: Array.from(predicted) };
    return { at: [...at, CLEANEST_DB], values: [...state, predicted.at(-1)] };
  }

  say(sentence) {
    tellProblem(this.place, sentence);
  }

  close() {}
}

function drawn({ sampler, at, values }) {
  const corners = values.map((value, i) => `${x(at[i]).toFixed(1)} ${y(value).toFixed(1)}`);
  const dots = values.length < DOTTED ? values.map((value, i) => svg("circle", { class: sampler, cx: x(at[i]), cy: y(value), r: sampler === "consistency" ? 5 : 2.5 })) : [];
  return [svg("path", { class: `way ${sampler}`, d: `M${corners.join("L")}` }), ...dots];
}

function keyOf(sampler) {
  const dot = sampler === "consistency" ? [svg("circle", { class: sampler, cx: 20, cy: 7, r: 5 })] : [];
  return svg("svg", { viewBox: "0 0 40 14", "aria-hidden": "true" }, svg("path", { class: `way ${sampler}`, d: "M0 7H40" }), ...dot);
}
