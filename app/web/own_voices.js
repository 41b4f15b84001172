// The fourth part: whose voice it is to be, and in which key, with everybody's range on one axis of notes.

import { element, signed, tellProblem } from "./dom.js";
import { hzOf } from "./hertz.js";
import { noteOf } from "./own_seen.js";
import { Waiting } from "./own_waiting.js";
import { noteName } from "./picture.js";
import { SoundButtons } from "./sound.js";

const WIDEST_SHIFT = 36; // semitones that the server takes
const TICKS = [0, 7]; // C and G of every octave

const midiOf = (hz) => 69 + 12 * Math.log2(hz / 440);
export const shiftOf = (semitones) => (semitones > 0 ? `+${semitones}` : signed(semitones, 0));
const moved = ({ low_hz: low, median_hz: median, high_hz: high }, by) => Object.fromEntries(
  Object.entries({ low_hz: low, median_hz: median, high_hz: high }).map(([name, hz]) => [name, hz * 2 ** (by / 12)]));

export class Voices {
  // `part`: its element; `onconvert({target, key_shift})`.
  constructor(part, onconvert) {
    this.part = part;
    this.find = (selector) => part.querySelector(selector);
    this.waiting = new Waiting(this.find(".wait"));
    this.sounds = new SoundButtons((sentence) => tellProblem(part, sentence));
    this.keyInput = this.find("#key");
    this.keyInput.addEventListener("input", () => this.setKey(this.keyInput.valueAsNumber, false));
    this.keyInput.addEventListener("change", () => this.setKey(this.key)); // what was no number goes back
    for (const button of part.querySelectorAll("[data-by]")) button.addEventListener("click", () => this.setKey(this.key + Number(button.dataset.by)));
    this.find(".proposal").addEventListener("click", () => {
      this.setKey(this.target.key_shift);
      this.keyInput.focus();
    });
    this.find(".convert").addEventListener("click", () => onconvert({ target: this.target.name, key_shift: this.key }));
  }

  // voices: {name: {label, about, reference, range: {low_hz, median_hz, high_hz} or null}}
  open({ voices }) {
    this.voices = voices;
  }

  // `look`: what the server found of the recording. The voice that was chosen before stays so.
  show({ f0, targets }) {
    tellProblem(this.part, "");
    this.sounds.stop();
    this.sounds.buttons.clear();
    Object.assign(this, { f0, targets });
    this.setAxis([f0, ...targets.map((target) => this.rangeOf(target))].filter(Boolean));
    this.find(".voices").replaceChildren(...targets.map((target) => this.rowOf(target)));
    this.drawRange(this.find('[data-range="own"]'), f0);
    const able = targets.filter(({ problem }) => !problem);
    // who has chosen none yet begins with the voice that need not be moved far: that sounds best
    const nearest = [...able].sort((one, other) => Math.abs(one.key_shift) - Math.abs(other.key_shift))[0];
    this.choose(able.find(({ name }) => name === this.target?.name) ?? nearest ?? targets[0]);
  }

  labelOf(name) {
    return this.voices[name]?.label ?? name;
  }

  // Where the voice mostly sings, about the middle that keys are proposed from; null where it is not known.
  rangeOf({ name, median_hz: median }) {
    const range = this.voices[name]?.range;
    return range ? { ...range, median_hz: median } : null;
  }

  rowOf(target) {
    const { name } = target;
    const facts = this.voices[name];
    const range = this.rangeOf(target);
    const radio = element("input", { type: "radio", name: "voice", value: name });
    radio.addEventListener("change", () => this.choose(target));
    const track = element("span", { class: "track" });
    const row = element("div", { class: "voice" }, element("label", {}, element("span", { class: "name" }, radio, this.labelOf(name)), track));
    if (range) {
      this.drawRange(track, range);
      row.title = `${noteOf(range.low_hz)} to ${noteOf(range.high_hz)}, middle ${noteOf(range.median_hz)}`;
    }
    if (facts?.reference) {
      const listen = element("button", { type: "button", "aria-label": `Listen to ${this.labelOf(name)}` }, "Listen");
      const load = async () => {
        const answer = await fetch(new URL(facts.reference, document.location.href));
        if (!answer.ok) throw new Error(`the server answers ${answer.status}`);
        return answer.arrayBuffer();
      };
      this.sounds.add(listen, () => ({ name: facts.reference, load }));
      row.append(listen);
    }
    return row;
  }

  // --- the axis of notes

  setAxis(ranges) {
    this.low = Math.floor(midiOf(Math.min(...ranges.map(({ low_hz: low }) => low)))) - 2;
    this.high = Math.ceil(midiOf(Math.max(...ranges.map(({ high_hz: high }) => high)))) + 2;
    const ticks = [];
    for (let midi = this.low; midi <= this.high; midi += 1) {
      if (!TICKS.includes(midi % 12)) continue;
      const tick = element("span", {}, noteName(hzOf(midi)));
      tick.style.left = this.placeOf(hzOf(midi));
      ticks.push(tick);
    }
    this.find(".scale .track").replaceChildren(...ticks);
  }

  // In percent; what lies beyond the axis stands at its end.
  placeOf(hz) {
    return `${Math.min(100, Math.max(0, (100 * (midiOf(hz) - this.low)) / (this.high - this.low)))}%`;
  }

  drawRange(track, { low_hz: low, median_hz: median, high_hz: high }) {
    const range = element("span", { class: "range" });
    range.style.left = this.placeOf(low);
    range.style.right = `calc(100% - ${this.placeOf(high)})`;
    const middle = element("span", { class: "middle" });
    middle.style.left = this.placeOf(median);
    track.replaceChildren(range, middle);
    track.setAttribute("role", "img");
    track.setAttribute("aria-label", `${noteOf(low)} to ${noteOf(high)}, middle ${noteOf(median)}`);
  }

  // --- what is chosen

  choose(target) {
    this.target = target;
    this.find(`input[value="${CSS.escape(target.name)}"]`).checked = true;
    this.find(".about").textContent = this.voices[target.name]?.about ?? "";
    this.setKey(target.key_shift);
  }

  // `writes`: not while the reader types it.
  setKey(key, writes = true) {
    const known = Number.isFinite(key);
    if (known) this.key = Math.min(WIDEST_SHIFT, Math.max(-WIDEST_SHIFT, Math.round(key)));
    if (writes) this.keyInput.value = this.key;
    this.drawRange(this.find('[data-range="moved"]'), moved(this.f0, this.key));
    this.tell();
  }

  tell() {
    const { target, key } = this;
    const proposed = target.key_shift;
    const voice = this.rangeOf(target);
    this.find(".convert").textContent = `Convert to ${this.labelOf(target.name)}`;
    const back = this.find(".proposal");
    back.hidden = key === proposed || target.problem !== "";
    back.textContent = `Back to the proposed ${shiftOf(proposed)}`;
    // where no key can be proposed, one of the reader's own may still do
    const first = target.problem || this.reasonOf(target, voice);
    this.find(".reason").textContent = [first, voice && this.beyond(voice)].filter(Boolean).join(" ");
  }

  reasonOf({ key_shift: proposed }, voice) {
    const mine = `your middle note is ${noteOf(this.f0.median_hz)}`;
    const theirs = voice ? `, this voice’s ${noteOf(voice.median_hz)}` : "";
    return this.key === proposed ? `Proposed ${shiftOf(proposed)}: ${mine}${theirs}.` : `${shiftOf(this.key)} is your own choice; ${shiftOf(proposed)} was proposed: ${mine}${theirs}.`;
  }

  // What of the melody would lie outside of where the voice mostly sings.
  beyond(voice) {
    const { low_hz: low, high_hz: high } = moved(this.f0, this.key);
    const above = Math.round(midiOf(high) - midiOf(voice.high_hz));
    const below = Math.round(midiOf(voice.low_hz) - midiOf(low));
    const parts = [[above, "above"], [below, "below"]].filter(([by]) => by > 0).map(([by, way]) => `${by} semitone${by === 1 ? "" : "s"} ${way}`);
    return parts.length ? `Moved so, you reach ${parts.join(" and ")} its usual range; there the model has heard little of this voice.` : "";
  }

  close() {
    this.waiting.cancel();
    this.sounds.close();
  }
}
