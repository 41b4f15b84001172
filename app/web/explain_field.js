// A picture of any quantity over bands and time (or steps), each point in a colour of its own, with a cursor that reads it.

import { Cursor } from "./cursor.js";
import { element } from "./dom.js";
import { hzAt, noteName, Picture } from "./picture.js";

// Panel with axes, as makePanel's, and a cross that is moved by mouse, finger or arrow keys.
export function makeField(label) {
  return element("figure", { class: "panel field" },
    element("div", { class: "plot" },
      element("div", { class: "axis-y", "aria-hidden": "true" }),
      element("canvas", { role: "img", "aria-label": label }),
      element("div", { class: "over" },
        element("div", { class: "cross", role: "slider", tabindex: "0", "aria-label": `${label}: read a point`, "aria-valuemin": "0" },
          element("i", { class: "upright" }), element("i", { class: "level" }))),
      element("div", { class: "axis-x", "aria-hidden": "true" })));
}

export class Field extends Picture {
  // `figure`: of makeField, in the document; `tell(band, column)`: what is said of a point; `readout`: where.
  constructor(figure, grid, columns, readout, signal) {
    super(figure, grid, columns);
    this.line = null; // heights by column, or places by band, drawn over it: see setLine
    this.cursor = new Cursor(figure.querySelector(".cross"), () => this.tellPoint(), () => {}, signal);
    this.cursor.steps = { x: Math.min(columns, 200), y: grid.n_mels };
    this.readout = readout;
    this.tell = null;
    this.watched = new ResizeObserver(() => {
      if (this.resize()) this.compose();
    });
    this.watched.observe(figure);
  }

  // `colourOf(i)`: packed colour of point i of (band, column).
  colour(colourOf) {
    const { pixels, frames: columns } = this;
    const bands = this.grid.n_mels;
    for (let band = 0; band < bands; band += 1) {
      const row = (bands - 1 - band) * columns;
      for (let column = 0, i = band * columns; column < columns; column += 1, i += 1) pixels[row + column] = colourOf(i);
    }
    this.smallContext.putImageData(this.image, 0, 0);
    this.compose();
    this.tellPoint();
  }

  // A line over the picture: for each band the share of the length at which it crosses, null where it never does.
  setLine(crossings) {
    this.line = crossings;
  }

  compose(playheadSeconds = this.playhead) {
    super.compose(playheadSeconds);
    const { context, canvas, line } = this;
    if (!context || !line) return;
    const unit = canvas.width / canvas.clientWidth;
    const path = new Path2D();
    let drawing = false;
    line.forEach((share, band) => {
      if (share !== null) {
        const [x, y] = [share * canvas.width, (1 - (band + 0.5) / line.length) * canvas.height];
        if (drawing) path.lineTo(x, y);
        else path.moveTo(x, y);
      }
      drawing = share !== null;
    });
    context.lineJoin = "round";
    for (const [colour, width] of [["rgba(0, 0, 0, 0.8)", 5], ["#ffffff", 2]]) {
      context.strokeStyle = colour;
      context.lineWidth = width * unit;
      context.stroke(path);
    }
  }

  get point() {
    const { x, y } = this.cursor.at;
    return { band: Math.floor(y * this.grid.n_mels), column: Math.floor(x * this.frames) };
  }

  tellPoint() {
    if (!this.tell) return;
    const { band, column } = this.point;
    const words = `${this.whereAcross(column)} · ${pitchOf(band, this.grid)} · ${this.tell(band, column)}`;
    this.readout.textContent = words;
    this.cursor.tell(column, this.frames - 1, words);
  }

  whereAcross(column) {
    return `${(((column + 0.5) * this.seconds) / this.frames).toFixed(2)} s`;
  }

  close() {
    this.watched.disconnect();
  }
}

// Middle of a band: "440 Hz (A4)".
export function pitchOf(band, grid) {
  const hz = Math.max(hzAt((band + 0.5) / grid.n_mels, grid), 1);
  return `${Math.round(hz)} Hz${hz > 30 ? ` (${noteName(hz)})` : ""}`;
}
