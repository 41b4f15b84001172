// What conversions can be chosen by, each with its values and how many conversions would fit with them.

import { element } from "./dom.js";
import { PLAIN } from "./listing.js";

const NAMES = {
  source: "Source singer", target: "Target singer", song: "Song", phrase: "Phrase", sampler: "Sampler", without: "Taken away",
  guidance: "Guidance", key: "Key shift, semitones", seed: "Seed of the noise", swap: "Singer swapped for", defect: "Bug", detail: "Kept",
};
const PLAINLY = { without: "nothing", guidance: "as learnt", swap: "not swapped", defect: "none", song: "no name", phrase: "no name" };

export class Facets {
  constructor(place, listing, view) {
    this.listing = listing;
    this.view = view;
    this.parts = [];
    for (const [name, texts] of listing.facets) {
      const values = [...new Set(texts)].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
      if (values.length > 1) this.parts.push(this.part(name, texts, values));
    }
    place.replaceChildren(...this.parts.map(({ node }) => node));
  }

  part(name, texts, values) {
    const chosen = element("span", {});
    const boxes = values.map((value) => {
      const box = element("input", { type: "checkbox", value: value || PLAIN });
      const many = element("span", { class: "many" });
      box.addEventListener("change", () => this.choose(name));
      return { value, box, many, line: element("li", {}, element("label", {}, box, element("span", {}, value.replaceAll("+", ", ").replaceAll("_", " ") || PLAINLY[name] || "–"), many)) };
    });
    const node = element("details", { open: ["sampler", "target"].includes(name) },
      element("summary", {}, NAMES[name], " ", chosen), element("ul", {}, ...boxes.map(({ line }) => line)));
    return { name, texts, boxes, chosen, node };
  }

  choose(name) {
    const { boxes } = this.parts.find((part) => part.name === name);
    const values = boxes.filter(({ box }) => box.checked).map(({ box }) => box.value);
    this.view.set({ [name]: values.length ? values.join(",") : null });
  }

  draw() {
    for (const { name, texts, boxes, chosen } of this.parts) {
      const wanted = (this.view.get(name) ?? "").split(",").filter(Boolean);
      const counts = new Map();
      for (const row of this.listing.fitting(this.view, name)) counts.set(texts[row], (counts.get(texts[row]) ?? 0) + 1);
      for (const { value, box, many, line } of boxes) {
        box.checked = wanted.includes(value || PLAIN);
        many.textContent = `${counts.get(value) ?? 0}`;
        line.classList.toggle("is-none", !counts.has(value));
      }
      chosen.textContent = wanted.length ? `· ${wanted.length} of ${boxes.length}` : `· ${boxes.length}`;
    }
  }

  // What the address asks for that no conversion has: [name, text].
  unknown() {
    return this.parts.flatMap(({ name, boxes }) => (this.view.get(name) ?? "").split(",").filter(Boolean)
      .filter((text) => !boxes.some(({ box }) => box.value === text)).map((text) => [NAMES[name], text]));
  }
}
