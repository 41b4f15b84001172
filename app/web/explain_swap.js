// Told another singer from step k on: what changes in the prediction, and when the singer is decided.

import { element, signed } from "./dom.js";
import { Chart } from "./explain_chart.js";
import { mustBeAlike, openLight } from "./explain_light.js";
import { makeChoice, makeCompare, makeList, WalkAxis, wished } from "./explain_parts.js";
import { snrDb } from "./replay.js";
import { TraceProblem } from "./trace.js";

const LOOKS = ["a", "b dashed", "c dotted", "d broken"];
const COLUMN = "similarity_to_target";

export class SwapView {
  constructor(place, page, sets) {
    this.page = page;
    this.place = place;
    const keys = sets.map(({ swapped }) => swapped[0]);
    this.list = makeList("Conversion", sets.map(({ name }) => name), keys, page.view.get("explain_set"),
      (key) => page.view.set({ explain_set: key }), page.signal);
    if (this.list.problem) page.say(this.list.problem);
    this.set = sets[this.list.index];
    this.axis = wished(page.view, "explain_axis", "axis", ["step", "noise"], page.say);
  }

  async open() {
    this.place.replaceChildren(element("div", { class: "row" }, this.list.node));
    const { plain, swapped, seeds, singer } = this.set;
    if (plain === null) throw new TraceProblem(`The conversion that kept its singer, to compare with, is not among those listed for “${this.set.name}”.`);
    const [base, ...others] = await Promise.all([plain, ...swapped].map((id) => openLight(this.page.roots, id)));
    mustBeAlike([base, ...others], ["frames", "last"]);
    const other = await Promise.all(seeds.filter((id) => id !== plain).map((id) => openLight(this.page.roots, id)));
    const alike = other.filter(({ frames }) => frames === base.frames);
    this.walk = await base.walk();
    this.target = base.manifest.target;
    const similarity = async (light) => (await light.measures()).filter((row) => Number.isFinite(row[COLUMN]));
    this.kept = await similarity(base);
    this.rows = (await Promise.all(others.map(async (light) => ({
      at: light.manifest.sampler.swap.at,
      apart: differences(base, light),
      measured: await similarity(light),
    })))).sort((a, b) => a.at - b.at);
    for (const row of this.rows) {
      row.similarity = row.measured.at(-1)?.[COLUMN] ?? NaN;
      row.result = row.apart.points.at(-1)[1];
      row.snr = snrDb(this.walk.sigma[row.at]);
    }
    this.before = Math.max(...this.rows.map(({ apart }) => apart.before));
    const ofSeeds = await Promise.all(alike.map(similarity));
    this.chance = {
      apart: alike.length ? alike.reduce((sum, light) => sum + meanApart(base, light, base.last), 0) / alike.length : null,
      similarities: [this.kept, ...ofSeeds].map((rows) => rows.at(-1)?.[COLUMN]).filter(Number.isFinite),
      n: alike.length,
    };
    this.singer = singer;
    if (!this.page.signal.aborted) this.build();
  }

  build() {
    const { signal, view } = this.page;
    this.choice = makeChoice("What the axis counts", [["step", "Steps"], ["noise", "Noise level"]],
      (kind) => view.set({ explain_axis: kind === "step" ? null : kind }), signal);
    const charts = [element("div"), element("div")];
    const kept = this.kept.at(-1)?.[COLUMN] ?? NaN;
    this.place.replaceChildren(
      element("div", { class: "row" }, this.list.node, this.choice.node, makeCompare(view, () => [this.set.plain, ...this.set.swapped], signal)),
      element("p", { class: "found" }, commitment({ rows: this.rows, kept, singer: this.singer, target: this.target, chance: this.chance })),
      element("div", { class: "stage" }, ...charts),
      this.table(kept),
      element("p", { class: "small" }, `Before its swap a walk is the same as the unswapped one, and drawn as 0; what is kept of the two differs there by up to ${this.before.toFixed(1)} dB in the mean, because pictures are rounded and, between kept steps, interpolated. After it the points are the steps that were kept. Similarity was measured where its lines bend; what is read is the nearest such step.`),
    );
    this.charts = [
      new Chart(charts[0], "Prediction: difference from the unswapped", signal),
      new Chart(charts[1], `Similarity to ${this.target}`, signal),
    ];
    this.draw();
  }

  draw() {
    const axis = new WalkAxis(this.walk, this.axis);
    this.choice.show(this.axis);
    const name = ({ at }) => `told ${this.singer} from ${at} on`;
    const apart = this.rows.map((row, i) => ({
      name: name(row), look: LOOKS[i % LOOKS.length],
      points: [[0, 0], [axis.across(row.at - 1), 0], ...row.apart.points.map(([place, db]) => [axis.across(place), db])],
    }));
    const most = Math.max(this.chance.apart ?? 0, ...this.rows.flatMap((row) => row.apart.points.map(([, db]) => db)));
    const rule = this.chance.apart === null ? null : { at: this.chance.apart, name: `another seed, at the result: ${this.chance.apart.toFixed(1)} dB` };
    this.charts[0].draw({
      lines: apart, x: axis.forChart, y: { low: 0, high: 1.08 * most, unit: " dB", digits: 1, scale: 1 }, rule, steps: 200,
      words: `Mean difference from the unswapped prediction over the walk. ${this.rows.map((row) => `Swapped at ${row.at}: ${row.apart.points[0][1].toFixed(1)} dB at once, ${row.result.toFixed(1)} dB at the result`).join(". ")}.`,
    });
    const lines = [
      { name: "never swapped", look: "plain", points: this.kept.map((row) => [axis.across(row.place), row[COLUMN]]) },
      ...this.rows.map((row, i) => ({
        name: name(row), look: LOOKS[i % LOOKS.length],
        points: row.measured.map((one) => [axis.across(one.place), one[COLUMN]]),
      })),
    ].filter(({ points }) => points.length > 0);
    const values = lines.flatMap(({ points }) => points.map(([, value]) => value));
    if (values.length === 0) return;
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const room = 0.06 * (high - low) || 0.05;
    this.charts[1].draw({
      lines, x: axis.forChart, y: { low: low - room, high: high + room, unit: "", digits: 3, scale: 1 }, steps: 200, measured: true,
      words: `Similarity of each prediction’s sound to ${this.target} over the walk. ${lines.map((line) => `${line.name}: ${line.points[0][1].toFixed(3)} at first, ${line.points.at(-1)[1].toFixed(3)} at the result`).join(". ")}.`,
    });
  }

  table(kept) {
    const cell = (text) => element("td", {}, text);
    const head = ["Swap at place", "Step", "SNR", "Result differs by", `Similarity to ${this.target}`, "Change"];
    return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "What each swap changes" }, element("table", {},
      element("thead", {}, element("tr", {}, ...head.map((text) => element("th", { scope: "col" }, text)))),
      element("tbody", {},
        element("tr", {}, element("th", { scope: "row" }, "never"), cell("–"), cell("–"), cell("0 dB"), cell(shown(kept)), cell("–")),
        ...this.rows.map((row) => element("tr", {}, element("th", { scope: "row" }, `${row.at}`), cell(`${this.walk.step[row.at]}`), cell(`${signed(row.snr)} dB`),
          cell(`${row.result.toFixed(2)} dB`), cell(shown(row.similarity)), cell(shown(row.similarity - kept)))))));
  }

  follow() {
    if (!this.charts) return;
    this.axis = wished(this.page.view, "explain_axis", "axis", ["step", "noise"], this.page.say);
    this.draw();
  }

  close() {}
}

const shown = (value) => (Number.isFinite(value) ? signed(value, 3) : "not measured");

// Mean |difference| of two predictions at a place, dB.
function meanApart(one, other, place) {
  const [a, b] = [one.decibelsAt(place), other.decibelsAt(place)];
  return a.reduce((sum, value, i) => sum + Math.abs(value - b[i]), 0) / a.length;
}

// {points: [[place, dB]] at the swapped walk's kept places from the swap on; before: the largest in front of it}.
function differences(base, light) {
  const { at } = light.manifest.sampler.swap;
  const kept = [...new Set([...light.places, at])].sort((a, b) => a - b);
  return {
    points: kept.filter((place) => place >= at).map((place) => [place, meanApart(base, light, place)]),
    before: Math.max(0, ...kept.filter((place) => place < at).map((place) => meanApart(base, light, place))),
  };
}

// When the singer is decided, in words: only what the figures say. `rows`: [{at, snr, similarity}] by `at`;
// `kept`: similarity without a swap; `chance`: {similarities} of all seeds, this one's first.
export function commitment({ rows, kept, singer, target, chance }) {
  const measured = rows.filter(({ similarity }) => Number.isFinite(similarity));
  if (!Number.isFinite(kept) || measured.length === 0) return "Similarity was not measured in these conversions, so when the singer is decided cannot be said.";
  const lost = measured.map((row) => ({ ...row, lost: kept - row.similarity }));
  const [first, ...later] = lost;
  const amount = (value) => signed(value, 3);
  const told = `Told ${singer} from place ${first.at} on (SNR ${signed(first.snr)} dB), the result loses ${amount(first.lost)} of its similarity to ${target} (${kept.toFixed(3)})${later.map((row) => `, from ${row.at} on ${amount(row.lost)}`).join("")}.`;
  const half = lost.findIndex((row) => row.lost < first.lost / 2);
  const between = first.lost <= 0
    ? "The earliest swap takes nothing away, so these conversions do not show when the singer is decided."
    : half === -1
      ? `Even the latest swap does more than half of what the earliest does: most of the singer is decided after place ${lost.at(-1).at}.`
      : `Half of what the earliest swap takes is out of reach somewhere between ${lost[half - 1].at} and ${lost[half].at} (SNR ${signed(lost[half - 1].snr)} and ${signed(lost[half].snr)} dB): there most of the singer is decided, as far as similarity tells. After ${lost.at(-1).at} a swap still takes ${Math.round((100 * lost.at(-1).lost) / first.lost)} % of it.`;
  const spread = chance.similarities.length > 1
    ? ` Other seeds alone lie up to ${amount(Math.max(...chance.similarities) - Math.min(...chance.similarities))} apart.` : "";
  return `${told} ${between}${spread} What a swap before ${first.at} does was not recorded.`;
}
