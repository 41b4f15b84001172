// Seven places inside the network as trajectories: PCA beside t-SNE, linked with the step both ways. On a page that
// compares conversions a second one may lie on the same maps.

import { openConversion } from "./conversion.js";
import { element, tellDone, tellProblem } from "./dom.js";
import { BRIGHT } from "./gradient.js";
import { featureOf, nearestKept, openMaps } from "./hidden.js";
import { Together } from "./maps_together.js";
import { presentOf } from "./present.js";
import { TraceProblem } from "./trace.js";
import { Trajectory } from "./trajectory.js";
import { followChosen } from "./unchosen.js";
import { notesOf } from "./wishes.js";

const LAYERS = ["first", "middle", "last"];
const STEP = "step";
const TITLES = { pca: "PCA", tsne: "t-SNE" };
// What is said of each feature; `short` stands on its button.
const WORDS = {
  step: { short: "step embedding", about: "The step itself, turned into a row of numbers. It knows nothing of the song: in every conversion that takes the same steps it is the same." },
  noise_first: { short: "x + step", about: "The noisy mel, widened, as the first layer gets it, with the step added. Averaged over all frames." },
  noise_middle: { short: "x + step", about: "The same in the middle of the network: what the layers before have passed on, and the step." },
  noise_last: { short: "x + step", about: "The same in the last layer, close to the guess itself." },
  condition_first: { short: "+ conditions", about: "In the first layer, after its convolution, when content, melody, loudness and singer have been added." },
  condition_middle: { short: "+ conditions", about: "The same in the middle of the network." },
  condition_last: { short: "+ conditions", about: "The same in the last layer: the step, the noisy mel and all conditions together." },
};

export class Figure {
  constructor(place) {
    this.place = place;
    this.find = (selector) => place.querySelector(selector);
    this.endings = [];
    this.find(".bar").style.background = BRIGHT.css;
    const go = (index, since) => this.go(index, since);
    this.charts = Object.entries(TITLES).map(([kind, title]) => {
      const goSecond = (index, since) => this.goSecond(index, since);
      return [kind, new Trajectory(this.find(`[data-kind="${kind}"]`), title, go, (index) => `step ${this.stepAt(index)}`, goSecond)];
    });
  }

  // data: {trace: an id, or null for whatever the group presents, roots, group}
  async open(data) {
    if (data.trace === null) {
      this.trailing ??= followChosen(this.place, data.group, (trace) => this.open({ ...data, trace, sharesState: true }));
      return;
    }
    if (data.trace === this.wanted) return;
    this.wanted = data.trace;
    this.sharesState = data.sharesState;
    this.notes = notesOf(data.sharesState);
    for (const end of this.endings.splice(0)) end();
    try {
      const conversion = await openConversion(data.roots, data.trace);
      const maps = await openMaps(conversion);
      if (this.wanted !== data.trace || this.closed) return;
      this.say("");
      this.place.classList.remove("is-missing");
      this.begin(conversion, maps, data.group);
      if (data.sharesState) await this.beside(data.roots);
    } catch (error) {
      if (this.wanted !== data.trace) return;
      this.wanted = null;
      this.place.classList.add("is-missing"); // another conversion's picture is none of this one
      this.say(error instanceof TraceProblem ? error.message : `The maps cannot be drawn: ${error.message}.`);
    }
  }

  begin(conversion, maps, group) {
    Object.assign(this, { conversion, maps, present: presentOf(group), feature: featureOf(group) });
    this.find(".inside").replaceChildren(maps.names.every((name) => name in WORDS) ? this.network() : this.list());
    const { steps, last } = conversion;
    this.find(".from").textContent = `step ${steps[0]}: noise`;
    this.find(".to").textContent = `step ${steps[last]}: result`;
    const asked = this.notes.read("feature");
    const known = maps.names.includes(asked);
    if (asked !== null && !known) this.say(`The address asks for a place “${asked.slice(0, 40)}” inside the network that was not recorded; this is the first one.`);
    const before = !this.sharesState && maps.names.includes(this.feature.name); // a shared state remembers by itself
    this.feature.choose(known ? asked : before ? this.feature.name : maps.names[0]);
    this.endings.push(this.feature.watch((name) => this.show(name)), this.present.watch(() => this.follow()));
  }

  // --- a second conversion

  beside(roots) {
    this.together ??= new Together(this.find(".together"), {
      draw: () => this.feature.name && this.show(this.feature.name),
      showDensity: (shown) => this.charts.forEach(([, chart]) => chart.showDensity(shown)),
      follow: () => this.follow(),
      say: (sentence) => this.say(sentence, "together"),
    });
    return this.together.open({ conversion: this.conversion, maps: this.maps }, roots);
  }

  goSecond(index, since) {
    const place = this.together.placeOf(index);
    if (place !== this.present.place) this.present.go(place, since);
  }

  // --- where in the network

  button(name) {
    const button = element("button", { type: "button", "data-feature": name }, WORDS[name]?.short ?? name.replaceAll("_", " "));
    const layer = name.split("_")[1];
    if (WORDS[name] && layer) button.setAttribute("aria-label", `${layer} layer: ${WORDS[name].short.replace("+ conditions", "after the conditions").replace("x + step", "x plus step")}`);
    button.addEventListener("click", () => {
      this.say("");
      this.feature.choose(name);
      this.notes.note("feature", name);
      tellDone("feature chosen");
    });
    return button;
  }

  // The way of the noisy mel through the network, with a button at each place that was watched.
  network() {
    const arrow = () => element("span", { class: "arrow", "aria-hidden": "true" }, "→");
    const layers = LAYERS.flatMap((layer) => {
      const held = ["noise", "condition"].map((kind) => `${kind}_${layer}`).filter((name) => this.maps.names.includes(name));
      return [arrow(), element("div", { class: "layer" }, element("span", {}, `${layer} layer`), ...held.map((name) => this.button(name)))];
    });
    const drops = LAYERS.map(() => element("span", {}, "↓"));
    return element("div", { class: "network" },
      ...(this.maps.names.includes(STEP) ? [element("div", { class: "embedding" }, this.button(STEP)), element("div", { class: "drops", "aria-hidden": "true" }, ...drops)] : []),
      element("div", { class: "way" }, element("span", { class: "word" }, "x", element("sub", {}, "t")), ...layers, arrow(), element("span", { class: "word" }, "x̂", element("sub", {}, "0"))));
  }

  list() {
    return element("div", { class: "plain" }, ...this.maps.names.map((name) => this.button(name)));
  }

  show(name) {
    const { steps, last } = this.conversion;
    for (const button of this.place.querySelectorAll("[data-feature]")) button.setAttribute("aria-pressed", String(button.dataset.feature === name));
    this.find(".what").textContent = WORDS[name]?.about ?? "";
    this.second = this.together?.isOf(this.conversion) ? this.together.overlay(name) : null;
    const [start, finish] = this.second ? ["noise", "result"].map((end) => `${this.second.letters[0]} ${end}`) : [`noise, step ${steps[0]}`, `result, step ${steps[last]}`];
    for (const [kind, chart] of this.charts) chart.show(this.maps.map(name, kind), start, finish, this.second?.[kind]);
    this.place.dataset.feature = name;
    if (this.present.conversion) this.follow();
  }

  // --- the step

  stepAt(index) {
    return this.conversion.steps[this.maps.places[index]];
  }

  // Of the places that were kept, the one nearest to the present.
  follow() {
    if (!this.present.isOf(this.conversion)) return;
    const index = nearestKept(this.maps.places, this.present.place);
    for (const [, chart] of this.charts) chart.moveTo(index);
    this.find(".told").textContent = `The ring is step ${this.stepAt(index)}${this.second ? this.followSecond() : ""}.`;
    this.place.dataset.index = index;
    if (!this.second) delete this.place.dataset.second;
  }

  followSecond() {
    const { index } = this.together;
    for (const [, chart] of this.charts) chart.moveSecondTo(index);
    this.place.dataset.second = index;
    const [ours, theirs] = this.second.letters;
    return ` of ${ours}, the triangle step ${this.together.stepAt(index)} of ${theirs}`;
  }

  go(index, since) {
    this.present.go(this.maps.places[index], since);
    tellDone("map followed");
  }

  // What is wrong with the feature asked for, or with the whole, and with what was asked for `together`.
  say(sentence, about = "figure") {
    this.said = { ...this.said, [about]: sentence };
    tellProblem(this.place, Object.values(this.said).filter(Boolean).join(" "));
  }

  close() {
    this.closed = true;
    this.trailing?.();
    this.together?.close();
    for (const end of this.endings.splice(0)) end();
    for (const [, chart] of this.charts) chart.close();
  }
}
