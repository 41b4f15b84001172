// The source, its conversion, and the target's own voice: one at a time, the first two taking over from one another.

import { Player } from "./sound.js";

const IN_TIME = ["source", "converted"]; // these sing the same; the target's recording is another phrase

export class Comparing {
  // `buttons`: by kind; `say(sentence)` tells of a problem; `onposition(kind, seconds)` follows the playhead, null at the end.
  constructor(buttons, say, onposition) {
    Object.assign(this, { buttons, say, onposition });
    this.player = new Player();
    this.player.onchange = () => this.show();
    this.sounds = {};
    this.heard = null;
    for (const [kind, button] of Object.entries(buttons)) button.addEventListener("click", () => this.press(kind));
    this.show();
  }

  // `sounds`: {name, load} by kind, null where there is none. What sounds goes on as the new one of its kind.
  open(sounds) {
    const before = this.sounds;
    this.sounds = sounds;
    for (const [kind, button] of Object.entries(this.buttons)) button.hidden = !sounds[kind];
    if (!this.player.playing || sounds[this.heard]?.name === before[this.heard]?.name) return;
    if (this.heard === "converted") this.play("converted", true);
    else this.player.stop();
  }

  press(kind) {
    if (this.player.playing && this.heard === kind) this.player.stop();
    else this.play(kind, IN_TIME.includes(kind) && IN_TIME.includes(this.heard));
  }

  play(kind, follow) {
    this.say("");
    this.player.play(this.sounds[kind].name, this.sounds[kind].load, { follow }).then(() => this.run())
      .catch((error) => this.say(`This sound cannot be played: ${error.message}.`));
    this.heard = kind;
  }

  run() {
    if (this.frame) return;
    const tick = () => {
      const seconds = this.player.position();
      this.onposition(this.heard, seconds);
      this.frame = seconds === null ? null : requestAnimationFrame(tick);
    };
    this.frame = requestAnimationFrame(tick);
  }

  show() {
    for (const [kind, button] of Object.entries(this.buttons)) button.setAttribute("aria-pressed", String(this.player.playing !== null && kind === this.heard));
  }

  stop() {
    this.player.stop();
  }

  close() {
    cancelAnimationFrame(this.frame);
    this.player.close();
  }
}
