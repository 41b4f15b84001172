// The scrubber: x_t and x̂0 of one conversion, any step at once, with sound. One instance per place on a page.

import { HIGHEST_DB, legendGradient, LOWEST_DB, Picture } from "./picture.js";
import { CHECKPOINT_EVERY, Walk, betweenKept } from "./replay.js";
import { Player } from "./sound.js";
import { Trace, TraceProblem } from "./trace.js";

const STEPS_A_SECOND = 100; // a thousand steps in ten seconds: slow enough to see, short enough to watch
const SLOW_STEPS_A_SECOND = 10;
const ADDRESS_REST_MS = 250; // browsers refuse more than about three changes of address a second
const MEASURED = "#5ee6ff";
const ASKED = "#ffffff";
const SOUND_NAMES = { source: "sound/source.flac", converted: "sound/converted.flac", target: "sound/target.flac" };
const SCROLLED_BY_KEYS = "input:not(.slider), textarea, select, [contenteditable], [role=combobox], [role=listbox], [role=slider]";

export class Scrubber {
  constructor(place) {
    this.place = place;
    this.find = (selector) => place.querySelector(selector);
    this.slider = this.find(".slider");
    this.player = new Player();
    this.player.onchange = () => this.showHeard();
    this.pictures = {};
    this.listeners = new AbortController();
    this.connect();
    this.find(".bar").style.background = legendGradient;
    for (let db = LOWEST_DB; db <= HIGHEST_DB; db += 20) {
      const number = document.createElement("span");
      number.textContent = db === HIGHEST_DB ? `+${db} dB` : `${db}`.replace("-", "−");
      this.find(".numbers").append(number);
    }
  }

  connect() {
    const { signal } = this.listeners;
    this.slider.addEventListener("input", (event) => {
      this.halt();
      this.show(this.lastStep - Number(this.slider.value), event.timeStamp);
    }, { signal });
    for (const button of this.place.querySelectorAll("button")) {
      button.addEventListener("click", (event) => this.press(button, event.timeStamp), { signal });
    }
    for (const figure of this.place.querySelectorAll("figure")) {
      const canvas = figure.querySelector("canvas");
      canvas.addEventListener("pointermove", (event) => {
        this.find(".readout").textContent = this.pictures[figure.dataset.panel]?.readout(event) ?? "";
      }, { signal });
      canvas.addEventListener("pointerleave", () => { this.find(".readout").textContent = ""; }, { signal });
    }
    document.addEventListener("keydown", (event) => this.key(event), { signal });
    this.watcher = new ResizeObserver(() => this.refit());
    this.watcher.observe(this.place);
  }

  // Shows the trace that `data` names, unless it is on the screen already.
  async open(data) {
    if (data.trace === this.wanted) return;
    this.wanted = data.trace;
    this.halt();
    this.player.stop();
    this.loading?.abort();
    this.loading = new AbortController();
    const { signal } = this.loading;
    this.place.setAttribute("aria-busy", "true");
    this.find('[data-panel="predicted"]').classList.add("is-waiting");
    try {
      const trace = await Trace.open(new URL(data.traces, document.location.href), data.trace, signal);
      const [levels, f0, source, target, targetF0] = await Promise.all([
        trace.predictedLevels(signal),
        trace.array("f0.npy.gz", signal),
        trace.array("source.npy.gz", signal),
        trace.has("target.npy.gz") ? trace.array("target.npy.gz", signal) : null,
        trace.has("target_f0.npy.gz") ? trace.array("target_f0.npy.gz", signal) : null,
      ]);
      if (signal.aborted) return;
      this.say("");
      this.begin(trace, levels, { f0, source, target, targetF0 });
    } catch (error) {
      if (error.name === "AbortError") return;
      this.wanted = null; // so that trying again is not taken for nothing new
      this.say(error instanceof TraceProblem ? error.message : `The conversion cannot be shown: ${error.message}.`);
      if (!(error instanceof TraceProblem)) console.error(error);
    } finally {
      if (!signal.aborted) this.place.removeAttribute("aria-busy");
    }
  }

  begin(trace, levels, { f0, source, target, targetF0 }) {
    const { manifest } = trace;
    const first = this.trace === undefined;
    this.trace = trace;
    this.levels = levels;
    this.facts = {
      sampler: manifest.sampler, scale: manifest.scale, keptSteps: manifest.kept_steps,
      bands: manifest.grid.n_mels, frames: manifest.frames,
    };
    this.walk = new Walk(this.facts, levels);
    this.lastStep = this.walk.schedule.steps - 1;
    this.slider.max = this.lastStep;
    this.size = this.facts.bands * this.facts.frames;
    this.predicted = new Float32Array(this.size);
    this.states = new Map(); // step -> state, every tenth
    this.present = null; // {step, state}: where this page's own walk stands
    const row = (name) => {
      const index = manifest.f0_rows.indexOf(name);
      return index < 0 ? null : f0.values.subarray(index * manifest.frames, (index + 1) * manifest.frames);
    };
    this.contour = row;
    const picture = (name, frames) => new Picture(this.find(`[data-panel="${name}"]`), manifest.grid, frames);
    this.pictures = {
      state: picture("state", manifest.frames),
      predicted: picture("predicted", manifest.frames),
      source: picture("source", manifest.frames),
    };
    const { db_per_level: gain, floor_db: floor } = manifest.scale;
    this.pictures.source.contours = [{ f0: row("source"), colour: MEASURED }];
    this.pictures.source.paint(source.values, gain, floor);
    this.find('[data-panel="target"]').hidden = !target;
    this.find('[data-sound="target"]').disabled = !target;
    if (target) {
      this.pictures.target = picture("target", target.shape[1]);
      if (targetF0) this.pictures.target.contours = [{ f0: targetF0.values, colour: MEASURED }];
      this.pictures.target.paint(target.values, gain, floor);
    }
    this.describe("source", manifest.source);
    this.describe("target", manifest.target);
    this.replayAll();
    const asked = first ? this.stepInAddress() : this.step;
    this.show(asked ?? this.lastStep);
    if (first && asked === null && !matchMedia("(prefers-reduced-motion: reduce)").matches) this.move();
  }

  describe(panel, { singer, phrase }) {
    this.find(`[data-panel="${panel}"] .about`).textContent = phrase ? `${singer}, “${phrase.replaceAll("_", " ")}”` : singer;
  }

  // The walk through all steps runs in a worker; states arrive from the noisiest on.
  replayAll() {
    this.worker?.terminate();
    this.worker = new Worker(new URL("./replay_worker.js", import.meta.url), { type: "module" });
    this.worker.onmessage = ({ data: { step, state } }) => {
      this.states.set(step, state);
      if (this.stateMissing && step - this.step < CHECKPOINT_EVERY && step >= this.step) this.show(this.step);
      if (step < CHECKPOINT_EVERY) this.worker.terminate();
    };
    this.worker.postMessage({ facts: this.facts, levels: this.levels });
  }

  // x_t of a step, normalised; null until the worker has come that far.
  stateAt(step) {
    const from = this.lastStep - Math.floor((this.lastStep - step) / CHECKPOINT_EVERY) * CHECKPOINT_EVERY;
    if (!this.states.has(from)) return null;
    if (!this.present || this.present.step < step || this.present.step > from) {
      this.present ??= { state: new Float32Array(this.size) };
      if (this.present.state.length !== this.size) this.present.state = new Float32Array(this.size);
      this.present.state.set(this.states.get(from));
      this.present.step = from;
    }
    while (this.present.step > step) {
      this.walk.advance(this.present.state, this.present.step);
      this.present.step -= 1;
    }
    return this.present.state;
  }

  predictedAt(step) {
    const [index, share] = betweenKept(step, this.facts.keptSteps);
    const here = index * this.size;
    const next = Math.min(index + 1, this.facts.keptSteps.length - 1) * this.size;
    const { levels, predicted } = this;
    for (let i = 0; i < this.size; i += 1) {
      predicted[i] = (1 - share) * levels[here + i] + share * levels[next + i];
    }
    return predicted;
  }

  // Paints a step. `since` is the time stamp of what asked for it; every paint leaves a measure named "scrub".
  show(step, since = performance.now()) {
    this.step = Math.min(Math.max(Math.round(step), 0), this.lastStep);
    const { scale } = this.facts;
    const nearest = this.nearestSound();
    const asked = { f0: this.contour("asked"), colour: ASKED, dashed: true };
    const measured = (kind) => ({ f0: this.contour(`${kind}_${String(nearest.step).padStart(4, "0")}`), colour: MEASURED });
    const { state, predicted } = this.pictures;
    predicted.contours = [asked, measured("predicted")].filter(({ f0 }) => f0);
    predicted.paint(this.predictedAt(this.step), scale.db_per_level, scale.floor_db);
    predicted.figure.classList.remove("is-waiting");
    const noisy = this.stateAt(this.step);
    this.stateMissing = noisy === null;
    state.figure.classList.toggle("is-waiting", this.stateMissing);
    if (noisy) {
      state.contours = [asked, measured("state")].filter(({ f0 }) => f0);
      state.paint(noisy, scale.mel_std_db, scale.mel_mean_db);
    }
    const snrDb = this.walk.schedule.snrDb[this.step];
    const level = `voice ${Math.abs(snrDb).toFixed(1)} dB ${snrDb < 0 ? "below" : "above"} the noise`;
    this.find(".where").innerHTML = `Step <b>${this.step}</b> of ${this.lastStep} · ${level}`;
    this.slider.value = this.lastStep - this.step;
    this.slider.setAttribute("aria-valuetext", `step ${this.step} of ${this.lastStep}, ${level}`);
    this.place.dataset.step = this.step;
    performance.measure("scrub", { start: since, end: performance.now() });
    if (this.heardKind === "state" || this.heardKind === "predicted") this.follow();
    this.noteInAddress();
  }

  refit() {
    for (const picture of Object.values(this.pictures)) if (picture.resize()) picture.compose();
  }

  // --- moving through the steps

  press(button, since) {
    const { do: action, sound } = button.dataset;
    if (sound) this.listen(sound);
    if (!this.trace) return;
    if (action === "first") this.jump(this.lastStep, since);
    if (action === "last") this.jump(0, since);
    if (action === "back") this.jump(this.step + 1, since);
    if (action === "forward") this.jump(this.step - 1, since);
    if (action === "play") this.moving ? this.halt() : this.move();
    if (action === "slow") button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
  }

  jump(step, since) {
    this.halt();
    this.show(step, since);
  }

  key(event) {
    const inside = event.composedPath();
    if (!this.trace || event.ctrlKey || event.metaKey || event.altKey) return;
    if (inside.some((node) => node.matches?.(SCROLLED_BY_KEYS))) return;
    const onButton = inside.some((node) => node.matches?.("button, a, summary, [role=tab], [role=button]"));
    const stride = event.shiftKey ? 10 : 1;
    const steps = {
      ArrowLeft: this.step + stride, ArrowRight: this.step - stride,
      PageUp: this.step + 50, PageDown: this.step - 50, Home: this.lastStep, End: 0,
    };
    const onSlider = inside.includes(this.slider);
    if (onSlider && event.key.startsWith("Arrow")) {
      steps.ArrowUp = steps.ArrowRight;
      steps.ArrowDown = steps.ArrowLeft;
    }
    // paging and Home belong to the page unless the reader is in the scrubber
    const far = event.key.startsWith("Page") || event.key === "Home" || event.key === "End";
    if (event.key in steps && (!far || inside.includes(this.place))) this.jump(steps[event.key], event.timeStamp);
    else if (event.key === " " && !onButton) this.moving ? this.halt() : this.move();
    else if (event.key.toLowerCase() === "s" && !event.shiftKey) this.listen(this.heardKind ?? "predicted");
    else return;
    event.preventDefault();
  }

  move() {
    if (this.step === 0) this.show(this.lastStep);
    const button = this.find('[data-do="play"]');
    button.setAttribute("aria-pressed", "true");
    button.querySelector("span").textContent = "Pause";
    let last = performance.now();
    let owed = 0;
    const tick = (now) => {
      const rate = this.find('[data-do="slow"]').getAttribute("aria-pressed") === "true" ? SLOW_STEPS_A_SECOND : STEPS_A_SECOND;
      owed += (rate * Math.min(now - last, 100)) / 1000;
      last = now;
      const whole = Math.floor(owed);
      owed -= whole;
      if (whole > 0) this.show(this.step - whole, now);
      if (this.step === 0) this.halt();
      else if (this.moving) this.moving = requestAnimationFrame(tick);
    };
    this.moving = requestAnimationFrame(tick);
  }

  halt() {
    if (!this.moving) return;
    cancelAnimationFrame(this.moving);
    this.moving = null;
    const button = this.find('[data-do="play"]');
    button.setAttribute("aria-pressed", "false");
    button.querySelector("span").textContent = "Play steps";
  }

  // --- sound

  nearestSound() {
    const { sounds } = this.trace.manifest;
    return sounds.reduce((best, one) => (Math.abs(one.step - this.step) < Math.abs(best.step - this.step) ? one : best));
  }

  soundAddress(kind) {
    return this.trace.address(SOUND_NAMES[kind] ?? this.nearestSound()[kind]);
  }

  // Plays a sound, or silences it when it is the one that plays.
  listen(kind) {
    if (!this.trace) return;
    if (this.player.playing && this.heardKind === kind) {
      this.player.stop();
      return;
    }
    this.heardKind = kind;
    this.heardStep = this.nearestSound().step;
    this.player.play(this.soundAddress(kind)).then(() => this.runPlayhead()).catch((error) => {
      this.say(`This sound cannot be played: ${error.message}.`);
    });
  }

  // While a step's sound plays, another step takes over where it stands.
  follow() {
    const { step } = this.nearestSound();
    if (!this.player.playing || step === this.heardStep) return;
    this.heardStep = step;
    this.player.play(this.soundAddress(this.heardKind), { follow: true }).catch(() => {});
  }

  runPlayhead() {
    if (this.playhead) return;
    const tick = () => {
      const seconds = this.player.position();
      const heard = this.heardKind === "converted" ? "predicted" : this.heardKind;
      for (const [name, picture] of Object.entries(this.pictures)) {
        const at = name === heard ? seconds : null;
        if (at !== picture.playhead) picture.compose(at);
      }
      this.playhead = seconds === null ? null : requestAnimationFrame(tick);
    };
    this.playhead = requestAnimationFrame(tick);
  }

  showHeard() {
    const playing = this.player.playing !== null;
    for (const button of this.place.querySelectorAll("[data-sound]")) {
      button.setAttribute("aria-pressed", String(playing && button.dataset.sound === this.heardKind));
    }
    for (const figure of this.place.querySelectorAll("figure")) {
      figure.classList.toggle("is-heard", playing && figure.dataset.panel === this.heardKind);
    }
    const ofStep = this.heardKind === "state" || this.heardKind === "predicted";
    this.find(".heard").textContent = playing && ofStep ? `sound of step ${this.heardStep}` : "";
  }

  // --- address and messages

  stepInAddress() {
    const text = new URLSearchParams(document.location.search).get("step");
    if (text === null) return null;
    const step = Number(text);
    if (text.trim() !== "" && Number.isInteger(step) && step >= 0 && step <= this.lastStep) return step;
    this.say(`The address asks for step “${text}”, but steps run from 0 to ${this.lastStep}; this is the first one.`);
    return this.lastStep;
  }

  noteInAddress() {
    clearTimeout(this.addressTimer);
    this.addressTimer = setTimeout(() => {
      const url = new URL(document.location.href);
      if (url.searchParams.get("step") === String(this.step) && url.searchParams.get("trace") === this.trace.id) return;
      url.searchParams.set("trace", this.trace.id);
      url.searchParams.set("step", this.step);
      history.replaceState(history.state, "", url);
    }, ADDRESS_REST_MS);
  }

  say(sentence) {
    const problem = this.find(".problem");
    problem.textContent = sentence;
    problem.hidden = sentence === "";
    if (sentence) for (const figure of this.place.querySelectorAll("figure")) figure.classList.remove("is-waiting");
  }

  close() {
    this.halt();
    clearTimeout(this.addressTimer);
    this.loading?.abort();
    this.worker?.terminate();
    this.player.close();
    this.watcher.disconnect();
    this.listeners.abort();
  }
}

