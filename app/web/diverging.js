// Differences in decibels in two colours: dark where there is none, blue where the first is louder, orange where
// the second is. One fixed scale, as for all pictures; the legend has the numbers, a readout each point's.

import { element } from "./dom.js";
import { hzAt, noteName, Picture } from "./picture.js";

export const MOST_DB = 30; // colours run from −30 to +30 dB; beyond, they stay as they are
const STOPS = ["b8e2ff", "4da3ea", "155a9c", "0c2136", "0a0a0c", "3a2208", "9c5200", "f08c2e", "ffe0b8"];

// 256 colours, packed as canvas wants them (little endian ABGR).
export const DIVERGING = new Uint32Array(256).map((_, level) => {
  const place = (level / 255) * (STOPS.length - 1);
  const low = Math.min(Math.floor(place), STOPS.length - 2);
  const channel = (i) => {
    const [a, b] = [STOPS[low], STOPS[low + 1]].map((hex) => parseInt(hex.slice(2 * i, 2 * i + 2), 16));
    return Math.round(a + (b - a) * (place - low));
  };
  return (255 << 24) | (channel(2) << 16) | (channel(1) << 8) | channel(0);
});

// Index of the colour of a difference.
export function levelOf(db) {
  const level = Math.round(((db + MOST_DB) / (2 * MOST_DB)) * 255);
  return Math.min(Math.max(level, 0), 255);
}

// A picture of differences (band, frame), second less first.
export class DifferencePicture extends Picture {
  // A value v stands for gain * v dB.
  paint(values, gain) {
    const { pixels, frames } = this;
    const bands = this.grid.n_mels;
    const scale = (255 * gain) / (2 * MOST_DB);
    for (let band = 0; band < bands; band += 1) {
      const row = (bands - 1 - band) * frames;
      for (let frame = 0, i = band * frames; frame < frames; frame += 1, i += 1) {
        const level = scale * values[i] + 128;
        pixels[row + frame] = DIVERGING[level < 0 ? 0 : level > 255 ? 255 : level | 0];
      }
    }
    this.valueAt = (band, frame) => gain * values[band * frames + frame];
    this.smallContext.putImageData(this.image, 0, 0);
    this.compose();
  }

  // "1.23 s · 440 Hz (A4) · second 6.5 dB louder"; null outside.
  readout(event) {
    const { x, height } = this.shareAt(event);
    if (x < 0 || x >= 1 || height < 0 || height >= 1 || !this.valueAt) return null;
    const db = this.valueAt(Math.floor(height * this.grid.n_mels), Math.floor(x * this.frames));
    const hz = Math.max(hzAt(height, this.grid), 1);
    const note = hz > 30 ? ` (${noteName(hz)})` : "";
    const louder = db === 0 ? "no difference" : `${db > 0 ? "◆" : "●"} ${Math.abs(db).toFixed(1)} dB louder`;
    return `${(x * this.seconds).toFixed(2)} s · ${Math.round(hz)} Hz${note} · ${louder}`;
  }
}

export function makeDifferenceLegend() {
  const bar = element("span", { class: "bar" });
  bar.style.background = `linear-gradient(to right, ${STOPS.map((hex) => `#${hex}`).join(", ")})`;
  const numbers = [-30, -15, 0, 15, 30].map((db) => element("span", {}, `${Math.abs(db)}${db === 0 ? " dB" : ""}`));
  return element("div", { class: "differences" }, bar,
    element("div", { class: "numbers-of" }, ...numbers),
    element("div", { class: "numbers-of" }, element("span", {}, "● louder"), element("span", {}, "◆ louder")));
}
