// Reads a line of JSON, hands it to the page's own modules, and answers {problem}: what they threw, or "".

import { createInterface } from "node:readline";

const page = { location: {}, dispatchEvent: () => true };
const kept = new Map();
Object.assign(globalThis, {
  document: page,
  history: { state: null, replaceState: (_, __, url) => { new URL(url); } },
  localStorage: { getItem: (name) => kept.get(name) ?? null, setItem: (name, text) => kept.set(name, text) },
  CustomEvent: globalThis.CustomEvent ?? class {},
});

const { placeInAddress } = await import("./address.js");
const { ViewState, readRange, writeRange } = await import("./view_state.js");
const { askedFor } = await import("./layers_address.js");
const { choiceInAddress, numberInAddress } = await import("./noising_address.js");
const { Listing, ListingProblem, readCsv } = await import("./listing.js");
const { faultOf } = await import("./manifest.js");
const { recall, progressOf, remember } = await import("./memory.js");

const LONGEST_SENTENCE = 400;

function must(holds, otherwise) {
  if (!holds) throw new Error(otherwise);
}

const isSentence = (text) => typeof text === "string" && text.length < LONGEST_SENTENCE;

function readAddress({ search, steps }) {
  const url = new URL("http://page.test/a");
  url.search = search;
  page.location = { search: url.search, pathname: url.pathname, href: url.href };
  const { place, problem } = placeInAddress(steps);
  must(place === null || (Number.isInteger(place) && steps[place] !== undefined), `no place: ${place}`);
  must(isSentence(problem), "no sentence of a step");
  const phrase = askedFor(["one", "two"], ["mel", "f0"]);
  must(isSentence(phrase.problem) || phrase.problem.length < 3 * LONGEST_SENTENCE, "no sentence of a phrase");
  must(phrase.at === null || phrase.at >= 0, `no moment: ${phrase.at}`);
  must(phrase.at === null || Number.isFinite(phrase.at), `a moment without end: ${phrase.at}`);
  const t = numberInAddress("t", 0, 999, 500);
  must(Number.isInteger(t.value) && t.value >= 0 && t.value <= 999 && isSentence(t.problem), `no number: ${t.value}`);
  const look = choiceInAddress("look", ["away", "up"]);
  must(["away", "up"].includes(look.value) && isSentence(look.problem), `no choice: ${look.value}`);
  const view = new ViewState();
  const again = new ViewState(new URL(view.address()).search);
  for (const [name, text] of view.texts) {
    must(again.get(name) === text, `${name} does not come back`);
    const range = readRange(text);
    must(range === null || (range.length === 2 && range[0] <= range[1]), `no range: ${range}`);
    if (range) readRange(writeRange(range));
  }
  view.replace({ rpa: "0.5:" });
  view.close();
}

function readListing({ text }) {
  try {
    const listing = new Listing(readCsv(text));
    const view = new ViewState("?rpa=0.9:&source=vocalset-f1,plain&key=-8&rca=:");
    const rows = listing.fitting(view);
    for (const name of listing.scores.slice(0, 50)) listing.statistics(name, rows);
    listing.excluders(view);
    listing.widened(view, "rpa");
    listing.toCsv(rows);
  } catch (error) {
    if (!(error instanceof ListingProblem)) throw error;
  }
}

function readMemory({ text }) {
  kept.set("singsteps.course.1", text);
  for (const lesson of ["lesson", "x", "__proto__", "constructor", "toString"]) progressOf(lesson, ["one", "two"]);
  remember("lesson", "one", { answer: 1, right: true });
  must(progressOf("lesson", ["one"]) === "done", "an answer was not kept");
  must(typeof recall() === "object", "no object");
}

// As Trace.open does: what is no JSON is damaged.
function readManifest({ text, id }) {
  let manifest;
  try {
    manifest = JSON.parse(text);
  } catch {
    return;
  }
  const fault = faultOf(manifest, id);
  must(fault === null || isSentence(fault), "no sentence of a manifest");
}

const READERS = { address: readAddress, listing: readListing, memory: readMemory, manifest: readManifest };

for await (const line of createInterface({ input: process.stdin })) {
  const given = JSON.parse(line);
  let problem = "";
  try {
    READERS[given.do](given);
  } catch (error) {
    problem = `${error.name}: ${error.message} ${(error.stack ?? "").split("\n")[1]?.trim() ?? ""}`.slice(0, 300);
  }
  process.stdout.write(`${JSON.stringify({ problem })}\n`);
}
