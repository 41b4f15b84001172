// The same conversion from other noise: how far the seeds lie apart, point by point and step by step.

import { element } from "./dom.js";
import { Chart } from "./explain_chart.js";
import { Field, makeField } from "./explain_field.js";
import { mustBeAlike, openLight } from "./explain_light.js";
import { makeBar, makeChoice, makeCompare, makeList, WalkAxis, wished, wrong } from "./explain_parts.js";
import { COLOURS } from "./picture.js";

const MOST_DB = 15; // the colours run from 0 to here
const CURVE_POINTS = 48; // by steps, and as many by noise level
const AT_ONCE = 8; // places of the curve between two looks at what the reader does

export class SeedsView {
  constructor(place, page, sets) {
    this.page = page;
    this.place = place;
    this.list = makeList("Conversion", sets.map(({ name }) => name), sets.map(({ ids }) => ids[0]), page.view.get("explain_set"),
      (key) => page.view.set({ explain_set: key }), page.signal);
    if (this.list.problem) page.say(this.list.problem);
    this.set = sets[this.list.index];
    this.axis = wished(page.view, "explain_axis", "axis", ["step", "noise"], page.say);
  }

  async open() {
    this.place.replaceChildren(element("div", { class: "row" }, this.list.node));
    const lights = await Promise.all(this.set.ids.map((id) => openLight(this.page.roots, id)));
    mustBeAlike(lights, ["frames", "last"]);
    this.walk = await lights[0].walk();
    if (this.page.signal.aborted) return;
    this.spread = new Spread(lights);
    this.build(lights[0]);
    await this.drawCurve();
  }

  build({ frames, grid, last }) {
    const { signal, view } = this.page;
    const { seeds } = this.set;
    this.choice = makeChoice("What the axis counts", [["step", "Steps"], ["noise", "Noise level"]],
      (kind) => view.set({ explain_axis: kind === "step" ? null : kind }), signal);
    this.slider = element("input", { class: "slider", type: "range", min: "0", max: String(last), step: "1", "aria-label": "Step at which the seeds are compared" });
    this.slider.addEventListener("input", () => this.go(Number(this.slider.value)), { signal });
    this.where = element("output", { class: "where" });
    this.panel = makeField("Spread of the seeds");
    this.found = element("p", { class: "found" });
    const readout = element("output", { class: "readout" });
    const chart = element("div");
    this.place.replaceChildren(
      element("div", { class: "row" }, this.list.node, this.choice.node, makeCompare(view, () => this.set.ids, signal)), this.found,
      element("div", {}, this.slider, element("div", { class: "ends", "aria-hidden": "true" }, element("span", {}, "pure noise"), element("span", {}, "the result")), this.where),
      element("div", { class: "stage" },
        element("div", {}, element("h3", {}, `Spread of ${seeds.length} seeds (${seeds.join(", ")})`), this.panel,
          element("div", { class: "legend" }, makeBar(COLOURS, ["0", "5", "10", "15 dB"], ["alike in all seeds", "left to the noise"])), readout),
        chart),
    );
    this.field = new Field(this.panel, grid, frames, readout, signal);
    this.field.tell = (band, column) => `${this.spread.values[band * frames + column].toFixed(1)} dB apart (standard deviation, n = ${seeds.length})`;
    this.chart = new Chart(chart, "Mean spread over the walk", signal);
    this.chart.onpick = (x) => this.go(new WalkAxis(this.walk, this.axis).placeAt(x));
    this.show(this.asked(last));
  }

  // The place that the address asks for; the result where it asks for none.
  asked(last) {
    const text = this.page.view.get("explain_at");
    if (text === null) return last;
    const share = text.trim() === "" ? NaN : Number(text);
    if (share >= 0 && share <= 1) return Math.round(share * last);
    this.page.say(`${wrong(text)} is no share of the walk from 0 to 1; the result is shown.`);
    return last;
  }

  go(place) {
    const { last } = this.spread;
    this.page.view.set({ explain_at: place === last ? null : `${Number((place / last).toFixed(5))}` });
  }

  show(place) {
    if (place === this.at) return;
    this.at = place;
    const mean = this.spread.at(place);
    const { values } = this.spread;
    const scale = 255 / MOST_DB;
    this.field.colour((i) => COLOURS[Math.min(Math.round(scale * values[i]), 255)]);
    this.slider.value = String(place);
    const where = new WalkAxis(this.walk, "step").tell(place);
    this.slider.setAttribute("aria-valuetext", `${where}: ${mean.toFixed(2)} dB in the mean`);
    this.where.textContent = `${where}: the seeds lie ${mean.toFixed(2)} dB apart in the mean`;
    this.panel.querySelector("canvas").setAttribute("aria-label", `Spread of the seeds over time and frequency at ${where}: ${mean.toFixed(1)} dB in the mean, black where they agree, bright where they differ by ${MOST_DB} dB or more`);
    this.chart.go(new WalkAxis(this.walk, this.axis).across(place));
  }

  // The mean at places that are dense both by steps and by noise level; in parts, so that the page stays quick.
  async drawCurve() {
    const { last } = this.spread;
    const places = new Set();
    for (const kind of ["step", "noise"]) {
      const axis = new WalkAxis(this.walk, kind);
      for (let i = 0; i <= CURVE_POINTS; i += 1) places.add(last === 0 ? 0 : axis.placeAt(i / CURVE_POINTS));
    }
    const points = [];
    const curve = new Spread(this.spread.lights);
    for (const [i, place] of [...places].sort((a, b) => a - b).entries()) {
      points.push([place, curve.at(place)]);
      if (i % AT_ONCE === AT_ONCE - 1) await new Promise((resolve) => setTimeout(resolve));
      if (this.page.signal.aborted) return;
    }
    this.points = points;
    const [first, end] = [points[0][1], points.at(-1)[1]];
    const [low, high] = [points.reduce((a, b) => (b[1] < a[1] ? b : a)), points.reduce((a, b) => (b[1] > a[1] ? b : a))];
    const step = ([place]) => `step ${this.walk.step[place]}`;
    this.words = `At pure noise the first predictions lie ${first.toFixed(2)} dB apart, at the result ${end.toFixed(2)} dB: least, ${low[1].toFixed(2)} dB, at ${step(low)}, and most, ${high[1].toFixed(2)} dB, at ${step(high)}.`;
    this.found.textContent = this.words;
    this.drawAxis();
  }

  drawAxis() {
    const axis = new WalkAxis(this.walk, this.axis);
    this.choice.show(this.axis);
    this.chart.draw({
      lines: [{ name: "mean standard deviation", look: "plain", points: this.points.map(([place, db]) => [this.spread.last === 0 ? 0.5 : axis.across(place), db]) }],
      x: axis.forChart, y: { low: 0, high: 1.1 * Math.max(...this.points.map(([, db]) => db)) || 1, unit: " dB", digits: 1, scale: 1 }, steps: 200,
      words: `Mean spread of the seeds over the walk. ${this.words}`,
    });
    this.chart.go(axis.across(this.at));
  }

  follow() {
    if (!this.chart) return;
    const axis = wished(this.page.view, "explain_axis", "axis", ["step", "noise"], this.page.say);
    this.show(this.asked(this.spread.last));
    if (axis === this.axis) return;
    this.axis = axis;
    if (this.points) this.drawAxis();
  }

  close() {
    this.field?.close();
  }
}

// How far the predictions of several conversions lie apart: standard deviation with n − 1, in dB.
export class Spread {
  constructor(lights) {
    this.lights = lights;
    this.last = lights[0].last;
    this.values = new Float32Array(lights[0].size);
    this.pictures = lights.map(({ size }) => new Float32Array(size));
  }

  // Fills `values` (band, frame) for a place, and gives their mean.
  at(place) {
    const { lights, pictures, values } = this;
    const n = lights.length;
    lights.forEach((light, i) => light.decibelsAt(place, pictures[i]));
    let total = 0;
    for (let i = 0; i < values.length; i += 1) {
      let sum = 0;
      for (let k = 0; k < n; k += 1) sum += pictures[k][i];
      const mean = sum / n;
      let squares = 0;
      for (let k = 0; k < n; k += 1) squares += (pictures[k][i] - mean) ** 2;
      values[i] = Math.sqrt(squares / (n - 1));
      total += values[i];
    }
    return total / values.length;
  }
}
