// Samplers beside each other on one axis of noise: which levels each looks at, and what each has got at a level.
// A look is one evaluation of the network. At a level a sampler holds the guess of the last look that it made there
// or before; a sampler that begins later shows its first.

import { openConversion } from "./conversion.js";
import { element, svg, tellDone, tellProblem } from "./dom.js";
import { CLEANEST_DB, dbText, MARKED_DB, NOISIEST_DB, shareOf, sigmaOf, sigmaText } from "./noise_levels_axis.js";
import { fillPanel, makeLegend, makePanel, waitIn } from "./panel.js";
import { snrDb } from "./replay.js";
import { SoundButtons } from "./sound.js";
import { TraceProblem } from "./trace.js";

const BEGIN_DB = -20; // where the teacher and the student begin
const SAME_DB = 0.01; // the walk keeps float32
const MANY = 100; // ticks that are drawn thin
const REST_MS = 250; // browsers refuse more than about three changes of address a second
const SHOWN = 40; // characters of a wrong level that are repeated to the reader
const PARAMETER = "snr";

// How many looks a sampler has made when its noise has come down to `db`. `levels`: dB of each, ascending.
function looksDone(levels, db) {
  const after = levels.findIndex((level) => level > db + SAME_DB);
  return after < 0 ? levels.length : after;
}

export class Figure {
  constructor(place) {
    this.place = place;
    this.find = (selector) => place.querySelector(selector);
    this.slider = this.find(".slider");
    Object.assign(this.slider, { min: NOISIEST_DB, max: CLEANEST_DB });
    this.sounds = new SoundButtons((sentence) => this.say(sentence));
    this.rows = [];
    this.db = BEGIN_DB;
    this.slider.addEventListener("input", (event) => {
      this.go(Number(this.slider.value), event.timeStamp);
      tellDone("stepped");
    });
    for (const db of MARKED_DB) {
      const mark = element("span", {}, `σ ${sigmaText(sigmaOf(db))}`, element("br"), dbText(db));
      mark.style.setProperty("--at", shareOf(db));
      this.find(".marks").append(mark);
    }
    this.find(".legend").append(makeLegend(),
      element("span", {}, "Pictures: the guess x̂₀ that each sampler has at this noise level. One colour scale for all."));
  }

  // data: {rows: [{trace, name}], roots}
  async open(data) {
    const wanted = JSON.stringify(data.rows);
    if (wanted === this.wanted) return;
    this.wanted = wanted;
    this.sounds.stop();
    this.sounds.buttons.clear(); // those of the phrase before
    this.say("");
    if (this.rows.length === 0) this.db = this.levelInAddress();
    else this.note(); // the page may have rewritten its address
    this.rows = data.rows.map((row) => this.makeRow(row));
    this.find(".ladder").replaceChildren(...this.rows.map(({ line }) => line));
    this.find(".cards").replaceChildren(...this.rows.map(({ card }) => card));
    this.draw();
    const rows = this.rows;
    await Promise.all(rows.map((row) => this.load(row, data.roots, () => this.rows === rows)));
    if (this.rows === rows) this.place.dataset.drawn = "true";
  }

  makeRow({ trace, name }) {
    const held = element("span", { class: "held" });
    const track = element("div", { class: "track" }, element("span", { class: "cursor" }), held);
    const looks = element("output", { class: "looks" });
    const line = element("div", { class: "sampler", "data-trace": trace }, element("span", { class: "name" }, name), track, looks);
    const card = makePanel(trace, name, "", `Mel spectrogram that ${name} guesses at this noise level`);
    waitIn(card, "Loading…");
    const [guess, result] = ["Its guess here", "Its result"].map((words) => element("button", { type: "button", disabled: true }, words));
    guess.dataset.sound = "guess";
    result.dataset.sound = "result";
    card.append(element("div", { class: "buttons" }, guess, result));
    track.addEventListener("click", (event) => {
      const box = track.querySelector("svg")?.getBoundingClientRect();
      if (!box) return;
      this.go(NOISIEST_DB + ((event.clientX - box.left) / box.width) * (CLEANEST_DB - NOISIEST_DB), event.timeStamp);
      tellDone("stepped");
    });
    return { trace, name, line, track, held, looks, card, guess, result, conversion: null, place: 0, shown: null, heard: null };
  }

  async load(row, roots, isPresent) {
    try {
      const conversion = await openConversion(roots, row.trace);
      if (!isPresent()) return;
      row.conversion = conversion;
      row.levels = Array.from(conversion.sigma, snrDb);
      row.values = new Float32Array(conversion.walk.size);
      row.track.prepend(ticks(row.levels));
      waitIn(row.card, null);
      this.connect(row);
      this.drawRow(row);
    } catch (error) {
      if (!isPresent()) return;
      row.card.classList.add("is-missing");
      waitIn(row.card, "missing");
      row.looks.textContent = "cannot be shown";
      this.say(error instanceof TraceProblem ? error.message : `${row.name} cannot be shown: ${error.message}.`);
      if (!(error instanceof TraceProblem)) console.error(error);
    }
  }

  connect(row) {
    const playhead = (seconds) => row.card.picture?.compose(seconds);
    const wishes = [[row.guess, () => this.guessOf(row)], [row.result, () => row.conversion.recording("converted")]];
    for (const [button, sound] of wishes) {
      button.disabled = sound() === null;
      this.sounds.add(button, () => {
        tellDone("heard sampler");
        return sound();
      }, playhead);
    }
  }

  // The kept sound nearest to what the row holds: a light conversion keeps that of some looks only.
  guessOf(row) {
    return row.conversion.stepSound("predicted", row.place);
  }

  // --- a noise level

  go(db, since) {
    this.db = Math.min(Math.max(Math.round(2 * db) / 2, NOISIEST_DB), CLEANEST_DB);
    this.draw();
    this.note();
    performance.measure("scrub", { start: since, end: performance.now() });
  }

  draw() {
    const sigma = sigmaText(sigmaOf(this.db));
    this.slider.value = this.db;
    this.slider.setAttribute("aria-valuetext", `signal-to-noise ratio ${dbText(this.db)}, sigma ${sigma}`);
    this.find(".where").replaceChildren(element("b", {}, `σ ${sigma}`), ` · voice ${Math.abs(this.db)} dB ${this.db < 0 ? "below" : "above"} the noise`);
    this.place.dataset.db = this.db;
    for (const row of this.rows) this.drawRow(row);
  }

  drawRow(row) {
    row.track.querySelector(".cursor").style.setProperty("--at", shareOf(this.db));
    if (!row.conversion) return;
    const { levels, conversion } = row;
    const done = looksDone(levels, this.db);
    const place = Math.max(done - 1, 0);
    const left = levels.length - done;
    row.track.classList.toggle("is-before", done === 0);
    row.place = place;
    row.held.style.setProperty("--at", shareOf(levels[place]));
    row.looks.textContent = done === 0 ? `begins at ${dbText(levels[0])}` : `${done} ${done === 1 ? "look" : "looks"} made, ${left || "none"} to go`;
    if (row.shown === place) return;
    row.shown = place;
    const { grid, frames } = conversion.manifest;
    fillPanel(row.card, grid, frames, conversion.predictedAt(place, row.values), conversion.ofLevels);
    const heard = this.guessOf(row);
    const look = `look ${place + 1} of ${levels.length}`;
    row.card.querySelector(".about").textContent = `${look}, at σ ${sigmaText(conversion.sigma[place])}`;
    row.card.dataset.place = place;
    row.guess.title = heard ? `Sound of look ${heard.place + 1} of ${levels.length}, the nearest that is kept` : "";
    row.guess.textContent = heard && heard.place !== place ? `Its guess (look ${heard.place + 1})` : "Its guess here";
    if (heard) this.follow(row, heard);
  }

  // While a guess is heard, that of another level takes over where it stands.
  follow(row, heard) {
    const { player, heard: pressed } = this.sounds;
    if (!player.playing || pressed?.button !== row.guess || row.heard === heard.name) return;
    row.heard = heard.name;
    player.play(heard.name, heard.load, { follow: true }).catch((error) => this.say(`This sound cannot be played: ${error.message}.`));
  }

  // --- the address

  levelInAddress() {
    const text = new URLSearchParams(document.location.search).get(PARAMETER);
    if (text === null) return BEGIN_DB;
    const db = text.trim() === "" ? NaN : Number(text);
    if (db >= NOISIEST_DB && db <= CLEANEST_DB) return Math.round(2 * db) / 2;
    const shown = text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
    this.say(`The address asks for a noise level of “${shown}” dB, but they run from ${dbText(NOISIEST_DB)} to ${dbText(CLEANEST_DB)}; the figure begins at ${dbText(BEGIN_DB)}.`);
    return BEGIN_DB;
  }

  note() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const url = new URL(document.location.href);
      if (url.searchParams.get(PARAMETER) === String(this.db)) return;
      url.searchParams.set(PARAMETER, this.db);
      history.replaceState(history.state, "", url);
    }, REST_MS);
  }

  say(sentence) {
    tellProblem(this.place, sentence);
  }

  close() {
    clearTimeout(this.timer);
    this.sounds.close();
  }
}

// One stroke for each look, in a box that is stretched to the axis.
function ticks(levels) {
  const path = levels.map((db) => `M${(1000 * shareOf(db)).toFixed(1)} 4V16`).join("");
  return svg("svg", { viewBox: "0 0 1000 20", preserveAspectRatio: "none", "aria-hidden": "true", class: levels.length > MANY ? "many" : "few" },
    svg("path", { d: path, fill: "none" }));
}
