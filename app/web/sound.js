// One sound at a time, with a playhead. Sounds are fetched and decoded when first wanted.

const FADE_S = 0.03; // between two steps' sounds: short enough to feel immediate, long enough not to click
const MOST_SOUNDS = 64; // decoded, 5 s take half a megabyte

export class Player {
  constructor() {
    this.context = null; // made at the first key or click: browsers allow sound no earlier
    this.buffers = new Map();
    this.playing = null; // {startedAt, offset, source, gain, seconds}
    this.onchange = () => {};
  }

  // `load()` fetches the bytes of the sound that is called `name`.
  async decode(name, load) {
    if (!this.buffers.has(name)) {
      const wanted = load().then((bytes) => this.context.decodeAudioData(bytes));
      wanted.catch(() => this.buffers.delete(name));
      this.buffers.set(name, wanted);
      if (this.buffers.size > MOST_SOUNDS) this.buffers.delete(this.buffers.keys().next().value);
    }
    return this.buffers.get(name);
  }

  // Plays a sound, from the beginning or, when `follow` and something plays, from where that is.
  async play(name, load, { follow = false } = {}) {
    this.context ??= new AudioContext();
    const ticket = (this.ticket = Symbol("the latest wish"));
    await this.context.resume();
    const buffer = await this.decode(name, load);
    if (this.ticket !== ticket) return; // something else was asked for meanwhile
    const offset = follow && this.playing ? Math.min(this.position(), buffer.duration) : 0;
    this.fadeOut();
    const source = new AudioBufferSourceNode(this.context, { buffer });
    const gain = new GainNode(this.context, { gain: 0 });
    const now = this.context.currentTime;
    gain.gain.setValueAtTime(offset > 0 ? 0 : 1, now);
    gain.gain.linearRampToValueAtTime(1, now + FADE_S);
    source.connect(gain).connect(this.context.destination);
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
    return this.playing.offset + this.context.currentTime - this.playing.startedAt;
  }

  fadeOut() {
    if (!this.playing) return;
    const { gain, source } = this.playing;
    const now = this.context.currentTime;
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
    this.context?.close();
  }
}
