// The conversions that fit, as a table: sorted by any column, and chosen from for comparison.

import { comparedIds, LETTERS } from "./compared.js";
import { element } from "./dom.js";
import { factsOf, written } from "./scores.js";

const PAGE = 12; // rows at once; more on request
const COLUMNS = [["source", "Conversion"], ["sampler", "Sampler"], ["without", "What is unusual"]];
const SHOWN = ["rpa", "f0_rmse_cents", "similarity_to_target", "loudness_rmse_db", "mcd_db"];

export class Table {
  // `onchosen(row)` puts a conversion among those compared, or takes it out.
  constructor(place, listing, view, facts, onchosen) {
    this.listing = listing;
    this.view = view;
    this.facts = facts;
    this.onchosen = onchosen;
    this.page = PAGE;
    this.scores = SHOWN.filter((name) => listing.scores.includes(name));
    this.heads = new Map([...COLUMNS, ...this.scores.map((name) => [name, factsOf(name, facts).name])].map(([name, words]) => [name, this.head(name, words)]));
    this.body = element("tbody", {});
    this.more = element("button", { type: "button", class: "more" });
    this.more.addEventListener("click", () => {
      this.page += 4 * PAGE;
      this.draw(this.rows);
    });
    place.replaceChildren(
      element("table", {}, element("caption", { class: "visually-hidden" }, "Conversions that fit"),
        element("thead", {}, element("tr", {}, element("th", { scope: "col" }, element("span", { class: "visually-hidden" }, "Compare")), ...[...this.heads.values()].map(({ cell }) => cell))), this.body),
      this.more,
    );
  }

  head(name, words) {
    const button = element("button", { type: "button" }, words, element("span", { "aria-hidden": "true" }));
    button.addEventListener("click", () => {
      const present = this.view.get("sort");
      this.view.set({ sort: present === name ? `-${name}` : present === `-${name}` ? null : name });
    });
    return { button, cell: element("th", { scope: "col" }, button) };
  }

  sorted(rows) {
    const [, down, name] = (this.view.get("sort") ?? "").match(/^(-?)(\w+)$/) ?? [];
    const values = this.listing.columns.get(name) ?? null;
    for (const [key, { cell, button }] of this.heads) {
      const sign = values && key === name ? (down ? "descending" : "ascending") : null;
      if (sign) cell.setAttribute("aria-sort", sign);
      else cell.removeAttribute("aria-sort");
      button.lastChild.textContent = sign ? (down ? " ↓" : " ↑") : "";
    }
    if (!values) return rows;
    const way = down ? -1 : 1;
    const order = typeof values[0] === "string" ? (a, b) => (values[a] < values[b] ? -1 : values[a] > values[b] ? 1 : 0) : (a, b) => values[a] - values[b];
    const last = (row) => Number.isNaN(values[row]); // whoever lacks the score stands at the end, whichever way
    return [...rows].sort((a, b) => last(a) - last(b) || (last(a) ? 0 : way * order(a, b)) || a - b);
  }

  draw(rows) {
    this.rows = rows;
    const compared = comparedIds(this.view);
    const shown = this.sorted(rows).slice(0, this.page);
    const held = this.body.getRootNode().activeElement?.closest("[data-id]")?.dataset.id;
    this.body.replaceChildren(...shown.map((row) => this.line(row, compared)));
    if (held) [...this.body.querySelectorAll("[data-id]")].find(({ dataset }) => dataset.id === held)?.focus();
    this.more.hidden = rows.length <= this.page;
    this.more.textContent = `Show ${Math.min(4 * PAGE, rows.length - this.page)} more of ${(rows.length - this.page).toLocaleString("en")}`;
  }

  line(row, compared) {
    const { listing } = this;
    const letter = compared.indexOf(listing.text("id", row));
    const button = element("button", { type: "button", "aria-pressed": String(letter >= 0), "data-id": listing.text("id", row) }, letter >= 0 ? `${LETTERS[letter]} · shown` : "Compare");
    button.addEventListener("click", () => this.onchosen(row));
    const scores = this.scores.map((name) => element("td", { class: "is-number" }, written(listing.number(name, row), factsOf(name, this.facts))));
    return element("tr", { class: letter >= 0 ? "is-chosen" : null }, element("td", {}, button), element("td", { class: "who" }, who(listing, row)),
      element("td", {}, `${listing.text("sampler", row)}, ${listing.number("steps", row)}`), element("td", {}, unusual(listing, row)), ...scores);
  }
}

export function who(listing, row) {
  const phrase = listing.text("phrase", row).replaceAll("_", " ");
  const key = listing.number("key_shift_semitones", row);
  return `${listing.text("source", row)} → ${listing.text("target", row)}, “${phrase}”, ${key === 0 ? "same key" : `${Math.abs(key)} semitones ${key < 0 ? "lower" : "higher"}`}`;
}

export function unusual(listing, row) {
  const parts = [];
  const text = (name) => listing.text(name, row);
  if (text("without")) parts.push(`without ${text("without").replaceAll(" ", ", ")}`);
  if (text("guidance")) parts.push(`guidance ${text("guidance").replaceAll("=", " ").replaceAll("-", "−")}`);
  if (text("swap")) parts.push(`${text("swap")} from place ${listing.number("swap_at", row)} on`);
  if (text("defect")) parts.push(`bug: ${text("defect")}`);
  if (listing.number("seed", row)) parts.push(`seed ${listing.number("seed", row)}`);
  if (text("label")) parts.push(text("label"));
  return parts.join("; ");
}
