// The picture of a sound's wave with a part of it chosen: two handles, by pointer or by keys.

import { element } from "./dom.js";

const STEP_S = 0.05;
const PAGE_S = 0.5;
const HANDLES = [["from", "Begin of the part"], ["to", "End of the part"]];

export class Wave {
  // `onchange(from, to)` is told of every other part, in seconds.
  constructor(place, onchange) {
    this.onchange = onchange;
    this.canvas = element("canvas", { role: "img" });
    this.chosen = element("div", { class: "chosen", "aria-hidden": "true" });
    this.playhead = element("div", { class: "playhead", hidden: true, "aria-hidden": "true" });
    this.handles = Object.fromEntries(HANDLES.map(([name, label]) => [name, element("div", { class: `handle ${name}`, role: "slider", tabindex: 0, "aria-label": label })]));
    this.area = element("div", { class: "wave" }, this.canvas, this.chosen, this.playhead, ...Object.values(this.handles));
    place.replaceChildren(this.area);
    for (const [name, handle] of Object.entries(this.handles)) {
      handle.addEventListener("keydown", (event) => this.key(event, name));
      handle.addEventListener("pointerdown", (event) => this.grab(event, name));
    }
    this.canvas.addEventListener("pointerdown", (event) => {
      const at = this.secondsAt(event);
      this.grab(event, Math.abs(at - this.from) < Math.abs(at - this.to) ? "from" : "to");
    });
    this.watched = new ResizeObserver(() => this.sound && this.draw());
    this.watched.observe(this.area);
  }

  // `limits` of a part: {shortest_s, longest_s}
  show(sound, limits) {
    this.sound = sound;
    this.limits = limits;
    this.peaks = sound.peaks();
    [this.from, this.to] = sound.likelyPart(limits);
    this.canvas.setAttribute("aria-label", `Wave of ${sound.seconds.toFixed(1)} seconds`);
    this.draw();
    this.place();
  }

  secondsAt(event) {
    const box = this.area.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * this.sound.seconds;
  }

  grab(event, name) {
    if (!this.sound || event.button !== 0) return;
    event.preventDefault();
    const handle = this.handles[name];
    handle.focus();
    handle.setPointerCapture(event.pointerId);
    const move = (moved) => this.move(name, this.secondsAt(moved));
    const end = () => {
      handle.removeEventListener("pointermove", move);
      handle.removeEventListener("pointerup", end);
      handle.removeEventListener("pointercancel", end);
    };
    handle.addEventListener("pointermove", move);
    handle.addEventListener("pointerup", end);
    handle.addEventListener("pointercancel", end);
    move(event);
  }

  // A handle goes there; the other one follows where the part would be too short or too long.
  move(name, seconds) {
    const whole = this.sound.seconds;
    const [least, most] = [Math.min(this.limits.shortest_s, whole), Math.min(this.limits.longest_s, whole)];
    if (name === "from") {
      this.from = Math.min(Math.max(0, seconds), whole - least);
      this.to = Math.min(Math.max(this.to, this.from + least), this.from + most);
    } else {
      this.to = Math.max(Math.min(whole, seconds), least);
      this.from = Math.max(Math.min(this.from, this.to - least), this.to - most);
    }
    this.place();
    this.onchange(this.from, this.to);
  }

  key(event, name) {
    const by = { ArrowRight: STEP_S, ArrowUp: STEP_S, ArrowLeft: -STEP_S, ArrowDown: -STEP_S, PageUp: PAGE_S, PageDown: -PAGE_S }[event.key];
    const to = { Home: 0, End: this.sound?.seconds }[event.key];
    if (!this.sound || event.ctrlKey || event.metaKey || event.altKey || (by === undefined && to === undefined)) return;
    event.preventDefault();
    this.move(name, to ?? this[name] + by);
  }

  place() {
    const share = (seconds) => `${(100 * seconds) / this.sound.seconds}%`;
    for (const [name, handle] of Object.entries(this.handles)) {
      handle.style.left = share(this[name]);
      handle.setAttribute("aria-valuemin", 0);
      handle.setAttribute("aria-valuemax", this.sound.seconds.toFixed(2));
      handle.setAttribute("aria-valuenow", this[name].toFixed(2));
      handle.setAttribute("aria-valuetext", `${this[name].toFixed(2)} seconds`);
    }
    this.chosen.style.left = share(this.from);
    this.chosen.style.width = share(this.to - this.from);
  }

  // `seconds` into the chosen part; null takes it away.
  follow(seconds) {
    this.playhead.hidden = seconds === null;
    if (seconds !== null) this.playhead.style.left = `${(100 * (this.from + seconds)) / this.sound.seconds}%`;
  }

  draw() {
    const { canvas } = this;
    const ratio = window.devicePixelRatio || 1;
    Object.assign(canvas, { width: Math.max(1, Math.round(canvas.clientWidth * ratio)), height: Math.max(1, Math.round(canvas.clientHeight * ratio)) });
    const context = canvas.getContext("2d");
    const most = Math.max(...this.peaks, 1e-4);
    context.fillStyle = getComputedStyle(this.area).color;
    this.peaks.forEach((peak, i) => {
      const height = Math.max(1, (peak / most) * canvas.height * 0.94);
      context.fillRect((i * canvas.width) / this.peaks.length, (canvas.height - height) / 2, Math.max(1, canvas.width / this.peaks.length), height);
    });
  }

  close() {
    this.watched.disconnect();
  }
}
