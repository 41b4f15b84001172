// Adding noise: a real mel at any of the steps t of the forward process, computed here, with its sound and its SNR.

import { noteInAddress } from "./address.js";
import { decodePictures } from "./coding.js";
import { element, rich, signed, tellDone, tellProblem } from "./dom.js";
import { extremes, fetchIndex, Forward, USUAL } from "./forward.js";
import { wishOf } from "./keys.js";
import { LevelCurve } from "./level_curve.js";
import { measuresOf } from "./measures.js";
import { numberInAddress } from "./noising_address.js";
import { verdictOn } from "./noising_verdict.js";
import { Pace } from "./pace.js";
import { fillPanel, makeLegend, makePanel, waitIn } from "./panel.js";
import { HIGHEST_DB, LOWEST_DB } from "./picture.js";
import { Player } from "./sound.js";
import { ANOTHER, Trace, whyNot } from "./trace.js";

const LABELS = { state: "Mel spectrogram of the mix of voice and noise", clean: "Mel spectrogram of the voice alone", noise: "The noise alone, as a picture" };
const FIXED = `Colours: ${signed(LOWEST_DB, 0)} to +${HIGHEST_DB} dB, the same at every step.`;

export class Figure {
  constructor(place) {
    this.place = place;
    this.find = (selector) => place.querySelector(selector);
    this.slider = this.find(".slider");
    this.panel = makePanel("noised", "", "", LABELS.state);
    this.panel.querySelector("figcaption").remove();
    this.find(".picture").append(this.panel);
    this.fit = element("div", { class: "fit" }, FIXED);
    this.find(".legend").prepend(makeLegend());
    this.find(".legend").append(this.fit);
    this.curve = new LevelCurve(this.find(".curve"));
    this.pace = new Pace(this.find('[data-do="play"]'), this.find('[data-do="slow"]'), (steps, now) => this.moveOn(steps, now));
    this.player = new Player();
    this.player.onchange = () => this.showSound();
    this.listeners = new AbortController();
    this.shows = "state";
    this.refits = false;
    this.rows = [];
    this.lack = ""; // a sentence on why there are none
    this.connect();
  }

  connect() {
    const { signal } = this.listeners;
    this.slider.addEventListener("input", (event) => this.jump(Number(this.slider.value), event.timeStamp), { signal });
    for (const button of this.place.querySelectorAll("button")) button.addEventListener("click", (event) => this.press(button, event.timeStamp), { signal });
    document.addEventListener("keydown", (event) => this.key(event), { signal });
  }

  // data: {trace: id or null, roots, material}
  async open(data) {
    if (data.trace === this.wanted) return;
    this.wanted = data.trace;
    this.forward = null;
    const stale = () => this.wanted !== data.trace || this.listeners.signal.aborted;
    if (data.trace === null) {
      this.say("There is no recording here to add noise to.");
      return;
    }
    waitIn(this.panel, "Loading the voice…");
    try {
      const url = (path) => new URL(path, document.location.href).href;
      this.folder = url(`${data.material}noising/`);
      const [index, found] = await Promise.all([
        fetchIndex(`${this.folder}index.json`).catch((error) => ({ ...USUAL, problem: error.message })),
        fetchSource(data.roots.map(url), data.trace),
      ]);
      if (stale()) return;
      this.begin(index, found);
      await this.measure(found.trace);
    } catch (error) {
      if (stale()) return;
      this.wanted = undefined;
      waitIn(this.panel, null);
      this.say(error.message);
    }
  }

  // Where they cannot be read, the pictures go on: only the verdict needs them, and says so.
  async measure(trace) {
    this.lack = "";
    this.rows = await measuresOf(trace).catch((error) => {
      this.lack = ` What others could still make of it cannot be said: ${whyNot(error, trace.id)}.`;
      return [];
    });
  }

  begin(index, { manifest, levels }) {
    const { grid, frames, scale } = manifest;
    Object.assign(this, { grid, frames, scale, forward: new Forward(index, levels, scale, grid.n_mels, frames) });
    // the sounds are those of one recording under one noise; of another they would be of something else
    this.sounds = index.trace === this.wanted ? index.sounds : [];
    const { value, problem } = numberInAddress("t", 0, this.forward.last, 0);
    const silent = index.problem ? `The sounds of this figure cannot be played: ${index.problem}. The pictures need none of it.` : "";
    this.say([problem, silent].filter(Boolean).join(" "));
    this.slider.max = this.forward.last;
    this.pace.suit(this.forward.last + 1);
    this.curve.open((t) => this.forward.snrDb(t), this.forward.last, this.sounds.map(({ t }) => t));
    const listen = this.find('[data-do="listen"]');
    listen.disabled = this.sounds.length === 0;
    if (listen.disabled) this.find(".heard").textContent = "There are no sounds of this recording under noise.";
    waitIn(this.panel, null);
    this.go(value);
  }

  // --- what is shown

  go(t, since = performance.now()) {
    this.t = Math.min(Math.max(t, 0), this.forward.last);
    this.paint();
    this.tell();
    this.follow();
    performance.measure("scrub", { start: since, end: performance.now() });
  }

  paint() {
    const { forward, scale, t } = this;
    const values = { state: () => forward.at(t), clean: () => forward.clean, noise: () => forward.noise }[this.shows]();
    const own = [scale.mel_std_db, scale.mel_mean_db];
    let [gain, offset] = own;
    if (this.refits) {
      const [low, high] = extremes(values).map((value) => own[0] * value + own[1]);
      const stretch = (HIGHEST_DB - LOWEST_DB) / Math.max(high - low, 1e-6);
      [gain, offset] = [own[0] * stretch, LOWEST_DB + (own[1] - low) * stretch];
      this.fit.textContent = `Colours refitted: darkest is now ${signed(low, 0)} dB, brightest ${signed(high, 0)} dB.`;
    } else if (this.fit.textContent !== FIXED) this.fit.textContent = FIXED;
    const picture = fillPanel(this.panel, this.grid, this.frames, values, [gain, offset], [], this.find(".readout"));
    picture.valueAt = (band, frame) => own[0] * values[band * this.frames + frame] + own[1];
  }

  tell() {
    const { forward, t } = this;
    const [weights, snr] = [forward.weights(t), forward.snrDb(t)];
    const named = `t = ${t} of ${forward.last}`;
    const level = `the voice ${Math.abs(snr).toFixed(1)} dB ${snr < 0 ? "below" : "above"} the noise`;
    this.find(".where").replaceChildren("Step ", element("b", {}, `t = ${t}`), ` of ${forward.last}`);
    this.find(".snr b").textContent = `${signed(snr)} dB`;
    this.find(".snr span").textContent = `signal-to-noise ratio: ${level}`;
    ["one", "other"].forEach((name, i) => {
      const weight = this.find(`.weight.${name}`);
      weight.querySelector("b").textContent = weights[i].toFixed(3);
      weight.style.setProperty("--share", weights[i]);
    });
    this.slider.value = t;
    this.slider.setAttribute("aria-valuetext", `${named}, ${level}`);
    this.panel.querySelector("canvas").setAttribute("aria-label", this.shows === "state" ? `${LABELS.state} at ${named}, ${level}` : LABELS[this.shows]);
    this.curve.show(t);
    this.place.dataset.t = t;
    for (const button of this.place.querySelectorAll("[data-shows]")) button.setAttribute("aria-pressed", String(button.dataset.shows === this.shows));
  }

  // --- sound

  // The kept sound that is nearest in dB.
  get nearest() {
    const away = ({ t }) => Math.abs(this.forward.snrDb(t) - this.forward.snrDb(this.t));
    return this.sounds.reduce((best, sound) => (away(sound) < away(best) ? sound : best));
  }

  listen() {
    if (!this.forward || this.sounds.length === 0) return;
    if (this.player.playing) this.player.stop();
    else this.sound().then(() => this.runPlayhead(), (error) => this.sayUnheard(error));
    tellDone("heard noise");
  }

  follow() {
    if (this.player.playing && this.nearest !== this.heard) this.sound({ follow: true }).catch((error) => this.sayUnheard(error));
  }

  sound(options) {
    const sound = this.nearest;
    this.heard = sound;
    return this.player.play(sound.file, async () => {
      const response = await fetch(`${this.folder}${sound.file}?v=${sound.sha256.slice(0, 8)}`).catch(() => {
        throw new Error(`the server does not answer (${sound.file}); try again`);
      });
      if (response.status === ANOTHER) throw new Error(`${sound.file} is damaged`);
      if (!response.ok) throw new Error(`${sound.file} is missing (status ${response.status})`);
      return response.arrayBuffer();
    }, options);
  }

  sayUnheard(error) {
    this.say(`This sound cannot be played: ${error.message}.`);
  }

  showSound() {
    const playing = this.player.playing !== null;
    this.find('[data-do="listen"]').setAttribute("aria-pressed", String(playing));
    this.find(".heard").textContent = playing ? `the voice under noise at t = ${this.heard.t}, ${signed(this.heard.snr_db)} dB: the kept sound nearest to this step` : "";
  }

  runPlayhead() {
    if (this.frame) return;
    const tick = () => {
      const seconds = this.player.position();
      this.panel.picture.compose(seconds);
      this.frame = seconds === null ? null : requestAnimationFrame(tick);
    };
    this.frame = requestAnimationFrame(tick);
  }

  // --- the reader's wishes

  press(button, since) {
    const { do: action, shows } = button.dataset;
    if (!this.forward) return;
    if (shows) this.shows = shows;
    if (shows) this.go(this.t, since);
    if (action === "first") this.jump(0, since);
    if (action === "last") this.jump(this.forward.last, since);
    if (action === "back") this.jump(this.t - 1, since);
    if (action === "forward") this.jump(this.t + 1, since);
    if (action === "play") this.play();
    if (action === "slow") this.pace.press();
    if (action === "listen") this.listen();
    if (action === "stop") this.judge();
    if (action === "refit") this.refit(button, since);
  }

  key(event) {
    const wish = this.forward ? wishOf(event, this.place, this.slider, this.forward.last) : null;
    if (wish === null) return;
    if (wish === "play") this.play();
    else if (wish === "listen") this.listen();
    else this.jump(wish.to ?? this.t + wish.by, event.timeStamp);
    event.preventDefault();
  }

  jump(t, since) {
    if (!this.forward) return;
    this.pace.halt();
    this.go(t, since);
    noteInAddress({ t: this.t });
    tellDone("noised");
  }

  moveOn(steps, now) {
    this.go(this.t + steps, now);
    if (this.t === this.forward.last) noteInAddress({ t: this.t });
    return this.t < this.forward.last;
  }

  play() {
    if (this.pace.moving) {
      this.pace.halt();
      noteInAddress({ t: this.t });
    } else {
      if (this.t === this.forward.last) this.go(0);
      this.pace.move();
      tellDone("played");
    }
  }

  refit(button, since) {
    this.refits = !this.refits;
    this.find(".legend").classList.toggle("is-refitted", this.refits); // the scale's numbers would be wrong
    button.setAttribute("aria-pressed", String(this.refits));
    this.go(this.t, since);
    tellDone("refitted");
  }

  // Where the reader can no longer see the melody, and who could go on from there.
  judge() {
    this.pace.halt();
    this.curve.mark(this.t);
    noteInAddress({ t: this.t });
    this.find(".verdict").replaceChildren(...rich(verdictOn(this.t, this.forward.snrDb(this.t), this.forward.weights(this.t)[0], this.rows) + this.lack));
    tellDone("stopped");
  }

  say(sentence) {
    tellProblem(this.place, sentence);
  }

  close() {
    this.pace.halt();
    this.player.close();
    this.listeners.abort();
  }
}

// The source alone: a hundredth of what the whole conversion weighs, so the first picture is soon there.
async function fetchSource(roots, id) {
  const trace = await Trace.open(roots, id);
  const { manifest } = trace;
  const coded = await trace.array("source.npy.gz", "|u1", [1, manifest.grid.n_mels, manifest.frames]);
  return { trace, manifest, levels: decodePictures(coded, manifest.frames, [0], 1) };
}
