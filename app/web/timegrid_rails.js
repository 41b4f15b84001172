// Draws the rows of the time grid: labels of the encoders, mel frames, and what the real phrase has in each frame.
// Inside, x runs in samples; one window of the phrase is shown at a time.

import { svg, signed } from "./dom.js";
import { drawnBy, ENCODERS, frameCentre, labelCentre, RATE_HZ, TARGET_HOP, toMs } from "./grid_arithmetic.js";
import { COLOURS, HIGHEST_DB, LOWEST_DB } from "./picture.js";

const ROW = 62; // px of an encoder's row
const CELL = { top: 20, height: 18 };
const GAP_Y = 48; // in its row, where the error is drawn
const FRAMES_Y = 186;
const CURVES = { f0: { top: 232, height: 62 }, level: { top: 294, height: 58 } };
const MEL_NAME_Y = 364;
const FOOT = 476;
const DIGIT_PX = 7.5;
const SHARE_PX = 32; // room for "100 %"
const DIAMOND = 6;

const two = (number) => number.toFixed(1);
export const errorText = (ms) => (Math.abs(ms) < 0.05 ? "0.0 ms" : `${ms > 0 ? "+" : ""}${signed(ms)} ms`);

// `start`, `span`: the window in samples; `x(sample)` its place in px.
export class Rails {
  constructor(place) {
    this.place = place;
    this.canvas = document.createElement("canvas");
    this.canvas.setAttribute("aria-hidden", "true");
    this.picture = svg("svg", { role: "img" });
    place.append(this.canvas, this.picture);
  }

  // view: {way, frame, start, span, samples, frames, phrase: null or {mel, f0, levels, ...} of the real recording}
  draw(view) {
    Object.assign(this, view);
    this.width = Math.max(this.place.clientWidth, 1);
    const here = this.x(frameCentre(view.frame));
    this.picture.replaceChildren(
      this.pattern(),
      ...this.ends(),
      ...ENCODERS.map((encoder, row) => this.encoderRow(encoder, row * ROW)),
      this.framesRow(),
      ...this.phraseRows(),
      this.axis(),
      svg("line", { class: "now", x1: here, x2: here, y1: 2, y2: FOOT - 22 }),
    );
    this.words = this.label();
    this.picture.setAttribute("aria-label", this.words);
    this.paintMel();
  }

  x(sample) {
    return ((sample - this.start) / this.span) * this.width;
  }

  frameAt(px) {
    const frame = Math.floor((this.start + (px / this.width) * this.span) / TARGET_HOP);
    return Math.min(Math.max(frame, 0), this.frames - 1);
  }

  pattern() {
    return svg("defs", {}, svg("pattern", { id: "beyond", width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
      svg("line", { class: "beyond", x1: 0, x2: 0, y1: 0, y2: 7, "stroke-width": 1.5 })));
  }

  name(y, text, rest = "", right = "") {
    return svg("g", {},
      svg("text", { class: "name", x: 2, y: y + 13 }, text, svg("tspan", { "font-weight": 400, dx: 7 }, rest)),
      svg("text", { x: this.width - 2, y: y + 13, "text-anchor": "end" }, right));
  }

  // Numbers of the things centred `first` + `hop` i that reach into the window.
  seen(first, hop, count) {
    const from = Math.max(0, Math.ceil((this.start - hop / 2 - first) / hop));
    const to = Math.min(count - 1, Math.floor((this.start + this.span + hop / 2 - first) / hop));
    return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
  }

  cell(centre, hop, y, number, kind, share = null) {
    const [left, right, middle] = [centre - hop / 2, centre + hop / 2, centre].map((sample) => this.x(sample));
    const parts = [svg("rect", { class: `cell ${kind}`, x: left + 0.5, y, width: Math.max(right - left - 1, 1), height: CELL.height, rx: 2,
      "fill-opacity": share === null ? null : 0.15 + 0.6 * share })];
    if (share === null) parts.push(svg("line", { class: "centre", x1: middle, x2: middle, y1: y + 13, y2: y + CELL.height }));
    const text = kind === "drawn" && right - left >= SHARE_PX ? `${Math.round(100 * share)} %` : `${number}`;
    if (right - left >= DIGIT_PX * text.length || share !== null) {
      parts.push(svg("text", { class: share === null ? "number" : "number share", x: middle, y: y + 13, "text-anchor": "middle" }, text));
    }
    return svg("g", {}, ...parts);
  }

  encoderRow(encoder, y) {
    const drawn = drawnBy(this.way, encoder, this.samples, this.frame);
    const share = new Map(drawn.labels.map((label, i) => [label, drawn.weights[i]]));
    const cells = this.seen(encoder.first, encoder.hop, encoder.labels(this.samples)).map((label) =>
      this.cell(labelCentre(encoder, label), encoder.hop, y + CELL.top, label, share.get(label) ? "drawn" : "", share.get(label) || null));
    const rate = `${RATE_HZ / encoder.hop} labels a second`;
    const right = `${drawn.held ? "held · " : ""}error ${errorText(drawn.errorMs)}`;
    return svg("g", { "data-encoder": encoder.id, "data-error": drawn.errorMs.toFixed(3) },
      this.name(y, encoder.name, this.width > 480 ? rate : `${RATE_HZ / encoder.hop} Hz`, right), ...cells, ...this.heard(drawn.errorMs, y + GAP_Y));
  }

  // Where in time lies what the frame was given, and how far that is from the frame itself.
  heard(errorMs, y) {
    const [here, there] = [0, (errorMs * RATE_HZ) / 1000].map((sample) => this.x(frameCentre(this.frame) + sample));
    const d = DIAMOND;
    return [
      svg("line", { class: "gap", x1: here, x2: there, y1: y, y2: y }),
      svg("path", { class: "heard", d: `M${there - d} ${y}L${there} ${y - d}L${there + d} ${y}L${there} ${y + d}Z` }),
    ];
  }

  framesRow() {
    const cells = this.seen(TARGET_HOP / 2, TARGET_HOP, this.frames).map((frame) =>
      this.cell(frameCentre(frame), TARGET_HOP, FRAMES_Y + CELL.top, frame, frame === this.frame ? "own" : "", frame === this.frame ? 0.3 : null));
    const rest = this.width > 480 ? "93.75 a second: mel, F0 and loudness" : "93.75 Hz";
    return svg("g", {}, this.name(FRAMES_Y, "Frames of the grid", rest, `frame ${this.frame}: ${two(toMs(frameCentre(this.frame)))} ms`), ...cells);
  }

  // F0 and level of the real phrase, a dot a frame; nothing until it is there.
  phraseRows() {
    const { phrase, frame } = this;
    const f0 = (at) => (phrase.f0[at] > 0 ? Math.log2(phrase.f0[at] / 10) : null);
    const now = phrase && {
      f0: phrase.f0[frame] > 0 ? `${Math.round(phrase.f0[frame] / 10)} Hz` : "unvoiced",
      level: `${signed(phrase.levels[frame])} dB`,
    };
    return [
      this.name(CURVES.f0.top, "F0", "", now?.f0 ?? "–"),
      ...(phrase ? this.curve(CURVES.f0, f0) : []),
      this.name(CURVES.level.top, "Level", this.width > 480 ? "mean of the mel’s bands, in dB" : "mean of the mel", now?.level ?? "–"),
      ...(phrase ? this.curve(CURVES.level, (at) => phrase.levels[at]) : []),
      svg("text", { class: "name", x: 2, y: MEL_NAME_Y }, "Mel", svg("tspan", { "font-weight": 400, dx: 7 }, "0 to 12 kHz upwards")),
    ];
  }

  curve({ top, height }, valueAt) {
    const shown = this.seen(TARGET_HOP / 2, TARGET_HOP, this.frames);
    const values = shown.map(valueAt);
    const known = values.filter((value) => value !== null);
    const [low, high] = [Math.min(...known), Math.max(...known)];
    const y = (value) => top + height - 8 - (high > low ? (value - low) / (high - low) : 0.5) * (height - 32);
    const x = (i) => this.x(frameCentre(shown[i]));
    const path = values.map((value, i) => (value === null ? "" : `${i > 0 && values[i - 1] !== null ? "L" : "M"}${x(i)} ${y(value)}`)).join("");
    const dots = values.flatMap((value, i) => (value === null ? []
      : [svg("circle", { class: `value ${shown[i] === this.frame ? "is-own" : ""}`, cx: x(i), cy: y(value), r: shown[i] === this.frame ? 4 : 2 })]));
    return path ? [svg("path", { class: "curve", d: path }), ...dots] : [];
  }

  // Where the phrase begins and ends; beyond, there is nothing.
  ends() {
    const parts = [];
    const last = this.x(this.samples);
    const first = this.x(0);
    if (first > 0) parts.push([0, first]);
    if (last < this.width) parts.push([last, this.width]);
    return parts.map(([from, to]) => svg("g", {},
      svg("rect", { class: "outside", x: from, y: 16, width: to - from, height: FOOT - 38 }),
      svg("line", { class: "end", x1: from === 0 ? to : from, x2: from === 0 ? to : from, y1: 16, y2: FOOT - 22 })));
  }

  axis() {
    const every = (toMs(this.span) / 4) * (this.width < 480 ? 2 : 1);
    const step = [20, 50, 100, 200].find((one) => one >= every * 0.8) ?? 200;
    const marks = [];
    for (let ms = Math.ceil(toMs(this.start) / step) * step; ms < toMs(this.start + this.span); ms += step) {
      const at = this.x((ms * RATE_HZ) / 1000);
      if (at > 8 && at < this.width - 40) marks.push(svg("text", { x: at, y: FOOT - 6, "text-anchor": at < 20 ? "start" : "middle" }, `${ms}`));
    }
    return svg("g", {}, ...marks, svg("text", { x: this.width - 2, y: FOOT - 6, "text-anchor": "end" }, "ms"));
  }

  paintMel() {
    const { canvas, phrase } = this;
    const ratio = window.devicePixelRatio || 1;
    canvas.width = Math.round(this.width * ratio);
    canvas.height = Math.round(canvas.clientHeight * ratio);
    if (!phrase) return;
    const { mel, bands, stride, gain, offset } = phrase;
    const shown = this.seen(TARGET_HOP / 2, TARGET_HOP, this.frames);
    const image = new ImageData(shown.length, bands);
    const pixels = new Uint32Array(image.data.buffer);
    for (let band = 0; band < bands; band += 1) {
      shown.forEach((frame, i) => {
        const level = ((gain * mel[band * stride + frame] + offset - LOWEST_DB) / (HIGHEST_DB - LOWEST_DB)) * 255 + 0.5;
        pixels[(bands - 1 - band) * shown.length + i] = COLOURS[Math.min(Math.max(level, 0), 255) | 0];
      });
    }
    const small = new OffscreenCanvas(shown.length, bands);
    small.getContext("2d").putImageData(image, 0, 0);
    const context = canvas.getContext("2d");
    context.imageSmoothingEnabled = false;
    const [left, right] = [shown[0] * TARGET_HOP, (shown.at(-1) + 1) * TARGET_HOP].map((sample) => this.x(sample) * ratio);
    context.drawImage(small, left, 0, right - left, canvas.height);
  }

  label() {
    const errors = ENCODERS.map((encoder) => {
      const { labels, weights, errorMs } = drawnBy(this.way, encoder, this.samples, this.frame);
      const parts = labels.map((label, i) => `label ${label} (${Math.round(100 * weights[i])} %)`).join(" and ");
      return `${encoder.name}: ${parts}, error ${errorText(errorMs)}`;
    });
    return `Frame ${this.frame} at ${two(toMs(frameCentre(this.frame)))} ms. ${errors.join(". ")}.`;
  }
}
