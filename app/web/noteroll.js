// A pitch contour over rows of semitones, as on a piano roll.

import { element } from "./dom.js";
import { hzOfCents } from "./notes.js";
import { noteName } from "./picture.js";

const BLACK_KEYS = [1, 3, 6, 8, 10];
const OUTLIERS = 0.02; // of the frames at either end: slips of the pitch tracker do not set the scale
const LEAST_ROWS = 8;
const LEAST_ROW_PX = 13; // for a name

// Lowest and highest row, as MIDI numbers, that hold nearly all of a contour.
export function semitoneRange(cents) {
  const known = Array.from(cents).filter(Number.isFinite).sort((a, b) => a - b);
  if (known.length === 0) return { low: 57, high: 69 };
  const at = (share) => known[Math.min(Math.floor(share * known.length), known.length - 1)] / 100;
  const [low, high] = [Math.round(at(OUTLIERS)) - 1, Math.round(at(1 - OUTLIERS)) + 1];
  const more = Math.max(0, Math.ceil((LEAST_ROWS - (high - low + 1)) / 2));
  return { low: low - more, high: high + more };
}

// Share of the height at which a pitch (MIDI number, may be broken) lies.
export const heightOfNote = (midi, { low, high }) => (midi - low + 0.5) / (high - low + 1);

export function drawNotes(canvas, cents, range, colour) {
  const context = canvas.getContext("2d");
  const { width, height } = canvas;
  const rows = range.high - range.low + 1;
  for (let midi = range.low; midi <= range.high; midi += 1) {
    const top = ((range.high - midi) / rows) * height;
    context.fillStyle = BLACK_KEYS.includes(((midi % 12) + 12) % 12) ? "#0b0715" : "#1c1530";
    context.fillRect(0, top, width, height / rows + 1);
    context.fillStyle = "#463c5e";
    context.fillRect(0, Math.round(top), width, 1);
  }
  const path = new Path2D();
  let drawing = false;
  cents.forEach((cent, frame) => {
    const isInside = cent / 100 > range.low - 0.5 && cent / 100 < range.high + 0.5;
    if (isInside) {
      const x = ((frame + 0.5) / cents.length) * width;
      const y = (1 - heightOfNote(cent / 100, range)) * height;
      if (drawing) path.lineTo(x, y);
      else path.moveTo(x, y);
    }
    drawing = isInside;
  });
  context.lineJoin = "round";
  context.strokeStyle = colour;
  context.lineWidth = 2.5 * (width / canvas.clientWidth || 1);
  context.stroke(path);
}

// Names of notes on the left, their hertz on the right; of narrow rows the white keys alone, or every C.
export function drawNoteAxis(left, right, heightPx, range) {
  const rowPx = heightPx / (range.high - range.low + 1);
  const isNamed = (midi) => rowPx >= LEAST_ROW_PX || (rowPx >= LEAST_ROW_PX / 2 ? !BLACK_KEYS.includes(((midi % 12) + 12) % 12) : midi % 12 === 0);
  left.replaceChildren();
  right.replaceChildren();
  for (let midi = range.low; midi <= range.high; midi += 1) {
    if (!isNamed(midi)) continue;
    const hz = hzOfCents(100 * midi);
    for (const [axis, text] of [[left, noteName(hz)], [right, hz.toFixed(0)]]) {
      const tick = element("span", {}, text);
      tick.style.setProperty("--at", `${100 * heightOfNote(midi, range)}%`);
      axis.append(tick);
    }
  }
}
