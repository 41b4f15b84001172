// What is marked in a phrase's picture: vibrato, breaths, found places and the words below, each where it is in time.

import { element } from "./dom.js";
import { median } from "./notes.js";

// Puts `node` over the part of the picture from `from` to `to`, in seconds of a phrase.
export function placed(node, { seconds }, from, to) {
  node.style.setProperty("--from", `${(100 * from) / seconds}%`);
  node.style.setProperty("--wide", `${(100 * (Math.min(to, seconds) - from)) / seconds}%`);
  return node;
}

export function boxOf(phrase, { from, to }, text, kind = "") {
  return placed(element("span", { class: kind }, element("em", {}, text)), phrase, from, to);
}

// Boxes of the kinds that are wanted ({vibrato, breath}); `layer` decides where their labels stand.
export function boxesOf(phrase, layer, wanted) {
  const vibratos = wanted.vibrato ? phrase.vibratos : [];
  const breaths = wanted.breath ? phrase.breaths : [];
  return [
    ...vibratos.map((one) => boxOf(phrase, one, `${one.rateHz.toFixed(1)} Hz\n±${one.cents.toFixed(0)} cents`, layer === "notes" && isHigh(phrase, one) ? "at-foot" : "")),
    ...breaths.map((one) => boxOf(phrase, one, "breath", "breath")),
  ];
}

// The words as a row below the picture; too narrow ones keep their borders alone.
export function drawWords(row, phrase) {
  row.replaceChildren(...(phrase?.words ?? []).map(({ start_s, end_s, text }) => placed(element("span", { title: text }, text), phrase, start_s, end_s)));
  for (const word of row.children) word.classList.toggle("tight", word.scrollWidth > word.clientWidth + 1);
  if (phrase && !phrase.words) row.textContent = phrase.wordless;
}

// "Mark breaths", and once it is on, how many there are.
export function nameMark(button, mark, isOn, phrase) {
  const count = mark === "vibrato" ? phrase.vibratos.length : phrase.breaths.length;
  const none = mark === "breath" && !phrase.words ? "no labels" : "none here";
  button.setAttribute("aria-pressed", String(isOn));
  button.textContent = `${mark === "vibrato" ? "Mark vibrato" : "Mark breaths"}${isOn ? ` (${count || none})` : ""}`;
}

// Whether a place's pitch lies in the upper half of the rows: its label then stands at their foot.
function isHigh({ cents, rate, range }, { from, to }) {
  return median(cents.slice(Math.round(from * rate), Math.round(to * rate))) / 100 > (range.low + range.high) / 2;
}
