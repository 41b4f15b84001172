// Signal against noise, band by band and step by step: which bands emerge first.

import { DIVERGING, levelOf } from "./diverging.js";
import { element, signed } from "./dom.js";
import { Field, makeField, pitchOf } from "./explain_field.js";
import { openLight } from "./explain_light.js";
import { makeBar, makeChoice, makeList, WalkAxis, wished } from "./explain_parts.js";
import { snrDb } from "./replay.js";
import { TraceProblem } from "./trace.js";

const MOST_COLUMNS = 500; // of the picture; longer walks are looked at at so many places
const POWERS = ["all", "moving"];

export class SnrView {
  // `compared`: ids that the page compares, offered first.
  constructor(place, page, offered) {
    this.page = page;
    this.place = place;
    const compared = (page.view.get("compare") ?? "").split(",").filter(Boolean).slice(0, 4);
    const names = new Map([...offered.map(({ id, name }) => [id, name]), ...compared.filter((id) => !offered.some((one) => one.id === id)).map((id) => [id, id])]);
    this.ids = [...names.keys()];
    this.list = makeList("Conversion", [...names.values()], this.ids, page.view.get("explain_set"), (key) => page.view.set({ explain_set: key }), page.signal);
    if (this.list.problem) page.say(this.list.problem);
    this.read();
  }

  read() {
    const { view, say } = this.page;
    this.axis = wished(view, "explain_axis", "axis", ["step", "noise"], say);
    this.power = wished(view, "explain_power", "kind of signal", POWERS, say);
  }

  async open() {
    this.place.replaceChildren(element("div", { class: "row" }, this.list.node));
    this.light = await openLight(this.page.roots, this.ids[this.list.index]);
    this.walk = await this.light.walk();
    if (this.page.signal.aborted) return;
    if (this.light.last === 0) throw new TraceProblem(`“${this.light.id}” takes one step, so there is nothing to see over its steps; choose a longer walk.`);
    this.powers = bandPowers(this.light);
    this.build();
  }

  build() {
    const { signal, view } = this.page;
    const { grid, last } = this.light;
    this.choices = {
      axis: makeChoice("What the axis counts", [["step", "Steps"], ["noise", "Noise level"]], (kind) => view.set({ explain_axis: kind === "step" ? null : kind }), signal),
      power: makeChoice("What counts as signal", [["all", "Whole signal"], ["moving", "Only what changes"]], (kind) => view.set({ explain_power: kind === "all" ? null : kind }), signal),
    };
    this.panel = makeField("Signal to noise by band and step");
    this.panel.classList.add("over-steps");
    this.found = element("p", { class: "found" });
    const readout = element("output", { class: "readout" });
    this.place.replaceChildren(
      element("div", { class: "row" }, this.list.node, this.choices.axis.node, this.choices.power.node), this.found, this.panel,
      element("div", { class: "legend" }, makeBar(DIVERGING, ["−30", "−15", "0", "+15", "+30 dB"], ["noise is stronger", "the voice is"]),
        element("span", {}, element("span", { class: "zero" }), "0 dB: as strong as the noise")),
      readout,
    );
    this.field = new StepField(this.panel, grid, Math.min(last + 1, MOST_COLUMNS), readout, signal);
    this.draw();
  }

  draw() {
    const { field, walk, light, powers } = this;
    for (const [name, { show }] of Object.entries(this.choices)) show(this[name]);
    const decibels = Array.from(powers[this.power], (power) => 10 * Math.log10(power)); // −∞ for a band that never moves
    const axis = new WalkAxis(walk, this.axis);
    const columns = field.frames;
    const places = Array.from({ length: columns }, (_, column) => axis.placeAt(column / (columns - 1)));
    const snr = places.map((place) => snrDb(walk.sigma[place]));
    const crossings = decibels.map((db) => crossing(db, walk.sigma));
    field.axis = axis;
    field.places = places;
    field.tell = (band, column) => `${signed(decibels[band] + snr[column])} dB`;
    field.setLine(crossings.map((place) => (place === null ? null : axis.across(place))));
    field.drawTicks();
    field.colour((i) => DIVERGING[levelOf(decibels[Math.floor(i / columns)] + snr[i % columns])]);
    const words = emergence(crossings, (band) => pitchOf(band, light.grid), (place) => axis.tell(place));
    this.found.textContent = words;
    this.panel.querySelector("canvas").setAttribute("aria-label", `Signal-to-noise ratio of each mel band at each step, a heat map with a line at 0 dB. ${words}`);
  }

  follow() {
    if (!this.field) return;
    this.read();
    this.draw();
  }

  close() {
    this.field?.close();
  }
}

class StepField extends Field {
  drawTicks() {
    super.drawTicks();
    if (!this.axis) return;
    const running = this.figure.querySelector(".axis-x");
    running.replaceChildren(...this.axis.ticks.map(([at, text]) => {
      const tick = element("span", {}, text);
      tick.style.setProperty("--at", `${100 * at}%`);
      return tick;
    }));
    running.dataset.unit = this.axis.unit;
  }

  whereAcross(column) {
    return this.axis.tell(this.places[column]);
  }
}

// Mean square of a result's normalised mel in each band, {all, moving}; `moving` without the band's own mean.
function bandPowers(light) {
  const { frames, grid, scale, gain, result } = light;
  const powers = { all: new Float64Array(grid.n_mels), moving: new Float64Array(grid.n_mels) };
  for (let band = 0; band < grid.n_mels; band += 1) {
    let [sum, squares] = [0, 0];
    for (let i = band * frames; i < (band + 1) * frames; i += 1) {
      const x = (gain * result[i] + scale.floor_db - scale.mel_mean_db) / scale.mel_std_db;
      sum += x;
      squares += x * x;
    }
    powers.all[band] = squares / frames;
    powers.moving[band] = Math.max(squares / frames - (sum / frames) ** 2, 0);
  }
  return powers;
}

// First place of a walk at which a signal of so many dB is at least as strong as the noise; null: never.
function crossing(db, sigma) {
  const place = sigma.findIndex((level) => db + snrDb(level) >= 0);
  return place === -1 ? null : place;
}

// Which bands stand out of the noise first, halfway and last.
function emergence(crossings, nameOf, tell) {
  const risen = crossings.map((place, band) => ({ place, band })).filter(({ place }) => place !== null).sort((a, b) => a.place - b.place);
  if (risen.length === 0) return "No band ever stands out of the noise.";
  const [first, last] = [risen[0], risen.at(-1)];
  const half = risen.length >= crossings.length / 2 ? ` Half of the bands have by ${tell(risen[Math.ceil(crossings.length / 2) - 1].place)}.` : "";
  const never = crossings.length - risen.length;
  return `First out of the noise is the band at ${nameOf(first.band)}, at ${tell(first.place)}; last the one at ${nameOf(last.band)}, at ${tell(last.place)}.${half}${never ? ` ${never} of ${crossings.length} bands never do.` : ""}`;
}
