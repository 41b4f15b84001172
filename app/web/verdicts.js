// Two conversions, one figure to judge them by: listen, guess which is better, then see the number and how it misleads.

import { openConversion } from "./conversion.js";
import { element, rich, tellDone, tellProblem } from "./dom.js";
import { fillPanel, makeLegend, makePanel, waitIn } from "./panel.js";
import { ASKED, MEASURED } from "./scrubber.js";
import { SoundButtons } from "./sound.js";
import { noteWish } from "./wishes.js";

export const LETTERS = ["A", "B"];
const CLOSED = "What the figure says, and how it misleads, opens with your guess.";

// A row of radio buttons, which the arrow keys move along. `options`: [{id, name}].
export function makeTabs(legend, group, options, onchoose) {
  return element("fieldset", { class: "tabs" }, element("legend", {}, legend), ...options.map(({ id, name }) => {
    const radio = element("input", { type: "radio", name: group, value: id });
    radio.addEventListener("change", () => onchoose(id));
    return element("label", {}, radio, element("span", {}, name));
  }));
}

// The result of a conversion in a panel, with the melody asked for and, if wished, the one measured on it.
export function paintResult(panel, conversion, withF0) {
  const { grid, frames } = conversion.manifest;
  const contours = withF0 ? contoursOf(conversion) : [];
  return fillPanel(panel, grid, frames, conversion.predictedAt(conversion.last), conversion.ofLevels, contours);
}

export function contoursOf(conversion) {
  const measured = conversion.measuredF0("predicted", conversion.last);
  return [{ f0: conversion.askedF0, colour: ASKED, dashed: true }, ...(measured ? [{ f0: measured, colour: MEASURED }] : [])];
}

// A button for the sound of that kind of the conversion that `now()` gives, null while there is none.
export function soundButton(sounds, words, kind, now, onposition) {
  const button = element("button", { type: "button", "data-sound": kind, disabled: true }, words);
  sounds.add(button, () => now().recording(kind), onposition);
  return button;
}

class Card {
  constructor(letter, sounds) {
    this.conversion = null;
    this.panel = makePanel(letter, `Sound ${letter}`, "", `Mel spectrogram of sound ${letter}`);
    const playhead = (seconds) => this.panel.picture?.compose(seconds);
    this.button = soundButton(sounds, `Play ${letter}`, "converted", () => this.conversion, playhead);
    this.target = soundButton(sounds, "Target’s own voice", "target", () => this.conversion, () => {});
    this.number = element("p", { class: "number" });
    this.node = element("div", { class: "card", "data-card": letter }, this.panel,
      element("div", { class: "row" }, this.button, this.target), this.number);
  }

  clear() {
    this.conversion = null;
    this.number.replaceChildren();
    for (const button of [this.button, this.target]) button.disabled = true;
    this.panel.querySelector(".about").textContent = "";
    waitIn(this.panel, "Loading the conversion…");
  }

  show(conversion, withF0) {
    this.conversion = conversion;
    waitIn(this.panel, null);
    this.button.disabled = !conversion.recording("converted");
    this.target.disabled = !conversion.recording("target");
    paintResult(this.panel, conversion, withF0);
  }
}

export class Figure {
  constructor(place) {
    this.place = place;
    this.find = (selector) => place.querySelector(selector);
    this.sounds = new SoundButtons((sentence) => this.say(sentence));
    this.cards = LETTERS.map((letter) => new Card(letter, this.sounds));
    this.find(".stage").replaceChildren(...this.cards.map(({ node }) => node));
    this.find(".legend").prepend(makeLegend());
    this.guesses = new Map(); // id of a measure -> index of the card
    this.guessButtons = LETTERS.map((letter, i) => {
      const button = element("button", { type: "button", "aria-pressed": "false" }, `${letter} is better`);
      button.addEventListener("click", () => this.guess(i));
      return button;
    });
    this.find(".guess").append(...this.guessButtons);
    this.trap = null; // the conversion that misleads
    this.trapButton = soundButton(this.sounds, "Play what misleads it", "converted", () => this.trap);
  }

  // data: {chosen, measures: [{id, name, direction, ask, tells, misleads, cards: [{trace, what, number}], best, trap}]}
  open(data) {
    if (JSON.stringify(data) === this.shown) return;
    this.shown = JSON.stringify(data);
    this.data = data;
    const tabs = makeTabs("Judge by", "measure", data.measures, (id) => this.choose(id));
    this.find(".tabs").replaceWith(tabs);
    tabs.querySelector(`[value="${data.chosen}"]`).checked = true;
    this.choose(data.chosen, false);
  }

  async choose(id, byReader = true) {
    if (this.measure?.id === id) return;
    this.measure = this.data.measures.find((measure) => measure.id === id);
    this.place.dataset.ready = "";
    this.sounds.stop();
    this.say("");
    for (const card of this.cards) card.clear();
    this.find(".ask").textContent = this.measure.ask;
    this.tell();
    if (byReader) noteWish("metric", id);
    const { measure } = this;
    const arrived = await Promise.allSettled(measure.cards.map(({ trace }, i) => this.load(trace, measure, (conversion) => {
      this.cards[i].show(conversion, this.guesses.has(id));
    })));
    if (this.measure !== measure) return;
    const failed = arrived.findIndex(({ status }) => status === "rejected");
    if (failed >= 0) this.fail(arrived[failed].reason);
    this.place.dataset.ready = id;
  }

  async load(trace, measure, show) {
    const conversion = await openConversion(this.data.roots, trace);
    if (this.measure === measure) show(conversion);
  }

  fail(error) {
    for (const { panel, conversion } of this.cards) if (!conversion) waitIn(panel, "No picture");
    this.say(`${error.message} The numbers are shown all the same.`);
  }

  guess(index) {
    const { measure } = this;
    this.guesses.set(measure.id, index);
    for (const { conversion, panel } of this.cards) if (conversion) paintResult(panel, conversion, true);
    this.tell();
    tellDone("guessed");
  }

  // What is known by now: nothing before the guess, all after it.
  tell() {
    const { measure } = this;
    const guess = this.guesses.get(measure.id);
    this.guessButtons.forEach((button, i) => button.setAttribute("aria-pressed", String(i === guess)));
    this.cards.forEach(({ number, panel }, i) => {
      const { what, number: written } = measure.cards[i];
      if (guess === undefined) number.replaceChildren(`${measure.name}: guess first`);
      else {
        const verdict = i === measure.best ? "✓ the better one" : "✗ the worse one";
        number.replaceChildren(`${measure.name} `, element("b", {}, written || "not kept"), element("span", { class: i === measure.best ? "better" : "worse" }, verdict));
        panel.querySelector(".about").textContent = what;
      }
    });
    this.find(".verdict").classList.toggle("is-closed", guess === undefined);
    this.find(".verdict").replaceChildren(...(guess === undefined ? [element("p", {}, CLOSED)] : this.explain(guess)));
  }

  explain(guess) {
    const { name, direction, tells, misleads, best, trap } = this.measure;
    const agree = guess === best ? `You and ${name} agree` : `${name} says ${LETTERS[best]}`;
    const paragraphs = [
      element("p", {}, element("b", {}, `${agree} (${direction}).`), " ", ...rich(tells)),
      element("p", {}, element("b", {}, "How it misleads."), " ", ...rich(misleads)),
    ];
    if (!trap) return paragraphs;
    this.trap = null;
    this.trapButton.disabled = true;
    this.load(trap.trace, this.measure, (conversion) => {
      this.trap = conversion;
      this.trapButton.disabled = !conversion.recording("converted");
    }).catch((error) => this.say(error.message));
    return [...paragraphs, element("div", { class: "trap" }, this.trapButton, element("p", {}, ...rich(trap.text)))];
  }

  say(sentence) {
    tellProblem(this.place, sentence);
  }

  close() {
    this.sounds.close();
  }
}
