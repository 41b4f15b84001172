// One second of a result's melody, large: the melody asked for and the one measured, where the first moves most.

import { svg } from "./dom.js";
import { noteName } from "./picture.js";

const WIDE = 560;
const HIGH = 170;
const LEFT = 40;
const FOOT = 20;
const SECONDS = 1;

const LEAP_CENTS = 80; // within a frame nobody sings that far: the tracker slipped

// First frame of the stretch of so many frames in which F0 moves most, in cents, of those that are voiced nearly throughout.
export function liveliest(f0, frames) {
  const moves = Array.from(f0, (hz, i) => {
    const cents = i > 0 && hz > 0 && f0[i - 1] > 0 ? Math.abs(1200 * Math.log2(hz / f0[i - 1])) : 0;
    return cents > LEAP_CENTS ? 0 : cents;
  });
  const sum = (list, from) => list.slice(from, from + frames).reduce((total, value) => total + value, 0);
  const voiced = Array.from(f0, (hz) => (hz > 0 ? 1 : 0));
  let [best, most] = [0, -1];
  for (let first = 0; first + frames <= f0.length; first += 1) {
    const moved = sum(voiced, first) >= 0.9 * frames ? sum(moves, first) : 0;
    if (moved > most) [best, most] = [first, moved];
  }
  return best;
}

export function closeView(conversion) {
  const { grid } = conversion.manifest;
  const length = Math.min(Math.round((SECONDS * grid.sample_rate_hz) / grid.hop), conversion.frames);
  const first = liveliest(conversion.askedF0, length);
  const cut = (f0) => Array.from(f0.subarray(first, first + length), (tenths) => (tenths > 0 ? 12 * Math.log2(tenths / 4400) + 69 : null));
  const asked = cut(conversion.askedF0);
  const measured = cut(conversion.measuredF0("predicted", conversion.last) ?? new Uint16Array(0));
  const notes = [...asked, ...measured].filter((note) => note !== null).sort((a, b) => a - b);
  const middle = notes.slice(Math.floor(0.02 * notes.length), Math.ceil(0.98 * notes.length)); // a stray frame must not set the scale
  const low = Math.floor((middle[0] ?? 60) - 0.5);
  const high = Math.ceil((middle.at(-1) ?? 60) + 0.5);
  const x = (frame) => LEFT + ((frame + 0.5) / length) * (WIDE - LEFT);
  const y = (note) => ((high - note) / (high - low)) * (HIGH - FOOT);
  const line = (contour, kind) => svg("path", { class: kind, d: wayOf(contour, x, y) });
  const every = Math.max(1, Math.ceil((high - low) / 6));
  const grids = [];
  for (let note = low + 1; note < high; note += every) {
    grids.push(svg("line", { x1: LEFT, x2: WIDE, y1: y(note), y2: y(note), class: "grid" }),
      svg("text", { x: LEFT - 6, y: y(note) + 4, "text-anchor": "end" }, noteName(440 * 2 ** ((note - 69) / 12))));
  }
  const at = (frame) => ((first + frame) * grid.hop) / grid.sample_rate_hz;
  const times = [0, 0.5, 1].map((share) => svg("text", {
    x: LEFT + share * (WIDE - LEFT), y: HIGH - 4, "text-anchor": ["start", "middle", "end"][2 * share],
  }, `${at(share * length).toFixed(1)} s`));
  return svg("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": labelOf(asked, measured) },
    ...grids, ...times, line(asked, "asked"), line(measured, "measured"));
}

function wayOf(contour, x, y) {
  let drawing = false;
  return contour.map((note, i) => {
    const part = note === null ? "" : `${drawing ? "L" : "M"}${x(i).toFixed(1)} ${y(note).toFixed(1)}`;
    drawing = note !== null;
    return part;
  }).join("");
}

// By how many frames the measured contour would have to be moved to lie closest to the other: negative runs ahead.
export function lateness(asked, measured, most = 6) {
  let [best, least] = [0, Infinity];
  for (let late = -most; late <= most; late += 1) {
    let [sum, count] = [0, 0];
    asked.forEach((note, i) => {
      const other = measured[i + late] ?? null;
      if (note === null || other === null) return;
      sum += Math.min(Math.abs(note - other), 2); // a note elsewhere is not a matter of time
      count += 1;
    });
    if (count > 0 && sum / count < least) [best, least] = [late, sum / count];
  }
  return best;
}

function labelOf(asked, measured) {
  const frames = lateness(asked, measured);
  const when = frames === 0 ? "runs with it" : `runs about ${Math.abs(frames)} frames ${frames < 0 ? "ahead" : "behind"}`;
  return `One second of the melody asked for, dashed, and of the one measured, solid, which ${when}`;
}
