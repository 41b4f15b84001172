// Pitch and level of two conversions over one another, as lines: two colours and two dashes, dots for what was asked for.

import { element, svg } from "./dom.js";
import { noteName } from "./picture.js";

const SVG_HEIGHT = 100;
const LEVELS_DB = [-60, 0]; // of a frame, mean power over the bands of its picture
const NOTE_HZ = [55, 82.407, 110, 164.814, 220, 329.628, 440, 659.255, 880, 1318.51]; // A and E
const MARGIN = 1.6; // about eight semitones above and below the melody asked for
const POWER = new Float64Array(1024); // of each quarter of a level, for the scale that came last
let scaleOfPower = null;

// Level in dB of each frame of a picture in levels (band, frame): 10 log10 of the mean power over bands.
export function levelsOf(levels, bands, frames, { db_per_level: gain, floor_db: floor }, into = new Float32Array(frames)) {
  if (scaleOfPower !== gain) {
    for (let i = 0; i < POWER.length; i += 1) POWER[i] = 10 ** ((i / 4) * gain * 0.1);
    scaleOfPower = gain;
  }
  into.fill(0);
  for (let band = 0; band < bands; band += 1) {
    for (let frame = 0, i = band * frames; frame < frames; frame += 1, i += 1) into[frame] += POWER[(levels[i] * 4 + 0.5) | 0];
  }
  for (let frame = 0; frame < frames; frame += 1) into[frame] = 10 * Math.log10(into[frame] / bands) + floor;
  return into;
}

// "M0 12L1 13…" through the frames whose height (0 foot, 1 top) is a number.
export function pathOf(frames, heightAt) {
  let path = "";
  let drawing = false;
  for (let frame = 0; frame < frames; frame += 1) {
    const height = heightAt(frame);
    const there = Number.isFinite(height);
    if (there) path += `${drawing ? "L" : "M"}${frame} ${((1 - height) * SVG_HEIGHT).toFixed(1)}`;
    drawing = there;
  }
  return path;
}

export class Tracks {
  // `place`: the element that holds them.
  constructor(place) {
    this.place = place;
    this.lines = {};
    this.plots = {};
    for (const name of ["f0", "level"]) {
      const line = (kind) => (this.lines[`${name} ${kind}`] = svg("path", { class: kind, d: "" }));
      this.plots[name] = svg("svg", { class: name, viewBox: `0 0 100 ${SVG_HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" },
        ...["grid", "asked", "one", "other", "head"].map(line));
    }
    this.axes = { f0: element("div", { class: "axis-f0", "aria-hidden": "true" }), level: element("div", { class: "axis-level", "aria-hidden": "true" }) };
    this.axisX = element("div", { class: "axis-x", "aria-hidden": "true" });
    place.replaceChildren(this.axes.f0, this.plots.f0, this.axes.level, this.plots.level, this.axisX);
  }

  // What does not change with the step: axes, the melody asked for, the source's level.
  begin(pair) {
    this.pair = pair;
    const { one, other } = pair;
    this.frames = Math.max(one.frames, other.frames);
    const asked = [one.askedF0, other.askedF0].flatMap((f0) => Array.from(f0)).filter((tenths) => tenths > 0);
    const [low, high] = asked.length ? [Math.min(...asked) / 10, Math.max(...asked) / 10] : [110, 440];
    this.range = [Math.log(low / MARGIN), Math.log(high * MARGIN)];
    for (const plot of Object.values(this.plots)) plot.setAttribute("viewBox", `0 0 ${this.frames} ${SVG_HEIGHT}`);
    this.drawAxes();
    // two keys ask for two melodies; the first one's is drawn then
    this.set("f0 asked", pathOf(one.frames, (frame) => this.heightOfF0(one.askedF0[frame])));
    const source = levelsOf(one.source, one.manifest.grid.n_mels, one.frames, one.manifest.scale);
    this.set("level asked", pathOf(one.frames, (frame) => this.heightOfLevel(source[frame])));
    this.levels = { one: new Float32Array(one.frames), other: new Float32Array(other.frames) };
    this.drawn = { one: NaN, other: NaN }; // where in the trace the contour lies that is on the screen
    this.drawHead(null);
  }

  drawAxes() {
    const tick = (axis, height, text) => {
      const mark = element("span", {}, text);
      mark.style.setProperty("--at", `${100 * height}%`);
      axis.append(mark);
    };
    const heights = NOTE_HZ.map((hz) => [hz, this.heightOfF0(10 * hz)]).filter(([, height]) => height > 0.04 && height < 0.96);
    this.axes.f0.replaceChildren();
    for (const [hz, height] of heights) tick(this.axes.f0, height, noteName(hz));
    this.set("f0 grid", heights.map(([, height]) => this.rule(height)).join(""));
    this.axes.level.replaceChildren();
    for (const db of [-50, -30, -10]) tick(this.axes.level, this.heightOfLevel(db), `−${-db}`);
    this.set("level grid", [-50, -30, -10].map((db) => this.rule(this.heightOfLevel(db))).join(""));
    const { hop, sample_rate_hz: rate } = this.pair.one.manifest.grid;
    this.seconds = (this.frames * hop) / rate;
    const every = this.seconds > 12 ? 5 : this.seconds > 3 ? 1 : 0.5;
    this.axisX.replaceChildren();
    for (let s = 0; s < this.seconds - 0.35 * every; s += every) {
      const mark = element("span", {}, `${s}`);
      mark.style.setProperty("--at", `${(100 * s) / this.seconds}%`);
      this.axisX.append(mark);
    }
  }

  rule(height) {
    const y = ((1 - height) * SVG_HEIGHT).toFixed(1);
    return `M0 ${y}H${this.frames}`;
  }

  // Of tenths of Hz; NaN where unvoiced.
  heightOfF0(tenths) {
    return tenths > 0 ? (Math.log(tenths / 10) - this.range[0]) / (this.range[1] - this.range[0]) : NaN;
  }

  heightOfLevel(db) {
    return (db - LEVELS_DB[0]) / (LEVELS_DB[1] - LEVELS_DB[0]);
  }

  // Both at a place of the pair's leader; `pair.pictures` must be of that place.
  draw(place) {
    for (const side of ["one", "other"]) {
      const conversion = this.pair[side];
      const f0 = conversion.measuredF0("predicted", this.pair.placeOf(side, place));
      if (this.drawn[side] !== f0?.byteOffset) this.set(`f0 ${side}`, f0 ? pathOf(conversion.frames, (frame) => this.heightOfF0(f0[frame])) : "");
      this.drawn[side] = f0?.byteOffset; // neighbouring steps share a contour
      const { grid, scale } = conversion.manifest;
      const levels = levelsOf(this.pair.pictures[side], grid.n_mels, conversion.frames, scale, this.levels[side]);
      this.set(`level ${side}`, pathOf(conversion.frames, (frame) => this.heightOfLevel(levels[frame])));
    }
  }

  // A line where the sound is; null: silence.
  drawHead(seconds) {
    const x = seconds === null ? null : Math.round((seconds / this.seconds) * this.frames);
    const path = x === null ? "" : `M${x} 0V${SVG_HEIGHT}`;
    if (path === this.head) return;
    this.head = path;
    this.set("f0 head", path);
    this.set("level head", path);
  }

  set(line, path) {
    this.lines[line].setAttribute("d", path);
  }
}
