// SNR in dB over the steps t: a small curve with the present point, the places of the sounds, and where the reader stopped.

import { svg, signed } from "./dom.js";

const [WIDE, HIGH] = [300, 150];
const LEFT = 34;
const FOOT = 24;
const TOP = 8;
const [HIGHEST, LOWEST] = [45, -50]; // dB
const TICKS_DB = [40, 20, 0, -20, -40];

export class LevelCurve {
  constructor(place) {
    this.place = place;
    this.picture = svg("svg", { role: "img", viewBox: `0 0 ${WIDE} ${HIGH}` });
    place.replaceChildren(this.picture);
  }

  // `snr(t)` in dB for t from 0 to `last`; `sounds`: their t.
  open(snr, last, sounds) {
    Object.assign(this, { snr, last });
    const parts = Array.from({ length: last + 1 }, (_, t) => `${t ? "L" : "M"}${this.x(t).toFixed(1)} ${this.y(snr(t)).toFixed(1)}`);
    this.point = svg("circle", { class: "point", r: 7 });
    this.stopped = svg("path", { class: "stopped", visibility: "hidden" });
    this.picture.replaceChildren(
      svg("line", { class: "axis", x1: LEFT, x2: LEFT, y1: TOP, y2: HIGH - FOOT }),
      svg("line", { class: "zero", x1: LEFT, x2: WIDE, y1: this.y(0), y2: this.y(0) }),
      ...TICKS_DB.map((db) => svg("text", { x: LEFT - 5, y: this.y(db) + 4, "text-anchor": "end" }, signed(db, 0))),
      ...[0, last].map((t) => svg("text", { x: this.x(t), y: HIGH - 6, "text-anchor": t ? "end" : "start" }, `t = ${t}`)),
      svg("path", { class: "course", d: parts.join("") }),
      ...sounds.map((t) => svg("line", { class: "sound", x1: this.x(t), x2: this.x(t), y1: HIGH - FOOT - 5, y2: HIGH - FOOT + 1 })),
      this.stopped, this.point);
  }

  x(t) {
    return LEFT + 8 + (t / Math.max(this.last, 1)) * (WIDE - LEFT - 16);
  }

  y(db) {
    return TOP + ((HIGHEST - db) / (HIGHEST - LOWEST)) * (HIGH - FOOT - TOP);
  }

  show(t) {
    this.point.setAttribute("cx", this.x(t));
    this.point.setAttribute("cy", this.y(this.snr(t)));
    this.picture.setAttribute("aria-label", `Curve of SNR over t: from ${signed(this.snr(0))} dB at t = 0 down to ${signed(this.snr(this.last))} dB at t = ${this.last}. Now t = ${t}, ${signed(this.snr(t))} dB.`);
  }

  mark(t) {
    const [x, y] = [this.x(t), this.y(this.snr(t))];
    this.stopped.setAttribute("d", `M${x - 6} ${y - 6}l12 12m0 -12l-12 12`);
    this.stopped.setAttribute("visibility", "visible");
  }
}
