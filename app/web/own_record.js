// The first part: a voice from the microphone, from a file, or from the examples. All of it stays in the browser.

import { element, tellProblem } from "./dom.js";
import { Meter } from "./own_meter.js";
import { Microphone, MicrophoneProblem } from "./own_microphone.js";
import { OwnSound, SoundProblem } from "./own_sound.js";

const BEFORE = "Tick the box to record, or to use a file.";
const INVITED = "Or drop a sound file here: WAV, MP3, FLAC, OGG, M4A.";

export class Singing {
  // `part`: its element. `onsound(sound, file, example)` is given what was sung; sound null: a file that this
  // browser cannot decode; example: the id of the conversion whose source it is.
  // `onwithdrawn()`: the reader does not agree any more.
  constructor(part, onsound, onwithdrawn) {
    Object.assign(this, { part, onsound, onwithdrawn });
    this.find = (selector) => part.querySelector(selector);
    this.meter = new Meter(this.find(".hearing"));
    this.agreed = this.find(".consent input");
    this.input = this.find('input[type="file"]');
    this.find(".record").addEventListener("click", () => this.press());
    this.find(".choose").addEventListener("click", () => this.input.click());
    this.input.addEventListener("change", () => {
      const [file] = this.input.files;
      this.input.value = ""; // so that the same file can be chosen again
      if (file) this.take(() => this.read(file));
    });
    this.agreed.addEventListener("change", () => this.agree());
    this.connectDrop();
    this.agree();
  }

  // data: {examples: [{id, name, about, address}], longest_s, shortest_s}
  open({ examples, longest_s: longest, shortest_s: shortest }) {
    Object.assign(this, { longest, shortest });
    this.find(".examples").hidden = examples.length === 0;
    this.find(".examples ul").replaceChildren(...examples.map((example) => {
      const button = element("button", { type: "button" }, example.name);
      button.addEventListener("click", () => this.take(() => this.fetchExample(example), example.id));
      return element("li", {}, button, element("small", {}, example.about));
    }));
  }

  agree() {
    const { checked } = this.agreed;
    for (const name of [".record", ".choose"]) this.find(name).disabled = !checked;
    this.find(".invitation").textContent = checked ? INVITED : BEFORE;
    if (checked || this.longest === undefined) return;
    this.discard();
    this.onwithdrawn();
  }

  connectDrop() {
    const drop = this.find(".drop");
    const over = (isOver) => drop.classList.toggle("is-over", isOver);
    drop.addEventListener("dragover", (event) => {
      event.preventDefault(); // or the browser would leave the page for the file
      over(this.agreed.checked);
    });
    drop.addEventListener("dragleave", () => over(false));
    drop.addEventListener("drop", (event) => {
      event.preventDefault();
      over(false);
      const [file] = event.dataTransfer.files;
      if (!this.agreed.checked) tellProblem(this.part, "Tick the box first: only voices that may be converted are.");
      else if (file) this.take(() => this.read(file));
    });
  }

  // --- the microphone

  press() {
    if (this.hearing) this.stop();
    else this.record();
  }

  async record() {
    tellProblem(this.part, "");
    const hearing = (this.hearing = { blocks: [], seconds: 0, rateHz: 0 });
    this.show("Waiting for the microphone…");
    try {
      const microphone = await Microphone.open((block, rateHz) => this.hear(hearing, block, rateHz), () => this.stop());
      if (this.hearing === hearing) hearing.microphone = microphone;
      else microphone.close(); // no longer wanted when it came
    } catch (error) {
      if (this.hearing !== hearing) return;
      this.discard();
      if (!(error instanceof MicrophoneProblem)) throw error;
      tellProblem(this.part, error.message);
    }
  }

  hear(hearing, block, rateHz) {
    if (this.hearing !== hearing) return;
    if (hearing.rateHz === 0) {
      hearing.rateHz = rateHz;
      this.meter.begin(this.longest);
      this.show("Stop");
    }
    hearing.blocks.push(block);
    hearing.seconds += block.length / rateHz;
    this.meter.add(block, hearing.seconds);
    if (hearing.seconds >= this.longest) this.stop();
  }

  stop() {
    const hearing = this.discard();
    if (!hearing?.rateHz) return;
    const whole = OwnSound.join(hearing.blocks, hearing.rateHz);
    this.take(async () => whole.part(0, Math.min(whole.seconds, this.longest)));
  }

  // Ends the recording; what was heard is given back, and kept nowhere else.
  discard() {
    const { hearing } = this;
    this.hearing = null;
    hearing?.microphone?.close();
    this.show(null);
    return hearing;
  }

  // `words` on the button while it records; null: it does not.
  show(words) {
    const button = this.find(".record");
    const isOn = words !== null;
    button.classList.toggle("is-recording", isOn);
    button.querySelector(".words").textContent = words ?? "Record";
    this.find(".choose").disabled = isOn || !this.agreed.checked;
    this.find(".hearing").hidden = words !== "Stop";
    this.find(".invitation").hidden = words === "Stop";
  }

  // --- what came, wherever from

  // `get()` resolves to a sound, or to {file} that only the server may be able to read.
  async take(get, example) {
    const wish = (this.wish = Symbol("the latest wish"));
    this.discard();
    tellProblem(this.part, "");
    try {
      const found = await get();
      if (this.wish !== wish) return;
      if (found instanceof OwnSound) this.check(found);
      this.onsound(found instanceof OwnSound ? found : null, found.file, example);
    } catch (error) {
      if (this.wish !== wish) return;
      if (!(error instanceof SoundProblem)) throw error;
      tellProblem(this.part, error.message);
    }
  }

  check(sound) {
    if (sound.seconds < this.shortest) throw new SoundProblem(`This lasts ${sound.seconds.toFixed(1)} s; sing for ${this.shortest} s at least.`);
    if (sound.isSilent) throw new SoundProblem("Nothing is heard in this; is the microphone turned off, or another one chosen?");
  }

  async read(file) {
    return (await OwnSound.read(file)) ?? { file };
  }

  async fetchExample({ name, address }) {
    const answer = await fetch(new URL(address, document.location.href)).catch(() => null);
    const sound = answer?.ok ? await OwnSound.read(await answer.blob()) : null;
    if (sound === null) throw new SoundProblem(`The example “${name}” cannot be loaded; try another, or sing yourself.`);
    return sound;
  }

  close() {
    this.wish = null;
    this.discard();
  }
}
