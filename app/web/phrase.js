// All that is known of a source phrase: its conversion's pictures and contour, its wave, its words, and what they hold.

import { openConversion } from "./conversion.js";
import { breaths, centsOf, heldNote, vibratos } from "./notes.js";
import { hzAt, noteName } from "./picture.js";
import { decodeSamples, peakOf, swingIn } from "./waveform.js";

const WORDS_FORMAT = "singsteps-words-1";
export const LENS_S = 0.03;

let labels = null; // promise of the words of all phrases, fetched once a page

// A phrase of a trace. The wave comes later: `listening` is done when `samples` are there, or the reason `deaf` for none;
// `wordless`: why there are no words, where there are none.
// Rejects with a TraceProblem.
export async function learnPhrase(roots, trace, material) {
  const [conversion, words] = await Promise.all([openConversion(roots, trace), wordsIn(material)]);
  const { manifest, frames, sourceF0: f0 } = conversion;
  const { grid, source } = manifest;
  const rate = grid.sample_rate_hz / grid.hop;
  const [gain, offset] = conversion.ofLevels;
  const db = (band, frame) => gain * conversion.source[band * frames + frame] + offset;
  const sung = words?.find(({ singer, phrase }) => singer === source.singer && phrase === source.phrase) ?? null;
  const phrase = {
    conversion, f0, rate, db, grid, words: sung?.intervals ?? null, cents: centsOf(f0), seconds: conversion.seconds,
    held: heldNote(f0, rate), vibratos: vibratos(f0, rate), breaths: breaths(f0, rate, sung?.intervals ?? null, db, grid),
    samples: null, peak: 0, deaf: null,
    wordless: words ? "This recording has no labels of its words." : "The words’ file is missing or damaged.",
  };
  phrase.listening = hear(phrase);
  return phrase;
}

async function hear(phrase) {
  const recording = phrase.conversion.recording("source");
  try {
    if (!recording) throw new Error("there is no recording");
    phrase.samples = await decodeSamples(await recording.load(), phrase.grid.sample_rate_hz);
    phrase.peak = peakOf(phrase.samples);
  } catch (error) {
    phrase.deaf = `The wave cannot be drawn (${error.message}); the other pictures can.`;
  }
}

// The labels of all phrases; null where they cannot be had: pictures go on without words.
function wordsIn(material) {
  labels ??= fetch(new URL(`${material}words.json`, document.location.href))
    .then((response) => (response.ok ? response.json() : null))
    .then((table) => (table?.format === WORDS_FORMAT && Array.isArray(table.phrases) ? table.phrases : null))
    .catch(() => null);
  return labels;
}

// The word or sound that is labelled at a time; null where there is none.
const wordAt = ({ words }, at) => words?.find(({ start_s, end_s }) => start_s <= at && at < end_s) ?? null;

// What a layer shows at a time and, of pictures with a frequency axis, a height: lines of text. What a picture cannot
// show is not read from it.
export function readingOf(phrase, layer, at, height, withWord) {
  const { f0, rate, grid, samples } = phrase;
  const frame = Math.min(Math.floor(at * rate), f0.length - 1);
  const word = withWord ? wordAt(phrase, at) : null;
  const lines = [`${at.toFixed(2)} s${word ? ` · “${word.text}”` : ""}`];
  if (layer === "wave") {
    const [from, to] = [-0.5, 0.5].map((half) => (at + half * LENS_S) * grid.sample_rate_hz);
    if (samples) lines.push(`The wave swings to ${(100 * swingIn(samples, from, to)).toFixed(0)} % of full scale.`);
    return lines;
  }
  if (layer !== "notes") {
    const hz = Math.max(hzAt(height, grid), 1);
    const db = phrase.db(Math.min(Math.floor(height * grid.n_mels), grid.n_mels - 1), frame);
    lines.push(`At the cross: ${Math.round(hz)} Hz${hz > 30 ? ` (${noteName(hz)})` : ""}, ${db.toFixed(0).replace("-", "−")} dB`);
  }
  if (layer !== "mel") lines.push(f0[frame] > 0 ? `Sung: ${pitchText(f0[frame] / 10)}` : "No pitch found here");
  return lines;
}

// "392 Hz = G4 + 2 cents, 11.8 waves in 30 ms"
function pitchText(hz) {
  const semitones = 12 * Math.log2(hz / 440);
  const off = Math.round(100 * (semitones - Math.round(semitones)));
  const beside = off === 0 ? "" : ` ${off > 0 ? "+" : "−"} ${Math.abs(off)} cents`;
  return `${hz.toFixed(0)} Hz = ${noteName(hz)}${beside}, ${(hz * LENS_S).toFixed(1)} waves in ${1000 * LENS_S} ms`;
}
