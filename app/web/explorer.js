// All conversions, filtered by what they are and by their scores; everything is counted and drawn in the browser.

import { comparedIds, LETTERS } from "./compared.js";
import { element, tellProblem } from "./dom.js";
import { Facets } from "./explorer_facets.js";
import { Means } from "./explorer_means.js";
import { Ranges } from "./explorer_ranges.js";
import { Table } from "./explorer_table.js";
import { Listing, ListingProblem } from "./listing.js";
import { factsOf } from "./scores.js";
import { readRange, viewOfPage, writeRange } from "./view_state.js";

export class Figure {
  constructor(place) {
    this.place = place;
    this.find = (selector) => place.querySelector(selector);
    this.find(".clear").addEventListener("click", () => this.clear());
  }

  // data: {roots, scores: {name: facts}}
  async open(data) {
    if (this.opened) return;
    this.opened = true;
    this.view = viewOfPage();
    try {
      this.listing = await Listing.load(data.roots);
    } catch (error) {
      if (!(error instanceof ListingProblem)) throw error;
      this.opened = false;
      this.say(error.message);
      this.find(".count").textContent = "";
      this.place.removeAttribute("aria-busy");
      return;
    }
    const { listing, view } = this;
    const choose = (row) => this.choose(row);
    this.scores = data.scores;
    this.facets = new Facets(this.find(".facets"), listing, view);
    this.ranges = new Ranges(this.find(".ranges"), listing, view, data.scores, choose);
    this.means = new Means(this.find(".means"), listing, view, data.scores);
    this.table = new Table(this.find(".rows"), listing, view, data.scores, choose);
    const names = [...listing.facets.keys(), ...listing.scores];
    this.end = view.watch((name) => [...names, "sort", "compare", "mean", "by"].includes(name), () => this.draw());
    this.draw();
    this.place.removeAttribute("aria-busy");
  }

  draw() {
    const start = performance.now();
    const rows = this.listing.fitting(this.view);
    this.facets.draw();
    this.ranges.draw(rows);
    this.means.draw(rows);
    this.table.draw(rows);
    this.tell(rows);
    this.sayWrong();
    this.place.dataset.fitting = rows.length;
    performance.measure("filter", { start, end: performance.now() });
  }

  tell(rows) {
    const all = this.listing.length.toLocaleString("en");
    this.find(".count").textContent = `${rows.length.toLocaleString("en")} of ${all} conversions`;
    const excluders = this.listing.excluders(this.view);
    this.find(".clear").hidden = excluders.length === 0;
    this.download(rows);
    this.find(".widen").hidden = rows.length > 0;
    if (rows.length === 0) this.tellNothing(excluders);
  }

  // Nothing fits: which filter excludes the most, and two ways on.
  tellNothing(excluders) {
    const widen = this.find(".widen");
    if (excluders.length === 0) return widen.replaceChildren("There are no conversions here.");
    const { name, left } = excluders[0];
    const words = this.listing.scores.includes(name) ? factsOf(name, this.scores).name : name;
    const button = (said, changes) => {
      const made = element("button", { type: "button" }, said);
      made.addEventListener("click", () => {
        this.view.set(changes);
        this.find(".count").focus(); // the button has gone
      });
      return made;
    };
    const wider = this.listing.widened(this.view, name);
    widen.replaceChildren(
      left > 0 ? `Nothing fits all of that; “${words}” excludes the most. ` : `Nothing fits, and no single filter is to blame. Begin with “${words}”. `,
      ...(wider ? [button("Widen it to the nearest", { [name]: writeRange(wider) }), " "] : []),
      button(left > 0 ? `Take it back: ${left} would fit` : "Take it back", { [name]: null }));
  }

  // What the address says that cannot be used.
  sayWrong() {
    const ranges = this.listing.scores.filter((name) => this.view.get(name) && !readRange(this.view.get(name)));
    const faults = [
      ...this.facets.unknown().map(([name, text]) => `no conversion has “${text.slice(0, 40)}” for ${name.toLowerCase()}`),
      ...ranges.map((name) => `“${this.view.get(name).slice(0, 40)}” is no range of ${factsOf(name, this.scores).name}`),
    ];
    faults.push(...this.means.unknown());
    const sort = (this.view.get("sort") ?? "").replace(/^-/, "");
    if (sort && !this.listing.columns.has(sort)) faults.push(`there is no column “${sort.slice(0, 40)}” to sort by`);
    this.say(faults.length ? `The address asks for what is not there: ${faults.join("; ")}.` : "");
  }

  choose(row) {
    const id = this.listing.text("id", row);
    const present = comparedIds(this.view);
    const kept = this.view.isSaid("compare") ? present : []; // the page's own example goes with the first choice
    const chosen = present.includes(id) ? present.filter((other) => other !== id) : [...kept, id].slice(-LETTERS.length);
    this.view.set({ compare: chosen.join(",") });
  }

  clear() {
    const names = [...this.listing.facets.keys(), ...this.listing.scores];
    this.view.set(Object.fromEntries(names.map((name) => [name, null])));
    this.find(".count").focus(); // the button has gone
  }

  // The table that fits, as it stands in the catalogue.
  download(rows) {
    const link = this.find(".csv");
    link.hidden = rows.length === 0;
    link.onclick = () => {
      URL.revokeObjectURL(this.csv);
      this.csv = URL.createObjectURL(new Blob([this.listing.toCsv(rows)], { type: "text/csv" }));
      link.href = this.csv;
    };
    link.href = "#";
    link.download = "singsteps-conversions.csv";
  }

  say(sentence) {
    tellProblem(this.place, sentence);
  }

  close() {
    this.end?.();
    URL.revokeObjectURL(this.csv);
  }
}
