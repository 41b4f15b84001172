// What the reader sees, in the page's address. A step there is the sampler's own: DDPM counts from 999 down to 0.

export const REST_MS = 250; // browsers refuse more than about three changes of address a second
const SHOWN = 40; // characters of a wrong step that are repeated to the reader

// The place that the address asks for, among the walk's steps: {place, problem}; place is null where it asks for none.
export function placeInAddress(steps) {
  const text = new URLSearchParams(document.location.search).get("step");
  if (text === null) return { place: null, problem: "" };
  const asked = text.trim() === "" ? NaN : Number(text);
  const [low, high] = [Math.min(steps[0], steps.at(-1)), Math.max(steps[0], steps.at(-1))];
  if (!Number.isInteger(asked) || asked < low || asked > high) {
    const shown = text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
    return { place: 0, problem: `The address asks for step “${shown}”, but steps run from ${low} to ${high}; this is the first one.` };
  }
  const place = nearest(Array.from(steps), asked);
  const problem = steps[place] === asked ? "" : `The address asks for step ${asked}, over which this sampler leaps; step ${steps[place]} is the nearest.`;
  return { place, problem };
}

// Index of the number nearest to `wanted`; of two as near, the first.
export function nearest(numbers, wanted) {
  return numbers.reduce((best, one, i) => (Math.abs(one - wanted) < Math.abs(numbers[best] - wanted) ? i : best), 0);
}

const waiting = new Map(); // name -> text, those still to be written
let timer = null;

// {name: text, or null to take it out}: what a page's figures keep in its address, written once the reader rests.
export function noteInAddress(values) {
  for (const [name, value] of Object.entries(values)) waiting.set(name, value === null ? null : String(value));
  clearTimeout(timer);
  const page = document.location.pathname;
  timer = setTimeout(() => {
    const notes = [...waiting];
    waiting.clear();
    if (document.location.pathname !== page) return; // the reader has gone on to another page
    const url = new URL(document.location.href);
    for (const [name, text] of notes) {
      if (text === null) url.searchParams.delete(name);
      else url.searchParams.set(name, text);
    }
    if (url.href !== document.location.href) history.replaceState(history.state, "", url);
  }, REST_MS);
}
