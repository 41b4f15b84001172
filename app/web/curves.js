// What was measured at each step, as curves that follow the step; on them one can go to any other.

import { openConversion } from "./conversion.js";
import { element, rich, signed, svg, tellDone, tellProblem } from "./dom.js";
import { MEASURES, measuresOf, pointsOf, roundTicks, stepTicks } from "./measures.js";
import { presentOf } from "./present.js";
import { snrDb } from "./replay.js";
import { TraceProblem } from "./trace.js";
import { noteWish, wished } from "./wishes.js";

const BETTER = { higher: "↑ Higher is better.", lower: "↓ Lower is better." };
const STEADY = 0.05; // of a curve's range: a smaller change from end to end is called none

export class Figure {
  constructor(place) {
    this.place = place;
    this.find = (selector) => place.querySelector(selector);
    this.axis = "step";
    this.listeners = new AbortController();
    const { signal } = this.listeners;
    this.select = this.find(".measure");
    this.area = this.find(".area");
    this.cursor = this.find(".cursor");
    this.select.addEventListener("change", () => this.choose(this.select.value), { signal });
    for (const button of place.querySelectorAll("[data-axis]")) {
      button.addEventListener("click", () => this.turnAxis(button.dataset.axis), { signal });
    }
    this.area.addEventListener("pointerdown", (event) => this.drag(event), { signal });
    this.area.addEventListener("pointermove", (event) => event.buttons === 1 && this.drag(event), { signal });
    this.cursor.addEventListener("keydown", (event) => this.key(event), { signal });
  }

  // data: {trace, roots, group}
  async open(data) {
    if (data.trace === this.wanted) return;
    this.wanted = data.trace;
    this.ending?.();
    try {
      const conversion = await openConversion(data.roots, data.trace);
      const rows = await measuresOf(conversion.trace);
      if (this.wanted !== data.trace || this.listeners.signal.aborted) return;
      this.say("");
      this.place.classList.remove("is-missing");
      this.begin(conversion, rows, presentOf(data.group));
    } catch (error) {
      if (this.wanted !== data.trace) return;
      this.wanted = null;
      this.place.classList.add("is-missing"); // another conversion's curves are none of this one
      this.say(error instanceof TraceProblem ? error.message : `The curves cannot be drawn: ${error.message}.`);
    }
  }

  begin(conversion, rows, present) {
    Object.assign(this, { conversion, rows, present });
    this.offered = MEASURES.filter(({ lines }) => lines.some((line) => pointsOf(rows, line).length > 0));
    this.select.replaceChildren(...this.offered.map(({ id, title, axis }) => element("option", { value: id }, `${title} (${axis})`)));
    if (this.offered.length === 0) {
      this.say("Nothing that could be drawn was measured of this conversion.");
      return;
    }
    const asked = wished("curve");
    const known = this.offered.some(({ id }) => id === (this.chosen ?? asked));
    if (asked !== null && !known) this.say(`The address asks for a curve “${asked.slice(0, 40)}” that there is none of; this is the first one.`);
    this.show(known ? (this.chosen ?? asked) : this.offered[0].id);
    this.ending = present.watch(() => this.follow());
  }

  choose(id) {
    this.say("");
    this.show(id);
    this.follow();
    noteWish("curve", id);
    tellDone("curve chosen");
  }

  turnAxis(axis) {
    this.axis = axis;
    for (const button of this.place.querySelectorAll("[data-axis]")) button.setAttribute("aria-pressed", String(button.dataset.axis === axis));
    if (!this.measure) return;
    this.show(this.measure.id);
    this.follow();
  }

  // --- the chart

  show(id) {
    this.chosen = id;
    this.measure = this.offered.find((one) => one.id === id);
    this.select.value = id;
    const { about, axis, better, lines, power } = this.measure;
    this.find(".about").replaceChildren(...rich(about));
    this.find(".better").textContent = [`Upwards: ${axis}.`, BETTER[better] ?? ""].join(" ");
    this.curves = lines.map((line) => ({ ...line, points: pointsOf(this.rows, line) })).filter(({ points }) => points.length > 0);
    const values = this.curves.flatMap(({ points }) => points.map(({ value }) => value)).filter((value) => !power || value > 0);
    this.range = rangeOf(values, power);
    this.find("svg").replaceChildren(...this.rules(), ...this.curves.map((curve) => this.path(curve)));
    this.find("svg").setAttribute("aria-label", this.inWords());
    this.find(".dots").replaceChildren(...this.curves.map(({ look }) => element("span", { class: look })));
    this.find(".values").replaceChildren(...this.curves.map(({ look, name }) => element("li", {},
      svg("svg", { viewBox: "0 0 32 10", "aria-hidden": "true" }, svg("line", { x1: 0, y1: 5, x2: 32, y2: 5, class: look })),
      element("span", {}, name), element("b", {}))));
    this.label();
  }

  // Share of the way along the axis, 0 at pure noise.
  across(place) {
    const { last, sigma } = this.conversion;
    if (last === 0) return 0.5;
    if (this.axis === "step") return place / last;
    const [low, high] = [snrDb(sigma[0]), snrDb(sigma[last])];
    return (snrDb(sigma[place]) - low) / (high - low);
  }

  up(value) {
    const [low, high] = this.range;
    if (!this.measure.power) return (value - low) / (high - low);
    return Math.log(Math.max(value, low) / low) / Math.log(high / low);
  }

  path({ points, look }) {
    const at = ({ place, value }) => `${(1000 * this.across(place)).toFixed(1)},${(1000 * (1 - this.up(value))).toFixed(1)}`;
    return svg("path", { class: `curve ${look}`, d: `M${points.map(at).join("L")}` });
  }

  rules() {
    return this.ticks().map((tick) => {
      const y = 1000 * (1 - this.up(tick));
      return svg("line", { class: "grid", x1: 0, x2: 1000, y1: y, y2: y });
    });
  }

  ticks() {
    return roundTicks(...this.range, this.measure.power);
  }

  label() {
    const { steps, sigma, last } = this.conversion;
    const tick = (share, text) => {
      const span = element("span", {}, text);
      span.style.setProperty("--at", `${100 * share}%`);
      return span;
    };
    const digits = this.measure.power ? 0 : Math.max(0, ...this.ticks().map((one) => (`${Number(one.toFixed(6))}`.split(".")[1] ?? "").length));
    this.find(".axis-y").replaceChildren(...this.ticks().map((one) => tick(this.up(one), signed(one, digits))));
    const below = this.find(".axis-x");
    if (this.axis === "step") {
      below.replaceChildren(...stepTicks(steps).map(({ step, place }) => tick(this.across(place), `${step}`)));
      below.dataset.unit = "step (left: pure noise, right: the result)";
    } else {
      const [low, high] = [snrDb(sigma[0]), snrDb(sigma[last])];
      below.replaceChildren(...(last === 0 ? [low] : roundTicks(low, high)).map((db) => tick(last === 0 ? 0.5 : (db - low) / (high - low), signed(db, 0))));
      below.dataset.unit = "signal-to-noise ratio (SNR), dB";
    }
  }

  // Start, end and trend of every curve, for those who cannot see them.
  inWords() {
    const { axis, unit, digits } = this.measure;
    const { steps } = this.conversion;
    const say = (value) => `${signed(value, digits)}${unit}`;
    const sentences = this.curves.map(({ name, points }) => {
      const values = points.map(({ value }) => value);
      const [first, last] = [values[0], values.at(-1)];
      const [low, high] = [Math.min(...values), Math.max(...values)];
      const change = Math.abs(last - first) <= STEADY * (this.range[1] - this.range[0]) ? "ends about where it begins" : last > first ? "rises" : "falls";
      return `${name}: ${say(first)} at step ${steps[points[0].place]}, ${say(last)} at step ${steps[points.at(-1).place]}; it ${change}, between ${say(low)} and ${say(high)}`;
    });
    return `Chart of ${axis}, over the steps from noise to result. ${sentences.join(". ")}.`;
  }

  // --- the step

  follow() {
    if (this.present.conversion !== this.conversion || !this.measure) return;
    const { place } = this.present;
    const { steps, sigma, last } = this.conversion;
    const { unit, digits } = this.measure;
    this.cursor.style.left = `${100 * this.across(place)}%`;
    const [dots, values] = [this.find(".dots").children, this.find(".values").children];
    const told = this.curves.map(({ points, name }, i) => {
      const near = nearestPoint(points, place);
      dots[i].style.left = `${100 * this.across(near.place)}%`;
      dots[i].style.bottom = `${100 * this.up(near.value)}%`;
      const text = `${signed(near.value, digits)}${unit}`;
      values[i].querySelector("b").textContent = text;
      values[i].title = `measured at step ${steps[near.place]}`;
      return `${name} ${text}`;
    });
    this.cursor.setAttribute("aria-valuemax", last);
    this.cursor.setAttribute("aria-valuenow", place);
    this.cursor.setAttribute("aria-valuetext", `step ${steps[place]}, ${signed(snrDb(sigma[place]))} dB: ${told.join(", ")}`);
    this.place.dataset.place = place;
  }

  drag(event) {
    if (!this.conversion || this.conversion.last === 0) return;
    const box = this.area.getBoundingClientRect();
    const share = Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
    const { last, sigma } = this.conversion;
    const [low, high] = [snrDb(sigma[0]), snrDb(sigma[last])];
    const place = this.axis === "step" ? share * last : this.conversion.placeOfNoise(10 ** ((low + share * (high - low)) / -20));
    this.present.go(place, event.timeStamp);
    tellDone("curve followed");
  }

  // From one measured step to the next; the page's own keys go by single steps.
  key(event) {
    if (!this.conversion || !this.measure) return;
    const places = this.curves[0].points.map(({ place }) => place);
    const { place } = this.present;
    const wish = {
      ArrowRight: places.find((one) => one > place), ArrowUp: places.find((one) => one > place),
      ArrowLeft: places.findLast((one) => one < place), ArrowDown: places.findLast((one) => one < place),
      Home: 0, End: this.conversion.last,
    };
    if (!Object.hasOwn(wish, event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    this.present.go(wish[event.key] ?? place, event.timeStamp);
    tellDone("curve followed");
  }

  say(sentence) {
    tellProblem(this.place, sentence);
  }

  close() {
    this.ending?.();
    this.listeners.abort();
  }
}

// Where an axis begins and ends: a little more than the values take.
function rangeOf(values, power) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (power) return [low / 1.1, high * 1.1];
  const room = 0.04 * (high - low) || 0.5;
  return [low - room, high + room];
}

// The points are sorted by place.
function nearestPoint(points, place) {
  let [low, high] = [0, points.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (points[middle].place <= place) low = middle;
    else high = middle;
  }
  return place - points[low].place <= points[high].place - place ? points[low] : points[high];
}
