// Up to four conversions side by side on one axis, one zoom and one playhead.

import { openConversion } from "./conversion.js";
import { decibels } from "./decibels.js";
import { makeDifferenceLegend } from "./diverging.js";
import { element, signed } from "./dom.js";
import { wishOf } from "./keys.js";
import { makeLegend } from "./panel.js";
import { Player } from "./sound.js";
import { TraceProblem } from "./trace.js";
import { readRange, viewOfPage, writeRange } from "./view_state.js";
import { Abx } from "./workbench_abx.js";
import { Card } from "./workbench_card.js";
import { brushable, readZoom, writeZoom } from "./workbench_zoom.js";

export const LETTERS = "ABCD";
const NAMES = ["compare", "axis", "at", "zoom", "f0", "band", "against", "pins", "shows"];
const MOST_PINS = 8;
const NOISE_STEP_DB = 0.1;

export class Figure {
  constructor(place) {
    this.place = place;
    this.find = (selector) => place.querySelector(selector);
    this.cards = [];
    this.player = new Player();
    this.player.onchange = () => this.showPlaying();
    this.heard = null; // {card, kind, place}
    this.listeners = new AbortController();
    this.abx = new Abx(this.find(".abx"), (sentence) => this.say(sentence));
    this.connect();
  }

  connect() {
    const { signal } = this.listeners;
    const on = (selector, event, act) => this.find(selector).addEventListener(event, act, { signal });
    on(".slider", "input", (event) => this.go(Number(this.find(".slider").value), event.timeStamp));
    on(".shows", "change", () => this.view.set({ shows: this.find(".shows").value === "predicted" ? null : "state" }));
    on(".against", "change", () => this.view.set({ against: this.find(".against").value || null }));
    on(".axis", "change", () => this.changeAxis());
    on(".f0", "change", () => this.view.set({ f0: this.find(".f0").checked ? null : "0" }));
    on(".whole", "click", () => this.view.set({ zoom: null }));
    on(".pin", "click", () => this.pin());
    for (const end of [".low", ".high"]) on(end, "change", () => this.changeBand());
    on(".example", "click", () => this.view.set({ compare: this.data.example.join(",") }));
    document.addEventListener("keydown", (event) => this.key(event), { signal });
    this.find(".legends").append(makeLegend(), makeDifferenceLegend());
  }

  // data: {roots, scores, example: [ids]}
  open(data) {
    if (this.view) return;
    this.data = data;
    this.view = viewOfPage();
    this.end = this.view.watch(NAMES, (names) => this.follow(names));
    this.find(".empty").hidden = data.example.length === 0;
    this.load();
  }

  follow(names) {
    if (names.includes("compare")) this.load();
    else this.draw();
  }

  get ids() {
    return [...new Set((this.view.get("compare") ?? "").split(",").filter(Boolean))].slice(0, LETTERS.length);
  }

  // Loads what is to be compared; a conversion that cannot be shown is named, and the others are shown.
  async load() {
    const wish = (this.wish = Symbol("the latest wish"));
    const { ids } = this;
    const start = performance.now();
    const problems = [];
    const found = await Promise.all(ids.map((id) => openConversion(this.data.roots, id).catch((error) => {
      if (!(error instanceof TraceProblem)) throw error;
      problems.push(error.message);
      return null;
    })));
    if (this.wish !== wish) return;
    if (this.cards.length) this.player.stop();
    this.say(problems.join(" "));
    for (const card of this.cards) {
      card.endStates();
      card.close();
    }
    this.cards = found.filter(Boolean).map((conversion, i) => this.makeCard(conversion, LETTERS[i]));
    this.find(".cards").replaceChildren(...this.cards.map(({ node }) => node));
    this.find(".desk").hidden = this.cards.length === 0;
    this.find(".empty").hidden = this.cards.length > 0 || this.data.example.length === 0;
    for (const card of this.cards) {
      brushable(card.panel, (zoom) => this.view.set({ zoom: writeZoom(zoom) }));
      card.endStates = card.conversion.watchStates(() => {
        if (card.panel.classList.contains("is-waiting")) this.draw();
      });
    }
    this.abx.open(this.cards);
    if (this.cards.length) this.draw();
    performance.measure("choose", { start, end: performance.now() });
  }

  makeCard(conversion, letter) {
    const { source, target, sampler, key_shift_semitones: key } = conversion.manifest;
    const unusual = [
      sampler.without.length && `without ${sampler.without.join(", ")}`,
      ...Object.entries(sampler.guidance).map(([name, weight]) => `guidance ${name} ${signed(weight, 1)}`),
      sampler.swap && `${sampler.swap.singer} from place ${sampler.swap.at} on`,
      sampler.defect && `bug: ${sampler.defect}`,
      sampler.seed && `seed ${sampler.seed}`,
    ].filter(Boolean);
    const title = {
      who: `${source.singer} → ${target}, “${source.phrase.replaceAll("_", " ")}”`,
      how: [`${sampler.name}, ${sampler.steps} step${sampler.steps === 1 ? "" : "s"}`, `${signed(key, 0)} semitones`, ...unusual].join(" · "),
    };
    return new Card(conversion, letter, title, this.data.scores, {
      listen: (card, kind) => this.listen(card, kind),
      remove: (card) => this.remove(card),
      readout: this.find(".readout"),
    });
  }

  // --- the common axis

  get axis() {
    return this.view.get("axis") === "noise" ? "noise" : "step";
  }

  // Ends of the axis: shares of the walk, or SNR in dB from the noisiest to the cleanest of all that are compared.
  get ends() {
    if (this.axis === "step") return [0, 1];
    const all = this.cards.flatMap(({ conversion: { sigma, last } }) => [sigma[0], sigma[last]]).map((sigma) => -20 * Math.log10(sigma));
    return [Math.floor(Math.min(...all)), Math.ceil(Math.max(...all))];
  }

  get at() {
    const [low, high] = this.ends;
    const text = this.view.get("at");
    const asked = text === null || text.trim() === "" ? NaN : Number(text);
    return Number.isFinite(asked) ? Math.min(high, Math.max(low, asked)) : high;
  }

  go(at, since = performance.now()) {
    this.view.set({ at: String(Number(at.toFixed(4))) });
    performance.measure("scrub", { start: since, end: performance.now() });
  }

  // The other axis, at the place of the first conversion.
  changeAxis() {
    const [first] = this.cards;
    if (!first) return;
    const { sigma, last } = first.conversion;
    const at = this.find(".axis").value === "noise" ? -20 * Math.log10(sigma[first.place]) : last && first.place / last;
    this.view.set({ axis: this.find(".axis").value === "noise" ? "noise" : null, at: String(Number(at.toFixed(4))) });
  }

  changeBand() {
    const [low, high] = [".low", ".high"].map((end) => this.find(end).value);
    const text = `${low}:${high}`;
    this.view.set({ band: text === ":" || !readRange(text) ? null : text });
  }

  // --- drawing

  draw() {
    if (this.cards.length === 0) return;
    const [low, high] = this.ends;
    const { axis, at } = this;
    const slider = this.find(".slider");
    Object.assign(slider, { min: low, max: high, step: axis === "noise" ? NOISE_STEP_DB : 1 / Math.max(1, ...this.cards.map(({ conversion }) => conversion.last)) });
    slider.value = at;
    for (const card of this.cards) card.place = card.placeAt(axis, at);
    const shows = this.view.get("shows") === "state" ? "state" : "predicted";
    const options = { shows, zoom: this.zoom, band: readRange(this.view.get("band")), f0: this.view.get("f0") !== "0" };
    for (const card of this.cards) card.draw({ ...options, reference: this.reference(card, shows) });
    this.tell(axis, at, options);
    this.followSound();
    this.place.dataset.at = at;
  }

  // Kept as one object as long as it is the same, so that pictures know when their axes change.
  get zoom() {
    const text = this.view.get("zoom");
    if (text !== this.zoomText) [this.zoomText, this.zoomed] = [text, readZoom(text)];
    return this.zoomed;
  }

  // What a card's differences are taken from: {db, frames, words}; null where none are wanted, or it is the card itself.
  reference(card, shows) {
    const against = this.view.get("against");
    const { conversion } = card;
    const still = (levels, frames, words) => levels && { db: decibels(levels, conversion.ofLevels, new Float32Array(levels.length)), frames, words };
    if (against === "source") return (card.sourceDb ??= still(conversion.source, conversion.frames, "its source"));
    if (against === "target") return (card.targetDb ??= still(conversion.target, conversion.manifest.reference_frames, "the target’s own recording"));
    const other = this.cards.find(({ conversion: { id } }) => id === against);
    if (!other || other === card) return null;
    const db = other.decibels(shows);
    return db && { db, frames: other.conversion.frames, words: other.letter };
  }

  tell(axis, at, { shows, zoom, band, f0 }) {
    const where = axis === "noise" ? `Where the voice is ${Math.abs(at).toFixed(1)} dB ${at < 0 ? "below" : "above"} the noise` : `${(100 * at).toFixed(1)} % of the way`;
    this.find(".where").textContent = where;
    this.find(".slider").setAttribute("aria-valuetext", where);
    this.find(".shows").value = shows;
    this.find(".axis").value = axis;
    this.find(".f0").checked = f0;
    this.find(".whole").hidden = !zoom;
    if (band !== this.band) [this.find(".low").value, this.find(".high").value] = (band ?? ["", ""]).map((end) => (Number.isFinite(end) ? end : ""));
    this.band = band;
    this.tellAgainst();
    this.tellPins();
  }

  tellAgainst() {
    const options = [["", "nothing"], ["source", "its source"], ["target", "the target’s own recording"], ...this.cards.map(({ conversion, letter }) => [conversion.id, letter])];
    const select = this.find(".against");
    const key = options.join();
    if (key !== this.againstKey) select.replaceChildren(...options.map(([value, words]) => element("option", { value }, words)));
    this.againstKey = key;
    const asked = this.view.get("against") ?? "";
    select.value = options.some(([value]) => value === asked) ? asked : "";
  }

  // --- pins

  get pins() {
    return (this.view.get("pins") ?? "").split(",").filter(Boolean).map(Number).filter(Number.isFinite).slice(0, MOST_PINS);
  }

  pin() {
    const pins = [...this.pins.filter((at) => at !== this.at), this.at].slice(-MOST_PINS).sort((a, b) => a - b);
    this.view.set({ pins: pins.join(",") });
  }

  tellPins() {
    const key = `${this.axis} ${this.view.get("pins") ?? ""}`;
    if (key === this.pinsKey) return;
    this.pinsKey = key;
    this.find(".pinned").replaceChildren(...this.pins.map((at) => {
      const words = this.axis === "noise" ? `${signed(at)} dB` : `${(100 * at).toFixed(1)} %`;
      const button = element("button", { type: "button", title: "Go there; with Delete it is taken away" }, words);
      button.addEventListener("click", (event) => this.go(at, event.timeStamp));
      button.addEventListener("keydown", (event) => {
        if (event.key === "Delete") this.view.set({ pins: this.pins.filter((pin) => pin !== at).join(",") || null });
      });
      return button;
    }));
  }

  // --- sound: one playhead, and another card takes over where it stands

  sound(card, kind) {
    return kind === "converted" ? card.conversion.recording("converted") : card.conversion.stepSound("predicted", card.place);
  }

  listen(card, kind) {
    if (this.player.playing && this.heard?.card === card && this.heard.kind === kind) {
      this.player.stop();
      return;
    }
    this.abx.silence();
    this.play(card, kind, this.player.playing !== null);
  }

  play(card, kind, follow) {
    const sound = this.sound(card, kind);
    if (!sound) return this.say("This conversion keeps no such sound.");
    this.heard = { card, kind, place: sound.place ?? null };
    this.player.play(sound.name, sound.load, { follow }).then(() => this.runPlayhead()).catch((error) => this.say(`This sound cannot be played: ${error.message}.`));
  }

  followSound() {
    if (!this.player.playing || this.heard.kind !== "predicted") return;
    if (this.sound(this.heard.card, "predicted").place !== this.heard.place) this.play(this.heard.card, "predicted", true);
  }

  runPlayhead() {
    if (this.frame) return;
    const tick = () => {
      const seconds = this.player.position();
      for (const { panel } of this.cards) if (panel.picture) panel.picture.compose(seconds);
      this.frame = seconds === null ? null : requestAnimationFrame(tick);
    };
    this.frame = requestAnimationFrame(tick);
  }

  showPlaying() {
    const playing = this.player.playing !== null;
    for (const card of this.cards) {
      for (const [kind, button] of Object.entries(card.buttons)) {
        button.setAttribute("aria-pressed", String(playing && this.heard?.card === card && this.heard.kind === kind));
      }
    }
  }

  // --- the reader's wishes

  key(event) {
    if (this.cards.length === 0) return;
    const slider = this.find(".slider");
    const letter = LETTERS.indexOf(event.key.toUpperCase());
    const inside = event.composedPath().includes(this.place);
    if (inside && letter >= 0 && this.cards[letter] && !event.ctrlKey && !event.metaKey && !event.altKey && !event.composedPath().some((node) => node.matches?.("input, select"))) {
      this.listen(this.cards[letter], this.heard?.kind ?? "converted");
      return;
    }
    const steps = this.axis === "noise" ? (this.ends[1] - this.ends[0]) / NOISE_STEP_DB : Math.max(...this.cards.map(({ conversion }) => conversion.last));
    const wish = inside ? wishOf(event, this.place, slider, steps) : null;
    if (wish === null || typeof wish === "string") return;
    const [low, high] = this.ends;
    const one = (high - low) / Math.max(1, steps);
    this.go(wish.to === undefined ? this.at + wish.by * one : wish.to === 0 ? low : high, event.timeStamp);
    event.preventDefault();
  }

  remove(card) {
    const left = this.ids.filter((id) => id !== card.conversion.id);
    this.view.set({ compare: left.length ? left.join(",") : null });
  }

  say(sentence) {
    const problem = this.find(".problem");
    problem.textContent = sentence;
    problem.hidden = sentence === "";
  }

  close() {
    this.end?.();
    for (const card of this.cards) {
      card.endStates?.();
      card.close();
    }
    this.player.close();
    this.abx.close();
    this.listeners.abort();
  }
}
