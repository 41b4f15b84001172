// What a conversion keeps and what it changes, one at a time, drawn from its own pictures and contours.

import { openConversion } from "./conversion.js";
import { element, signed, svg, tellDone, tellProblem } from "./dom.js";
import { centsOf, hzOfCents, median } from "./notes.js";
import { fillPanel } from "./panel.js";
import { hzAt, noteName } from "./picture.js";
import { TraceProblem } from "./trace.js";

const MARGIN = { left: 46, right: 8, top: 16, bottom: 24 }; // px around the lines
const NEAR_CENTS = 50; // a pitch counts as kept within a quarter tone, as RPA has it
const MOSTLY = 0.9; // of what is sung: what is kept less is not called kept
const LOUDNESS_KEPT_DB = 3.5; // every shipped conversion that was not told the loudness lies above, nearly all others below
const NAMES = { source: "source", converted: "converted", target: "target’s own recording" };
const TICKS_HZ = [200, 500, 1000, 2000, 5000, 10000];

export class Figure {
  constructor(place) {
    this.place = place;
    this.find = (selector) => place.querySelector(selector);
    this.view = "melody";
    this.listeners = new AbortController();
    for (const button of place.querySelectorAll("[data-view]")) {
      button.addEventListener("click", () => {
        this.view = button.dataset.view;
        this.show();
        tellDone(`compared ${this.view}`);
      }, { signal: this.listeners.signal });
    }
    this.watched = new ResizeObserver(() => this.conversion && this.show());
  }

  // data: {trace}
  async open(data) {
    if (data.trace === this.wanted) return;
    this.wanted = data.trace;
    const stale = () => this.wanted !== data.trace || this.listeners.signal.aborted;
    try {
      const conversion = await openConversion(data.roots, data.trace);
      if (stale()) return;
      this.conversion = conversion;
      this.measure();
      this.show();
      this.watched.observe(this.find(".lines"));
      this.say("");
    } catch (error) {
      if (stale()) return;
      this.wanted = null;
      this.say(error instanceof TraceProblem ? error.message : `The comparison cannot be shown: ${error.message}.`);
      if (!(error instanceof TraceProblem)) console.error(error);
    }
  }

  // What all views draw: contours in semitones, loudness in dB, mean spectra.
  measure() {
    const { conversion } = this;
    const { manifest, frames } = conversion;
    const [gain, offset] = conversion.ofLevels;
    const decibels = (levels) => Float32Array.from(levels, (level) => gain * level + offset);
    const measured = conversion.measuredF0("predicted", conversion.last) ?? conversion.askedF0;
    this.f0 = { source: conversion.sourceF0, converted: measured };
    this.mel = { source: decibels(conversion.source), converted: decibels(conversion.predictedAt(conversion.last)) };
    this.shift = manifest.key_shift_semitones;
    this.semitones = Object.fromEntries(Object.entries(this.f0).map(([name, f0]) => [name, centsOf(f0).map((c) => c / 100)]));
    const bands = manifest.grid.n_mels;
    this.loudness = Object.fromEntries(Object.entries(this.mel).map(([name, mel]) => [name, loudnessOf(mel, bands, frames)]));
    this.spectra = Object.fromEntries(Object.entries(this.mel).map(([name, mel]) => [name, meanSpectrum(mel, this.f0[name], bands, frames)]));
    if (conversion.target) {
      this.spectra.target = meanSpectrum(decibels(conversion.target), conversion.targetF0, bands, manifest.reference_frames);
    }
  }

  show() {
    for (const button of this.place.querySelectorAll("[data-view]")) {
      button.setAttribute("aria-pressed", String(button.dataset.view === this.view));
    }
    this.place.dataset.view = this.view;
    if (!this.conversion) return;
    const isWords = this.view === "words";
    this.find(".mels").hidden = !isWords;
    this.find(".lines").hidden = isWords;
    const told = { words: () => this.showWords(), melody: () => this.showPitch(true), key: () => this.showPitch(false), loudness: () => this.showLoudness(), timbre: () => this.showTimbre() }[this.view]();
    if (this.find(".told").textContent !== told) this.find(".told").textContent = told;
    this.find(".lines").setAttribute("aria-label", told);
    const lines = isWords ? [] : this.view === "timbre" && this.spectra.target ? ["source", "converted", "target"] : ["source", "converted"];
    this.find(".key-to").replaceChildren(...lines.map((name) => element("li", {},
      svg("svg", { viewBox: "0 0 40 10", "aria-hidden": "true" }, svg("line", { class: `of-${name}`, x1: 0, x2: 40, y1: 5, y2: 5 })),
      name === "converted" && this.view === "melody" && this.shift ? `converted, drawn ${semitones(this.shift, true)}` : NAMES[name])));
  }

  showWords() {
    const { conversion } = this;
    const { grid, frames } = conversion.manifest;
    for (const [name, mel] of Object.entries(this.mel)) fillPanel(this.find(`[data-panel="${name}"]`), grid, frames, mel, [1, 0]);
    return "Consonants are pale clouds without lines, and they stand at the same moments in both pictures. Lines that lie close or far apart are another pitch; the times of the sounds are the same.";
  }

  showPitch(moved) {
    const { source, converted } = this.semitones;
    const known = [...source, ...converted].filter(Number.isFinite).sort((a, b) => a - b);
    const low = Math.floor(known[Math.floor(known.length * 0.01)] ?? 57) - 1;
    const high = Math.ceil(known[Math.ceil(known.length * 0.99) - 1] ?? 69) + 1;
    const by = moved ? this.shift : 0;
    const every = high - low > 24 ? 6 : high - low > 12 ? 3 : 2;
    const ticks = Array.from({ length: high - low + 1 }, (_, i) => low + i).filter((midi) => midi % every === 0);
    this.plot([low, high], ticks.map((midi) => [midi, noteName(hzOfCents(100 * midi))]), this.timeTicks(), { source, converted }, { converted: by });
    const away = differences(converted, source);
    const near = away.filter((one) => Math.abs(one - this.shift) * 100 <= NEAR_CENTS).length / Math.max(away.length, 1);
    const share = `${Math.round(100 * near)}\u00a0% of the sung moments`; // a space that does not break
    if (moved) {
      const drawn = this.shift ? `Drawn ${semitones(this.shift, true)}, the` : "The";
      return near >= MOSTLY
        ? `${drawn} converted melody lies on the source’s: slides and turns are there, in ${share} within a quarter tone.`
        : `${drawn} converted melody comes within a quarter tone of the source’s in ${share} only: this conversion did not keep it.`;
    }
    return this.shift
      ? `The whole melody has moved: it sounds ${semitones(this.shift, false)} than the source’s, measured on the sound (median ${signed(median(away))} semitones). A lower or higher voice needs another key to be at ease.`
      : `The key was kept here: the two melodies lie on one another (median ${signed(median(away))} semitones).`;
  }

  showLoudness() {
    const { source, converted } = this.loudness;
    const offset = median(differences(converted, source));
    const all = [...source, ...converted].filter((db) => db > -60);
    const [low, high] = [Math.floor(Math.min(...all) / 10) * 10, Math.ceil(Math.max(...all) / 10) * 10];
    const ticks = Array.from({ length: (high - low) / 10 + 1 }, (_, i) => low + 10 * i).map((db) => [db, `${signed(db, 0)} dB`]);
    this.plot([low, high], ticks, this.timeTicks(), { source, converted });
    const score = this.conversion.manifest.scores.loudness_rmse_db;
    const measured = Number.isFinite(score) ? ` Over the whole phrase the two differ by ${score.toFixed(1)} dB (root mean square, weighted as ears hear).` : "";
    const kept = score > LOUDNESS_KEPT_DB ? "Loud and soft were not kept well in this conversion." : "What was loud is loud, what was soft is soft, and the gaps are where they were.";
    return `${kept}${measured}${Math.abs(offset) >= 3 ? ` As a whole the result is ${Math.abs(offset).toFixed(0)} dB ${offset < 0 ? "softer" : "louder"}.` : ""}`;
  }

  showTimbre() {
    const { spectra } = this;
    const bands = spectra.source.length;
    const all = Object.values(spectra).flatMap((spectrum) => [...spectrum]);
    const [low, high] = [Math.floor(Math.min(...all) / 10) * 10, Math.ceil(Math.max(...all) / 10) * 10];
    const ticks = Array.from({ length: (high - low) / 20 + 1 }, (_, i) => low + 20 * i).map((db) => [db, `${signed(db, 0)} dB`]);
    const { grid } = this.conversion.manifest;
    const across = TICKS_HZ.map((hz) => [Array.from(spectra.source, (_, band) => hzAt((band + 0.5) / bands, grid)).findIndex((one) => one >= hz) / bands, hz < 1000 ? `${hz} Hz` : `${hz / 1000} kHz`]).filter(([share]) => share > 0);
    this.plot([low, high], ticks, across, spectra);
    const apart = (a, b) => a.reduce((sum, v, i) => sum + Math.abs(v - b[i]), 0) / a.length;
    if (!spectra.target) return "The mean spectrum of what is sung: the hills are where a voice lets sound through. They have moved.";
    const [toTarget, toSource] = [apart(spectra.converted, spectra.target), apart(spectra.converted, spectra.source)];
    return `The mean spectrum of what is sung: its hills are the mark of a throat and a mouth. The result’s lie ${toTarget.toFixed(1)} dB from the target’s own recording and ${toSource.toFixed(1)} dB from the source, on average over all bands. Some of that is the other key.`;
  }

  timeTicks() {
    const { seconds } = this.conversion;
    return Array.from({ length: Math.ceil(seconds) }, (_, s) => [s / seconds, `${s} s`]);
  }

  // Lines over one another. `low`..`high`: the vertical axis; `ticks` [value, text]; `across` [share, text];
  // `moves`: by how much a line is drawn lower than its values.
  plot([low, high], ticks, across, lines, moves = {}) {
    const box = this.find(".lines");
    const [width, height] = [box.clientWidth, box.clientHeight];
    const x = (share) => MARGIN.left + share * (width - MARGIN.left - MARGIN.right);
    const y = (value) => height - MARGIN.bottom - ((value - low) / (high - low)) * (height - MARGIN.top - MARGIN.bottom);
    const marks = ticks.flatMap(([value, text]) => [
      svg("line", { class: "grid", x1: x(0), x2: x(1), y1: y(value), y2: y(value) }),
      svg("text", { x: MARGIN.left - 6, y: y(value) + 4, "text-anchor": "end" }, text),
    ]);
    const feet = across.map(([share, text]) => svg("text", { x: x(share), y: height - 6, "text-anchor": share === 0 ? "start" : "middle" }, text));
    const perUnit = y(low) - y(low + 1);
    const drawn = Object.entries(lines).map(([name, values]) => {
      const path = svg("path", { class: `of-${name}`, d: pathOf(values, (i) => x((i + 0.5) / values.length), y, low, high) });
      return svg("g", { class: "group", "data-line": name, style: `transform: translateY(${((moves[name] ?? 0) * perUnit).toFixed(1)}px)` }, path);
    });
    const before = this.moved;
    this.moved = moves.converted ?? 0;
    box.replaceChildren(svg("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" }, ...marks, ...feet, ...drawn));
    if (before !== undefined && before !== this.moved && lines.converted === this.semitones.converted) this.slide(box, before * perUnit, this.moved * perUnit);
  }

  // From key to melody and back, the line slides instead of leaping (the sheet stops that where motion is unwanted).
  slide(box, from, to) {
    const group = box.querySelector('[data-line="converted"]');
    group.style.transition = "none";
    group.style.transform = `translateY(${from.toFixed(1)}px)`;
    group.getBoundingClientRect(); // so that the browser takes the start for a start
    group.style.transition = "";
    group.style.transform = `translateY(${to.toFixed(1)}px)`;
  }

  say(sentence) {
    tellProblem(this.place, sentence);
  }

  close() {
    this.watched.disconnect();
    this.listeners.abort();
  }
}

// "11 semitones lower", or how far up to draw it again: "11 semitones higher".
function semitones(shift, back) {
  const size = Math.abs(shift);
  return `${size} semitone${size === 1 ? "" : "s"} ${shift < 0 === back ? "higher" : "lower"}`;
}

// a - b where both are numbers.
const differences = (a, b) => Array.from(a, (v, i) => v - b[i]).filter(Number.isFinite);

function pathOf(values, x, y, low, high) {
  let path = "";
  let drawing = false;
  for (let i = 0; i < values.length; i += 1) {
    const inside = values[i] >= low && values[i] <= high;
    if (inside) path += `${drawing ? "L" : "M"}${x(i).toFixed(1)} ${y(values[i]).toFixed(1)}`;
    drawing = inside;
  }
  return path;
}

// dB of all bands together, by frame.
function loudnessOf(mel, bands, frames) {
  return Float32Array.from({ length: frames }, (_, frame) => {
    let power = 0;
    for (let band = 0; band < bands; band += 1) power += 10 ** (mel[band * frames + frame] / 10);
    return 10 * Math.log10(power);
  });
}

// Each band's share of the power of what is voiced, in dB.
function meanSpectrum(mel, f0, bands, frames) {
  const power = new Float64Array(bands);
  for (let frame = 0; frame < frames; frame += 1) {
    if (f0[frame] === 0) continue;
    let all = 0;
    for (let band = 0; band < bands; band += 1) all += 10 ** (mel[band * frames + frame] / 10);
    for (let band = 0; band < bands; band += 1) power[band] += 10 ** (mel[band * frames + frame] / 10) / all;
  }
  const sum = power.reduce((total, one) => total + one, 0);
  return Float32Array.from(power, (one) => 10 * Math.log10(one / (sum || 1) + 1e-9));
}
