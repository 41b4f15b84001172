// What can be taken away from the page: its address, the table, the pictures, the traces, and code that reads them.

import { goToPart } from "./anchor.js";
import { atOf, axisOf, comparedIds, endsOf, LETTERS, placeAt } from "./compared.js";
import { openConversion } from "./conversion.js";
import { decibels } from "./decibels.js";
import { element } from "./dom.js";
import { asPng, asSvg } from "./plate.js";
import { viewOfPage } from "./view_state.js";

const SAID_MS = 4000;

export class Figure {
  constructor(place) {
    this.place = place;
    this.find = (selector) => place.querySelector(selector);
    const on = (selector, act) => this.find(selector).addEventListener("click", () => act().catch((error) => this.say(`That did not work: ${error.message}.`)));
    on(".link", () => this.copy(this.view.address(), "The address is copied."));
    on(".code", () => this.copy(this.code(), "The code is copied."));
    on(".png", () => this.save(asPng, "png"));
    on(".svg", () => this.save(asSvg, "svg"));
  }

  // data: {roots}
  open(data) {
    if (this.view) return;
    this.data = data;
    this.view = viewOfPage();
    this.end = this.view.watch(() => true, () => this.show());
    this.show();
    // Only with this last figure is the page as long as the part of it that its address names needs.
    goToPart(document.location.hash.slice(1));
  }

  get ids() {
    return comparedIds(this.view);
  }

  show() {
    const { search } = new URL(this.view.address());
    this.find(".table").href = `table.parquet${search}`;
    for (const button of [".png", ".svg"]) this.find(button).disabled = this.ids.length === 0;
    const key = this.ids.join();
    if (key === this.key) return;
    this.key = key;
    this.find(".traces").replaceChildren(...this.ids.map((id, i) => element("a", { class: "button", href: `packed/${encodeURIComponent(id)}.zip`, download: true }, `Trace ${LETTERS[i]} (zip)`)));
    this.find("code").textContent = this.code();
  }

  // The same conversions, read by the project's own reader: NumPy and pandas are enough.
  code() {
    const ids = this.ids.length ? this.ids : ["name-of-a-trace"];
    return [
      "from svc_core.traces.trace import open_trace",
      "",
      `for name in ${JSON.stringify(ids, null, 4)}:`,
      '    trace = open_trace(f"precomputed/{name}")',
      "    levels = trace.predicted_levels()  # (picture, mel, frame) bytes",
      "    scale = trace.manifest.scale",
      "    mel_db = scale.floor_db + scale.db_per_level * levels  # predicted clean mels, in dB",
      "    f0_hz = trace.f0_hz()  # source, the melody asked for, and every measured step",
      "    print(name, trace.manifest.pictures.places, mel_db.shape, trace.manifest.scores)",
      "",
    ].join("\n");
  }

  async copy(text, done) {
    try {
      await navigator.clipboard.writeText(text);
      this.say(done);
    } catch {
      this.say("The browser allows no copying here; the address stands in its address bar, the code below.");
    }
  }

  // The pictures that stand side by side, at the place where the slider stands.
  async save(make, kind) {
    const found = await Promise.allSettled(this.ids.map((id) => openConversion(this.data.roots, id)));
    const shown = found.flatMap(({ value }, i) => (value ? [{ conversion: value, letter: LETTERS[i] }] : []));
    if (shown.length === 0) return this.say("There is no picture to save.");
    const axis = axisOf(this.view);
    const at = atOf(this.view, endsOf(axis, shown.map(({ conversion }) => conversion)));
    const blob = await make(shown.map(({ conversion, letter }) => this.plateOf(conversion, letter, placeAt(conversion, axis, at))));
    const link = element("a", { href: URL.createObjectURL(blob), download: `singsteps.${kind}` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), SAID_MS);
    this.say(`singsteps.${kind} is saved.`);
  }

  plateOf(conversion, letter, place) {
    const { source, target, sampler, grid, licence } = conversion.manifest;
    return {
      title: `${letter}  ${source.singer} → ${target}, ${sampler.name}, step ${conversion.steps[place]} (${sampler.steps} in all)`,
      db: decibels(conversion.predictedAt(place), conversion.ofLevels),
      frames: conversion.frames,
      seconds: conversion.seconds,
      grid,
      credit: `${licence}; SingSteps`,
    };
  }

  say(sentence) {
    const done = this.find(".done");
    done.textContent = sentence;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => { done.textContent = ""; }, SAID_MS);
  }

  close() {
    this.end?.();
    clearTimeout(this.timer);
  }
}
