// What was measured along the walks of all conversions that are compared; a click on the chart goes there.

import { atOf, atOfPlace, axisOf, comparedIds, endsOf, LETTERS, writeAt } from "./compared.js";
import { openConversion } from "./conversion.js";
import { element, signed, svg, tellProblem } from "./dom.js";
import { measuresOf, pointsOf, roundTicks } from "./measures.js";
import { viewOfPage } from "./view_state.js";

const NAMES = ["compare", "axis", "at", "measure", "scale", "shows"];
const COLUMNS = {
  similarity_to_target: ["Similarity to the target, cosine", 3, "↑ better"],
  similarity_to_source: ["Similarity to the source, cosine", 3, ""],
  rpa: ["Pitch right (RPA), share", 3, "↑ better"],
  f0_rmse_cents: ["F0 error, cents", 0, "↓ better"],
  f0_corr: ["F0 correlation", 3, "↑ better"],
  loudness_rmse_db: ["Loudness error, dB", 2, "↓ better"],
  mcd_db: ["MCD to the source, dB", 2, ""],
  mcd_to_result_db: ["MCD to its own result, dB", 2, ""],
  mel_to_result_db: ["Mel distance to its own result, dB", 2, ""],
  voiced_share: ["Voiced frames, share", 3, ""],
};

export class Figure {
  constructor(place) {
    this.place = place;
    this.find = (selector) => place.querySelector(selector);
    this.find(".measure").replaceChildren(...Object.entries(COLUMNS).map(([name, [words]]) => element("option", { value: name }, words)));
    this.find(".measure").addEventListener("change", () => this.view.set({ measure: this.find(".measure").value }));
    this.find(".scale").addEventListener("change", () => this.view.set({ scale: this.find(".scale").value === "log" ? "log" : null }));
    const area = this.find(".area");
    area.addEventListener("pointerdown", (event) => this.point(event));
    area.addEventListener("pointermove", (event) => event.buttons === 1 && this.point(event));
    this.find(".cursor").addEventListener("keydown", (event) => this.key(event));
  }

  // data: {roots}
  open(data) {
    if (this.view) return;
    this.data = data;
    this.view = viewOfPage();
    this.end = this.view.watch(NAMES, (names) => (names.includes("compare") ? this.load() : names.every((name) => name === "at") ? this.follow() : this.draw()));
    this.load();
  }

  async load() {
    const ids = comparedIds(this.view);
    const wish = (this.wish = Symbol("the latest wish"));
    const problems = [];
    const found = await Promise.all(ids.map(async (id) => {
      try {
        const conversion = await openConversion(this.data.roots, id);
        return { conversion, rows: await measuresOf(conversion.trace) };
      } catch (error) {
        problems.push(`The curve of “${id.slice(0, 60)}” cannot be drawn: ${error.why ?? error.message}.`);
        return null;
      }
    }));
    if (this.wish !== wish) return;
    this.problems = problems;
    this.walks = found.flatMap((walk, i) => (walk ? [{ ...walk, letter: LETTERS[i] }] : []));
    this.draw();
  }

  get column() {
    const asked = this.view.get("measure");
    return Object.hasOwn(COLUMNS, asked ?? "") ? asked : "similarity_to_target";
  }

  get noise() {
    return this.view.get("axis") === "noise";
  }

  // Where a place of a walk lies on the common axis, 0 to 1.
  across({ conversion }, place) {
    const [low, high] = this.ends;
    return (atOfPlace(conversion, axisOf(this.view), place) - low) / (high - low);
  }

  draw() {
    if (!this.walks) return;
    const kind = this.view.get("shows") === "state" ? "state" : "predicted";
    const [words, digits, way] = COLUMNS[this.column];
    this.sayWrong();
    this.ends = endsOf(axisOf(this.view), this.walks.map(({ conversion }) => conversion));
    this.curves = this.walks.map((walk) => ({ ...walk, points: pointsOf(walk.rows, { column: this.column, kind }) }));
    const values = this.curves.flatMap(({ points }) => points.map(({ value }) => value));
    this.log = this.view.get("scale") === "log" && values.length > 0 && Math.min(...values) > 0;
    this.find(".measure").value = this.column;
    this.find(".scale").value = this.view.get("scale") === "log" ? "log" : "linear";
    this.find(".way").textContent = way + (this.view.get("scale") === "log" && !this.log ? " · drawn linearly: some values are not above 0" : "");
    if (values.length === 0) {
      this.find("svg").replaceChildren();
      this.find(".values").replaceChildren(element("li", {}, this.walks.length ? "None of these conversions has this measure along its walk." : "Choose conversions to see their curves."));
      return;
    }
    this.range = rangeOf(values, this.log);
    const ticks = roundTicks(...this.range, this.log);
    const rules = ticks.map((tick) => svg("line", { class: "grid", x1: 0, x2: 1000, y1: 1000 * (1 - this.up(tick)), y2: 1000 * (1 - this.up(tick)) }));
    const paths = this.curves.map((curve) => {
      const at = ({ place, value }) => `${(1000 * this.across(curve, place)).toFixed(1)},${(1000 * (1 - this.up(value))).toFixed(1)}`;
      const alone = curve.points.length === 1 ? `M${at(curve.points[0])}m-12,0h24` : "";
      return svg("path", { "data-letter": curve.letter, d: alone || (curve.points.length ? `M${curve.points.map(at).join("L")}` : "") });
    });
    this.find("svg").replaceChildren(...rules, ...paths);
    this.find("svg").setAttribute("aria-label", `${words} along the walk. ${this.curves.filter(({ points }) => points.length).map(({ letter, points }) => `${letter}: from ${signed(points[0].value, digits)} to ${signed(points.at(-1).value, digits)}`).join("; ")}.`);
    this.label(ticks, digits);
    this.follow();
  }

  up(value) {
    const [low, high] = this.range;
    return this.log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
  }

  label(ticks, digits) {
    const mark = (share, text) => {
      const tick = element("span", {}, text);
      tick.style.setProperty("--at", `${100 * share}%`);
      return tick;
    };
    this.find(".axis-y").replaceChildren(...ticks.map((tick) => mark(this.up(tick), Number(tick.toFixed(Math.max(digits, 1))).toString().replace("-", "−"))));
    const axis = this.find(".axis-x");
    const [low, high] = this.noise ? this.ends : [0, 100]; // in %
    axis.dataset.unit = this.noise ? "SNR in dB: the same noise for all" : "% of the way from noise to result";
    axis.replaceChildren(...roundTicks(low, high).map((tick) => mark((tick - low) / (high - low), signed(tick, 0))));
  }

  get share() {
    const [low, high] = this.ends;
    return (atOf(this.view, this.ends) - low) / (high - low);
  }

  follow() {
    if (!this.curves?.length) return;
    const { share } = this;
    const [, digits] = COLUMNS[this.column];
    const cursor = this.find(".cursor");
    cursor.style.left = `${100 * share}%`;
    cursor.setAttribute("aria-valuenow", Math.round(100 * share));
    const told = this.curves.map((curve) => {
      const near = curve.points.reduce((best, point) => (best && Math.abs(this.across(curve, best.place) - share) <= Math.abs(this.across(curve, point.place) - share) ? best : point), null);
      return { letter: curve.letter, text: near ? signed(near.value, digits) : "not measured" };
    });
    cursor.setAttribute("aria-valuetext", told.map(({ letter, text }) => `${letter} ${text}`).join(", "));
    this.find(".values").replaceChildren(...told.map(({ letter, text }) => element("li", {},
      svg("svg", { viewBox: "0 0 32 10", "aria-hidden": "true" }, svg("line", { x1: 0, y1: 5, x2: 32, y2: 5, "data-letter": letter })), `${letter} `, element("b", {}, text))));
  }

  go(share, since) {
    const [low, high] = this.ends;
    const start = since ?? performance.now();
    this.view.set({ at: writeAt(low + Math.min(1, Math.max(0, share)) * (high - low)) });
    performance.measure("scrub", { start, end: performance.now() });
  }

  point(event) {
    if (!this.curves?.length) return;
    const box = this.find(".area").getBoundingClientRect();
    this.go((event.clientX - box.left) / box.width, event.timeStamp);
  }

  key(event) {
    const by = { ArrowLeft: -0.01, ArrowRight: 0.01, ArrowDown: -0.01, ArrowUp: 0.01, PageUp: 0.1, PageDown: -0.1 }[event.key];
    const to = { Home: 0, End: 1 }[event.key];
    if ((by ?? to) === undefined || !this.curves?.length) return;
    event.preventDefault();
    event.stopPropagation();
    this.go(to ?? this.share + by, event.timeStamp);
  }

  // What could not be loaded, and what the address says that cannot be used.
  sayWrong() {
    const [measure, scale] = ["measure", "scale"].map((name) => this.view.get(name));
    const faults = [];
    if (measure !== null && !Object.hasOwn(COLUMNS, measure)) faults.push(`no measure “${measure.slice(0, 40)}”`);
    if (scale !== null && !["log", "linear"].includes(scale)) faults.push(`no scale “${scale.slice(0, 40)}”`);
    const asked = faults.length ? [`The address asks for what is not there: ${faults.join("; ")}.`] : [];
    this.say([...this.problems, ...asked].join(" "));
  }

  say(sentence) {
    tellProblem(this.place, sentence);
  }

  close() {
    this.end?.();
  }
}

function rangeOf(values, log) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (log) return [low / 1.1, high * 1.1];
  const room = 0.04 * (high - low) || 0.5;
  return [low - room, high + room];
}
