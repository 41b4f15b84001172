// A mel spectrogram with caption and axes, made where it is wanted; picture.js paints into it.

import { element } from "./dom.js";
import { HIGHEST_DB, legendGradient, LOWEST_DB, Picture } from "./picture.js";

// `about`: small print behind the title; `label`: what the picture shows, for those who cannot see it.
export function makePanel(name, title, about, label) {
  return element("figure", { class: "panel", "data-panel": name },
    element("figcaption", {}, element("b", {}, title), " ", element("span", { class: "about" }, about)),
    element("div", { class: "plot" },
      element("div", { class: "axis-y", "aria-hidden": "true" }),
      element("canvas", { role: "img", "aria-label": label }),
      element("div", { class: "axis-x", "aria-hidden": "true" }),
      element("span", { class: "waiting" })));
}

// A Picture in a panel that stands in the document: painted, refitted when its size changes, and read under the pointer.
// `levels` and [gain, offset] as in Picture.paint; `readout`: an element for "1.23 s · 440 Hz (A4) · −23.5 dB".
export function fillPanel(figure, grid, frames, levels, [gain, offset], contours = [], readout = null) {
  figure.picture ??= new Picture(figure, grid, frames);
  if (figure.picture.frames !== frames) figure.picture = new Picture(figure, grid, frames);
  const { picture } = figure;
  picture.contours = contours;
  picture.resize();
  picture.paint(levels, gain, offset);
  if (!figure.watched) {
    figure.watched = new ResizeObserver(() => {
      if (figure.picture.resize()) figure.picture.compose();
    });
    figure.watched.observe(figure);
    if (readout) readUnderPointer(figure, readout);
  }
  return picture;
}

function readUnderPointer(figure, readout) {
  const canvas = figure.querySelector("canvas");
  canvas.addEventListener("pointermove", (event) => { readout.textContent = figure.picture.readout(event) ?? ""; });
  canvas.addEventListener("pointerleave", () => { readout.textContent = ""; });
}

export function waitIn(figure, text) {
  figure.classList.toggle("is-waiting", text !== null);
  if (text !== null) figure.querySelector(".waiting").textContent = text;
}

// The one colour scale of all mel pictures, with its numbers.
export function makeLegend() {
  const bar = element("span", { class: "bar" });
  bar.style.background = legendGradient;
  const numbers = element("span", { class: "numbers" });
  for (let db = LOWEST_DB; db <= HIGHEST_DB; db += 20) {
    numbers.append(element("span", {}, db === HIGHEST_DB ? `+${db} dB` : `${db}`.replace("-", "−")));
  }
  return element("div", { class: "colours" }, bar, numbers);
}
