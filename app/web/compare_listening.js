// The sounds of two conversions: another of them takes over where one stands, so that an ear can compare.

import { tellDone } from "./dom.js";
import { Player } from "./sound.js";

const ABSENT = "This conversion keeps no such sound.";
const OVER_ONE_ANOTHER = ["converted", "predicted", "source"]; // they run in step; the target's own recording does not

export class PairListening {
  // `buttons`: elements with data-side and data-kind; `say(sentence)`: of a problem; `onplayhead(seconds or null)`;
  // `onheard(words)`: which step's sound is heard, empty for none.
  constructor(buttons, say, onplayhead, onheard) {
    this.buttons = new Set();
    this.say = say;
    this.onplayhead = onplayhead;
    this.onheard = onheard;
    this.player = new Player();
    this.player.onchange = () => this.show();
    this.button = null; // pressed last
    this.kept = null; // place of the step's sound that is heard
    this.extra = new Map(); // button -> its sound, which belongs to neither of the two
    for (const button of buttons) this.add(button);
  }

  // `sound`: {name, load} of a button whose sound is neither conversion's.
  add(button, sound = null) {
    this.buttons.add(button);
    if (sound) this.extra.set(button, sound);
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => this.press(button));
  }

  // Takes the extra buttons away again.
  forgetExtra() {
    if (this.extra.has(this.button)) this.player.stop();
    for (const button of this.extra.keys()) this.buttons.delete(button);
    this.extra.clear();
  }

  // `pair`, and the place of its leader, as a function. A sound that went with the pair before is silenced.
  open(pair, placeNow) {
    if (this.pair && this.player.playing && this.pair.one !== pair.one) this.player.stop();
    this.pair = pair;
    this.placeNow = placeNow;
    for (const button of this.buttons) {
      button.disabled = this.soundOf(button) === null;
      button.title = button.disabled ? ABSENT : "";
    }
    if (this.player.playing) this.play(this.button);
  }

  soundOf(button) {
    if (this.extra.has(button)) return this.extra.get(button);
    const { side, kind } = button.dataset;
    const conversion = this.pair[side];
    return kind === "predicted" ? conversion.stepSound(kind, this.pair.placeOf(side, this.placeNow())) : conversion.recording(kind);
  }

  press(button) {
    if (!this.pair) return;
    if (this.player.playing && this.button === button) {
      this.player.stop();
      return;
    }
    this.play(button);
    tellDone(`heard ${button.dataset.kind}`);
  }

  play(button) {
    const before = this.button?.dataset.kind;
    const { name, load, place = null } = this.soundOf(button);
    const { side, kind } = button.dataset;
    const follow = OVER_ONE_ANOTHER.includes(kind) && OVER_ONE_ANOTHER.includes(before);
    this.button = button;
    this.kept = kind === "predicted" ? { side, place } : null;
    this.player.play(name, load, { follow }).then(() => this.run()).catch((error) => this.say(`This sound cannot be played: ${error.message}.`));
  }

  // While a step's sound plays, another step takes over where it stands.
  followStep() {
    if (!this.player.playing || this.kept === null) return;
    if (this.soundOf(this.button).place !== this.kept.place) this.play(this.button);
  }

  run() {
    if (this.frame) return;
    const tick = () => {
      const seconds = this.player.position();
      this.onplayhead(OVER_ONE_ANOTHER.includes(this.button.dataset.kind) ? seconds : null);
      this.frame = seconds === null ? null : requestAnimationFrame(tick);
    };
    this.frame = requestAnimationFrame(tick);
  }

  show() {
    const playing = this.player.playing !== null;
    for (const button of this.buttons) button.setAttribute("aria-pressed", String(playing && button === this.button));
    const kept = playing ? this.kept : null;
    this.onheard(kept ? `sound of step ${this.pair[kept.side].steps[kept.place]}` : "");
  }

  close() {
    this.player.close();
  }
}
