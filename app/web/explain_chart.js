// Lines over one axis, with a cursor that reads them: by mouse, finger or arrow keys.

import { Cursor } from "./cursor.js";
import { element, signed, svg } from "./dom.js";
import { roundTicks } from "./measures.js";

const TICK_ROOM = 0.03; // of the axis' length, less than which two labels would touch

export class Chart {
  // `place`: an empty element; `title`: what is drawn. `onpick(x)` may be set: what a click or Enter does.
  constructor(place, title, signal) {
    this.picture = svg("svg", { viewBox: "0 0 1000 1000", preserveAspectRatio: "none", role: "img", "aria-label": title });
    this.knob = element("div", { class: "cross", role: "slider", tabindex: "0", "aria-label": `${title}: read a place`, "aria-valuemin": "0" },
      element("i", { class: "upright" }));
    this.area = element("div", { class: "area" }, this.picture, this.knob);
    this.up = element("div", { class: "axis-y", "aria-hidden": "true" });
    this.across = element("div", { class: "axis-x", "aria-hidden": "true" });
    this.values = element("ul", { class: "values" });
    this.where = element("p", { class: "at" });
    place.replaceChildren(element("h3", {}, title), element("div", { class: "chart" }, this.up, this.area, this.across), this.where, this.values);
    this.title = title;
    this.cursor = new Cursor(this.knob, () => this.read(), () => this.onpick?.(this.cursor.at.x), signal);
  }

  // `lines`: [{name, look, points: [[x, y]]}] with x from 0 to 1, ascending; `x`: {ticks: [[x, text]], unit, tell(x),
  // snap(x): the nearest x that there is a value of};
  // `y`: {low, high, unit, digits, scale}: a value is written times scale; `words`: what is seen, for those who cannot;
  // `steps`: into how many the keys divide the axis; `rule`: {at, name}, a value to compare with; `measured`: what is
  // read is the nearest point, not the line between two.
  draw({ lines, x, y, words, steps = 100, rule = null, measured = false }) {
    Object.assign(this, { lines, x, y, measured });
    const height = (value) => 1000 * (1 - (value - y.low) / (y.high - y.low));
    const path = ({ points, look }) => {
      const corners = points.map(([at, value]) => `${(1000 * at).toFixed(1)},${height(value).toFixed(1)}`);
      return svg("path", { class: `curve ${look}`, d: corners.length ? `M${corners.join("L")}` : "" });
    };
    const ticks = roundTicks(y.scale * y.low, y.scale * y.high).map((tick) => tick / y.scale);
    const rules = ticks.map((tick) => svg("line", { class: "grid", x1: 0, x2: 1000, y1: height(tick), y2: height(tick) }));
    const level = rule === null ? [] : [svg("line", { class: "rule", x1: 0, x2: 1000, y1: height(rule.at), y2: height(rule.at) })];
    this.picture.replaceChildren(...rules, ...level, ...lines.map(path));
    this.picture.setAttribute("aria-label", words);
    const digits = Math.max(0, ...ticks.map((tick) => (`${Number((y.scale * tick).toFixed(6))}`.split(".")[1] ?? "").length));
    this.up.replaceChildren(...ticks.map((tick) => mark((tick - y.low) / (y.high - y.low), signed(y.scale * tick, digits))));
    this.up.dataset.unit = y.unit.trim();
    const shown = x.ticks.filter(([at], i) => i === 0 || at - x.ticks[i - 1][0] > TICK_ROOM);
    this.across.replaceChildren(...shown.map(([at, text]) => mark(at, text)));
    this.across.dataset.unit = x.unit;
    this.values.replaceChildren(...lines.map(({ name, look }) => element("li", {},
      svg("svg", { viewBox: "0 0 40 10", "aria-hidden": "true" }, svg("line", { x1: 0, y1: 5, x2: 40, y2: 5, class: look })),
      element("span", {}, name), element("b", {}))));
    if (rule) this.values.append(element("li", {}, svg("svg", { viewBox: "0 0 40 10", "aria-hidden": "true" }, svg("line", { x1: 0, y1: 5, x2: 40, y2: 5, class: "rule" })), element("span", {}, rule.name)));
    this.cursor.steps = { x: steps, y: 1 };
    this.read();
  }

  go(x) {
    this.cursor.go(x);
  }

  read() {
    if (!this.lines) return;
    const x = this.x.snap(this.cursor.at.x);
    const { scale, unit, digits } = this.y;
    const told = this.lines.map(({ name, points }, i) => {
      const value = this.measured ? nearestValue(points, x) : valueAt(points, x);
      const text = value === null ? "–" : `${signed(scale * value, digits)}${unit}`;
      this.values.children[i].querySelector("b").textContent = text;
      return `${name} ${text}`;
    });
    const where = this.x.tell(x);
    this.where.textContent = where;
    this.cursor.tell(100 * x, 100, `${where}: ${told.join(", ")}`);
  }
}

function mark(place, text) {
  const tick = element("span", {}, text);
  tick.style.setProperty("--at", `${100 * place}%`);
  return tick;
}

function nearestValue(points, x) {
  return points.reduce((best, point) => (Math.abs(point[0] - x) < Math.abs(best[0] - x) ? point : best))[1];
}

// On the straight line between the neighbours; null outside.
export function valueAt(points, x) {
  const next = points.findIndex(([at]) => at >= x - 1e-6);
  if (next === -1) return null;
  const [toX, toY] = points[next];
  if (toX - x < 1e-6) return toY;
  if (next === 0) return null;
  const [fromX, fromY] = points[next - 1];
  return fromY + ((x - fromX) / (toX - fromX)) * (toY - fromY);
}
