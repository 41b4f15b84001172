// What the views of Explain are made of: choices, legends, and an axis of steps or of noise.

import { element, signed } from "./dom.js";
import { roundTicks } from "./measures.js";
import { snrDb } from "./replay.js";

const STEP_TICKS = 4;
const MOST_COMPARED = 4;
const SHOWN = 40; // characters of a wrong wish that are repeated to the reader

// Buttons of which one is pressed. `options`: [[value, words]]; `onchoose(value)`. Gives {node, show(value)}.
export function makeChoice(label, options, onchoose, signal) {
  const buttons = options.map(([value, words]) => {
    const button = element("button", { type: "button", "data-value": value, "aria-pressed": "false" }, words);
    button.addEventListener("click", () => onchoose(value), { signal });
    return button;
  });
  const show = (value) => {
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.value === value));
  };
  return { node: element("div", { class: "buttons", role: "group", "aria-label": label }, ...buttons), show };
}

// A list to choose a set from. `keys`: what stands in the address for each. Gives {node, index, problem} of what is asked for.
export function makeList(label, names, keys, asked, onchoose, signal) {
  const found = keys.indexOf(asked);
  const select = element("select", {}, ...names.map((name, i) => element("option", { value: i }, name)));
  select.selectedIndex = Math.max(found, 0);
  select.addEventListener("change", () => onchoose(keys[select.selectedIndex]), { signal });
  const problem = asked !== null && found === -1 ? `${wrong(asked)} is not among the conversions that this view can show; the first one is shown instead.` : "";
  return { node: element("label", { class: "of" }, `${label} `, select), index: Math.max(found, 0), problem };
}

// A button that puts conversions side by side in the page's own comparison, four at most. `ids()`: which.
export function makeCompare(view, ids, signal) {
  const button = element("button", { type: "button", class: "beside" }, "Put them side by side above");
  button.addEventListener("click", () => view.set({ compare: ids().slice(0, MOST_COMPARED).join(",") }), { signal });
  return button;
}

export function wrong(text) {
  return `The address asks for “${text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text}”, which`;
}

// One of the texts; with a sentence where the address asks for another. `noun`: what they are.
export function wished(view, name, noun, texts, say) {
  const asked = view.get(name);
  if (asked === null || texts.includes(asked)) return asked ?? texts[0];
  say(`${wrong(asked)} is no ${noun}; there are ${texts.join(", ")}. This is the first.`);
  return texts[0];
}

// Colours as canvas packs them, as a bar with numbers below: [[share, text]].
export function makeBar(colours, numbers, ends = []) {
  const stops = Array.from({ length: 17 }, (_, i) => {
    const packed = colours[Math.round((i / 16) * (colours.length - 1))];
    return `rgb(${packed & 255}, ${(packed >> 8) & 255}, ${(packed >> 16) & 255})`;
  });
  const bar = element("span", { class: "bar" });
  bar.style.background = `linear-gradient(to right, ${stops.join(", ")})`;
  const row = (texts) => element("span", { class: "numbers" }, ...texts.map((text) => element("span", {}, text)));
  return element("div", { class: "colours" }, bar, row(numbers), ...(ends.length ? [row(ends)] : []));
}

// The way from noise to result as an axis from 0 to 1: by steps, or by noise level. `walk`: {step, sigma} by place.
export class WalkAxis {
  constructor(walk, kind) {
    this.walk = walk;
    this.kind = kind;
    this.last = walk.sigma.length - 1;
    this.ends = [snrDb(walk.sigma[0]), snrDb(walk.sigma[this.last])];
  }

  across(place) {
    if (this.kind === "step") return place / this.last;
    const [low, high] = this.ends;
    return (snrDb(this.walk.sigma[place]) - low) / (high - low);
  }

  placeAt(share) {
    if (this.kind === "step") return Math.round(share * this.last);
    const [low, high] = this.ends;
    return nearestPlace(this.walk.sigma, low + share * (high - low));
  }

  get ticks() {
    if (this.kind === "step") {
      const places = Array.from({ length: STEP_TICKS + 1 }, (_, i) => Math.round((i * this.last) / STEP_TICKS));
      return places.map((place) => [place / this.last, `${this.walk.step[place]}`]);
    }
    const [low, high] = this.ends;
    return roundTicks(low, high).map((db) => [(db - low) / (high - low), signed(db, 0)]);
  }

  get unit() {
    return this.kind === "step" ? "step (left: pure noise, right: the result)" : "noise level as SNR, dB (right: the result)";
  }

  // "step 499 · SNR −10.7 dB"
  tell(place) {
    return `step ${this.walk.step[place]} · SNR ${signed(snrDb(this.walk.sigma[place]))} dB`;
  }

  get forChart() {
    return { ticks: this.ticks, unit: this.unit, tell: (x) => this.tell(this.placeAt(x)), snap: (x) => this.across(this.placeAt(x)) };
  }
}

// Noise falls along a walk, so the signal-to-noise ratio rises.
function nearestPlace(sigma, db) {
  let [low, high] = [0, sigma.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (snrDb(sigma[middle]) <= db) low = middle;
    else high = middle;
  }
  return db - snrDb(sigma[low]) <= snrDb(sigma[high]) - db ? low : high;
}
