// The third part: what the computer sees of the recording, and what it has to say about it.

import { element, tellProblem } from "./dom.js";
import { Sight } from "./own_sight.js";
import { makeLegend } from "./panel.js";
import { noteName } from "./picture.js";
import { MEASURED } from "./scrubber.js";

export const noteOf = (hz) => `${noteName(hz)} (${Math.round(hz)} Hz)`;

export class Seen {
  constructor(part) {
    this.part = part;
    this.find = (selector) => part.querySelector(selector);
    this.find(".legend").prepend(makeLegend());
    this.sight = new Sight("own", "Your recording", this.find(".readout"));
    this.find(".sights").append(this.sight.node);
  }

  // `voice`: what pictures of it are made from, see own.js; `look`: what the server found of it.
  show(voice, { seconds, f0, remarks }) {
    tellProblem(this.part, "");
    const told = `${seconds.toFixed(1)} s. Your notes lie between ${noteOf(f0.low_hz)} and ${noteOf(f0.high_hz)}; the middle one is ${noteOf(f0.median_hz)}.`;
    this.find(".told").textContent = told;
    this.find(".remarks").replaceChildren(...remarks.map((remark) => element("li", {}, remark)));
    this.sight.show({ ...voice, contours: [{ f0: voice.f0, colour: MEASURED }] });
    this.sight.describe(told);
  }

  close() {
    this.sight.close();
  }
}
