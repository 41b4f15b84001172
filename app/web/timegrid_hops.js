// From source_hop to target_hop, worked out: how often a label is repeated, how many copies are averaged, what comes out.

import { element, rich, svg, tellDone } from "./dom.js";
import { boxMeans, boxRatio, frameCount, RATE_HZ, TARGET_HOP } from "./grid_arithmetic.js";

const HEIGHT = 152;
const ROWS = { labels: 18, copies: 66, frames: 114 }; // px from the top; each row has its name above
const CELL = 22;
const MOST_FRAMES = 15; // in the picture: a whole cycle of 15 : 8 and 15 : 4
const COUNTED = (number) => number.toLocaleString("en").replaceAll(",", " ");

export class Figure {
  constructor(place) {
    this.place = place;
    this.hop = 480;
    this.seconds = 1;
    this.gears = place.querySelector(".gears");
    this.picture = svg("svg", { role: "img" });
    this.gears.append(this.picture);
    for (const button of place.querySelectorAll("button")) button.addEventListener("click", () => this.press(button));
    this.watched = new ResizeObserver(() => this.draw());
    this.watched.observe(this.gears);
  }

  open() {
    this.draw();
  }

  press({ dataset }) {
    if (dataset.hop) this.hop = Number(dataset.hop);
    if (dataset.seconds) this.seconds = Number(dataset.seconds);
    this.draw();
    tellDone("hop chosen");
  }

  draw() {
    for (const button of this.place.querySelectorAll("button")) {
      const { hop, seconds } = button.dataset;
      button.setAttribute("aria-pressed", String(Number(hop ?? seconds) === (hop ? this.hop : this.seconds)));
    }
    this.drawGears();
    this.place.querySelector(".steps").replaceChildren(...this.steps().map((text) => element("li", {}, ...rich(text))));
  }

  // Labels above, their copies, and the means below, on one axis: colours alternate from label to label.
  drawGears() {
    const [repeats, averaged] = boxRatio(this.hop);
    const copies = Math.min(repeats, MOST_FRAMES) * averaged;
    const unit = Math.max(this.gears.clientWidth, 1) / copies;
    const colour = (label) => (label % 2 ? "odd" : "even");
    const parts = [[ROWS.labels, "Labels"], [ROWS.copies, `each ${repeats} times`], [ROWS.frames, `mel frames: means of ${averaged}`]]
      .map(([y, name]) => svg("text", { x: 0, y: y - 5 }, name));
    const number = (x, y, text) => svg("text", { class: "number", x, y: y + 15, "text-anchor": "middle" }, `${text}`);
    for (let label = 0; label * repeats < copies; label += 1) {
      parts.push(svg("rect", { class: colour(label), x: label * repeats * unit, y: ROWS.labels, width: repeats * unit, height: CELL }),
        number((label + 0.5) * repeats * unit, ROWS.labels, label));
    }
    for (let copy = 0; copy < copies; copy += 1) {
      const kind = colour(Math.floor(copy / repeats));
      parts.push(svg("rect", { class: kind, x: copy * unit, y: ROWS.copies, width: unit, height: CELL }),
        svg("rect", { class: kind, x: copy * unit, y: ROWS.frames, width: unit, height: CELL, style: "stroke: none" }));
    }
    for (let frame = 0; frame * averaged < copies; frame += 1) {
      parts.push(svg("rect", { x: frame * averaged * unit, y: ROWS.frames, width: averaged * unit, height: CELL, fill: "none", style: "stroke-width: 3" }),
        number((frame + 0.5) * averaged * unit, ROWS.frames, frame));
    }
    this.picture.setAttribute("viewBox", `0 0 ${copies * unit} ${HEIGHT}`);
    this.picture.setAttribute("aria-label", `${averaged} labels, each repeated ${repeats} times, make ${copies} copies; each ${averaged} of them are averaged to one of ${copies / averaged} mel frames.`);
    this.picture.replaceChildren(...parts);
  }

  steps() {
    const { hop, seconds } = this;
    const [repeats, averaged] = boxRatio(hop);
    const samples = seconds * RATE_HZ;
    const labels = samples / hop;
    const whole = Math.floor(labels);
    const frames = frameCount(samples);
    const means = boxMeans(whole, hop, frames);
    const missing = frames - means;
    return [
      `source_hop: 24 000 samples ÷ ${RATE_HZ / hop} labels a second = **${hop}**; target_hop: **${TARGET_HOP}**, the mel’s. Both divided by ${hop / repeats}: **${repeats} : ${averaged}**.`,
      `${seconds.toFixed(1)} s are ${COUNTED(samples)} samples: ${COUNTED(samples)} ÷ ${TARGET_HOP} = ${(samples / TARGET_HOP).toFixed(2)}, so **${frames} mel frames**; and ${whole} whole labels.`,
      `${whole} labels × ${repeats} = ${COUNTED(whole * repeats)} copies; in groups of ${averaged} they make ${Math.floor((whole * repeats) / averaged)} means.`,
      missing > 0
        ? `That is ${missing} too few: the last mean is copied ${missing === 1 ? "once" : `${missing} times`}.`
        : `That is enough for all ${frames} frames; what is left over is cut off.`,
    ];
  }

  close() {
    this.watched.disconnect();
  }
}
