// Why the first guess is smooth: conversions that differ in nothing but their noise, first guess beside result.

import { openConversion } from "./conversion.js";
import { rmsDb } from "./difference.js";
import { element, tellDone, tellProblem } from "./dom.js";
import { fillPanel, makePanel } from "./panel.js";
import { SoundButtons } from "./sound.js";
import { TraceProblem } from "./trace.js";

const EXCERPT_S = 2.5; // of the middle: in the whole phrase the fine grain is too small to be seen
const AHEAD = "400px"; // loaded when the reader comes as near as this: it takes a megabyte
const AVERAGE = -1;

export class Figure {
  constructor(place) {
    this.place = place;
    this.find = (selector) => place.querySelector(selector);
    this.first = makePanel("first", "First guess", "x̂₀, made from nothing but noise", "First guess");
    this.result = makePanel("result", "Result", "the last prediction", "Result");
    this.find(".stage").append(this.first, this.result);
    this.sounds = new SoundButtons((sentence) => this.say(sentence));
    this.near = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && this.load(), { rootMargin: AHEAD });
  }

  // data: {traces: [ids, alike but for their noise], roots}
  open(data) {
    if (data.traces.join() === this.wanted) return;
    this.wanted = data.traces.join();
    this.data = data;
    this.near.observe(this.place);
  }

  async load() {
    this.near.disconnect();
    const { traces, roots } = this.data;
    try {
      this.conversions = await Promise.all(traces.map((id) => openConversion(roots, id)));
      if (!this.place.isConnected) return;
      this.say("");
      this.begin();
    } catch (error) {
      this.wanted = null;
      this.say(error instanceof TraceProblem ? error.message : `The guesses cannot be shown: ${error.message}.`);
    }
  }

  begin() {
    const { conversions } = this;
    const scale = conversions[0].ofLevels;
    this.firsts = conversions.map((conversion) => conversion.predictedAt(0));
    this.results = conversions.map((conversion) => conversion.predictedAt(conversion.last));
    const average = (pictures) => Float32Array.from(pictures[0], (_, i) => pictures.reduce((sum, one) => sum + one[i], 0) / pictures.length);
    this.averages = [average(this.firsts), average(this.results)];
    const pairs = conversions.flatMap((_, i) => conversions.slice(0, i).map((_, j) => [i, j]));
    const mean = (numbers) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
    this.apart = [this.firsts, this.results].map((pictures) => mean(pairs.map(([i, j]) => rmsDb(pictures[i], pictures[j], scale))));
    this.off = rmsDb(this.averages[0], this.averages[1], scale);
    const names = conversions.map((_, i) => [i, `Noise ${i + 1}`]);
    this.find(".noises").replaceChildren(...[...names, [AVERAGE, "All three, averaged"]].map(([index, name]) => {
      const button = element("button", { type: "button", "data-noise": index }, name);
      button.addEventListener("click", () => {
        this.show(index);
        tellDone("noise chosen");
      });
      return button;
    }));
    this.furnishSounds();
    this.show(0);
  }

  furnishSounds() {
    const kinds = [["First guess", (conversion) => conversion.stepSound("predicted", 0)], ["Result", (conversion) => conversion.recording("converted")]];
    this.find(".listen").replaceChildren(element("span", { class: "label" }, "Listen"), ...kinds.map(([name, soundOf]) => {
      const button = element("button", { type: "button", title: `${name}, the whole phrase` }, name);
      this.sounds.add(button, () => soundOf(this.conversions[this.index]));
      return button;
    }));
  }

  show(index) {
    this.index = index;
    this.sounds.stop();
    for (const button of this.find(".noises").children) button.setAttribute("aria-pressed", String(Number(button.dataset.noise) === index));
    for (const button of this.find(".listen").querySelectorAll("button")) {
      button.disabled = index === AVERAGE;
      button.title = index === AVERAGE ? "An average of pictures was never turned into sound." : `${button.textContent}, the whole phrase`;
    }
    const [first, result] = index === AVERAGE ? this.averages : [this.firsts[index], this.results[index]];
    const { grid } = this.conversions[0].manifest;
    const { frames, ofLevels } = this.conversions[0];
    const length = Math.min(frames, Math.round((EXCERPT_S * grid.sample_rate_hz) / grid.hop));
    const begin = Math.floor((frames - length) / 2);
    const excerpt = (levels) => Float32Array.from({ length: grid.n_mels * length }, (_, i) => levels[Math.floor(i / length) * frames + begin + (i % length)]);
    const name = index === AVERAGE ? "average of the three" : `noise ${index + 1}`;
    for (const [panel, levels, what] of [[this.first, first, "First guess"], [this.result, result, "Result"]]) {
      panel.querySelector("canvas").setAttribute("aria-label", `${what}, ${name}: mel spectrogram of ${EXCERPT_S} s from the middle of the phrase`);
      fillPanel(panel, grid, length, excerpt(levels), ofLevels);
    }
    const [ofFirsts, ofResults] = this.apart.map((db) => db.toFixed(1));
    this.find(".told").textContent = index === AVERAGE
      ? `Averaged, the grain of the results is smoothed away: what is left is what they have in common. The average of the first guesses still lies ${this.off.toFixed(1)} dB from it: this network also draws its first stripes stronger than they turn out to be.`
      : `Measured over the whole phrase: with other noise the first guess changes by ${ofFirsts} dB, the result by ${ofResults} dB (root mean square, mean of all pairs).`;
    this.place.dataset.noise = index;
  }

  say(sentence) {
    tellProblem(this.place, sentence);
  }

  close() {
    this.near.disconnect();
    this.sounds.close();
    for (const panel of [this.first, this.result]) panel.watched?.disconnect();
  }
}
