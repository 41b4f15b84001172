// Hertz against cents: the same error of the ear is another number of hertz at every pitch.

import { element, tellDone, tellProblem } from "./dom.js";
import { noteName } from "./picture.js";
import { SoundButtons } from "./sound.js";
import { inTurn, toneOf, together, wavOf } from "./tones.js";

const NOTES = [45, 57, 69, 81]; // A2 to A5, as MIDI counts
const WIDEST_HZ = 52.4; // 100 cents above A5

export const hzOf = (midi) => 440 * 2 ** ((midi - 69) / 12);

// By how many hertz a pitch is off that is so many cents too high.
export const errorHz = (hz, cents) => hz * (2 ** (cents / 1200) - 1);

export class Figure {
  constructor(place) {
    this.place = place;
    this.find = (selector) => place.querySelector(selector);
    this.sounds = new SoundButtons((sentence) => this.say(sentence));
    for (const slider of place.querySelectorAll(".slider")) slider.addEventListener("input", () => this.draw(true));
    const pair = (seconds) => [this.hz, this.hz + errorHz(this.hz, this.cents)].map((hz) => toneOf(hz, seconds));
    const sound = (kind, samples) => ({ name: `${kind} ${this.midi} ${this.cents}`, load: async () => wavOf(samples()) });
    this.sounds.add(this.find('[data-sound="turn"]'), () => sound("turn", () => inTurn(pair(0.9))));
    this.sounds.add(this.find('[data-sound="together"]'), () => sound("together", () => together(...pair(2.5))));
    this.bars = NOTES.map((midi) => this.bar(midi));
    this.chosen = this.bar(69, "chosen");
    this.find("tbody").append(...this.bars.map(({ row }) => row), this.chosen.row);
  }

  get midi() {
    return Number(this.find('[data-slider="pitch"]').value);
  }

  get hz() {
    return hzOf(this.midi);
  }

  get cents() {
    return Number(this.find('[data-slider="cents"]').value);
  }

  open() {
    this.draw(false);
  }

  bar(midi, name = null) {
    const [head, cents, hz] = [element("th", { scope: "row" }), element("td"), element("td")];
    const filled = element("span", { class: "filled", "aria-hidden": "true" });
    hz.append(filled, element("span", { class: "written" }));
    return { midi, head, cents, hz, filled, row: element("tr", { class: name }, head, cents, hz) };
  }

  draw(byReader) {
    const { midi, hz, cents } = this;
    this.chosen.midi = midi;
    for (const bar of [...this.bars, this.chosen]) {
      const base = hzOf(bar.midi);
      const off = errorHz(base, cents);
      bar.head.textContent = `${bar === this.chosen ? "Yours: " : ""}${noteName(base)}, ${Math.round(base)} Hz`;
      bar.cents.textContent = `${cents} cents`;
      bar.filled.style.width = `${(100 * off) / WIDEST_HZ}%`;
      bar.hz.querySelector(".written").textContent = `${off.toFixed(1)} Hz`;
    }
    this.find('[data-slider="pitch"]').setAttribute("aria-valuetext", `${noteName(hz)}, ${Math.round(hz)} hertz`);
    this.find('[data-slider="cents"]').setAttribute("aria-valuetext", `${cents} cents`);
    this.find(".pitch").textContent = `${noteName(hz)}, ${Math.round(hz)} Hz`;
    this.find(".cents").textContent = `${cents} cents too high`;
    this.find(".beats").textContent = cents === 0 ? "Together they are one tone." : `Together they beat ${errorHz(hz, cents).toFixed(1)} times a second: that is the error in hertz.`;
    this.place.dataset.ready = `${midi} ${cents}`;
    if (byReader) tellDone("moved hertz");
  }

  say(sentence) {
    tellProblem(this.place, sentence);
  }

  close() {
    this.sounds.close();
  }
}
