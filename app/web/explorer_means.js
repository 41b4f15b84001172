// Mean, spread and n of one score among the conversions that fit, in groups.

import { element, svg } from "./dom.js";
import { factsOf, written } from "./scores.js";

const GROUPS = { sampler: "sampler", target: "target", source: "source", without: "what is taken away", guidance: "guidance", swap: "swap", defect: "bug", key: "key shift" };
const MOST_GROUPS = 24;

export class Means {
  constructor(place, listing, view, facts) {
    this.listing = listing;
    this.view = view;
    this.facts = facts;
    const option = (value, words) => element("option", { value }, words);
    this.score = element("select", { "aria-label": "Score of the means" }, ...listing.scores.map((name) => option(name, factsOf(name, facts).name)));
    this.by = element("select", { "aria-label": "Grouped by" }, ...Object.entries(GROUPS).map(([name, words]) => option(name, words)));
    this.score.addEventListener("change", () => view.set({ mean: this.score.value }));
    this.by.addEventListener("change", () => view.set({ by: this.by.value }));
    this.table = element("table", {});
    place.replaceChildren(element("div", { class: "controls" }, element("label", {}, "Mean of ", this.score), element("label", {}, " by ", this.by)), this.table);
  }

  // What the address asks for that there is not.
  unknown() {
    const [mean, by] = [this.view.get("mean"), this.view.get("by")];
    return [
      ...(mean !== null && !this.listing.scores.includes(mean) ? [`there is no score “${mean.slice(0, 40)}” to take means of`] : []),
      ...(by !== null && !Object.hasOwn(GROUPS, by) ? [`means cannot be taken by “${by.slice(0, 40)}”`] : []),
    ];
  }

  draw(rows) {
    const asked = this.view.get("mean");
    const score = this.listing.scores.includes(asked) ? asked : this.listing.scores.includes("rpa") ? "rpa" : this.listing.scores[0];
    const by = Object.hasOwn(GROUPS, this.view.get("by") ?? "") ? this.view.get("by") : "sampler";
    [this.score.value, this.by.value] = [score, by];
    if (!score) return;
    const groups = new Map();
    for (const row of rows) {
      const text = this.listing.facets.get(by)[row];
      if (!groups.has(text)) groups.set(text, []);
      groups.get(text).push(row);
    }
    const facts = factsOf(score, this.facts);
    const found = [...groups].map(([text, of]) => ({ text, ...this.listing.statistics(score, of) })).filter(({ n }) => n > 0)
      .sort((a, b) => a.text.localeCompare(b.text, "en", { numeric: true }));
    const ends = found.flatMap(({ mean, sd }) => [mean - (sd || 0), mean + (sd || 0)]);
    const [low, high] = [Math.min(0, ...ends), Math.max(...ends, 1e-9)];
    const place = (value) => (100 * (value - low)) / (high - low);
    const lines = found.slice(0, MOST_GROUPS).map(({ text, n, mean, sd }) => {
      const bar = svg("svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" },
        svg("rect", { class: "mean", x: Math.min(place(0), place(mean)), width: Math.abs(place(mean) - place(0)), y: 1, height: 8 }));
      if (n > 1) bar.append(svg("line", { class: "spread", x1: place(mean - sd), x2: place(mean + sd), y1: 5, y2: 5 }));
      const spread = n > 1 ? ` ± ${written(sd, facts, false)}` : "";
      return element("tr", {}, element("th", { scope: "row" }, text.replaceAll("+", ", ") || "none"), element("td", { class: "bar" }, bar),
        element("td", {}, `${written(mean, facts, false)}${spread}${facts.unit ? ` ${facts.unit}` : ""}`), element("td", {}, `n = ${n}`));
    });
    const rest = found.length > MOST_GROUPS ? `; the first ${MOST_GROUPS} of ${found.length} groups` : "";
    this.table.replaceChildren(element("caption", { class: "heard" }, `Bar: mean; line: one standard deviation to either side${rest}`), ...lines);
  }
}
