// One phrase seen in four ways, wave to notes; a cursor that reads it, and tasks that are answered on the picture.

import { openConversion } from "./conversion.js";
import { Cursor } from "./cursor.js";
import { element, tellDone } from "./dom.js";
import { drawNotes, drawNoteAxis, semitoneRange } from "./noteroll.js";
import { breaths, centsOf, heldNote, vibratos } from "./notes.js";
import { makeLegend, waitIn } from "./panel.js";
import { hzAt, heightOf, noteName, Picture } from "./picture.js";
import { SoundButtons } from "./sound.js";
import { TASKS, answerTo, truthOf } from "./tasks.js";
import { TraceProblem } from "./trace.js";
import { decodeSamples, drawWave, peakOf, swingIn } from "./waveform.js";

const LAYERS = ["wave", "mel", "f0", "notes"];
const CONTOUR = "#5ee6ff";
const LENS_S = 0.03;
const LENS_LEAST = 0.01; // of full scale: fainter waves are not blown up to the lens's height
const OCTAVES_HZ = [65.41, 130.81, 261.63, 523.25, 1046.5, 2093, 4186, 8372]; // C2 to C9
const OCTAVE_ROOM_PX = 12;
const REST_MS = 250; // between changes of the address
const SHOWN = 40; // characters of a wrong address that are repeated
const WORDS_FORMAT = "singsteps-words-1";

const WHAT = {
  wave: "The air’s pressure at the microphone, 24 000 numbers a second. You see loud and soft, and where it is still. Which note is sung, or which word, can hardly be seen.",
  mel: "The same sound, taken apart: time runs to the right, high sounds are above, bright is loud. A sung note is a ladder of lines; a cloud without lines is a consonant or breath.",
  f0: "The blue line is F0, how often a second the vocal folds open and close. It lies on the lowest rung of the ladder, and it breaks off where nothing is sung.",
  notes: "The same line, enlarged, in rows of one semitone each, as on a piano. Level is a held note, a slope is a slide, small even waves are vibrato.",
};
const SEEN = {
  wave: "Waveform: a band that is wide where the phrase is loud",
  mel: "Mel spectrogram of the phrase: ladders of bright lines, with clouds between them",
  f0: "Mel spectrogram of the phrase with its F0 contour drawn in",
  notes: "F0 contour of the phrase over rows of semitones",
};

export class Figure {
  constructor(place) {
    this.place = place;
    this.find = (selector) => place.querySelector(selector);
    this.all = (selector) => [...place.querySelectorAll(selector)];
    this.panel = this.find(".panel");
    this.canvas = this.panel.querySelector("canvas");
    this.layer = "wave";
    this.marks = { vibrato: false, breath: false, words: true };
    this.task = null;
    this.done = new Set();
    this.known = new Map(); // phrase -> promise of what is known of it
    this.listeners = new AbortController();
    const { signal } = this.listeners;
    this.cursor = new Cursor(this.find(".cross"), () => this.read(), () => this.pick(), signal);
    this.sounds = new SoundButtons((sentence) => this.say(sentence));
    this.sounds.add(this.find("[data-sound]"), () => this.shown.conversion.recording("source"), (seconds) => this.follow(seconds));
    for (const button of this.all("[data-layer]")) {
      button.addEventListener("click", () => this.choose({ layer: button.dataset.layer }), { signal });
    }
    for (const button of this.all("[data-mark]")) button.addEventListener("click", () => this.toggle(button.dataset.mark), { signal });
    this.find(".legend-place").append(makeLegend());
    this.watched = new ResizeObserver(() => this.shown && this.draw());
    this.watched.observe(this.panel);
  }

  // data: {phrases: [{id, label, about, trace}], material}
  open(data) {
    if (JSON.stringify(data) === this.wanted) return;
    this.wanted = JSON.stringify(data);
    this.data = data;
    this.find(".phrases").replaceChildren(...data.phrases.map(({ id, label, about }) => {
      const button = element("button", { type: "button", "data-phrase": id, "aria-pressed": "false" }, label, " ", element("small", {}, about));
      button.addEventListener("click", () => this.choose({ phrase: id }));
      return button;
    }));
    const offered = Object.entries(TASKS).filter(([, task]) => data.phrases.some(({ id }) => id === task.phrase));
    this.find(".tasks .buttons").replaceChildren(...offered.map(([id, { title }], i) => {
      const button = element("button", { type: "button", "data-task": id, "aria-pressed": "false" }, `${i + 1}. ${title}`);
      button.addEventListener("click", () => this.begin(id));
      return button;
    }));
    this.find(".asked").textContent = "Choose one. Then click its place in the picture, or press Tab to reach the picture, move with the arrow keys, and press Enter.";
    const asked = this.fromAddress();
    if (asked.layer) this.layer = asked.layer;
    return this.show(asked.phrase ?? data.phrases[0].id, asked.at);
  }

  // What the address asks for; what it cannot have is said.
  fromAddress() {
    const query = new URLSearchParams(document.location.search);
    const [phrase, layer, at] = ["phrase", "layer", "at"].map((name) => query.get(name));
    const wrong = [
      phrase !== null && !this.data.phrases.some(({ id }) => id === phrase) && ["phrase", phrase],
      layer !== null && !LAYERS.includes(layer) && ["layer", layer],
      at !== null && !(at.trim() !== "" && Number(at) >= 0) && ["at", at],
    ].filter(Boolean);
    this.unheeded = wrong.map(([name, text]) => `The address asks for ${name} “${text.slice(0, SHOWN)}”, which is not here; it is passed over.`).join(" ");
    const is = (name) => !wrong.some(([one]) => one === name);
    return { phrase: is("phrase") ? phrase : null, layer: is("layer") ? layer : null, at: at !== null && is("at") ? Number(at) : null };
  }

  // --- what is shown

  async show(id, at = null) {
    this.phrase = id;
    this.sounds.stop();
    this.press("data-phrase", id);
    this.press("data-layer", this.layer);
    this.find(".what").textContent = WHAT[this.layer];
    this.place.dataset.layer = this.layer;
    waitIn(this.panel, "Loading the phrase…");
    const { trace } = this.data.phrases.find((one) => one.id === id);
    try {
      if (!this.known.has(id)) this.known.set(id, this.learn(trace));
      const shown = await this.known.get(id);
      if (this.phrase !== id || this.listeners.signal.aborted) return;
      this.say(this.unheeded);
      this.shown = shown;
      waitIn(this.panel, null);
      this.find("[data-sound]").disabled = shown.conversion.recording("source") === null;
      this.cursor.steps = { x: shown.conversion.frames / 2, y: 100 };
      this.draw();
      const { seconds } = shown.conversion;
      this.cursor.go(at === null ? 0.5 : at / seconds, 0.3);
      this.place.dataset.phrase = id;
      shown.listening.then(() => this.shown === shown && this.draw());
    } catch (error) {
      this.known.delete(id);
      if (this.phrase !== id || this.listeners.signal.aborted) return;
      this.shown = null;
      this.say(error instanceof TraceProblem ? error.message : `The phrase cannot be shown: ${error.message}.`);
      waitIn(this.panel, null);
      if (!(error instanceof TraceProblem)) console.error(error);
    }
  }

  // Everything that is known of a phrase. The wave comes later: `listening` is done when `samples`, or the reason for none, is there.
  async learn(trace) {
    const [conversion, words] = await Promise.all([openConversion(this.data.roots, trace), this.wordsOf(trace)]);
    const { manifest, frames, sourceF0: f0 } = conversion;
    const rate = manifest.grid.sample_rate_hz / manifest.grid.hop;
    const [gain, offset] = conversion.ofLevels;
    const db = (band, frame) => gain * conversion.source[band * frames + frame] + offset;
    const sung = words?.find(({ singer, phrase }) => singer === manifest.source.singer && phrase === manifest.source.phrase) ?? null;
    const shown = {
      conversion, f0, rate, db, grid: manifest.grid, words: sung?.intervals ?? null, kind: sung?.kind ?? null,
      cents: centsOf(f0), held: heldNote(f0, rate), vibratos: vibratos(f0, rate), samples: null, deaf: null,
      breaths: breaths(f0, rate, sung?.intervals ?? null, db, manifest.grid),
    };
    shown.listening = this.hear(shown);
    return shown;
  }

  async hear(shown) {
    const recording = shown.conversion.recording("source");
    try {
      if (!recording) throw new Error("it has no recording");
      shown.samples = await decodeSamples(await recording.load(), shown.grid.sample_rate_hz);
      shown.peak = peakOf(shown.samples);
    } catch (error) {
      shown.deaf = `The wave cannot be drawn (${error.message}); the other pictures can.`;
    }
  }

  // The labels of all phrases; null where they cannot be had: pictures go on without words.
  wordsOf() {
    this.labels ??= fetch(new URL(`${this.data.material}words.json`, document.location.href))
      .then((response) => (response.ok ? response.json() : null))
      .then((table) => (table?.format === WORDS_FORMAT && Array.isArray(table.phrases) ? table.phrases : null))
      .catch(() => null);
    return this.labels;
  }

  choose({ phrase = this.phrase, layer = this.layer }) {
    this.unheeded = "";
    const isOther = phrase !== this.phrase;
    this.layer = layer;
    if (isOther) this.endTask();
    this.noteAddress();
    tellDone(isOther ? `phrase ${phrase}` : `layer ${layer}`);
    if (isOther || !this.shown) return this.show(phrase);
    this.press("data-layer", layer);
    this.find(".what").textContent = WHAT[layer];
    this.draw();
    return null;
  }

  toggle(mark) {
    this.marks[mark] = !this.marks[mark];
    if (this.shown) this.drawMarks();
    tellDone(`marked ${mark}`);
  }

  press(attribute, value) {
    for (const button of this.all(`[${attribute}]`)) {
      if (button.matches("button")) button.setAttribute("aria-pressed", String(button.getAttribute(attribute) === value));
    }
  }

  // --- drawing

  draw() {
    const { shown, layer, canvas } = this;
    const { conversion, grid } = shown;
    const { frames } = conversion;
    if (this.picture?.frames !== frames || this.picture.of !== shown) this.picture = Object.assign(new Picture(this.panel, grid, frames), { of: shown });
    this.place.dataset.layer = layer;
    this.picture.resize();
    this.picture.drawTicks();
    this.picture.playhead = null;
    this.find(".axis-right").replaceChildren();
    const waits = layer === "wave" && !shown.samples;
    waitIn(this.panel, waits ? shown.deaf ?? "Decoding the sound…" : null);
    if (layer === "wave") this.drawWave();
    if (layer === "mel" || layer === "f0") {
      this.picture.contours = layer === "f0" ? [{ f0: shown.f0, colour: CONTOUR }] : [];
      this.picture.paint(conversion.source, ...conversion.ofLevels);
      this.drawOctaves();
    }
    if (layer === "notes") {
      shown.range ??= semitoneRange(shown.cents);
      drawNotes(canvas, shown.cents, shown.range, CONTOUR);
      drawNoteAxis(this.find(".axis-y"), this.find(".axis-right"), canvas.clientHeight, shown.range);
    }
    canvas.setAttribute("aria-label", SEEN[layer]);
    this.drawMarks();
    this.read();
  }

  drawWave() {
    const { samples, peak, conversion, grid } = this.shown;
    this.find(".axis-y").replaceChildren();
    if (samples) drawWave(this.canvas, samples, 0, conversion.frames * grid.hop, peak);
    else this.canvas.getContext("2d").clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  drawOctaves() {
    let last = Infinity;
    for (const hz of OCTAVES_HZ.toReversed()) {
      const height = heightOf(hz, this.shown.grid);
      if ((last - height) * this.canvas.clientHeight < OCTAVE_ROOM_PX) continue;
      const tick = element("span", {}, noteName(hz));
      tick.style.setProperty("--at", `${100 * height}%`);
      this.find(".axis-right").append(tick);
      last = height;
    }
  }

  drawMarks() {
    const { shown, marks } = this;
    const { seconds } = shown.conversion;
    const placed = (node, from, to) => {
      node.style.setProperty("--from", `${(100 * from) / seconds}%`);
      node.style.setProperty("--wide", `${(100 * (Math.min(to, seconds) - from)) / seconds}%`);
      return node;
    };
    const boxes = [
      ...(marks.vibrato ? shown.vibratos.map(({ from, to, rateHz, cents }) => [from, to, "vibrato", `vibrato ${rateHz.toFixed(1)} Hz, ±${cents.toFixed(0)} cents`]) : []),
      ...(marks.breath ? shown.breaths.map(({ from, to }) => [from, to, "breath", "breath"]) : []),
    ];
    this.find(".marks").replaceChildren(...boxes.map(([from, to, kind, text]) => placed(element("span", { class: kind }, element("em", {}, text)), from, to)));
    const words = this.find(".words");
    const hidden = !marks.words || this.task === "hiss";
    words.replaceChildren(...(hidden ? [] : shown.words ?? []).map(({ start_s, end_s, text }) => placed(element("span", { title: text }, text), start_s, end_s)));
    for (const word of words.children) word.classList.toggle("tight", word.scrollWidth > word.clientWidth + 1);
    if (marks.words && !hidden && !shown.words) words.textContent = "This recording has no labels of its words.";
    for (const [mark, count] of [["vibrato", shown.vibratos.length], ["breath", shown.breaths.length]]) {
      const button = this.find(`[data-mark="${mark}"]`);
      const isOn = marks[mark];
      button.setAttribute("aria-pressed", String(isOn));
      const none = mark === "breath" && !shown.words ? "no labels" : "none here";
      const [singular, plural] = mark === "vibrato" ? ["vibrato", "vibrato"] : ["breath", "breaths"];
      button.textContent = `Mark ${count === 1 ? singular : plural}${isOn ? (count ? ` (${count})` : ` (${none})`) : ""}`;
    }
    this.find('[data-mark="words"]').setAttribute("aria-pressed", String(marks.words));
  }

  // --- reading

  get seconds() {
    return this.cursor.at.x * this.shown.conversion.seconds;
  }

  read() {
    if (!this.shown) return;
    const lines = this.readingOf(this.seconds, this.cursor.at.y);
    this.find(".look .readout").textContent = lines.join("\n");
    this.cursor.tell(this.seconds, this.shown.conversion.seconds, lines.join(", "));
    this.drawLens();
  }

  // Seconds, and what is there; what a picture cannot show is not read from it.
  readingOf(at, height) {
    const { shown, layer } = this;
    const { f0, rate, grid, words, samples } = shown;
    const frame = Math.min(Math.floor(at * rate), f0.length - 1);
    const word = this.marks.words && this.task !== "hiss" ? words?.find(({ start_s, end_s }) => start_s <= at && at < end_s) : null;
    const lines = [`${at.toFixed(2)} s${word ? ` · “${word.text}”` : ""}`];
    if (layer === "wave") {
      if (samples) lines.push(`The wave swings to ${(100 * swingIn(samples, (at - 0.015) * grid.sample_rate_hz, (at + 0.015) * grid.sample_rate_hz)).toFixed(0)} % of full scale.`);
      return lines;
    }
    if (layer !== "notes") {
      const hz = Math.max(hzAt(height, grid), 1);
      const db = shown.db(Math.min(Math.floor(height * grid.n_mels), grid.n_mels - 1), frame);
      lines.push(`At the cross: ${Math.round(hz)} Hz${hz > 30 ? ` (${noteName(hz)})` : ""}, ${db.toFixed(0).replace("-", "−")} dB`);
    }
    if (layer !== "mel") lines.push(f0[frame] > 0 ? `Sung: ${this.pitchText(f0[frame] / 10)}` : "Nothing voiced here: no pitch");
    return lines;
  }

  // "392.4 Hz, G4 and 2 cents"
  pitchText(hz) {
    const cents = Math.round(1200 * Math.log2(hz / 440)) % 100;
    const off = cents > 50 ? cents - 100 : cents < -50 ? cents + 100 : cents;
    const beside = off === 0 ? "" : ` ${off > 0 ? "+" : "−"} ${Math.abs(off)} cents`;
    return `${hz.toFixed(0)} Hz = ${noteName(hz)}${beside}, ${(hz * LENS_S).toFixed(1)} waves in 30 ms`;
  }

  drawLens() {
    const canvas = this.find(".lens canvas");
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)];
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const { samples, grid } = this.shown;
    if (!samples) return;
    const [from, to] = [-0.5, 0.5].map((half) => (this.seconds + half * LENS_S) * grid.sample_rate_hz);
    drawWave(canvas, samples, from, to, Math.max(swingIn(samples, from, to), LENS_LEAST));
  }

  follow(seconds) {
    const line = this.find(".playhead");
    line.hidden = seconds === null;
    if (seconds !== null) line.style.left = `${(100 * seconds) / this.shown.conversion.seconds}%`;
  }

  // --- finding

  async begin(id) {
    const { phrase, layer, ask } = TASKS[id];
    this.endTask();
    this.task = id;
    for (const mark of ["vibrato", "breath"]) this.marks[mark] = false;
    this.press("data-task", id);
    this.find(".asked").textContent = ask;
    this.layer = layer;
    if (this.phrase === phrase && this.shown) await this.choose({ layer });
    else await this.show(phrase);
    if (this.task !== id || !this.shown) return;
    this.drawMarks();
    this.panel.scrollIntoView({ block: "nearest" });
    this.find(".cross").focus({ preventScroll: true });
  }

  endTask() {
    this.task = null;
    this.press("data-task", "");
    this.find(".tasks .told").replaceChildren();
    this.find(".tasks .told").classList.remove("is-right");
  }

  pick() {
    if (!this.shown) return;
    this.noteAddress(this.seconds);
    if (!this.task) return;
    const { task } = this;
    const { right, because } = answerTo(task, this.shown, this.seconds);
    const told = this.find(".tasks .told");
    told.classList.toggle("is-right", right);
    told.replaceChildren(element("b", {}, right ? "Yes." : "Not quite."), " ", because);
    if (!right) return;
    this.done.add(task);
    this.find(`[data-task="${task}"]`).dataset.done = "true";
    if (task === "vibrato" || task === "breath") this.marks[task] = true;
    this.task = null;
    this.drawMarks();
    if (task === "held" || task === "hiss") this.showFound(truthOf(task, this.shown));
    tellDone(`found ${task}`);
  }

  showFound(places) {
    const { seconds } = this.shown.conversion;
    for (const { from, to, text } of places) {
      const box = element("span", {}, element("em", {}, text));
      box.style.setProperty("--from", `${(100 * from) / seconds}%`);
      box.style.setProperty("--wide", `${(100 * (to - from)) / seconds}%`);
      this.find(".marks").append(box);
    }
  }

  // --- the address, and messages

  noteAddress(at = null) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const url = new URL(document.location.href);
      url.searchParams.set("phrase", this.phrase);
      url.searchParams.set("layer", this.layer);
      if (at !== null) url.searchParams.set("at", at.toFixed(2));
      history.replaceState(history.state, "", url);
    }, REST_MS);
  }

  say(sentence) {
    const problem = this.find(".problem");
    problem.textContent = sentence;
    problem.hidden = sentence === "";
  }

  close() {
    clearTimeout(this.timer);
    this.watched.disconnect();
    this.sounds.close();
    this.listeners.abort();
  }
}
