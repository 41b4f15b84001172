// Which sound belongs to which button and step, what plays, and the playhead in the pictures.

import { Player } from "./sound.js";

const OF_STEPS = ["state", "predicted"];
const ABSENT = {
  state: "This trace is a light one: it keeps no sound of its noisy mels.",
  target: "This trace has no recording of the target’s own voice.",
};

export class Listening {
  // `scrubber`: its element; `say(sentence)` tells the reader of a problem.
  constructor(scrubber, say) {
    this.scrubber = scrubber;
    this.say = say;
    this.player = new Player();
    this.player.onchange = () => this.show();
    this.buttons = [...scrubber.querySelectorAll("[data-sound]")];
    this.titles = new Map(this.buttons.map((button) => [button, button.title]));
    this.kind = null; // of the sound that was heard last
    this.heard = null; // its place, if it is a step's
    this.complained = false; // of a sound
  }

  // `panels`: figures by name, whose pictures show the playhead.
  open(conversion, panels) {
    this.conversion = conversion;
    this.panels = panels;
    for (const button of this.buttons) {
      const kind = button.dataset.sound;
      const there = this.sound(kind, 0) !== null;
      button.disabled = !there;
      button.title = there ? this.titles.get(button) : (ABSENT[kind] ?? "This trace keeps no such sound.");
    }
  }

  sound(kind, place) {
    return OF_STEPS.includes(kind) ? this.conversion.stepSound(kind, place) : this.conversion.recording(kind);
  }

  // Plays a sound, or silences it when it is the one that plays.
  listen(kind, place) {
    if (!this.conversion || this.sound(kind, place) === null) return;
    if (this.player.playing && this.kind === kind) {
      this.player.stop();
      return;
    }
    this.kind = kind;
    this.play(this.sound(kind, place)).then(() => this.runPlayhead()).catch((error) => this.complain(error));
  }

  // While a step's sound plays, another step takes over where it stands.
  follow(place) {
    if (!this.player.playing || !OF_STEPS.includes(this.kind)) return;
    const wanted = this.sound(this.kind, place);
    if (wanted.place !== this.heard) this.play(wanted, { follow: true }).catch((error) => this.complain(error));
  }

  // What was said of a sound is taken back as soon as one sounds.
  async play({ name, load, place = null }, options) {
    this.heard = place;
    await this.player.play(name, load, options);
    if (this.complained) this.say("");
    this.complained = false;
  }

  complain(error) {
    this.complained = true;
    this.say(`This sound cannot be played: ${error.message}.`);
  }

  runPlayhead() {
    if (this.frame) return;
    const tick = () => {
      const seconds = this.player.position();
      const heard = this.kind === "converted" ? "predicted" : this.kind;
      for (const [name, { picture }] of Object.entries(this.panels)) {
        const at = name === heard ? seconds : null;
        if (picture && at !== (picture.playhead ?? null)) picture.compose(at);
      }
      this.frame = seconds === null ? null : requestAnimationFrame(tick);
    };
    this.frame = requestAnimationFrame(tick);
  }

  show() {
    const playing = this.player.playing !== null;
    for (const button of this.buttons) button.setAttribute("aria-pressed", String(playing && button.dataset.sound === this.kind));
    for (const figure of this.scrubber.querySelectorAll("figure")) {
      figure.classList.toggle("is-heard", playing && figure.dataset.panel === this.kind);
    }
    const text = playing && this.heard !== null ? `sound of step ${this.conversion.steps[this.heard]}` : "";
    this.scrubber.querySelector(".heard").textContent = text;
  }

  stop() {
    this.player.stop();
  }

  close() {
    this.player.close();
  }
}
