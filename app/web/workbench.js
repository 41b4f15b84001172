// Up to four conversions side by side on one axis, one zoom and one playhead.

import { atOf, atOfPlace, axisOf, comparedIds, endsOf, LETTERS, placeAt, writeAt } from "./compared.js";
import { openConversion } from "./conversion.js";
import { decibels } from "./decibels.js";
import { makeDifferenceLegend } from "./diverging.js";
import { tellProblem } from "./dom.js";
import { wishOf } from "./keys.js";
import { makeLegend } from "./panel.js";
import { presentOf } from "./present.js";
import { giveRoomBack } from "./room.js";
import { TraceProblem } from "./trace.js";
import { readRange, viewOfPage } from "./view_state.js";
import { Abx } from "./workbench_abx.js";
import { Card } from "./workbench_card.js";
import { faultsOf } from "./workbench_faults.js";
import { Form } from "./workbench_form.js";
import { Pins } from "./workbench_pins.js";
import { Listening } from "./workbench_sound.js";
import { brushable, readZoom, writeZoom } from "./workbench_zoom.js";

const NAMES = ["compare", "axis", "at", "zoom", "f0", "band", "against", "pins", "shows", "inside"];
const NOISE_STEP_DB = 0.1;
const WRITTEN_IN = "input, select, textarea";

export class Figure {
  constructor(place) {
    this.place = place;
    this.find = (selector) => place.querySelector(selector);
    this.cards = [];
    this.listening = new Listening(
      (sentence) => this.say(sentence),
      (seconds) => this.cards.forEach(({ panel }) => panel.picture?.compose(seconds)),
      () => this.cards.forEach((card) => card.showHeard((kind) => this.listening.isHeard(card, kind))),
    );
    this.listeners = new AbortController();
    this.abx = new Abx(this.find(".abx"), (sentence) => this.say(sentence));
    this.find(".legends").append(makeLegend(), makeDifferenceLegend());
  }

  // data: {roots, scores, example: [ids], group: of the figures that look inside one of the conversions}
  open(data) {
    if (this.view) return;
    this.data = data;
    this.view = viewOfPage();
    this.pins = new Pins(this.find(".pinned"), this.find(".pin"), this.view, (axis, at, since) => this.go(at, since, axis));
    this.present = presentOf(data.group);
    this.find(".example").hidden = data.example.length === 0;
    if (data.example.length) this.view.suppose("compare", data.example.join(",")); // until the reader chooses
    this.form = new Form(this.find, this.view, () => this.cards, (sentence) => this.say(sentence), this.listeners);
    this.connect();
    this.endings = [this.view.watch(NAMES, (names) => this.follow(names)), this.present.watch(() => this.followInside())];
    this.load();
  }

  connect() {
    const { signal } = this.listeners;
    const on = (selector, event, act) => this.find(selector).addEventListener(event, act, { signal });
    on(".slider", "input", (event) => this.go(Number(this.find(".slider").value), event.timeStamp));
    on(".axis", "change", () => this.changeAxis());
    on(".f0", "change", () => this.view.set({ f0: this.find(".f0").checked ? null : "0" }));
    on(".whole", "click", () => this.view.set({ zoom: null }));
    on(".pin", "click", () => this.pins.add(axisOf(this.view), this.at));
    on(".example", "click", () => this.view.set({ compare: this.data.example.join(",") }));
    document.addEventListener("keydown", (event) => this.key(event), { signal });
  }

  follow(names) {
    if (!names.includes("compare")) return this.draw();
    // what belonged to a conversion that was taken away goes with it
    const ids = comparedIds(this.view);
    const [against, inside] = ["against", "inside"].map((name) => this.view.get(name));
    if (against !== null && !["source", "target", ...ids].includes(against)) this.view.set({ against: null });
    if (inside !== null && LETTERS.indexOf(inside) >= ids.length) this.view.set({ inside: null });
    this.load();
  }

  // Loads what is to be compared; a conversion that cannot be shown is named, and the others are shown.
  async load() {
    const wish = (this.wish = Symbol("the latest wish"));
    const ids = comparedIds(this.view);
    const start = performance.now();
    const problems = [];
    const found = await Promise.all(ids.map((id) => openConversion(this.data.roots, id).catch((error) => {
      problems.push(error instanceof TraceProblem ? error.message : `“${id}” cannot be shown: ${error.message}.`);
      if (!(error instanceof TraceProblem)) console.error(error);
      return null;
    })));
    if (this.wish !== wish || this.listeners.signal.aborted) return;
    this.problems = problems;
    const before = this.cards;
    this.cards = found.flatMap((conversion, i) => {
      if (!conversion) return [];
      return [before.find((card) => card.conversion === conversion && card.letter === LETTERS[i]) ?? this.makeCard(conversion, LETTERS[i])];
    });
    this.listening.keep(this.cards);
    for (const card of before) if (!this.cards.includes(card)) card.close();
    this.arrange();
    this.abx.open(this.cards);
    this.draw();
    giveRoomBack(this.place);
    this.place.dataset.shown = this.cards.map(({ letter }) => letter).join("");
    performance.measure("choose", { start, end: performance.now() });
  }

  // Cards that stay are not moved: they would lose the focus.
  arrange() {
    const holder = this.find(".cards");
    const held = [...holder.children].findIndex((node) => node.matches(":focus-within"));
    for (const node of [...holder.children]) if (!this.cards.some((card) => card.node === node)) node.remove();
    this.cards.forEach(({ node }, i) => {
      if (holder.children[i] !== node) holder.insertBefore(node, holder.children[i] ?? null);
    });
    if (held >= 0 && !holder.matches(":focus-within")) (this.cards[Math.min(held, this.cards.length - 1)]?.removing ?? this.find(".example")).focus();
    this.find(".desk").hidden = this.cards.length === 0;
    this.find(".empty").hidden = this.cards.length > 0;
  }

  makeCard(conversion, letter) {
    const card = new Card(conversion, letter, this.data.scores, {
      listen: (kind) => this.listen(card, kind),
      remove: () => this.remove(card),
      readout: this.find(".readout"),
    });
    brushable(card.panel, (zoom) => this.view.set({ zoom: writeZoom(zoom) }));
    card.onreached = () => this.draw();
    return card;
  }

  // --- the common axis

  get ends() {
    return endsOf(axisOf(this.view), this.cards.map(({ conversion }) => conversion));
  }

  get at() {
    return atOf(this.view, this.ends);
  }

  go(at, since = performance.now(), axis = axisOf(this.view)) {
    this.view.set({ axis: axis === "noise" ? axis : null, at: writeAt(at) });
    performance.measure("scrub", { start: since, end: performance.now() });
  }

  // The other axis, at the place of the first conversion.
  changeAxis() {
    const [{ conversion, place }] = this.cards;
    const axis = this.find(".axis").value;
    this.go(atOfPlace(conversion, axis, place), performance.now(), axis);
  }

  // --- drawing

  draw() {
    this.say([...(this.problems ?? []), faultsOf(this.view, comparedIds(this.view))].filter(Boolean).join(" "));
    if (this.cards.length === 0) return;
    const axis = axisOf(this.view);
    const [low, high] = this.ends;
    const at = atOf(this.view, [low, high]);
    const slider = this.find(".slider");
    const most = Math.max(1, ...this.cards.map(({ conversion }) => conversion.last));
    Object.assign(slider, { min: low, max: high, step: axis === "noise" ? NOISE_STEP_DB : 1 / most });
    slider.value = at;
    for (const card of this.cards) card.place = placeAt(card.conversion, axis, at);
    const shows = this.view.get("shows") === "state" ? "state" : "predicted";
    const options = { shows, zoom: this.zoom, band: readRange(this.view.get("band")), f0: this.view.get("f0") !== "0" };
    for (const card of this.cards) card.draw({ ...options, reference: this.reference(card, shows) });
    this.tell(axis, at, options);
    this.listening.follow();
    this.lookInside();
    this.place.dataset.at = at;
  }

  // Kept as one object as long as it is the same, so that pictures know when their axes change.
  get zoom() {
    const text = this.view.get("zoom");
    if (text !== this.zoomText) [this.zoomText, this.zoomed] = [text, readZoom(text)];
    return this.zoomed;
  }

  // What a card's differences are taken from: {db, frames, grid, words}; null where none are wanted, or it is the card itself.
  reference(card, shows) {
    const against = this.view.get("against");
    const { conversion } = card;
    const { grid, reference_frames: framesOfTarget } = conversion.manifest;
    const still = (levels, frames, words) => levels && { db: decibels(levels, conversion.ofLevels), frames, grid, words };
    if (against === "source") return (card.sourceDb ??= still(conversion.source, conversion.frames, "its source"));
    if (against === "target") return (card.targetDb ??= still(conversion.target, framesOfTarget, "the target’s own recording"));
    const other = this.cards.find(({ conversion: { id } }) => id === against);
    if (!other || other === card) return null;
    const db = other.decibels(shows);
    return db && { db, frames: other.conversion.frames, grid: other.conversion.manifest.grid, words: other.letter };
  }

  tell(axis, at, { shows, zoom, band, f0 }) {
    const where = axis === "noise" ? `Where the voice is ${Math.abs(at).toFixed(1)} dB ${at < 0 ? "below" : "above"} the noise` : `${(100 * at).toFixed(1)} % of the way`;
    this.find(".where").textContent = where;
    this.find(".slider").setAttribute("aria-valuetext", where);
    this.find(".axis").value = axis;
    this.find(".f0").checked = f0;
    this.find(".whole").hidden = !zoom;
    this.form.tell(shows, band, zoom, this.inside.letter);
    this.pins.draw();
  }

  // --- one of them is looked into by the figures below

  get inside() {
    return this.cards.find(({ letter }) => letter === (this.view.get("inside") ?? LETTERS[0])) ?? this.cards[0];
  }

  // Only where it is news: a figure that went to a place has told the others already.
  lookInside() {
    const { conversion, place } = this.inside;
    if (this.present.conversion === conversion && this.present.place === place) return;
    this.publishing = true;
    this.present.show(conversion, place);
    this.publishing = false;
  }

  followInside() {
    if (this.publishing || !this.inside) return;
    const { conversion } = this.inside;
    if (this.present.conversion !== conversion || this.present.place === this.inside.place) return;
    this.view.set({ at: writeAt(atOfPlace(conversion, axisOf(this.view), this.present.place)) });
  }

  // --- the reader's wishes

  listen(card, kind) {
    this.abx.silence();
    this.listening.press(card, kind);
  }

  key(event) {
    const path = event.composedPath();
    if (this.cards.length === 0 || !path.includes(this.place)) return;
    const bare = !event.ctrlKey && !event.metaKey && !event.altKey && !path.some((node) => node.matches?.(WRITTEN_IN));
    const card = bare && event.key?.length === 1 && this.cards.find(({ letter }) => letter === event.key.toUpperCase());
    if (card) return this.listen(card, this.listening.heard?.kind ?? "converted");
    const [low, high] = this.ends;
    const steps = axisOf(this.view) === "noise" ? (high - low) / NOISE_STEP_DB : Math.max(1, ...this.cards.map(({ conversion }) => conversion.last));
    const wish = wishOf(event, this.place, this.find(".slider"), steps);
    if (wish === null || typeof wish === "string") return;
    const here = Math.round(((this.at - low) / (high - low)) * steps);
    const at = wish.to === undefined ? low + ((here + wish.by) / steps) * (high - low) : wish.to === 0 ? low : high;
    this.go(Math.min(high, Math.max(low, at)), event.timeStamp);
    event.preventDefault();
  }

  remove(card) {
    const left = comparedIds(this.view).filter((id) => id !== card.conversion.id);
    this.view.set({ compare: left.join(",") });
  }

  say(sentence) {
    if (this.find(".problem").textContent !== sentence) tellProblem(this.place, sentence); // said once, not at every step
  }

  close() {
    this.endings?.forEach((end) => end());
    for (const card of this.cards) {
      this.present.clear(card.conversion);
      card.close();
    }
    this.listening.close();
    this.abx.close();
    this.listeners.abort();
  }
}
