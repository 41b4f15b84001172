// One sound at a time on the whole page, with a playhead. Sounds are fetched and decoded when first wanted.

const FADE_S = 0.03; // between two steps' sounds: short enough to feel immediate, long enough not to click
const MOST_SOUNDS = 64; // decoded, 5 s take half a megabyte
const WAKE_MS = 1500; // a context that is not awake by then was forbidden to sound
const BLOCKED = "the browser blocks sound on this page; press again, or allow sound in the browser's settings for this site";

let context = null; // made at the first key or click: browsers allow sound no earlier
let sounding = null; // the player that is heard

async function wake() {
  context ??= new AudioContext();
  await Promise.race([context.resume(), new Promise((resolve) => setTimeout(resolve, WAKE_MS))]);
  if (context.state !== "running") throw new Error(BLOCKED);
  return context;
}

export class Player {
  constructor() {
    this.buffers = new Map();
    this.playing = null; // {startedAt, offset, source, gain, seconds}
    this.onchange = () => {};
  }

  // `load()` fetches the bytes of the sound that is called `name`.
  async decode(name, load) {
    if (!this.buffers.has(name)) {
      const wanted = load().then((bytes) => context.decodeAudioData(bytes));
      wanted.catch(() => this.buffers.delete(name));
      this.buffers.set(name, wanted);
      if (this.buffers.size > MOST_SOUNDS) this.buffers.delete(this.buffers.keys().next().value);
    }
    return this.buffers.get(name);
  }

  // Plays a sound, from the beginning or, when `follow` and something plays, from where that is.
  async play(name, load, { follow = false } = {}) {
    const ticket = (this.ticket = Symbol("the latest wish"));
    await wake();
    const buffer = await this.decode(name, load);
    if (this.ticket !== ticket) return; // something else was asked for meanwhile
    if (sounding !== this) sounding?.stop();
    sounding = this;
    const offset = follow && this.playing ? Math.min(this.position(), buffer.duration) : 0;
    this.fadeOut();
    const source = new AudioBufferSourceNode(context, { buffer });
    const gain = new GainNode(context, { gain: 0 });
    const now = context.currentTime;
    gain.gain.setValueAtTime(offset > 0 ? 0 : 1, now);
    gain.gain.linearRampToValueAtTime(1, now + FADE_S);
    source.connect(gain).connect(context.destination);
    source.start(now, offset);
    const playing = { startedAt: now, offset, source, gain, seconds: buffer.duration };
    source.onended = () => {
      if (this.playing === playing) this.forget();
    };
    this.playing = playing;
    this.onchange();
  }

  // Seconds into the sound that plays; null in silence.
  position() {
    if (!this.playing) return null;
    return this.playing.offset + context.currentTime - this.playing.startedAt;
  }

  fadeOut() {
    if (!this.playing) return;
    const { gain, source } = this.playing;
    const now = context.currentTime;
    gain.gain.cancelScheduledValues(now);
    gain.gain.setValueAtTime(gain.gain.value, now);
    gain.gain.linearRampToValueAtTime(0, now + FADE_S);
    source.stop(now + FADE_S);
    this.playing = null;
  }

  forget() {
    this.playing = null;
    this.onchange();
  }

  stop() {
    this.ticket = null;
    this.fadeOut();
    this.onchange();
  }

  close() {
    this.stop();
    if (sounding === this) sounding = null;
  }
}

// Buttons of one figure, each of which plays a sound, or silences it while it is heard.
export class SoundButtons {
  // `say(sentence)` tells the reader of a problem.
  constructor(say) {
    this.say = say;
    this.player = new Player();
    this.buttons = new Set();
    this.heard = null; // {button, onposition}
    this.player.onchange = () => this.show();
  }

  // `sound()` gives {name, load} when it is pressed; `onposition(seconds)` follows the playhead, null at the end.
  add(button, sound, onposition = () => {}) {
    this.buttons.add(button);
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => this.press(button, sound, onposition));
  }

  press(button, sound, onposition) {
    if (this.player.playing && this.heard?.button === button) {
      this.player.stop();
      return;
    }
    this.heard?.onposition(null);
    this.heard = { button, onposition };
    const { name, load } = sound();
    this.player.play(name, load).then(() => this.run()).catch((error) => this.say(`This sound cannot be played: ${error.message}.`));
  }

  run() {
    if (this.frame) return;
    const tick = () => {
      const seconds = this.player.position();
      this.heard?.onposition(seconds);
      this.frame = seconds === null ? null : requestAnimationFrame(tick);
    };
    this.frame = requestAnimationFrame(tick);
  }

  show() {
    for (const button of this.buttons) {
      button.setAttribute("aria-pressed", String(this.player.playing !== null && button === this.heard?.button));
    }
  }

  stop() {
    this.player.stop();
  }

  close() {
    this.player.close();
  }
}
