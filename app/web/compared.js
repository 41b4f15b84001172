// What the state of the page says of the conversions side by side: which they are, on what axis, and where on it.

import { snrDb } from "./replay.js";

export const LETTERS = "ABCD";

// Up to four ids; a letter belongs to a position, so that a conversion that cannot be shown takes none from the others.
export const comparedIds = (view) => [...new Set((view.get("compare") ?? "").split(",").filter(Boolean))].slice(0, LETTERS.length);

// A text as a number; NaN where it is none.
export const readNumber = (text) => (text === null || text.trim() === "" ? NaN : Number(text));

export const axisOf = (view) => (view.get("axis") === "noise" ? "noise" : "step");

// Ends of the axis: shares of the walk, or SNR in dB from the noisiest to the cleanest of all.
export function endsOf(axis, conversions) {
  if (axis === "step") return [0, 1];
  const all = conversions.flatMap(({ sigma, last }) => [sigma[0], sigma[last]]).map(snrDb);
  const [low, high] = [Math.floor(Math.min(...all)), Math.ceil(Math.max(...all))];
  return [low, high > low ? high : low + 1];
}

// Where on the axis the page stands; its clean end where the address says nothing that can be used.
export function atOf(view, [low, high]) {
  const asked = readNumber(view.get("at"));
  return Number.isFinite(asked) ? Math.min(high, Math.max(low, asked)) : high;
}

export const writeAt = (at) => String(Number(at.toFixed(4)));

// The place on a walk that a point of the axis means, and the reverse.
export function placeAt(conversion, axis, at) {
  return axis === "noise" ? conversion.placeOfNoise(10 ** (-at / 20)) : Math.round(at * conversion.last);
}

export function atOfPlace({ sigma, last }, axis, place) {
  if (axis === "noise") return snrDb(sigma[place]);
  return last === 0 ? 1 : place / last;
}
