// The opening: pure noise at once, then the walk from it to the converted voice, by itself; three sounds by key.

import { openConversion } from "./conversion.js";
import { movesLittle, tellDone, tellProblem } from "./dom.js";
import { hash32, Noise } from "./noise.js";
import { fillPanel, makeLegend, waitIn } from "./panel.js";
import { snrDb } from "./replay.js";
import { SoundButtons } from "./sound.js";
import { TraceProblem } from "./trace.js";

const WALK_S = 8;
const SEEN_DB = [-22, 26]; // between these signal-to-noise ratios the eye sees a change
const SEEN_SHARE = 0.88; // of the time; the rest is spread evenly over all steps
const LONGEST_FRAME_MS = 100; // a tab that was hidden does not leap when it comes back
const SOUNDS = ["source", "target", "converted"]; // keys 1, 2, 3
const TYPED_INTO = "input:not([type=range]), textarea, select, [contenteditable], [role=combobox], [role=listbox]";

// Before anything has arrived: noise as long and as loud as that of our models, for the picture's first moments.
const FIRST = { grid: { n_mels: 100, mel_low_hz: 0, mel_high_hz: 12000, hop: 256, sample_rate_hz: 24000 }, frames: 631, scale: [22, -52.8] };
const FIRST_EVERY_MS = 90;

// At which share of the time, 0 to 1, each place of a walk is reached.
function timesOf(sigma) {
  const span = SEEN_DB[1] - SEEN_DB[0];
  const inside = (db) => Math.min(Math.max(db, SEEN_DB[0]), SEEN_DB[1]);
  const [first, last] = [inside(snrDb(sigma[0])), inside(snrDb(sigma.at(-1)))];
  const evenly = (place) => place / Math.max(sigma.length - 1, 1);
  const seen = last > first ? SEEN_SHARE : 0;
  return Array.from(sigma, (one, place) => (1 - seen) * evenly(place) + (seen * (inside(snrDb(one)) - first)) / (last - first || span));
}

export class Figure {
  constructor(place) {
    this.place = place;
    this.find = (selector) => place.querySelector(selector);
    this.panel = (name) => this.find(`[data-panel="${name}"]`);
    this.slider = this.find(".slider");
    this.playButton = this.find('[data-do="play"]');
    this.sounds = new SoundButtons((sentence) => this.say(sentence));
    this.conversion = null;
    this.share = 0; // of the time of the walk
    this.frame = null;
    this.listeners = new AbortController();
    this.find(".legend-place").append(makeLegend());
    this.connect();
    this.showFirstNoise();
  }

  connect() {
    const { signal } = this.listeners;
    this.playButton.addEventListener("click", () => this.play(), { signal });
    this.slider.addEventListener("input", (event) => {
      this.halt();
      this.go(Number(this.slider.value) / Number(this.slider.max), event.timeStamp);
      this.showMoving();
      tellDone("stepped");
    }, { signal });
    for (const button of this.place.querySelectorAll("[data-sound]")) {
      const { sound } = button.dataset;
      this.sounds.add(button, () => this.conversion.recording(sound), (seconds) => this.follow(sound, seconds));
      button.addEventListener("click", () => this.heard(sound), { signal });
    }
    document.addEventListener("keydown", (event) => this.key(event), { signal });
  }

  // Moving noise, until the conversion is there; still where things should not move by themselves.
  showFirstNoise() {
    const noise = new Noise(0, FIRST.grid.n_mels, FIRST.frames);
    const values = new Float32Array(noise.addresses.length);
    const draw = (address) => {
      const base = noise.base(address);
      for (let i = 0; i < values.length; i += 1) values[i] = noise.table[hash32((noise.addresses[i] + base) >>> 0) >>> 16];
      this.paint("walk", FIRST.grid, FIRST.frames, values, FIRST.scale);
      this.place.dataset.moved = address;
    };
    draw(0);
    if (movesLittle()) return;
    let address = 0;
    this.noising = setInterval(() => draw((address += 1)), FIRST_EVERY_MS);
  }

  // data: {trace: id or null, voices: {source, target, converted}, what each sound is}
  async open(data) {
    if (data.trace === this.wanted) return;
    this.wanted = data.trace;
    for (const [sound, words] of Object.entries(data.voices)) {
      this.find(`[data-sound="${sound}"] small`).textContent = words;
      if (sound !== "converted") this.panel(sound).querySelector(".about").textContent = words;
    }
    const stale = () => this.wanted !== data.trace || this.listeners.signal.aborted;
    try {
      const conversion = await openConversion(data.roots, data.trace);
      if (stale()) return;
      this.say("");
      this.begin(conversion);
    } catch (error) {
      if (stale()) return;
      this.wanted = null;
      clearInterval(this.noising);
      this.say(error instanceof TraceProblem ? error.message : `The conversion cannot be shown: ${error.message}.`);
      if (!(error instanceof TraceProblem)) console.error(error);
    }
  }

  begin(conversion) {
    this.conversion = conversion;
    this.times = timesOf(conversion.sigma);
    this.predicted = new Float32Array(conversion.walk.size);
    this.unwatch?.();
    this.unwatch = conversion.watchStates((place) => {
      if (this.missing !== null && place <= this.missing && !this.frame) this.go(this.share);
    });
    this.missing = null;
    this.showRecordings();
    for (const control of this.place.querySelectorAll("button, .slider")) control.disabled = false;
    for (const button of this.place.querySelectorAll("[data-sound]")) {
      button.disabled = conversion.recording(button.dataset.sound) === null;
    }
    this.go(0);
    if (movesLittle()) clearInterval(this.noising);
    else this.move();
  }

  showRecordings() {
    const { grid, frames, reference_frames: length } = this.conversion.manifest;
    this.paint("source", grid, frames, this.conversion.source, this.conversion.ofLevels);
    this.panel("target").hidden = !this.conversion.target;
    if (this.conversion.target) this.paint("target", grid, length, this.conversion.target, this.conversion.ofLevels);
  }

  paint(name, grid, frames, levels, scale) {
    return fillPanel(this.panel(name), grid, frames, levels, scale, [], this.find(".readout"));
  }

  // The place that is reached at a share of the time.
  placeAt(share) {
    let place = 0;
    while (place < this.conversion.last && this.times[place + 1] <= share + 1e-9) place += 1;
    return place;
  }

  // Shows the noisy state of that time, and at the end the result itself.
  go(share, since = performance.now()) {
    this.share = Math.min(Math.max(share, 0), 1);
    const { conversion } = this;
    const { grid, frames } = conversion.manifest;
    const place = this.placeAt(this.share);
    const done = this.share === 1;
    const shown = done ? conversion.predictedAt(conversion.last, this.predicted) : conversion.states.at(place);
    this.missing = shown ? null : place;
    if (shown) {
      clearInterval(this.noising);
      this.paint("walk", grid, frames, shown, done ? conversion.ofLevels : conversion.ofStates);
    }
    waitIn(this.panel("walk"), null);
    this.tell(place, done);
    performance.measure("scrub", { start: since, end: performance.now() });
  }

  tell(place, done) {
    const { steps, last } = this.conversion;
    const where = done ? "the converted voice" : place === 0 ? "pure noise" : `step ${steps[place]} of ${Math.max(steps[0], steps[last])}`;
    this.find(".where").textContent = where;
    this.slider.value = Math.round(this.share * Number(this.slider.max));
    this.slider.setAttribute("aria-valuetext", where);
    this.panel("walk").querySelector("canvas").setAttribute("aria-label",
      done ? "Mel spectrogram of the converted phrase: bright lines, one above the other, that rise and fall with the melody" : `The same picture on its way out of noise, ${where}`);
    this.place.dataset.share = this.share.toFixed(3);
    this.place.dataset.step = steps[place];
  }

  // --- moving by itself

  play() {
    if (this.frame) {
      this.halt();
      return;
    }
    if (this.share === 1) this.go(0);
    this.move();
    tellDone("played");
  }

  move() {
    let last = performance.now();
    const tick = (now) => {
      this.go(this.share + Math.min(now - last, LONGEST_FRAME_MS) / 1000 / WALK_S, now);
      last = now;
      if (this.share === 1) this.halt();
      else if (this.frame) this.frame = requestAnimationFrame(tick);
    };
    this.frame = requestAnimationFrame(tick);
    this.showMoving();
  }

  halt() {
    cancelAnimationFrame(this.frame);
    this.frame = null;
    this.showMoving();
  }

  showMoving() {
    this.playButton.setAttribute("aria-pressed", String(this.frame !== null));
    this.playButton.querySelector("span").textContent = this.frame ? "Pause" : this.share === 1 ? "Once more" : "Play";
  }

  // --- sound

  key(event) {
    const sound = SOUNDS["123".indexOf(event.key)];
    if (!sound || event.key.length > 1 || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.composedPath().some((node) => node.matches?.(TYPED_INTO))) return;
    this.find(`[data-sound="${sound}"]`).click();
    event.preventDefault();
  }

  // The converted sound goes with its finished picture.
  heard(sound) {
    if (sound === "converted" && this.share < 1) {
      this.halt();
      this.go(1);
      this.showMoving();
    }
    tellDone(`heard ${sound}`);
  }

  follow(sound, seconds) {
    const { picture } = this.panel(sound === "converted" ? "walk" : sound);
    if (picture && seconds !== (picture.playhead ?? null)) picture.compose(seconds);
  }

  say(sentence) {
    tellProblem(this.place, sentence);
  }

  close() {
    clearInterval(this.noising);
    cancelAnimationFrame(this.frame);
    this.unwatch?.();
    this.sounds.close();
    this.listeners.abort();
  }
}
