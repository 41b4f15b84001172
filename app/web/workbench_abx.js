// A blind ABX test (Clark 1982): X is one of two results; how often is it told? p is the chance of guessing so well.

import { element } from "./dom.js";
import { Player } from "./sound.js";

// P(at least `right` of `trials` by guessing), the upper tail of Binomial(trials, 1/2).
export function chanceOf(right, trials) {
  let [term, sum] = [1, 0]; // C(trials, k), exact up to 50 trials and more
  for (let k = 0; k <= trials; k += 1) {
    if (k >= right) sum += term;
    term = (term * (trials - k)) / (k + 1);
  }
  return sum / 2 ** trials;
}

export class Abx {
  constructor(place, say) {
    this.say = say;
    this.player = new Player();
    this.player.onchange = () => this.showPlaying();
    this.pair = ["A", "B"].map((name) => element("select", { "aria-label": `${name} of the blind test` }));
    for (const select of this.pair) select.addEventListener("change", () => this.begin());
    this.buttons = ["A", "B", "X"].map((name) => this.button(`Play ${name}`, () => this.play(name)));
    this.answers = ["A", "B"].map((name) => this.button(`X is ${name}`, () => this.answer(name)));
    this.report = element("p", { role: "status" });
    this.place = place;
    place.replaceChildren(
      element("h3", {}, "Blind test: can you tell them apart?"),
      element("div", { class: "row" }, "Between ", this.pair[0], " and ", this.pair[1], ...this.buttons, ...this.answers), this.report,
    );
  }

  button(words, act) {
    const button = element("button", { type: "button" }, words);
    button.addEventListener("click", act);
    return button;
  }

  open(cards) {
    const changed = cards.map(({ conversion }) => conversion.id).join() !== this.cards?.map(({ conversion }) => conversion.id).join();
    this.cards = cards;
    this.place.hidden = cards.length < 2;
    if (!changed || cards.length < 2) return;
    this.pair.forEach((select, i) => {
      select.replaceChildren(...cards.map(({ letter }, at) => element("option", { value: at }, letter)));
      select.value = i;
    });
    this.begin();
  }

  begin() {
    this.silence();
    [this.right, this.trials] = [0, 0];
    this.hide();
    this.tell();
  }

  hide() {
    this.x = crypto.getRandomValues(new Uint8Array(1))[0] % 2;
  }

  play(name) {
    const which = { A: 0, B: 1, X: this.x }[name];
    const { conversion } = this.cards[Number(this.pair[which].value)];
    const sound = conversion.recording("converted");
    if (!sound) return this.say("This conversion keeps no sound of its result.");
    this.name = name;
    this.player.play(sound.name, sound.load, { follow: this.player.playing !== null }).catch((error) => this.say(`This sound cannot be played: ${error.message}.`));
  }

  answer(name) {
    if (this.pair[0].value === this.pair[1].value) return;
    const right = name === "AB"[this.x];
    this.trials += 1;
    this.right += right;
    this.silence();
    this.tell(`${right ? "✓ Yes" : "✗ No"}, X was ${"AB"[this.x]}. `);
    this.hide();
  }

  tell(last = "") {
    const same = this.pair[0].value === this.pair[1].value;
    for (const button of [...this.buttons, ...this.answers]) button.disabled = same;
    const p = chanceOf(this.right, this.trials);
    const verdict = p <= 0.05 ? "guessing does so well less than once in twenty times" : "this may still be guessing";
    const score = `${this.right} of ${this.trials} right, p = ${p < 0.001 ? "below .001" : p.toFixed(3).replace(/^0/, "")}: ${verdict}.`;
    this.report.textContent = same ? "Choose two different conversions." : last + (this.trials ? score : "X is one of the two, by chance. Listen as often as you like, then say which.");
  }

  showPlaying() {
    this.buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(this.player.playing !== null && "ABX"[i] === this.name)));
  }

  silence() {
    this.player.stop();
  }

  close() {
    this.player.close();
  }
}
