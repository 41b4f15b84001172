// Dynamic time warping of two melodies that have nothing to do with each other, as far as the reader allows it.

import { element, svg, tellDone } from "./dom.js";

const WIDE = 640; // the drawing's own units
const HIGH = 230;
const SQUARE = 230;
const PAD = 8;

// F0 in Hz (0: unvoiced) -> cents about its mean, gaps bridged by straight lines.
export function centsOf(f0Hz) {
  const voiced = [...f0Hz.keys()].filter((i) => f0Hz[i] > 0);
  let next = 0;
  const cents = Array.from(f0Hz, (_, i) => {
    while (next < voiced.length - 1 && voiced[next] < i) next += 1;
    const [after, before] = [voiced[next], voiced[Math.max(next - 1, 0)]];
    if (i >= after || i <= before || after === before) return 1200 * Math.log2(f0Hz[i <= before ? before : after]);
    const share = (i - before) / (after - before);
    return 1200 * ((1 - share) * Math.log2(f0Hz[before]) + share * Math.log2(f0Hz[after]));
  });
  const mean = cents.reduce((sum, value) => sum + value, 0) / cents.length;
  return cents.map((value) => value - mean);
}

// Pearson's correlation of two lists of one length; 0 where one of them does not move.
export function correlation(one, other) {
  const mean = (list) => list.reduce((sum, value) => sum + value, 0) / list.length;
  const [a, b] = [mean(one), mean(other)];
  let [both, first, second] = [0, 0, 0];
  one.forEach((value, i) => {
    both += (value - a) * (other[i] - b);
    first += (value - a) ** 2;
    second += (other[i] - b) ** 2;
  });
  return first > 0 && second > 0 ? both / Math.sqrt(first * second) : 0;
}

// The pairs [i, j] that bring two lists of one length closest, from end to end; |i - j| is at most `radius`.
export function warp(one, other, radius) {
  const size = one.length;
  const wide = size + 1;
  const cost = new Float64Array(wide * wide).fill(Infinity); // of the best way to (i - 1, j - 1)
  cost[0] = 0;
  for (let i = 1; i <= size; i += 1) {
    const [value, row] = [one[i - 1], i * wide];
    const end = Math.min(size, i + radius);
    for (let j = Math.max(1, i - radius); j <= end; j += 1) {
      const here = row + j;
      const before = Math.min(cost[here - wide - 1], cost[here - wide], cost[here - 1]);
      cost[here] = Math.abs(value - other[j - 1]) + before;
    }
  }
  const pairs = [];
  for (let [i, j] = [size, size]; i > 0 && j > 0;) {
    pairs.push([i - 1, j - 1]);
    const here = i * wide + j;
    const [both, up, left] = [cost[here - wide - 1], cost[here - wide], cost[here - 1]];
    if (both <= up && both <= left) [i, j] = [i - 1, j - 1];
    else if (up <= left) i -= 1;
    else j -= 1;
  }
  return pairs.reverse();
}

export class Figure {
  constructor(place) {
    this.place = place;
    this.find = (selector) => place.querySelector(selector);
    this.slider = this.find(".slider");
    this.slider.addEventListener("input", () => {
      this.draw();
      tellDone("stretched");
    });
  }

  // data: {one, other: F0 in Hz, as long as each other, frame_s, names: [two]}
  open(data) {
    if (JSON.stringify(data) === this.shown) return;
    this.shown = JSON.stringify(data);
    this.data = data;
    this.melodies = [centsOf(data.one), centsOf(data.other)];
    this.slider.max = data.one.length - 1;
    this.find(".names").replaceChildren(
      element("span", { class: "key-one" }, `— ${data.names[0]}`), " ", element("span", { class: "key-other" }, `┅ ${data.names[1]}`));
    this.draw();
  }

  draw() {
    const [one, other] = this.melodies;
    const radius = Number(this.slider.value);
    const pairs = warp(one, other, radius);
    const r = correlation(pairs.map(([i]) => one[i]), pairs.map(([, j]) => other[j]));
    const written = r.toFixed(2).replace("-", "−");
    const allowed = `${(radius * this.data.frame_s).toFixed(1)} s`;
    const number = element("b", {}, written);
    this.find(".result").replaceChildren("Correlation: ", number, radius === 0 ? ", frame by frame" : `, warped by up to ${allowed}`);
    this.slider.setAttribute("aria-valuetext", `${allowed}: correlation ${written}`);
    this.place.dataset.ready = `${radius} ${r.toFixed(3)}`;
    this.find(".warped").replaceChildren(this.curves(pairs, written));
    this.find(".path").replaceChildren(this.path(pairs));
  }

  // Both melodies as they are after the warp, one pair beside the other.
  curves(pairs, written) {
    const all = this.melodies.flat();
    const [low, high] = [Math.min(...all), Math.max(...all)];
    const line = (side) => pairs.map((pair, k) => {
      const x = PAD + (k / (pairs.length - 1)) * (WIDE - 2 * PAD);
      const y = HIGH - PAD - ((this.melodies[side][pair[side]] - low) / (high - low)) * (HIGH - 2 * PAD);
      return `${x.toFixed(1)},${y.toFixed(1)}`;
    }).join(" ");
    return svg("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": `The two melodies as they are compared; their correlation is ${written}` },
      svg("polyline", { points: line(0), class: "one" }), svg("polyline", { points: line(1), class: "other" }));
  }

  // Which frame of one is set against which of the other; the diagonal is time as it is.
  path(pairs) {
    const scale = (SQUARE - 2 * PAD) / (this.melodies[0].length - 1);
    const points = pairs.map(([i, j]) => `${(PAD + i * scale).toFixed(1)},${(SQUARE - PAD - j * scale).toFixed(1)}`).join(" ");
    return svg("svg", { viewBox: `0 0 ${SQUARE} ${SQUARE}`, role: "img", "aria-label": "Which moment of one is compared with which of the other; the diagonal is time as it is" },
      svg("rect", { x: PAD, y: PAD, width: SQUARE - 2 * PAD, height: SQUARE - 2 * PAD, class: "frame" }),
      svg("line", { x1: PAD, y1: SQUARE - PAD, x2: SQUARE - PAD, y2: PAD, class: "diagonal" }),
      svg("polyline", { points, class: "way" }));
  }

  close() {}
}
