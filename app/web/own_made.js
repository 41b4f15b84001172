// The fifth and the sixth part: what was made of the recording, to be heard, seen, measured, taken home, and watched.

import { element, rich, tellProblem } from "./dom.js";
import { Comparing } from "./own_listening.js";
import { Sight } from "./own_sight.js";
import { shiftOf } from "./own_voices.js";
import { makeLegend } from "./panel.js";
import { DIRECTIONS, factsOf, written } from "./scores.js";
import { ASKED, MEASURED } from "./scrubber.js";

const MOST = 6; // conversions that are kept to go back to
const MEANINGS = {
  rpa: "Share of the frames in which the pitch lies within a quarter tone of the melody asked for.",
  f0_corr: "How alike the melody and the one asked for rise and fall; 1 is the same shape.",
  f0_rmse_cents: "How far the pitch lies from the melody asked for; 100 cents are a semitone.",
  similarity_to_target: "How alike a network that tells voices apart finds this and the target’s recordings; 1 is the same.",
  loudness_rmse_db: "How far the loudness strays from yours, frame by frame.",
  mcd_db: "How far the timbre has moved away from yours; 0 would be no change at all.",
};

const isDeep = ({ method }) => method === "teacher";
const stepsOf = (result) => (isDeep(result) ? `${result.trace?.steps ?? 40} steps` : "one step");

export class Made {
  // `part`: its element; `onchoose(entry)`: another one is looked at.
  constructor(part, onchoose) {
    Object.assign(this, { part, onchoose });
    this.find = (selector) => part.querySelector(selector);
    this.find(".legend").prepend(makeLegend());
    this.sights = {
      source: new Sight("source", "Source", this.find(".readout")),
      converted: new Sight("converted", "Conversion", this.find(".readout")),
    };
    this.find(".sights").append(...Object.values(this.sights).map(({ node }) => node));
    const buttons = Object.fromEntries([...part.querySelectorAll("[data-hear]")].map((button) => [button.dataset.hear, button]));
    this.comparing = new Comparing(buttons, (sentence) => tellProblem(part, sentence), (heard, seconds) => {
      for (const sight of Object.values(this.sights)) sight.follow(heard === "target" ? null : seconds);
    });
    this.entries = [];
  }

  // data: {voices, scores}
  open({ voices, scores }) {
    Object.assign(this, { voices, scores });
  }

  // A new recording: `take` on the server, and `voice`, what its pictures are made from.
  begin(take, voice) {
    Object.assign(this, { take, voice, entries: [], shown: null, isEarly: false });
  }

  labelOf(name) {
    return this.voices[name]?.label ?? name;
  }

  // The sound is there before what is measured of it.
  announce(asked, { sound, key_shift: key }) {
    this.isEarly = true;
    this.part.hidden = false;
    this.find(".measured").hidden = true;
    this.find(".told").textContent = `${this.labelOf(asked.target)}, ${shiftOf(key)} semitones: you can listen already; the pictures and numbers follow.`;
    this.listenTo({ target: asked.target, sound });
  }

  // What was announced does not come: back to what was shown before.
  giveUp() {
    if (!this.isEarly) return;
    this.isEarly = false;
    if (this.shown) this.choose(this.shown);
    else this.empty();
  }

  // `result` of a conversion, with its `levels` and its `f0`.
  add(result, levels, f0) {
    const entry = { ...result, levels, f0 };
    const isSame = (other) => other.target === entry.target && other.method === entry.method;
    this.entries = [entry, ...this.entries.filter((other) => !isSame(other))].slice(0, MOST);
    this.part.hidden = false;
    this.choose(entry);
  }

  has(target, method) {
    return this.entries.find((entry) => entry.target === target && entry.method === method) ?? null;
  }

  choose(entry) {
    this.shown = entry;
    this.isEarly = false;
    tellProblem(this.part, "");
    this.listEntries();
    this.find(".measured").hidden = false;
    const { target, key_shift: key, seconds } = entry;
    const time = Number.isFinite(seconds) ? `, made in ${seconds.toFixed(1)} s` : "";
    const told = `${this.labelOf(target)}, ${shiftOf(key)} semitones, in ${stepsOf(entry)}${time}.`;
    this.find(".told").textContent = told;
    const { voice } = this;
    const asked = Uint16Array.from(voice.f0, (tenths) => Math.round(tenths * 2 ** (key / 12)));
    this.sights.source.show({ ...voice, contours: [{ f0: voice.f0, colour: MEASURED }] });
    this.sights.source.describe("the source, which is your recording");
    this.sights.converted.show({
      ...voice, frames: entry.frames, levels: entry.levels,
      contours: [{ f0: asked, colour: ASKED, dashed: true }, { f0: entry.f0, colour: MEASURED }],
    });
    this.sights.converted.describe(`${told} Dashed, the melody asked for; solid, the one measured`);
    this.listenTo(entry);
    this.tellScores(entry);
    this.find(".notes").replaceChildren(...entry.notes.map((note) => element("li", {}, note)));
    this.tellDownloads(entry);
    this.onchoose(entry);
  }

  listEntries() {
    const list = this.find(".made-list");
    const held = [...list.children].some((node) => node.matches(":focus"));
    list.replaceChildren(...(this.entries.length < 2 ? [] : this.entries.map((entry) => {
      const button = element("button", { type: "button", "aria-pressed": String(entry === this.shown) }, `${this.labelOf(entry.target)} ${shiftOf(entry.key_shift)}, ${stepsOf(entry)}`);
      button.addEventListener("click", () => this.choose(entry));
      return button;
    })));
    if (held) list.children[this.entries.indexOf(this.shown)]?.focus();
  }

  listenTo({ target, sound }) {
    const reference = this.voices[target]?.reference;
    this.comparing.open({
      source: this.take.sound("recording.flac"),
      converted: this.take.sound(sound),
      target: reference ? { name: reference, load: () => fetchSound(reference) } : null,
    });
  }

  tellScores({ scores }) {
    const names = Object.keys(scores).filter((name) => Number.isFinite(scores[name]));
    const told = Object.keys(MEANINGS).filter((name) => names.includes(name));
    const others = names.filter((name) => !told.includes(name));
    const table = (rows) => {
      const head = element("tr", {}, ...["Measured", "Value", "What it says"].map((words) => element("th", { scope: "col" }, words)));
      return element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows.map((name) => this.rowOf(name, scores[name]))));
    };
    const foot = element("p", { class: "small" }, ...rich("Each number looks at one side only; your ears have the last word. [How good is it?](measuring) tells what each is worth."));
    const more = element("details", {}, element("summary", {}, `${others.length} more figures`), table(others));
    this.find(".scores").replaceChildren(...(told.length ? [table(told), foot] : []), ...(others.length ? [more] : []));
  }

  rowOf(name, value) {
    const facts = factsOf(name, this.scores);
    const title = facts.term ? element("a", { href: `glossary#${facts.term}` }, facts.name) : facts.name;
    return element("tr", {}, element("th", { scope: "row" }, title), element("td", {}, written(value, facts)),
      element("td", {}, `${MEANINGS[name] ?? ""} ${capital(DIRECTIONS[facts.better])}.`.trim()));
  }

  tellDownloads(entry) {
    const name = `singsteps-${entry.target}${isDeep(entry) ? "-steps" : ""}`;
    const link = (address, end, words) => element("a", { href: address, download: `${name}.${end}` }, words);
    this.find(".downloads").replaceChildren(
      link(this.take.root + entry.sound, "flac", "Download the sound (FLAC)"),
      ...(entry.packed ? [link(entry.packed, "zip", "Download the trace (ZIP)")] : []),
      element("span", { class: "small" }, "The sound file carries a tag that says it is synthetic; please leave it in."),
    );
  }

  empty() {
    this.comparing.stop();
    Object.assign(this, { entries: [], shown: null, isEarly: false });
    this.part.hidden = true;
  }

  close() {
    this.comparing.close();
    for (const sight of Object.values(this.sights)) sight.close();
  }
}

const capital = (words) => words.charAt(0).toUpperCase() + words.slice(1);

async function fetchSound(address) {
  const answer = await fetch(new URL(address, document.location.href));
  if (!answer.ok) throw new Error(`the server answers ${answer.status}`);
  return answer.arrayBuffer();
}
