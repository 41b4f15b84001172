// Two conversions that differ in one thing, when they are told the melody: their contours, their sound, and the lag measured.

import { openConversion } from "./conversion.js";
import { rich, svg, tellDone, tellProblem } from "./dom.js";
import { noteName } from "./picture.js";
import { SoundButtons } from "./sound.js";

const HEIGHT = 210;
const FOOT = 22;
const LEFT = 40;
const WINDOW = 112; // frames, 1.2 s: five or six waves of a vibrato
const LAGS = Array.from({ length: 49 }, (_, i) => (i - 24) / 4); // frames
const MOST_CENTS = 200; // a frame that is farther off was heard wrongly, and counts as this

const A4 = 1200 * Math.log2(440); // all pitches here are in cents above 1 Hz
const cents = (f0) => Float32Array.from(f0, (tenths) => (tenths > 0 ? 1200 * Math.log2(tenths / 10) : NaN));

// By how many frames `sung` runs ahead of `asked` (F0 in tenths of Hz): the lag at which they lie nearest to each other.
export function leadOf(asked, sung) {
  const [wanted, heard] = [cents(asked), cents(sung)];
  const distance = (lag) => {
    let [sum, count] = [0, 0];
    for (let frame = 0; frame < heard.length; frame += 1) {
      const left = Math.floor(frame + lag);
      const share = frame + lag - left;
      const at = share === 0 ? wanted[left] : (1 - share) * wanted[left] + share * wanted[left + 1];
      const off = Math.min(Math.abs(heard[frame] - at), MOST_CENTS);
      if (Number.isFinite(off)) [sum, count] = [sum + off * off, count + 1];
    }
    return count ? Math.sqrt(sum / count) : Infinity;
  };
  return LAGS.reduce((best, lag) => (distance(lag) < distance(best) ? lag : best), 0);
}

// Where a window of `length` frames sees the most movement of the pitch.
function liveliest(f0, length) {
  const moves = cents(f0).map((value, i, all) => (i > 0 && Number.isFinite(value - all[i - 1]) ? Math.min(Math.abs(value - all[i - 1]), 50) : 0));
  let best = 0;
  let [sum, most] = [0, -1];
  for (let end = 0; end < moves.length; end += 1) {
    sum += moves[end] - (end >= length ? moves[end - length] : 0);
    if (end >= length - 1 && sum > most) [best, most] = [end - length + 1, sum];
  }
  return best;
}

export class Figure {
  constructor(place) {
    this.place = place;
    this.find = (selector) => place.querySelector(selector);
    this.slider = this.find(".slider");
    this.picture = svg("svg", { role: "img" });
    this.find(".contours").append(this.picture);
    this.sounds = new SoundButtons((sentence) => this.say(sentence));
    for (const button of place.querySelectorAll("[data-sound]")) {
      const name = button.dataset.sound;
      button.disabled = true;
      this.sounds.add(button, () => this.sound(name), (seconds) => this.follow(seconds));
      button.addEventListener("click", () => tellDone(`heard ${name}`));
    }
    this.slider.addEventListener("input", () => this.draw());
    this.watched = new ResizeObserver(() => this.pair && this.draw());
    this.watched.observe(this.find(".contours"));
  }

  // data: {plain, early: ids, roots}
  async open(data) {
    const key = `${data.plain} ${data.early}`;
    if (key === this.wanted) return;
    this.wanted = key;
    try {
      const [plain, early] = await Promise.all([data.plain, data.early].map((id) => openConversion(data.roots, id)));
      if (this.wanted !== key) return;
      this.pair = { plain, early };
      this.begin();
      this.say("");
    } catch (error) {
      this.wanted = null;
      this.say(error.message);
    }
  }

  begin() {
    const { plain, early } = this.pair;
    this.f0 = { asked: plain.askedF0, plain: plain.measuredF0("predicted", plain.last), early: early.measuredF0("predicted", early.last) };
    this.window = Math.min(WINDOW, plain.frames);
    this.slider.max = plain.frames - this.window;
    this.slider.value = liveliest(this.f0.asked, this.window);
    for (const button of this.place.querySelectorAll("[data-sound]")) button.disabled = !this.sound(button.dataset.sound);
    const perFrame = (1000 * plain.manifest.grid.hop) / plain.manifest.grid.sample_rate_hz;
    const lead = (name) => {
      const ms = perFrame * leadOf(this.f0.asked, this.f0[name]);
      return `**${Math.abs(ms).toFixed(1)} ms ${ms < 0 ? "behind" : "ahead of"}** the melody`;
    };
    const notes = ({ manifest }) => (manifest.scores?.rpa === undefined ? "" : `, and ${(100 * manifest.scores.rpa).toFixed(0)} % of its frames are within 50 cents of it`);
    this.find(".measured").replaceChildren(...rich(
      `Measured here, to a quarter of a frame: told in time, the voice runs ${lead("plain")}${notes(plain)}. Told early, it runs `
      + `${lead("early")}${notes(early)}. The model sings what it is told, when it is told it.`));
    this.draw();
  }

  sound(name) {
    const { plain, early } = this.pair;
    return name === "source" ? plain.recording("source") : (name === "plain" ? plain : early).recording("converted");
  }

  draw() {
    const { f0, window: length } = this;
    const from = Number(this.slider.value);
    const { grid } = this.pair.plain.manifest;
    const seconds = (frame) => ((frame + 0.5) * grid.hop) / grid.sample_rate_hz;
    const width = Math.max(this.find(".contours").clientWidth, LEFT + 10);
    const shown = Object.fromEntries(Object.entries(f0).map(([name, row]) => [name, cents(row.subarray(from, from + length))]));
    const known = Object.values(shown).flatMap((row) => Array.from(row).filter(Number.isFinite));
    const [low, high] = known.length ? [Math.min(...known) - 30, Math.max(...known) + 30] : [0, 100];
    const x = (i) => LEFT + (i / (length - 1)) * (width - LEFT);
    const y = (value) => 4 + (1 - (value - low) / (high - low)) * (HEIGHT - FOOT - 8);
    const parts = [];
    const apart = Math.ceil((high - low) / 700); // semitones between two lines
    for (let semitone = Math.ceil((low - A4) / 100); semitone <= (high - A4) / 100; semitone += apart) {
      const at = y(A4 + 100 * semitone);
      parts.push(svg("line", { class: "grid", x1: LEFT, x2: width, y1: at, y2: at }),
        svg("text", { x: LEFT - 6, y: at + 4, "text-anchor": "end" }, noteName(440 * 2 ** (semitone / 12))));
    }
    for (let tick = Math.ceil(seconds(from) * 5) / 5; tick < seconds(from + length - 1) - 0.08; tick += 0.2) {
      const i = (tick * grid.sample_rate_hz) / grid.hop - 0.5 - from;
      parts.push(svg("text", { x: x(i), y: HEIGHT - 5, "text-anchor": "middle" }, tick.toFixed(1)));
    }
    for (const [name, row] of Object.entries(shown)) {
      const line = Array.from(row, (value, i) => (Number.isFinite(value) ? `${i > 0 && Number.isFinite(row[i - 1]) ? "L" : "M"}${x(i).toFixed(1)} ${y(value).toFixed(1)}` : "")).join("");
      if (line) parts.push(svg("path", { class: name, d: line }));
    }
    this.playhead = svg("line", { class: "asked", y1: 0, y2: HEIGHT - FOOT, visibility: "hidden" });
    this.inWindow = (at) => [(at * grid.sample_rate_hz) / grid.hop - 0.5 - from, x];
    parts.push(this.playhead, svg("text", { x: width, y: HEIGHT - 5, "text-anchor": "end" }, "s"));
    this.picture.replaceChildren(...parts);
    const range = `${seconds(from).toFixed(2)} to ${seconds(from + length - 1).toFixed(2)} s`;
    this.picture.setAttribute("aria-label", `F0 from ${range}: the melody asked for, the conversion told in time close to it, and the one told early ahead of it.`);
    this.slider.setAttribute("aria-valuetext", range);
    this.place.dataset.from = from;
  }

  follow(seconds) {
    if (!this.playhead) return;
    const [i, x] = seconds === null ? [-1] : this.inWindow(seconds);
    const inside = i >= 0 && i <= this.window - 1;
    this.playhead.setAttribute("visibility", inside ? "visible" : "hidden");
    if (inside) for (const end of ["x1", "x2"]) this.playhead.setAttribute(end, x(i));
  }

  say(sentence) {
    tellProblem(this.place, sentence);
  }

  close() {
    this.watched.disconnect();
    this.sounds.close();
  }
}
