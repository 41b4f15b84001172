// A histogram for each score: brushed with the pointer or bounded by two numbers; and its best, worst and median case.

import { element, svg } from "./dom.js";
import { DIRECTIONS, factsOf, ranked, written } from "./scores.js";
import { readRange, writeRange } from "./view_state.js";

const BINS = 30;
const CLICK = 0.02; // a drag shorter than this share of the width takes the range back
const FIRST = 8; // scores that are seen at once
const CASES = { best: "best", median: "median", worst: "worst" };

export class Ranges {
  // `onchosen(row)` shows a case.
  constructor(place, listing, view, facts, onchosen) {
    this.listing = listing;
    this.view = view;
    this.onchosen = onchosen;
    const rows = Array.from({ length: listing.length }, (_, row) => row);
    const order = Object.keys(facts); // that of scores.toml: what matters most comes first
    const rank = (name) => (order.includes(name) ? order.indexOf(name) : order.length);
    this.parts = [...listing.scores].sort((a, b) => rank(a) - rank(b)).flatMap((name) => {
      const { n, low, high } = listing.statistics(name, rows);
      return n > 0 ? [this.part(name, factsOf(name, facts), low, high, rows)] : [];
    });
    const nodes = this.parts.map(({ node }) => node);
    const rest = nodes.slice(FIRST);
    this.fold = element("details", { class: "fold" }, element("summary", {}, `${rest.length} more scores`), element("div", { class: "grid" }, ...rest));
    this.fold.hidden = rest.length === 0;
    this.fold.open = this.parts.slice(FIRST).some(({ name }) => view.get(name) !== null); // a range that counts is seen
    place.replaceChildren(element("div", { class: "grid" }, ...nodes.slice(0, FIRST)), this.fold);
  }

  part(name, facts, low, high, rows) {
    const part = { name, facts, low, high, bins: (of) => this.bins(name, of, low, high) };
    part.all = part.bins(rows);
    part.bars = Array.from({ length: BINS }, (_, i) => svg("rect", { class: "fit", x: i + 0.08, width: 0.84 }));
    part.brush = svg("rect", { class: "brush", y: 0, height: 1, visibility: "hidden" });
    const most = Math.max(...part.all);
    part.most = most;
    const behind = part.all.map((count, i) => svg("rect", { class: "all", x: i + 0.08, width: 0.84, y: 1 - count / most, height: count / most }));
    part.picture = svg("svg", { class: "histogram", viewBox: `0 0 ${BINS} 1`, preserveAspectRatio: "none", role: "img" }, ...behind, ...part.bars, part.brush);
    part.inputs = ["least", "most"].map((which) => element("input", { type: "number", step: "any", "aria-label": `${facts.name}: ${which}`, placeholder: "any" }));
    part.outline = element("span", { class: "outline" });
    const cases = Object.keys(CASES).map((which) => {
      const button = element("button", { type: "button", title: `Compare the ${which} of those that fit` }, CASES[which]);
      button.addEventListener("click", () => this.choose(part, which));
      return button;
    });
    if (facts.better === "") [cases[0].textContent, cases[2].textContent] = ["highest", "lowest"];
    part.node = element("div", { class: "range", "data-score": name },
      element("h4", {}, facts.name, element("span", { class: "way", title: DIRECTIONS[facts.better] }, { high: "↑ better", low: "↓ better", near: "→ 0", "": "" }[facts.better])),
      part.picture, part.outline, element("div", { class: "ends" }, part.inputs[0], "to", part.inputs[1]), element("div", { class: "cases" }, ...cases));
    part.inputs.forEach((input, end) => input.addEventListener("change", () => this.type(part, end)));
    this.brushable(part);
    return part;
  }

  bins(name, rows, low, high) {
    const counts = new Array(BINS).fill(0);
    const width = high - low || 1;
    for (const row of rows) {
      const value = this.listing.number(name, row);
      if (Number.isFinite(value)) counts[Math.min(BINS - 1, Math.floor(((value - low) / width) * BINS))] += 1;
    }
    return counts;
  }

  brushable(part) {
    let from = null;
    const share = (event) => {
      const box = part.picture.getBoundingClientRect();
      return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    };
    part.picture.addEventListener("pointerdown", (event) => {
      from = share(event);
      part.picture.setPointerCapture(event.pointerId);
    });
    part.picture.addEventListener("pointermove", (event) => {
      if (from !== null) this.brush(part, from, share(event));
    });
    part.picture.addEventListener("pointerup", (event) => {
      if (from !== null && Math.abs(share(event) - from) < CLICK) this.view.set({ [part.name]: null });
      from = null;
    });
    part.picture.addEventListener("pointercancel", () => { from = null; });
  }

  brush(part, from, to) {
    if (Math.abs(to - from) < CLICK) return;
    const at = (share) => part.low + share * (part.high - part.low);
    const [first, last] = [Math.min(from, to), Math.max(from, to)];
    this.view.set({ [part.name]: writeRange([first === 0 ? -Infinity : at(first), last === 1 ? Infinity : at(last)]) });
  }

  // A number typed at one end; the other end stays as it is, to all its digits.
  type(part, end) {
    const range = readRange(this.view.get(part.name)) ?? [-Infinity, Infinity];
    const { value } = part.inputs[end];
    range[end] = value === "" ? [-Infinity, Infinity][end] : Number(value) / part.facts.scale;
    this.view.set({ [part.name]: writeRange(range.sort((a, b) => a - b)) });
  }

  choose(part, which) {
    const order = ranked(this.listing, part.name, this.rows, part.facts.better);
    if (order.length === 0) return;
    const row = { best: order[0], worst: order.at(-1), median: order[(order.length - 1) >> 1] }[which];
    this.onchosen(row);
  }

  draw(rows) {
    this.rows = rows;
    for (const part of this.parts) {
      part.bins(rows).forEach((count, i) => {
        part.bars[i].setAttribute("y", 1 - count / part.most);
        part.bars[i].setAttribute("height", count / part.most);
      });
      this.drawRange(part, readRange(this.view.get(part.name)));
      const { n, mean, low, high } = this.listing.statistics(part.name, rows);
      part.outline.textContent = n ? `mean ${written(mean, part.facts)}, n = ${n}` : "none has it";
      part.picture.setAttribute("aria-label", n
        ? `${part.facts.name}: ${n} conversions from ${written(low, part.facts)} to ${written(high, part.facts)}, mean ${written(mean, part.facts)}`
        : `${part.facts.name}: no conversion has it`);
    }
  }

  drawRange(part, range) {
    part.inputs.forEach((input, i) => {
      const end = range?.[i];
      input.value = Number.isFinite(end) ? Number((end * part.facts.scale).toPrecision(4)) : "";
    });
    part.brush.setAttribute("visibility", range ? "visible" : "hidden");
    if (!range) return;
    const place = (value) => Math.min(BINS, Math.max(0, ((value - part.low) / (part.high - part.low || 1)) * BINS));
    const [from, to] = range.map(place);
    part.brush.setAttribute("x", from);
    part.brush.setAttribute("width", Math.max(0.1, to - from));
  }
}
