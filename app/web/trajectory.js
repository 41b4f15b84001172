// A walk's way through a map of two axes: a line of points coloured by step, with its start, its end and the present.

import { element } from "./dom.js";
import { BRIGHT } from "./gradient.js";

const ROOM = 0.08; // round the map, as a share of its width: for the marks at its rim
const NEAR_PX = 12; // a pointer as near as this to the line goes there
const STEADY = 0.25; // of the map's half width: what moves less is called level

export class Trajectory {
  // `go(index, since)` is asked for another point; `describe(index)` names one, such as "step 999".
  constructor(place, title, go, describe) {
    this.go = go;
    this.describe = describe;
    this.title = title;
    this.canvas = element("canvas", { role: "img" });
    this.marks = element("div", { class: "marks", "aria-hidden": "true" });
    this.start = element("span", { class: "end start" });
    this.finish = element("span", { class: "end finish" });
    this.now = element("div", { class: "now", role: "slider", tabindex: 0, "aria-label": `Step on the map, ${title}`, "aria-valuemin": 0 });
    this.area = element("div", { class: "map" }, this.canvas, this.marks, this.start, this.finish, this.now);
    place.append(this.area);
    this.listeners = new AbortController();
    const { signal } = this.listeners;
    this.area.addEventListener("pointerdown", (event) => this.follow(event, Infinity), { signal });
    this.area.addEventListener("pointermove", (event) => this.follow(event, event.buttons === 1 ? Infinity : NEAR_PX), { signal });
    this.now.addEventListener("keydown", (event) => this.key(event), { signal });
    this.watched = new ResizeObserver(() => this.points && this.draw());
    this.watched.observe(this.area);
  }

  // `points`: {x, y} between -1 and 1.
  show(points, start, finish) {
    this.points = points;
    this.last = points.x.length - 1;
    this.start.textContent = start;
    this.finish.textContent = finish;
    this.put(this.start, 0);
    this.put(this.finish, this.last);
    this.now.setAttribute("aria-valuemax", this.last);
    this.canvas.setAttribute("aria-label", this.inWords());
    this.draw();
  }

  // Share of the area's width and height.
  at(index) {
    const inside = (value) => ROOM + (1 - 2 * ROOM) * ((value + 1) / 2);
    return [inside(this.points.x[index]), 1 - inside(this.points.y[index])];
  }

  put(node, index) {
    const [x, y] = this.at(index);
    node.style.left = `${100 * x}%`;
    node.style.top = `${100 * y}%`;
    node.classList.toggle("to-left", x > 0.7);
  }

  draw() {
    const { canvas, last } = this;
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth * ratio, canvas.clientHeight * ratio].map((size) => Math.max(1, Math.round(size)));
    Object.assign(canvas, { width, height });
    const context = canvas.getContext("2d");
    const dense = last > 200;
    context.lineWidth = (dense ? 1.5 : 1) * ratio;
    for (let i = 0; i <= last; i += 1) {
      const [x, y] = this.at(i);
      context.strokeStyle = context.fillStyle = BRIGHT.text(i / Math.max(last, 1));
      if (i < last) {
        const [nextX, nextY] = this.at(i + 1);
        context.beginPath();
        context.moveTo(x * width, y * height);
        context.lineTo(nextX * width, nextY * height);
        context.stroke();
      }
      context.beginPath();
      context.arc(x * width, y * height, (dense ? 2.2 : 3.5) * ratio, 0, 2 * Math.PI);
      context.fill();
    }
  }

  // Points to be marked, as shapes of that class.
  mark(indices, kind) {
    return indices.map((index) => {
      const mark = element("span", { class: kind });
      this.put(mark, index);
      return mark;
    });
  }

  // --- the present

  moveTo(index) {
    this.index = index;
    this.put(this.now, index);
    this.now.setAttribute("aria-valuenow", index);
    this.now.setAttribute("aria-valuetext", this.describe(index));
  }

  follow(event, within) {
    if (!this.points) return;
    const box = this.area.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    let [best, least] = [null, within ** 2];
    for (let i = 0; i <= this.last; i += 1) {
      const [a, b] = this.at(i);
      const apart = (a * box.width - x) ** 2 + (b * box.height - y) ** 2;
      if (apart < least) [best, least] = [i, apart];
    }
    if (best !== null && best !== this.index) this.go(best, event.timeStamp);
  }

  key(event) {
    if (!this.points) return;
    const stride = event.shiftKey ? Math.max(2, Math.round(this.last / 100)) : 1;
    const page = Math.max(2, Math.round(this.last / 20));
    const wish = {
      ArrowRight: this.index + stride, ArrowUp: this.index + stride, ArrowLeft: this.index - stride, ArrowDown: this.index - stride,
      PageDown: this.index + page, PageUp: this.index - page, Home: 0, End: this.last,
    };
    if (event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(wish, event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    this.go(Math.min(Math.max(wish[event.key], 0), this.last), event.timeStamp);
  }

  // Where the way leads, for those who cannot see it.
  inWords() {
    const [from, middle, to] = [0, Math.floor(this.last / 2), this.last].map((i) => this.corner(i));
    return `${this.title}: the way of ${this.last + 1} steps through a map of two axes without unit. It begins ${from}, is ${middle} halfway, and ends ${to}.`;
  }

  corner(index) {
    const [x, y] = [this.points.x[index], this.points.y[index]];
    const across = x < -STEADY ? "left" : x > STEADY ? "right" : "";
    const up = y < -STEADY ? "bottom" : y > STEADY ? "top" : "";
    return across || up ? `at the ${[up, across].filter(Boolean).join(" ")}` : "in the middle";
  }

  close() {
    this.watched.disconnect();
    this.listeners.abort();
  }
}
