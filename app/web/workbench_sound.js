// The sounds of the conversions side by side: one at a time, one playhead; another takes over where the last one stands.

import { Player } from "./sound.js";

export class Listening {
  // `say(sentence)` tells of a problem; `onposition(seconds)` follows the playhead, null at the end; `onchange()`: another sound, or none.
  constructor(say, onposition, onchange) {
    Object.assign(this, { say, onposition, onchange });
    this.player = new Player();
    this.player.onchange = onchange;
    this.heard = null; // {card, kind, place}
  }

  isHeard(card, kind) {
    return this.player.playing !== null && this.heard?.card === card && this.heard.kind === kind;
  }

  sound(card, kind) {
    return kind === "converted" ? card.conversion.recording("converted") : card.conversion.stepSound("predicted", card.place);
  }

  // Plays, takes over from another, or is silenced.
  press(card, kind) {
    if (this.isHeard(card, kind)) this.player.stop();
    else this.play(card, kind, this.player.playing !== null);
  }

  play(card, kind, follow) {
    const sound = this.sound(card, kind);
    if (!sound) return this.say("This conversion keeps no such sound.");
    this.heard = { card, kind, place: sound.place ?? null };
    this.player.play(sound.name, sound.load, { follow }).then(() => this.run())
      .catch((error) => this.say(`This sound cannot be played: ${error.message}.`));
  }

  // The sound of the step goes on with the step.
  follow() {
    if (!this.player.playing || this.heard.kind !== "predicted") return;
    if (this.sound(this.heard.card, "predicted").place !== this.heard.place) this.play(this.heard.card, "predicted", true);
  }

  // Silent where what is heard is not among the cards any more.
  keep(cards) {
    if (this.heard && !cards.includes(this.heard.card)) {
      this.player.stop();
      this.heard = null;
    }
  }

  run() {
    if (this.frame) return;
    const tick = () => {
      const seconds = this.player.position();
      this.onposition(seconds);
      this.frame = seconds === null ? null : requestAnimationFrame(tick);
    };
    this.frame = requestAnimationFrame(tick);
  }

  stop() {
    this.player.stop();
  }

  close() {
    cancelAnimationFrame(this.frame);
    this.player.close();
  }
}
