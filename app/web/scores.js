// How scores are written: the facts come with the page's data (app/texts/scores.toml).

import { signed } from "./dom.js";

// A value with its unit, "–" where there is none.
export function written(value, facts, unit = true) {
  if (!Number.isFinite(value)) return "–";
  const number = signed(value * facts.scale, facts.digits);
  return unit && facts.unit ? `${number} ${facts.unit}` : number;
}

export const DIRECTIONS = { high: "higher is better", low: "lower is better", near: "nearer to 0 is better", "": "neither way is better" };

// Facts of a score that the page has no words for: its own name, three digits.
export function factsOf(name, all) {
  return all[name] ?? { name: name.replaceAll("_", " "), unit: "", scale: 1, digits: 3, better: "", term: null };
}

// Rows of a listing that have the score, the best first; where neither way is better, the highest.
export function ranked(listing, name, rows, better) {
  const merit = { low: (value) => -value, near: (value) => -Math.abs(value) }[better] ?? ((value) => value);
  const having = rows.filter((row) => Number.isFinite(listing.number(name, row)));
  return having.sort((a, b) => merit(listing.number(name, b)) - merit(listing.number(name, a)) || a - b);
}
