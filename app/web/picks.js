// Interval clustering centre sampling: which n steps tell a walk best, against simply every k-th.

import { openConversion } from "./conversion.js";
import { element, tellDone, tellProblem } from "./dom.js";
import { distanceToPicks, featureOf, intervalCentres, intervals, nearestKept, openMaps, openVectors } from "./hidden.js";
import { COLOURS, HIGHEST_DB, LOWEST_DB } from "./picture.js";
import { presentOf } from "./present.js";
import { TraceProblem } from "./trace.js";
import { Trajectory } from "./trajectory.js";
import { followChosen } from "./unchosen.js";
import { notesOf } from "./wishes.js";

const [FEWEST, MOST, FIRST] = [2, 100, 8]; // picks; SingVisio's own number is 100
const THUMB = { width: 88, height: 50 }; // pixels of a small picture
const PAINT_MS = 5; // of small pictures in one frame; the slider must not wait for all of them
const STRIPS = [["centre", "Nearest to each interval’s mean"], ["even", "Every k-th step"]];

export class Figure {
  constructor(place) {
    this.place = place;
    this.find = (selector) => place.querySelector(selector);
    this.endings = [];
    this.slider = this.find(".slider");
    this.slider.addEventListener("input", () => {
      this.pick(Number(this.slider.value));
      this.notes.note("picks", this.count);
      tellDone("picks chosen");
    });
    const go = (index, since) => this.present.go(this.kept.places[index], since);
    this.chart = new Trajectory(this.find(".where-to"), "PCA", go, (index) => `step ${this.stepAt(index)}`);
    for (const [kind, title] of STRIPS) {
      this.find(".strips").append(element("div", { class: `strip ${kind}` }, element("h3", {}, title), element("ol", { "aria-label": title })));
    }
  }

  // data: {trace: an id, or null for whatever the group presents, roots, group}
  async open(data) {
    if (data.trace === null) {
      this.trailing ??= followChosen(this.place, data.group, (trace) => this.open({ ...data, trace, sharesState: true }));
      return;
    }
    if (data.trace === this.wanted) return;
    this.wanted = data.trace;
    this.notes = notesOf(data.sharesState);
    for (const end of this.endings.splice(0)) end();
    try {
      const conversion = await openConversion(data.roots, data.trace);
      const [maps, kept] = await Promise.all([openMaps(conversion), openVectors(conversion)]);
      if (this.wanted !== data.trace || this.closed) return;
      this.say("");
      this.place.classList.remove("is-missing");
      this.begin(conversion, maps, kept, data.group);
    } catch (error) {
      if (this.wanted !== data.trace) return;
      this.wanted = null;
      this.place.classList.add("is-missing"); // another conversion's picture is none of this one
      this.say(error instanceof TraceProblem ? error.message : `The picks cannot be drawn: ${error.message}.`);
    }
  }

  begin(conversion, maps, kept, group) {
    Object.assign(this, { conversion, maps, kept, present: presentOf(group), feature: featureOf(group) });
    const most = Math.min(MOST, kept.places.length);
    this.slider.max = most;
    const asked = this.notes.read("picks");
    const whole = asked === null ? Math.min(this.count ?? FIRST, most) : Number(asked);
    const known = Number.isInteger(whole) && whole >= Math.min(FEWEST, most) && whole <= most;
    if (!known) this.say(`The address asks for “${asked.slice(0, 40)}” steps; from ${FEWEST} to ${most} can be picked.`);
    this.count = known ? whole : Math.min(FIRST, most);
    if (this.feature.name === null) this.feature.choose(maps.names[0]);
    this.endings.push(this.feature.watch((name) => this.show(name)), this.present.watch(() => this.follow()));
  }

  stepAt(index) {
    return this.conversion.steps[this.kept.places[index]];
  }

  show(name) {
    this.vectors = this.kept.vectors(name);
    this.chart.show(this.maps.map(name, "pca"), "noise", "result");
    this.pick(this.count);
  }

  // --- the picks

  pick(count) {
    this.count = count;
    const { length } = this.kept.places;
    const picks = { centre: intervalCentres(this.vectors, length, count), even: intervals(length, count).slice(0, -1) };
    this.picks = picks;
    this.unpainted = [];
    this.slider.value = count;
    this.find("output").textContent = `${count} of ${length}`;
    this.slider.setAttribute("aria-valuetext", `${count} of ${length} steps`);
    this.chart.marks.replaceChildren(...this.chart.mark(picks.even, "even"), ...this.chart.mark(picks.centre, "centre"));
    for (const [kind] of STRIPS) {
      this.find(`.strip.${kind} ol`).replaceChildren(...picks[kind].map((index) => element("li", {}, this.thumb(index))));
    }
    const [near, far] = STRIPS.map(([kind]) => distanceToPicks(this.vectors, length, picks[kind]));
    const saved = far === 0 ? 0 : Math.round(100 * (1 - near / far));
    this.find(".told").replaceChildren(
      `Inside the network, a step lies ${near.toPrecision(3)} from its interval’s pick; with every k-th step it would be ${far.toPrecision(3)} (root mean square, in the feature’s own unit). The centres are `,
      element("b", {}, `${saved} % nearer`), " to the steps they stand for.");
    this.place.dataset.picks = picks.centre.map((index) => this.kept.places[index]).join();
    if (this.present.conversion) this.follow();
  }

  // A small picture of the prediction there; it is also a way to go there.
  thumb(index) {
    const { conversion } = this;
    const place = this.kept.places[index];
    const canvas = element("canvas", { ...THUMB, "aria-hidden": "true" });
    this.unpainted.push([canvas, place]);
    this.painting ??= requestAnimationFrame(() => this.paintSome());
    const step = conversion.steps[place];
    const button = element("button", { type: "button", "data-place": place, "aria-label": `Prediction at step ${step}: go there` }, canvas, `${step}`);
    button.addEventListener("click", (event) => this.present.go(place, event.timeStamp));
    return button;
  }

  // As many of the small pictures as a frame has time for; the rest in the next.
  paintSome() {
    const { conversion } = this;
    if (this.values?.length !== conversion.walk.size) this.values = new Float32Array(conversion.walk.size);
    for (const until = performance.now() + PAINT_MS; this.unpainted.length > 0 && performance.now() < until;) {
      const [canvas, place] = this.unpainted.shift();
      paintSmall(canvas, conversion.predictedAt(place, this.values), conversion);
    }
    this.painting = this.unpainted.length > 0 && !this.closed ? requestAnimationFrame(() => this.paintSome()) : null;
  }

  // --- the step

  follow() {
    if (!this.present.isOf(this.conversion) || !this.picks) return;
    const { places } = this.kept;
    const index = nearestKept(places, this.present.place);
    this.chart.moveTo(index);
    const bounds = intervals(places.length, this.count);
    const part = bounds.findLastIndex((begin) => begin <= index);
    if (part === this.part && this.partOf === this.picks) return;
    [this.part, this.partOf] = [part, this.picks];
    for (const [kind] of STRIPS) {
      this.find(`.strip.${kind} [aria-current]`)?.removeAttribute("aria-current");
      this.find(`.strip.${kind} li:nth-child(${part + 1}) button`)?.setAttribute("aria-current", "true");
    }
  }

  say(sentence) {
    tellProblem(this.place, sentence);
  }

  close() {
    this.closed = true;
    this.trailing?.();
    for (const end of this.endings.splice(0)) end();
    this.chart.close();
  }
}

// A mel picture of some thousand pixels, on the scale of all others.
function paintSmall(canvas, levels, { frames, manifest, ofLevels: [gain, offset] }) {
  const { width, height } = THUMB;
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const scale = 255 / (HIGHEST_DB - LOWEST_DB);
  for (let y = 0; y < height; y += 1) {
    const row = Math.floor(((height - 1 - y + 0.5) / height) * manifest.grid.n_mels) * frames;
    for (let x = 0; x < width; x += 1) {
      const level = (gain * levels[row + Math.floor(((x + 0.5) / width) * frames)] + offset - LOWEST_DB) * scale;
      pixels[y * width + x] = COLOURS[Math.min(Math.max(Math.round(level), 0), 255)];
    }
  }
  context.putImageData(image, 0, 0);
}
