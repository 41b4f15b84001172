// Find the mistake: a conversion made rightly and one that is broken, in unknown order.

import { closeView } from "./close_view.js";
import { openConversion } from "./conversion.js";
import { element, rich, tellDone, tellProblem } from "./dom.js";
import { makeLegend, makePanel, waitIn } from "./panel.js";
import { SoundButtons } from "./sound.js";
import { LETTERS, makeTabs, paintResult, soundButton } from "./verdicts.js";
import { noteWish } from "./wishes.js";

const CANNOT_TELL = 2; // beside the two letters

class Side {
  constructor(letter, sounds) {
    this.conversion = null;
    this.panel = makePanel(letter, `Sound ${letter}`, "", `Mel spectrogram of sound ${letter}, with the melody asked for and the one measured`);
    this.close = element("div", { class: "close" });
    const playhead = (seconds) => this.panel.picture?.compose(seconds);
    this.buttons = [
      soundButton(sounds, `Play ${letter}`, "converted", () => this.conversion, playhead),
      soundButton(sounds, "Target’s own voice", "target", () => this.conversion),
    ];
    this.node = element("div", { class: "card", "data-card": letter }, this.panel, element("div", { class: "row" }, ...this.buttons),
      element("p", { class: "about-close" }, "The melody, closely: one second"), this.close);
  }

  clear() {
    this.conversion = null;
    this.close.replaceChildren();
    for (const button of this.buttons) button.disabled = true;
    waitIn(this.panel, "Loading the conversion…");
  }

  show(conversion) {
    this.conversion = conversion;
    waitIn(this.panel, null);
    for (const button of this.buttons) button.disabled = !conversion.recording(button.dataset.sound);
    paintResult(this.panel, conversion, true);
    this.close.replaceChildren(closeView(conversion));
  }
}

export class Figure {
  constructor(place) {
    this.place = place;
    this.find = (selector) => place.querySelector(selector);
    this.sounds = new SoundButtons((sentence) => this.say(sentence));
    this.sides = LETTERS.map((letter) => new Side(letter, this.sounds));
    this.find(".stage").replaceChildren(...this.sides.map(({ node }) => node));
    this.find(".legend").prepend(makeLegend());
    this.given = new Map(); // number of a round -> {which, what}, indices
    this.which = [...LETTERS, "I cannot tell"].map((words, i) => this.answerButton(words, () => this.answer({ which: i })));
    this.find(".which").append(...this.which);
  }

  answerButton(words, onclick) {
    const button = element("button", { type: "button", "aria-pressed": "false" }, words);
    button.addEventListener("click", onclick);
    return button;
  }

  // data: {chosen, rounds: [{mistake, cards: [id, id], broken, because, shows}], choices: [{id, text, sign}]}
  open(data) {
    if (JSON.stringify(data) === this.shown) return;
    this.shown = JSON.stringify(data);
    this.data = data;
    const rounds = data.rounds.map((_, i) => ({ id: `${i + 1}`, name: `Round ${i + 1}` }));
    const tabs = makeTabs("Find the mistake", "round", rounds, (id) => this.choose(Number(id) - 1));
    this.find(".tabs").replaceWith(tabs);
    tabs.querySelectorAll("input")[data.chosen].checked = true;
    this.what = data.choices.map(({ text }, i) => this.answerButton(text, () => this.answer({ what: i })));
    this.find(".what").replaceChildren(...this.what.map((button) => element("li", {}, button)));
    this.choose(data.chosen, false);
  }

  async choose(number, byReader = true) {
    if (this.number === number) return;
    this.number = number;
    const round = (this.round = this.data.rounds[number]);
    this.place.dataset.ready = "";
    this.sounds.stop();
    this.say("");
    for (const side of this.sides) side.clear();
    this.tell();
    if (byReader) noteWish("round", `${number + 1}`);
    const arrived = await Promise.allSettled(round.cards.map(async (trace, i) => {
      const conversion = await openConversion(this.data.roots, trace);
      if (this.round === round) this.sides[i].show(conversion);
    }));
    if (this.round !== round) return;
    const failed = arrived.find(({ status }) => status === "rejected");
    for (const { panel, conversion } of this.sides) if (!conversion) waitIn(panel, "No picture");
    if (failed) this.say(`${failed.reason.message} The other rounds go on.`);
    this.place.dataset.ready = `${number + 1}`;
  }

  answer(part) {
    this.given.set(this.number, { ...this.given.get(this.number), ...part });
    this.tell();
    tellDone("looked for a mistake");
  }

  tell() {
    const { which, what } = this.given.get(this.number) ?? {};
    this.which.forEach((button, i) => button.setAttribute("aria-pressed", String(i === which)));
    this.what.forEach((button, i) => button.setAttribute("aria-pressed", String(i === what)));
    this.find(".on-which").replaceChildren(...(which === undefined ? [] : this.ofWhich(which)));
    this.find(".on-what").replaceChildren(...(what === undefined ? [] : this.ofWhat(what)));
  }

  ofWhich(which) {
    const { broken, shows } = this.round;
    const right = which === broken || (which === CANNOT_TELL && !shows);
    const it = `It is ${LETTERS[broken]}.`;
    if (which === CANNOT_TELL) return this.feedback(right, right ? "A fair answer." : "It can be told.", right ? [`${it} Nobody could be sure by ear.`] : [it]);
    return this.feedback(right, right ? "✓ Yes." : "✗ No.", [right && !shows ? `${it} But was it more than luck?` : it]);
  }

  ofWhat(what) {
    const { mistake, because } = this.round;
    const { id, sign } = this.data.choices[what];
    if (id === mistake) return this.feedback(true, "✓ Yes.", rich(because));
    return this.feedback(false, "✗ Not this.", [...rich(sign), " Listen and look again."]);
  }

  feedback(right, word, rest) {
    return [element("b", { class: right ? "better" : "worse" }, word), " ", ...rest];
  }

  say(sentence) {
    tellProblem(this.place, sentence);
  }

  close() {
    this.sounds.close();
  }
}
