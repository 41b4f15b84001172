// What an address asks of the conversions side by side that cannot be done, in words.

import { LETTERS, readNumber } from "./compared.js";
import { readRange } from "./view_state.js";
import { readPin } from "./workbench_pins.js";
import { readZoom } from "./workbench_zoom.js";

// `ids`: of those that are compared.
export function faultsOf(view, ids) {
  const quoted = (text) => `“${text.slice(0, 40)}”`;
  const among = (name, words, texts) => {
    const text = view.get(name);
    return text !== null && !texts.includes(text) && `${quoted(text)} is no ${words}`;
  };
  const readable = (name, words, read) => {
    const text = view.get(name);
    return text !== null && !read(text) && `${quoted(text)} is no ${words}`;
  };
  const asked = new Set((view.get("compare") ?? "").split(",").filter(Boolean));
  const faults = [
    asked.size > LETTERS.length && `${asked.size} conversions are too many, the first ${LETTERS.length} are shown`,
    among("axis", "axis", ["step", "noise"]),
    among("shows", "kind of picture", ["predicted", "state"]),
    among("f0", "choice of contours", ["0", "1"]),
    among("against", "conversion to take differences from", ["source", "target", ...ids]),
    among("inside", "letter of a conversion", [...LETTERS.slice(0, ids.length)]),
    readable("at", "place on the axis", (text) => Number.isFinite(readNumber(text))),
    readable("zoom", "part of a picture", readZoom),
    readable("band", "band of frequencies", readRange),
    ...(view.get("pins") ?? "").split(",").filter((text) => text && !readPin(text)).map((text) => `${quoted(text)} is no pin`),
  ].filter(Boolean);
  return faults.length ? `The address asks for what cannot be done: ${faults.join("; ")}. The rest is shown.` : "";
}
