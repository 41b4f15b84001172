// The figures of metrics.csv: read, and what each is called, counted in, and good for.

import { nearest } from "./address.js";

// What can be drawn. A line is {column, kind, name}; `look`: its colour and dash (curves.css). `better`: which
// way a result should lie; null where neither end is good or bad. `power`: drawn by its logarithm.
export const MEASURES = [
  {
    id: "similarity", title: "Whose voice?", axis: "similarity, cosine", unit: "", digits: 3, better: null,
    about: "How alike two voices are to a network that tells singers apart: 1 is the very same. To the **target** higher is better, to the **source** lower. It hears each step’s sound.",
    lines: [
      { column: "similarity_to_target", kind: "predicted", name: "prediction, to the target", look: "one solid" },
      { column: "similarity_to_source", kind: "predicted", name: "prediction, to the source", look: "other solid" },
      { column: "similarity_to_target", kind: "state", name: "noisy, to the target", look: "one dashed" },
      { column: "similarity_to_source", kind: "state", name: "noisy, to the source", look: "other dashed" },
    ],
  },
  {
    id: "f0-error", title: "Pitch error", axis: "F0 RMSE, cents", unit: " cents", digits: 0, better: "lower", power: true,
    about: "How far the pitch lies from the melody that was asked for, in [cents](glossary#cent): 100 are a semitone. The axis is logarithmic. One frame in 500 heard an octave off would make 54 cents all by itself, so read jumps with care. In noise few frames have a pitch, and those mean nothing.",
    lines: both("f0_rmse_cents"),
  },
  {
    id: "f0-correlation", title: "Pitch movement", axis: "F0 correlation", unit: "", digits: 3, better: "higher",
    about: "Does the pitch rise and fall with the melody that was asked for? 1 is perfectly so, 0 not at all. A voice that is out of tune by the same amount all along still gets 1.",
    lines: both("f0_corr"),
  },
  {
    id: "right-notes", title: "Right notes", axis: "share of frames", unit: "", digits: 3, better: "higher",
    about: "Share of the melody’s frames that are sung within 50 cents, a quarter tone, of what was asked for ([RPA](glossary#rpa)).",
    lines: both("rpa"),
  },
  {
    id: "distance", title: "Way to the result", axis: "MCD to the result, dB", unit: " dB", digits: 2, better: null,
    about: "[MCD](glossary#mcd) between the sound of this step and the conversion’s own result: how far there is still to go. It says nothing of how good that result is.",
    lines: both("mcd_to_result_db"),
  },
  {
    id: "loudness", title: "Loudness", axis: "loudness RMSE, dB", unit: " dB", digits: 2, better: "lower",
    about: "Is it loud and soft where the source is? The distance of the two loudness curves, frame by frame, where something is sounding.",
    lines: both("loudness_rmse_db"),
  },
];

function both(column) {
  return [
    { column, kind: "predicted", name: "prediction", look: "one solid" },
    { column, kind: "state", name: "noisy mel", look: "other dashed" },
  ];
}

// Those of a trace, as readMeasures gives them. Rejects with a TraceProblem.
export async function measuresOf(trace) {
  const text = await trace.text("metrics.csv");
  try {
    return readMeasures(text, trace.manifest.sampler.steps - 1);
  } catch (error) {
    throw trace.damaged("metrics.csv", error.message);
  }
}

// Rows of metrics.csv as {place, kind, column: number}; an empty cell is NaN. Throws an Error that says what is wrong.
export function readMeasures(text, last) {
  const [head, ...lines] = text.trim().split(/\r?\n/).map((line) => line.split(","));
  if (!["place", "kind"].every((column) => head.includes(column))) throw new Error("it has no column of places");
  const rows = lines.map((cells) => Object.fromEntries(head.map((column, i) => {
    return [column, column === "kind" ? cells[i] : cells[i] ? Number(cells[i]) : NaN];
  })));
  if (!rows.every(({ place }) => Number.isInteger(place) && place >= 0 && place <= last)) {
    throw new Error("it names a step that there is none of");
  }
  return rows.sort((a, b) => a.place - b.place);
}

// A line's points [{place, value}], by place, without what could not be measured.
export function pointsOf(rows, { column, kind }) {
  return rows.filter((row) => row.kind === kind && Number.isFinite(row[column])).map((row) => ({ place: row.place, value: row[column] }));
}

// Ticks at round numbers: at least three, where the range allows.
export function roundTicks(low, high, power = false) {
  if (power) {
    const decades = [1, 2, 5].flatMap((lead) => Array.from({ length: 8 }, (_, i) => lead * 10 ** (i - 3)));
    return decades.filter((tick) => tick >= low && tick <= high).sort((a, b) => a - b);
  }
  const span = high - low;
  const coarse = 10 ** Math.floor(Math.log10(span));
  const by = [coarse / 5, coarse / 2, coarse, 2 * coarse].find((one) => span / one <= 5);
  const first = Math.ceil(low / by - 1e-9);
  return Array.from({ length: Math.floor(high / by + 1e-9) - first + 1 }, (_, i) => (first + i) * by);
}

// Round step numbers for an axis of places, and both ends: [{step, place}], by place. `steps`: of each place.
export function stepTicks(steps) {
  const last = steps.length - 1;
  const ends = [...new Set([0, last])].map((place) => ({ step: steps[place], place }));
  if (last === 0) return ends;
  const [low, high] = [Math.min(steps[0], steps[last]), Math.max(steps[0], steps[last])];
  const room = (high - low) / 12; // a number that near to an end would be written over it
  const between = roundTicks(low, high).filter((step) => Number.isInteger(step) && step - low > room && high - step > room);
  const places = between.map((step) => ({ step, place: nearest(Array.from(steps), step) }));
  return [...ends, ...places].sort((a, b) => a.place - b.place);
}
