// A voice in two pictures with one time axis: its mel spectrogram, and its melody among the names of notes.

import { element, signed } from "./dom.js";
import { drawNoteAxis, drawNotes, heightOfNote, semitoneRange } from "./noteroll.js";
import { centsOf, hzOfCents } from "./notes.js";
import { fillPanel, makePanel } from "./panel.js";
import { noteName } from "./picture.js";

const NAME_PX = 12; // high

export class Sight {
  // `readout`: an element for what lies under the pointer.
  constructor(name, title, readout) {
    this.title = title;
    this.readout = readout;
    this.mel = makePanel(name, title, "mel spectrogram", `Mel spectrogram: ${title}`);
    this.roll = makePanel(`${name}-notes`, title, "melody", `Melody: ${title}`);
    this.roll.classList.add("roll");
    this.canvas = this.roll.querySelector("canvas");
    this.playhead = element("div", { class: "playhead", hidden: true });
    const area = element("div", { class: "roll-area" });
    this.canvas.replaceWith(area);
    area.append(this.canvas, this.playhead);
    this.node = element("div", { class: "stage" }, this.mel, this.roll);
    this.canvas.addEventListener("pointermove", (event) => this.read(event));
    this.canvas.addEventListener("pointerleave", () => { readout.textContent = ""; });
    this.watched = new ResizeObserver(() => this.shown && this.drawRoll());
    this.watched.observe(this.roll);
  }

  // The node must stand in the document. `contours`: [{f0 (tenths of Hz, 0 unvoiced), colour, dashed}], the one that matters last.
  show({ grid, frames, levels, scale, contours }) {
    this.shown = { frames, seconds: (frames * grid.hop) / grid.sample_rate_hz, contours: contours.map((contour) => ({ ...contour, cents: centsOf(contour.f0) })) };
    fillPanel(this.mel, grid, frames, levels, scale, contours, this.readout);
    this.range = semitoneRange(this.shown.contours.flatMap(({ cents }) => Array.from(cents)));
    this.drawRoll();
  }

  drawRoll() {
    const { canvas } = this;
    const ratio = window.devicePixelRatio || 1;
    Object.assign(canvas, { width: Math.max(1, Math.round(canvas.clientWidth * ratio)), height: Math.max(1, Math.round(canvas.clientHeight * ratio)) });
    drawNotes(canvas, new Float32Array(0), this.range, "#fff"); // the rows alone
    for (const contour of this.shown.contours) this.drawContour(contour, ratio);
    this.nameNotes();
    this.drawSeconds();
  }

  drawContour({ cents, colour, dashed }, ratio) {
    const { canvas, range, shown } = this;
    const context = canvas.getContext("2d");
    const path = new Path2D();
    let drawing = false;
    cents.forEach((cent, frame) => {
      if (Number.isFinite(cent)) path[drawing ? "lineTo" : "moveTo"](((frame + 0.5) / shown.frames) * canvas.width, (1 - heightOfNote(cent / 100, range)) * canvas.height);
      drawing = Number.isFinite(cent);
    });
    Object.assign(context, { lineJoin: "round", lineWidth: (dashed ? 1.6 : 2.2) * ratio, strokeStyle: colour });
    context.setLineDash(dashed ? [4 * ratio, 4 * ratio] : []);
    context.stroke(path);
    context.setLineDash([]);
  }

  // Of two names that would touch, the lower one is written.
  nameNotes() {
    const axis = this.roll.querySelector(".axis-y");
    drawNoteAxis(axis, element("div"), this.canvas.clientHeight, this.range);
    let last = -Infinity;
    for (const tick of [...axis.children]) {
      const at = (parseFloat(tick.style.getPropertyValue("--at")) / 100) * this.canvas.clientHeight;
      if (at - last < NAME_PX) tick.remove();
      else last = at;
    }
  }

  drawSeconds() {
    const { seconds } = this.shown;
    const every = seconds > 8 ? 2 : 1;
    const ticks = [];
    for (let at = 0; at < seconds - 0.35 * every; at += every) {
      const tick = element("span", {}, `${at}`);
      tick.style.setProperty("--at", `${(100 * at) / seconds}%`);
      ticks.push(tick);
    }
    this.roll.querySelector(".axis-x").replaceChildren(...ticks);
  }

  // "1.23 s · A3 +12 cents · 222 Hz" of the melody that was measured.
  read(event) {
    if (!this.shown) return;
    const box = this.canvas.getBoundingClientRect();
    const share = Math.min(0.9999, Math.max(0, (event.clientX - box.left) / box.width));
    const cents = this.shown.contours.at(-1).cents[Math.floor(share * this.shown.frames)];
    const at = `${(share * this.shown.seconds).toFixed(2)} s`;
    if (!Number.isFinite(cents)) this.readout.textContent = `${at} · no pitch`;
    else {
      const off = Math.round(cents - 100 * Math.round(cents / 100));
      this.readout.textContent = `${at} · ${noteName(hzOfCents(cents))} ${off < 0 ? signed(off, 0) : `+${off}`} cents · ${Math.round(hzOfCents(cents))} Hz`;
    }
  }

  // Seconds into the sound that plays; null takes the playheads away.
  follow(seconds) {
    if (!this.shown) return;
    const { picture } = this.mel;
    if (picture && seconds !== (picture.playhead ?? null)) picture.compose(seconds);
    this.playhead.hidden = seconds === null;
    if (seconds !== null) this.playhead.style.left = `${(100 * seconds) / this.shown.seconds}%`;
  }

  describe(text) {
    this.mel.querySelector("canvas").setAttribute("aria-label", `Mel spectrogram: ${text}`);
    this.canvas.setAttribute("aria-label", `Melody: ${text}`);
  }

  close() {
    this.watched.disconnect();
    this.mel.watched?.disconnect();
  }
}
