// What there is to find in a phrase's picture, where it is, and what is said of a guess. Places are measured, not written down.

import { noteName } from "./picture.js";

const SLACK_S = 0.04; // beside a place is near enough for a mouse
const HISSES = ["s", "sh", "ch", "ts", "j"]; // as the labels of the Japanese recordings write them

// `phrase` and `layer`: where the task is set.
export const TASKS = {
  held: {
    title: "The longest held note", phrase: "phrase", layer: "f0",
    ask: "One note is held much longer than all others. Where? Click on it. Look for a ladder whose lines stay level.",
  },
  vibrato: {
    title: "Vibrato", phrase: "phrase", layer: "notes",
    ask: "The voice swings evenly around its note in some places, about six times a second. Click on one of them. A single turn of the melody is not vibrato: look for three waves in a row.",
  },
  breath: {
    title: "A breath", phrase: "japanese", layer: "mel",
    ask: "Before a phrase a singer breathes in. That is air without a pitch, between two words, softer than singing. Click on such a place. The labels below the picture tell you where words are.",
  },
  hiss: {
    title: "A hissing consonant", phrase: "japanese", layer: "mel",
    ask: "The labels are hidden now. An s, sh or j is a short, bright cloud in the upper half, where the ladder breaks off. Click on one.",
  },
};

// [{from, to, text}] of all right places in a phrase (see Figure.learn in layers.js).
export function truthOf(task, { held, vibratos, breaths, words }) {
  if (task === "held") return held ? [{ ...held, text: `${noteName(held.hz)}, ${(held.to - held.from).toFixed(1)} s` }] : [];
  if (task === "vibrato") return vibratos;
  if (task === "breath") return breaths;
  return (words ?? []).filter(({ text }) => HISSES.includes(text)).map(({ start_s: from, end_s: to, text }) => ({ from, to, text }));
}

// {right, because} of a guess at a time in seconds.
export function answerTo(task, phrase, at) {
  const places = truthOf(task, phrase);
  if (places.length === 0) return { right: false, because: "Nothing of the kind was found in this phrase, or its labels could not be loaded." };
  const hit = places.find(({ from, to }) => at >= from - SLACK_S && at <= to + SLACK_S);
  return hit ? { right: true, because: praise(task, hit, places.length) } : { right: false, because: `${thereIs(phrase, at)} ${HINTS[task]}` };
}

const span = ({ from, to }) => `from ${from.toFixed(2)} to ${to.toFixed(2)} s`;

function praise(task, hit, count) {
  if (task === "held") return `${noteName(hit.hz)}, ${hit.hz.toFixed(0)} Hz, held ${span(hit)}: ${(hit.to - hit.from).toFixed(1)} seconds, and nearly level.`;
  if (task === "vibrato") {
    return `Measured on the contour ${span(hit)}: ${hit.rateHz.toFixed(1)} swings a second, ${hit.cents.toFixed(0)} cents to either side (100 cents are a semitone).`;
  }
  if (task === "breath") return `Air without a pitch, ${span(hit)}, outside all words. There ${count === 1 ? "is no other" : `are ${count} in this phrase`}.`;
  return `The label says “${hit.text}”, ${span(hit)}. A hiss is strongest high up, above about 3 kHz, and the ladder is interrupted.`;
}

const HINTS = {
  held: "Look for the longest stretch whose lines stay level.",
  vibrato: "Look for at least three even waves, one after the other.",
  breath: "Look between the labels, for a soft cloud that is darker than the words around it.",
  hiss: "Look for a narrow cloud that is brightest high up, where the ladders break off.",
};

// What is to be seen at a place, for a guess that was wrong.
function thereIs({ f0, rate, words, held, vibratos, breaths }, at) {
  const inside = (places) => places.some(({ from, to }) => at >= from && at <= to);
  const tenths = f0[Math.min(Math.floor(at * rate), f0.length - 1)];
  const word = words?.find(({ start_s, end_s }) => start_s <= at && at < end_s);
  const where = `At ${at.toFixed(2)} s`;
  if (inside(breaths)) return `${where} there is a breath.`;
  if (tenths === 0) return word ? `${where} there is no pitch, but it is inside “${word.text}”: a consonant.` : `${where} nothing is sung, and little is heard.`;
  if (inside(vibratos)) return `${where} the pitch swings: that is vibrato.`;
  if (held && inside([held])) return `${where} a note is held, ${noteName(held.hz)}.`;
  return `${where} something is sung, near ${noteName(tenths / 10)}.`;
}
