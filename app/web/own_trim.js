// The second part: which stretch of the sound is meant. Only that is sent.

import { tellProblem } from "./dom.js";
import { Waiting } from "./own_waiting.js";
import { Wave } from "./own_wave.js";
import { SoundButtons } from "./sound.js";
import { asWav } from "./wav.js";

export class Trimming {
  // `part`: its element. `onuse(blob)` is given what is to be sent.
  constructor(part, onuse) {
    this.part = part;
    this.find = (selector) => part.querySelector(selector);
    this.waiting = new Waiting(this.find(".wait"));
    this.wave = new Wave(this.find(".trim"), () => {
      this.sounds.stop();
      this.tell();
    });
    this.sounds = new SoundButtons((sentence) => tellProblem(part, sentence));
    this.sounds.add(this.find(".hear"), () => this.heard(), (seconds) => this.wave.follow(seconds));
    this.find(".use").addEventListener("click", () => onuse(this.blob()));
    this.count = 0;
  }

  // `limits`: {shortest_s, longest_s}. Where `sound` is null, the file is to be sent as it is.
  show(sound, file, limits) {
    this.waiting.cancel();
    this.sounds.stop();
    this.count += 1;
    Object.assign(this, { sound, file });
    tellProblem(this.part, "");
    this.find(".trim").hidden = this.find(".hear").hidden = sound === null;
    this.find(".use").textContent = sound ? "Use this part" : "Use the file";
    if (sound) {
      this.part.hidden = false; // the wave is as wide as its place, once that is there
      this.wave.show(sound, limits);
      this.tell();
    } else {
      this.find(".chosen-part").textContent = `This browser cannot show “${file.name}”; perhaps the server can read it, if it lasts ${limits.longest_s} s at most.`;
    }
  }

  get chosen() {
    return this.sound.part(this.wave.from, this.wave.to);
  }

  tell() {
    const { from, to } = this.wave;
    this.find(".chosen-part").textContent = `From ${from.toFixed(2)} to ${to.toFixed(2)} s: ${(to - from).toFixed(2)} s`;
  }

  blob() {
    return this.sound ? asWav(this.chosen.samples, this.chosen.rateHz) : this.file;
  }

  heard() {
    const { from, to } = this.wave;
    return { name: `${this.count} ${from} ${to}`, load: () => this.blob().arrayBuffer() };
  }

  close() {
    this.waiting.cancel();
    this.sounds.close();
    this.wave.close();
  }
}
