// What is set by numbers and from lists: the band in Hz, the part of the pictures that is seen, what differences are
// taken from, and which conversion is looked into.

import { LETTERS } from "./compared.js";
import { element } from "./dom.js";
import { writeRange } from "./view_state.js";
import { readZoom, writeZoom } from "./workbench_zoom.js";

export class Form {
  // `find`: an element of the figure; `cards()`: those that are shown; `say(sentence)`: what is wrong.
  constructor(find, view, cards, say, { signal }) {
    Object.assign(this, { find, view, cards, say });
    const chosen = (selector, name, plain) => find(selector).addEventListener("change", () => {
      const { value } = find(selector);
      view.set({ [name]: value === plain ? null : value });
    }, { signal });
    chosen(".shows", "shows", "predicted");
    chosen(".against", "against", "");
    chosen(".look-inside", "inside", LETTERS[0]);
    find(".band").addEventListener("change", () => this.changeBand(), { signal });
    find(".part").addEventListener("change", () => this.changePart(), { signal });
  }

  changeBand() {
    const range = [".low", ".high"].map((end, i) => (this.find(end).value === "" ? [-Infinity, Infinity][i] : Number(this.find(end).value)));
    this.view.set({ band: writeRange(range.sort((a, b) => a - b)) });
  }

  // Seconds and Hz, from and to, of the whole of the longest picture.
  get wholePart() {
    const all = this.cards().map(({ conversion }) => conversion);
    return [0, Math.max(...all.map(({ seconds }) => seconds)), 0, Math.max(...all.map(({ manifest }) => manifest.grid.mel_high_hz))];
  }

  // The part of the pictures that is seen, by numbers; what is left empty reaches to the picture's end.
  changePart() {
    const ends = this.wholePart;
    const typed = [...this.find(".part").querySelectorAll("input")].map((input, i) => (input.value === "" ? ends[i] : Number(input.value)));
    const [from, to, low, high] = typed;
    const text = writeZoom({ from, to, low, high });
    if (typed.every((number, i) => number === ends[i])) this.view.set({ zoom: null });
    else if (readZoom(text)) this.view.set({ zoom: text });
    else this.say("A part of the pictures begins before it ends, in seconds and in Hz.");
  }

  // What is set now; `inside`: the letter of the conversion that is looked into.
  tell(shows, band, zoom, inside) {
    this.find(".shows").value = shows;
    this.tellNumbers(band, zoom);
    this.tellChoices(inside);
  }

  // Only when they change, so that a number that is being typed stays.
  tellNumbers(band, zoom) {
    const key = [this.view.get("band"), this.view.get("zoom")].join(" ");
    if (key === this.numbersKey) return;
    this.numbersKey = key;
    [this.find(".low").value, this.find(".high").value] = (band ?? []).concat("", "").map((end) => (Number.isFinite(end) ? end : ""));
    const ends = this.wholePart;
    const part = zoom ? [zoom.from, zoom.to, zoom.low, zoom.high] : ends;
    this.find(".part").querySelectorAll("input").forEach((input, i) => {
      const text = Math.abs(part[i] - ends[i]) < 0.01 ? "" : `${part[i]}`;
      if (input.value !== text) input.value = text;
    });
  }

  tellChoices(inside) {
    const key = this.cards().map(({ letter, conversion: { id } }) => letter + id).join();
    if (key !== this.choicesKey) {
      this.choicesKey = key;
      const letters = this.cards().map(({ conversion: { id }, letter }) => [id, letter]);
      const fill = (selector, options) => this.find(selector).replaceChildren(...options.map(([value, words]) => element("option", { value }, words)));
      fill(".against", [["", "nothing"], ["source", "its source"], ["target", "the target’s own recording"], ...letters]);
      fill(".look-inside", letters.map(([, letter]) => [letter, letter]));
    }
    const against = this.find(".against");
    against.value = this.view.get("against") ?? "";
    if (against.selectedIndex < 0) against.value = "";
    this.find(".look-inside").value = inside;
  }
}
