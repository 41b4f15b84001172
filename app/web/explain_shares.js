// Shapley shares of the four conditions: per band, over time, and point by point, from sixteen results.

import { DIVERGING, levelOf, MOST_DB } from "./diverging.js";
import { element, signed } from "./dom.js";
import { Chart } from "./explain_chart.js";
import { Field, makeField, pitchOf } from "./explain_field.js";
import { mustBeAlike, openLight } from "./explain_light.js";
import { makeBar, makeChoice, makeCompare, makeList, wished } from "./explain_parts.js";
import { awayOf, CONDITIONS, leaders, shapleyValues, sharesOf } from "./explain_shapley.js";
import { heightOf } from "./picture.js";

const LOOKS = ["a", "b dashed", "c dotted", "d broken"]; // colour and dash of each condition
const RGB = [[124, 196, 255], [255, 180, 105], [127, 220, 160], [227, 160, 242]]; // the same colours on the dark picture
const MAPS = ["leading", ...CONDITIONS];
const TICKS_HZ = [100, 200, 400, 800, 1600, 3200, 6400];
const ALL = (1 << CONDITIONS.length) - 1;

const percent = (share) => `${Math.round(100 * share)} %`;
const keyOf = ({ ids }) => ids[""] ?? Object.values(ids)[0];

export class SharesView {
  // `page`: {roots, view, say, buttons, signal}; see explain.js.
  constructor(place, page, sets) {
    this.page = page;
    this.place = place;
    this.list = makeList("Conversion", sets.map(({ name }) => name), sets.map(keyOf), page.view.get("explain_set"),
      (key) => page.view.set({ explain_set: key }), page.signal);
    if (this.list.problem) page.say(this.list.problem);
    this.set = sets[this.list.index];
    this.map = wished(page.view, "explain_map", "picture of this view", MAPS, page.say);
  }

  async open() {
    const { ids } = this.set;
    const masks = Array.from({ length: ALL + 1 }, (_, mask) => mask);
    const missing = masks.filter((mask) => !ids[awayOf(mask)]).map((mask) => (mask === ALL ? "told everything" : `without ${awayOf(mask).replaceAll(" ", ", ")}`));
    this.place.replaceChildren(element("div", { class: "row" }, this.list.node));
    if (missing.length > 0) {
      this.page.say(`Of the 16 coalitions of “${this.set.name}”, ${missing.length === 1 ? "one is" : `${missing.length} are`} not listed: ${missing.join("; ")}. Shapley values need all of them.`);
      return;
    }
    this.lights = await Promise.all(masks.map((mask) => openLight(this.page.roots, ids[awayOf(mask)])));
    mustBeAlike(this.lights);
    if (this.page.signal.aborted) return;
    const [{ frames, grid, gain, seconds }] = this.lights;
    this.values = shapleyValues(this.lights.map(({ result }) => result), CONDITIONS.length, gain);
    this.leading = leaders(this.values);
    this.build(frames, grid, seconds);
  }

  build(frames, grid, seconds) {
    const { signal, view } = this.page;
    const choice = makeChoice("What the picture shows", MAPS.map((name) => [name, name === "leading" ? "Leading condition" : `φ of ${name}`]),
      (name) => view.set({ explain_map: name === "leading" ? null : name }), signal);
    this.choice = choice;
    this.panel = makeField("Share of the conditions in each point");
    this.legend = element("div", { class: "legend" });
    const readout = element("output", { class: "readout" });
    const charts = [element("div"), element("div")];
    const overall = sharesOf(this.values, frames, "all").map(([share]) => share);
    this.place.replaceChildren(
      element("div", { class: "row" }, this.list.node), this.sentence(overall),
      element("div", { class: "stage" },
        element("div", {}, choice.node, this.panel, this.legend, readout, this.listening()),
        element("div", {}, ...charts)),
    );
    this.field = new Field(this.panel, grid, frames, readout, signal);
    this.field.tell = (band, column) => this.words(band * frames + column);
    this.drawMap();
    const y = { low: 0, high: 1, unit: " %", digits: 0, scale: 100 };
    const byBand = sharesOf(this.values, frames, "bands");
    const middle = (band) => (band + 0.5) / grid.n_mels;
    new Chart(charts[0], "Shares by frequency", signal).draw({
      lines: linesOf(byBand, middle), y, steps: grid.n_mels,
      x: {
        ticks: TICKS_HZ.map((hz) => [heightOf(hz, grid), hz < 1000 ? `${hz}` : `${hz / 1000}k`]).filter(([at]) => at > 0 && at < 1),
        unit: "Hz, as on the mel scale",
        tell: (x) => pitchOf(Math.floor(x * grid.n_mels), grid), snap: (x) => middle(Math.floor(x * grid.n_mels)),
      },
      words: `Shares by frequency. ${inWords(byBand, (band) => pitchOf(band, grid))}`,
    });
    const byFrame = sharesOf(this.values, frames, "frames");
    new Chart(charts[1], "Shares over time", signal).draw({
      lines: linesOf(byFrame, (frame) => (frame + 0.5) / frames), y, steps: 200,
      x: {
        ticks: Array.from({ length: Math.ceil(seconds) }, (_, second) => [second / seconds, `${second}`]),
        unit: "s", tell: (x) => `${(x * seconds).toFixed(2)} s`, snap: (x) => (Math.floor(x * frames) + 0.5) / frames,
      },
      words: `Shares over time. ${inWords(byFrame, (frame) => `${((frame * seconds) / frames).toFixed(1)} s`)}`,
    });
  }

  sentence(overall) {
    const order = CONDITIONS.map((name, i) => [name, overall[i]]).sort((a, b) => b[1] - a[1]);
    const [first, ...others] = order.map(([name, share]) => `${name} ${percent(share)}`);
    const all = this.lights[ALL].result;
    const none = this.lights[0].result;
    const moved = all.reduce((sum, level, i) => sum + Math.abs(level - none[i]), 0) * (this.lights[0].gain / all.length);
    return element("p", { class: "found" }, element("b", {}, `Here most is moved by ${first}`), `, then ${others.join(", ")}. Between told nothing and told everything the picture changes by ${moved.toFixed(1)} dB in the mean.`);
  }

  drawMap() {
    const { map, values, leading, field } = this;
    const player = CONDITIONS.indexOf(map);
    this.choice.show(map);
    if (player >= 0) field.colour((i) => DIVERGING[levelOf(values[player][i])]);
    else {
      field.colour((i) => {
        const [red, green, blue] = RGB[leading[i]];
        const light = Math.sqrt(Math.min(Math.abs(values[leading[i]][i]) / MOST_DB, 1));
        return (255 << 24) | ((light * blue) << 16) | ((light * green) << 8) | (light * red);
      });
    }
    const counts = CONDITIONS.map((_, i) => leading.reduce((sum, one) => sum + (one === i), 0) / leading.length);
    const label = player >= 0
      ? `Signed Shapley values of ${map} over time and frequency, mean size ${meanSize(values[player]).toFixed(1)} dB: orange where telling it makes the result louder, blue where softer`
      : `Which condition moves each point of time and frequency most: ${CONDITIONS.map((name, i) => `${name} in ${percent(counts[i])}`).join(", ")} of the points`;
    this.panel.querySelector("canvas").setAttribute("aria-label", label);
    this.legend.replaceChildren(...(player >= 0
      ? [makeBar(DIVERGING, ["−30", "−15", "0", "+15", "+30 dB"], [`${map} makes softer`, "makes louder"])]
      : [...CONDITIONS.map((name, i) => {
        const swatch = element("span", { class: "swatch" });
        swatch.style.background = `rgb(${RGB[i].join(", ")})`;
        return element("span", {}, swatch, `${name} leads in ${percent(counts[i])}`);
      }), element("span", {}, `the brighter, the larger its |φ|, up to ${MOST_DB} dB`)]));
  }

  words(i) {
    const parts = CONDITIONS.map((name, player) => `${name} ${signed(this.values[player][i])}`);
    return `φ in dB: ${parts.join(", ")}; in all ${signed(this.values.reduce((sum, one) => sum + one[i], 0))}`;
  }

  // Any of the sixteen results, to be heard.
  listening() {
    const { buttons, signal } = this.page;
    let told = ALL;
    const toggles = CONDITIONS.map((name, i) => {
      const button = element("button", { type: "button", "aria-pressed": "true" }, name);
      button.addEventListener("click", () => {
        told ^= 1 << i;
        button.setAttribute("aria-pressed", String(Boolean(told & (1 << i))));
        show();
        follow();
      }, { signal });
      return button;
    });
    const play = element("button", { type: "button", class: "wide play" });
    const show = () => {
      const there = this.lights[told].sound() !== null;
      play.disabled = !there;
      play.textContent = there ? `Hear it told ${told === ALL ? "everything" : told === 0 ? "nothing" : CONDITIONS.filter((_, i) => told & (1 << i)).join(", ")}` : "This trace keeps no sound";
    };
    // while one is heard, another takes over where it stands
    const follow = () => {
      const sound = this.lights[told].sound();
      if (!buttons.player.playing || !sound) return;
      buttons.player.play(sound.name, sound.load, { follow: true }).catch((error) => this.page.say(`This sound cannot be played: ${error.message}.`));
    };
    show();
    buttons.add(play, () => this.lights[told].sound(), (seconds) => this.field?.compose(seconds));
    const beside = makeCompare(this.page.view, () => [...new Set([ALL, told])].map((mask) => this.lights[mask].id), signal);
    return element("div", { class: "listen" }, element("span", { class: "label" }, "The model is told"), ...toggles, play, beside);
  }

  // What the address now says of the view, where it is not another set.
  follow() {
    if (!this.field) return;
    this.map = wished(this.page.view, "explain_map", "picture of this view", MAPS, this.page.say);
    this.drawMap();
  }

  close() {
    this.field?.close();
  }
}

const meanSize = (values) => values.reduce((sum, value) => sum + Math.abs(value), 0) / values.length;

function linesOf(shares, across) {
  return CONDITIONS.map((name, i) => ({ name, look: LOOKS[i], points: Array.from(shares[i], (share, at) => [across(at), share]) }));
}

// Where each condition's share is largest.
function inWords(shares, tell) {
  return CONDITIONS.map((name, i) => {
    const best = shares[i].reduce((top, share, at) => (share > shares[i][top] ? at : top), 0);
    return `${name}: most, ${percent(shares[i][best])}, at ${tell(best)}`;
  }).join(". ");
}
