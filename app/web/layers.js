// One phrase seen in four ways, wave to notes; a cursor that reads it, and tasks that are answered on the picture.

import { noteInAddress } from "./address.js";
import { Cursor } from "./cursor.js";
import { element, tellDone, tellProblem } from "./dom.js";
import { askedFor } from "./layers_address.js";
import { boxesOf, boxOf, drawWords, nameMark } from "./layers_marks.js";
import { drawNotes, drawNoteAxis, semitoneRange } from "./noteroll.js";
import { makeLegend, waitIn } from "./panel.js";
import { LENS_S, learnPhrase, readingOf } from "./phrase.js";
import { heightOf, noteName, Picture } from "./picture.js";
import { SoundButtons } from "./sound.js";
import { TASKS, answerTo, truthOf } from "./tasks.js";
import { TraceProblem } from "./trace.js";
import { drawWave, swingIn } from "./waveform.js";

const LAYERS = ["wave", "mel", "f0", "notes"];
const CONTOUR = "#5ee6ff";
const LENS_LEAST = 0.01; // of full scale: fainter waves are not blown up to the lens's height
const OCTAVES_HZ = [65.41, 130.81, 261.63, 523.25, 1046.5, 2093, 4186, 8372]; // C2 to C9
const OCTAVE_ROOM_PX = 12;

const WHAT = {
  wave: "The air’s pressure at the microphone, 24 000 numbers a second. You see loud and soft, and where it is still. Which note is sung, or which word, can hardly be seen.",
  mel: "The same sound, taken apart: time runs to the right, high sounds are above, bright is loud. A sung note is a ladder of lines; a cloud without lines is a consonant or breath.",
  f0: "The blue line is F0, how often a second the vocal folds open and close. It lies on the lowest rung of the ladder, and it breaks off where there is no pitch.",
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
    this.known.clear();
    const asked = askedFor(data.phrases.map(({ id }) => id), LAYERS);
    this.unheeded = asked.problem;
    this.layer = asked.layer ?? this.layer;
    return this.show(asked.phrase ?? data.phrases[0].id, asked.at);
  }

  // --- what is shown

  async show(id, at = null) {
    this.phrase = id;
    this.shown = null; // a click on the picture before is no answer
    this.sounds.stop();
    this.press("data-phrase", id);
    this.press("data-layer", this.layer);
    this.find(".what").textContent = WHAT[this.layer];
    this.place.dataset.layer = this.layer;
    waitIn(this.panel, "Loading the phrase…");
    const { trace } = this.data.phrases.find((one) => one.id === id);
    try {
      if (!this.known.has(id)) this.known.set(id, learnPhrase(this.data.roots, trace, this.data.material));
      const shown = await this.known.get(id);
      if (this.phrase !== id || this.listeners.signal.aborted) return;
      this.say(this.unheeded);
      this.shown = shown;
      waitIn(this.panel, null);
      this.find("[data-sound]").disabled = shown.conversion.recording("source") === null;
      this.cursor.steps = { x: shown.conversion.frames / 2, y: 100 };
      this.draw();
      const { seconds } = shown;
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

  choose({ phrase = this.phrase, layer = this.layer }) {
    this.unheeded = "";
    const isOther = phrase !== this.phrase;
    this.layer = layer;
    if (isOther) this.endTask();
    noteInAddress({ phrase, layer });
    tellDone(isOther ? `phrase ${phrase}` : `layer ${layer}`);
    if (isOther || !this.shown) return this.show(phrase);
    this.press("data-layer", layer);
    this.find(".what").textContent = WHAT[layer];
    this.draw();
    return null;
  }

  toggle(mark) {
    this.marks[mark] = !this.marks[mark];
    if (this.shown) {
      this.drawMarks();
      this.read();
    }
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
    if (this.pictureOf !== shown) {
      this.picture = new Picture(this.panel, grid, frames);
      this.picture.context = canvas.getContext("2d"); // which it takes only where the canvas has another size
      this.pictureOf = shown;
    }
    this.place.dataset.layer = layer;
    this.picture.resize();
    this.picture.drawTicks();
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
    this.find(".marks").replaceChildren(...boxesOf(shown, this.layer, marks));
    drawWords(this.find(".words"), this.showsWords ? shown : null);
    for (const mark of ["vibrato", "breath"]) nameMark(this.find(`[data-mark="${mark}"]`), mark, marks[mark], shown);
    this.find('[data-mark="words"]').setAttribute("aria-pressed", String(marks.words));
  }

  // The labels would give one of the tasks away.
  get showsWords() {
    return this.marks.words && this.task !== "hiss";
  }

  // --- reading

  get seconds() {
    return this.cursor.at.x * this.shown.seconds;
  }

  read() {
    if (!this.shown) return;
    const lines = readingOf(this.shown, this.layer, this.seconds, this.cursor.at.y, this.showsWords);
    this.find(".look .readout").textContent = lines.join("\n");
    this.cursor.tell(this.seconds, this.shown.seconds, lines.join(", "));
    this.drawLens();
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
    if (seconds !== null) line.style.left = `${(100 * seconds) / this.shown.seconds}%`;
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
    noteInAddress({ phrase: this.phrase, layer: this.layer, at: this.seconds.toFixed(2) });
    if (!this.task) return;
    const { task } = this;
    const { right, because } = answerTo(task, this.shown, this.seconds);
    const told = this.find(".tasks .told");
    told.classList.toggle("is-right", right);
    told.replaceChildren(element("b", {}, right ? "Yes." : "Not quite."), " ", because);
    if (!right) return;
    this.done.add(task);
    this.find(`[data-task="${task}"]`).dataset.done = "true";
    if (task in this.marks) this.marks[task] = true;
    this.task = null;
    this.drawMarks();
    if (!(task in this.marks)) this.find(".marks").append(...truthOf(task, this.shown).map((place) => boxOf(this.shown, place, place.text)));
    tellDone(`found ${task}`);
  }

  // --- messages

  say(sentence) {
    tellProblem(this.place, sentence);
  }

  close() {
    this.watched.disconnect();
    this.sounds.close();
    this.listeners.abort();
  }
}
