// The scores of two results beside each other, with their change and what mere chance changes.

import { element, rich, signed } from "./dom.js";

const ROUNDING = 1e-5; // of scores in the files
const WORDS = { high: ["better", "worse"], low: ["worse", "better"] };

// [text, class, small print] of the change from `a` to `b`. `chance`: as much as chance alone makes, or undefined.
export function changeOf({ percent, digits, better }, a, b, chance) {
  const factor = percent ? 100 : 1;
  const shown = Number((factor * (b - a)).toFixed(digits));
  if (shown === 0) return ["±0", "", ""];
  const text = `${shown > 0 ? "+" : ""}${signed(shown, digits)}${percent ? " points" : ""}`;
  if (chance !== undefined && Math.abs(b - a) <= chance + ROUNDING) return [text, "", "within noise"];
  const word = WORDS[better]?.[b > a ? 0 : 1] ?? "";
  return [text, word && `is-${word}`, word];
}

export function valueText({ percent, digits, unit = "", yes }, value) {
  if (value === undefined || value === null || Number.isNaN(value)) return "–";
  if (yes) return value >= 0.5 ? "yes" : "no";
  return percent ? `${(100 * value).toFixed(digits)} %` : `${signed(value, digits)}${unit && ` ${unit}`}`;
}

// `numbers`: [{score, label, percent, digits, unit, better: "high", "low" or "", yes}]; `chance`: {score: spread}.
export function fillNumbers(table, numbers, chance, [one, other], [nameOne, nameOther]) {
  const withChance = numbers.some(({ score }) => chance[score] !== undefined);
  const heads = ["", `● ${nameOne}`, `◆ ${nameOther}`, "change", ...(withChance ? ["noise alone, up to"] : [])];
  table.querySelector("thead tr").replaceChildren(...heads.map((text, i) => element(i ? "th" : "td", i ? { scope: "col" } : {}, text)));
  table.querySelector("tbody").replaceChildren(...numbers.map((number) => {
    const [a, b] = [one.manifest.scores[number.score], other.manifest.scores[number.score]];
    const row = element("tr", { "data-score": number.score }, element("th", { scope: "row" }, ...rich(number.label)),
      element("td", {}, valueText(number, a)), element("td", {}, valueText(number, b)), changeCell(number, a, b, chance[number.score]));
    if (withChance) row.append(element("td", {}, spreadText(number, chance[number.score])));
    return row;
  }));
}

function changeCell(number, a, b, chance) {
  if (number.yes || !Number.isFinite(a) || !Number.isFinite(b)) return element("td", {}, "");
  const [text, kind, small] = changeOf(number, a, b, chance);
  return element("td", { class: kind || null }, text, ...(small ? [element("small", {}, small)] : []));
}

function spreadText(number, chance) {
  if (chance === undefined || number.yes) return "";
  return number.percent ? `${(100 * chance).toFixed(number.digits)} points` : valueText(number, chance);
}
