// Which of the conversions side by side is drawn on the maps together with the one that is looked into, and whether with
// lines of density: what the state of the page says, and where it is chosen.

import { atOf, atOfPlace, axisOf, comparedIds, endsOf, LETTERS, placeAt } from "./compared.js";
import { openConversion } from "./conversion.js";
import { element } from "./dom.js";
import { nearestKept, openMaps, openVectors } from "./hidden.js";
import { layOver } from "./maps_overlay.js";
import { TraceProblem } from "./trace.js";
import { viewOfPage } from "./view_state.js";

const quoted = (text) => `“${text.slice(0, 40)}”`;
const percent = (share) => (share < 0.001 ? "less than 0.1 %" : share < 0.1 ? `${(100 * share).toFixed(1)} %` : `${Math.round(100 * share)} %`);

export class Together {
  // `ask`: {draw() when another conversion is beside, showDensity(shown), follow() when the page's place is another, say(sentence)}.
  constructor(place, ask) {
    this.find = (selector) => place.querySelector(selector);
    place.hidden = false;
    this.ask = ask;
    this.view = viewOfPage();
    this.other = null;
    this.choice = this.find(".beside");
    this.box = this.find(".density");
    this.choice.addEventListener("change", () => this.view.set({ beside: this.choice.value || null }));
    this.box.addEventListener("change", () => this.view.set({ density: this.box.checked ? "1" : null }));
    const kept = ["compare", "beside"];
    this.endings = [
      this.view.watch(kept, (names) => this.load(names.includes("compare") && !names.includes("beside"))),
      this.view.watch(["density", "map"], () => this.tell()),
      this.view.watch(["at", "axis"], () => ask.follow()),
    ];
  }

  // `one`: {conversion, maps} that is looked into.
  async open(one, roots) {
    const before = this.one?.conversion.id;
    Object.assign(this, { one, roots, other: null });
    const { id } = one.conversion;
    if (before !== undefined && before !== id && this.view.get("beside") === id) {
      // the one beside it is looked into now, and the other way round
      this.view.set({ beside: comparedIds(this.view).includes(before) ? before : null });
    }
    await this.load();
  }

  // Whether that conversion is the one that is looked into; while another is being loaded it is not.
  isOf(conversion) {
    return this.one?.conversion === conversion;
  }

  letterOf(id) {
    return LETTERS[comparedIds(this.view).indexOf(id)] ?? "";
  }

  // What was beside it and has been taken away is not asked for any more; what an address asks for in vain is said.
  async load(chosenAnew = false) {
    if (!this.one) return;
    const wish = (this.wish = Symbol("the latest wish"));
    const ids = comparedIds(this.view);
    if (chosenAnew && this.view.get("beside") !== null && !ids.includes(this.view.get("beside"))) return this.view.set({ beside: null });
    const own = this.one.conversion.id;
    const opened = await Promise.all(ids.map((id) => (id === own ? null : openConversion(this.roots, id).catch(forgive))));
    if (this.wish !== wish) return;
    this.shown = opened.filter(Boolean);
    this.problem = "";
    let other = null;
    try {
      other = await this.openOther(ids);
    } catch (error) {
      this.problem = forgive(error, error.message);
    }
    if (this.wish !== wish) return;
    this.other = other;
    this.laid = new Map(); // feature -> what was laid over, which takes some ten ms
    this.tell();
    this.ask.draw();
  }

  async openOther(ids) {
    const id = this.view.get("beside");
    if (id === null) return null;
    if (id === this.one.conversion.id) throw new TraceProblem("The address asks for a conversion together with itself; it is shown alone.");
    if (!ids.includes(id)) throw new TraceProblem(`The address asks for ${quoted(id)} together with this conversion, which is none of those side by side; this one is shown alone.`);
    const conversion = await openConversion(this.roots, id);
    const [maps, kept, own] = await Promise.all([openMaps(conversion), openVectors(conversion), openVectors(this.one.conversion)]);
    this.one.kept = own;
    return { conversion, maps, kept };
  }

  tell() {
    const inside = ({ manifest }) => Boolean(manifest.hidden);
    const letters = (all) => all.map(({ id }) => this.letterOf(id));
    const options = (this.shown ?? []).filter(inside).map((conversion) => {
      const { name, steps } = conversion.manifest.sampler;
      return element("option", { value: conversion.id }, `${this.letterOf(conversion.id)}: ${name}, ${steps} steps`);
    });
    this.choice.replaceChildren(element("option", { value: "" }, "none"), ...options);
    this.choice.value = this.other?.conversion.id ?? "";
    const without = letters((this.shown ?? []).filter((conversion) => !inside(conversion)));
    this.find(".without").textContent = without.length === 0 ? ""
      : `${without.join(" and ")} ${without.length === 1 ? "keeps" : "keep"} no hidden features: a walk of a few steps has no way to draw.`;
    const density = this.view.get("density");
    this.box.checked = density === "1";
    this.find(".lines").hidden = density !== "1";
    this.ask.showDensity(density === "1");
    const map = this.view.get("map");
    this.ask.say([
      this.problem,
      density !== null && !["0", "1"].includes(density) && `The address asks for a density ${quoted(density)}, which is neither 0 nor 1.`,
      map !== null && !["pca", "tsne"].includes(map) && `The address asks for a map ${quoted(map)}; PCA and t-SNE are shown.`,
    ].filter(Boolean).join(" "));
  }

  // What the maps draw of the other conversion: {pca, tsne} for Trajectory.show, `letters` of both and what is `left`;
  // or null. It writes the sentences on it.
  overlay(name) {
    const { one, other } = this;
    this.find(".fitted").replaceChildren();
    if (!other) return null;
    const letters = [one, other].map(({ conversion: { id } }) => this.letterOf(id));
    const [a, b] = letters;
    const say = (...parts) => this.find(".fitted").append(element("p", {}, ...parts));
    if (!other.maps.names.includes(name)) {
      say(`${b} was not watched at this place.`);
      return null;
    }
    if (!this.laid.has(name)) this.laid.set(name, layOver(one, other, name));
    const laid = this.laid.get(name);
    if (laid === null) {
      say(`${a} and ${b} have no three steps of the same noise: ${b} cannot be laid over.`);
      return null;
    }
    say("● ", element("b", {}, a), ", ▲ ", element("b", {}, b), `. Steps of the same noise were paired, and ${b} was turned to fit ${a} as well as a rotation can.`);
    say(`Of ${a}’s variance this leaves unexplained: in PCA `, element("b", { class: "left-pca" }, percent(laid.pca.left)),
      " (of all kept components), in t-SNE ", element("b", { class: "left-tsne" }, percent(laid.tsne.left)), " (of its two axes, rescaled too).");
    say("Only shapes can be compared, where both turn, part or run together; positions cannot.");
    const second = ({ x, y }) => ({ points: { x, y }, start: `${b} noise`, finish: `${b} result`, letters });
    const left = { pca: laid.pca.left, tsne: laid.tsne.left };
    return { pca: second(laid.pca), tsne: second(laid.tsne), letters, left };
  }

  // Where the other one stands: at the page's place, as in its own panel above.
  get index() {
    const { one, other, view } = this;
    const axis = axisOf(view);
    const at = atOf(view, endsOf(axis, [one.conversion, other.conversion]));
    return nearestKept(other.kept.places, placeAt(other.conversion, axis, at));
  }

  // The place of the first conversion that goes with a kept place of the other.
  placeOf(index) {
    const axis = axisOf(this.view);
    return placeAt(this.one.conversion, axis, atOfPlace(this.other.conversion, axis, this.other.kept.places[index]));
  }

  stepAt(index) {
    return this.other.conversion.steps[this.other.kept.places[index]];
  }

  close() {
    this.wish = null;
    this.one = null;
    for (const end of this.endings) end();
  }
}

// A trace that cannot be shown is no fault of the page.
function forgive(error, otherwise = null) {
  if (!(error instanceof TraceProblem)) throw error;
  return otherwise;
}
