// A walk's way through a map of two axes: a line of points coloured by step, with its start, its end and the present.
// A second walk may lie on the same map: triangles where the first has circles.

import { contoursOf } from "./density.js";
import { element, svg } from "./dom.js";
import { BRIGHT } from "./gradient.js";

const ROOM = 0.08; // round the map, as a share of its width: for the marks at its rim
const NEAR_PX = 12; // a pointer as near as this to the line goes there
const STEADY = 0.25; // of the map's half width: what moves less is called level
const MOST_SHAPES = 50; // of each of two walks: closer together, triangles look like circles
const INSIDE = [0.25, 0.5, 0.75]; // shares of the mass within the lines of density
const INK = "rgb(255 255 255 / 0.5)"; // of these lines, on the ground that is dark in either theme

export class Trajectory {
  // `go(index, since)` is asked for another point, `goSecond` for one of the second walk; `describe(index)` names one,
  // such as "step 999".
  constructor(place, title, go, describe, goSecond = null) {
    this.go = go;
    this.goSecond = goSecond;
    this.describe = describe;
    this.title = title;
    this.canvas = element("canvas", { role: "img" });
    this.marks = element("div", { class: "marks", "aria-hidden": "true" });
    this.start = element("span", { class: "end start" });
    this.finish = element("span", { class: "end finish" });
    this.now = element("div", { class: "now", role: "slider", tabindex: 0, "aria-label": `Step on the map, ${title}`, "aria-valuemin": 0 });
    const triangle = () => svg("path", { d: "M11 3 L20 19 L2 19 Z" });
    this.second = null; // {points, start, finish, letters}
    this.secondParts = {
      start: element("span", { class: "end start second" }),
      finish: element("span", { class: "end finish second" }),
      now: element("div", { class: "now-second" }, svg("svg", { viewBox: "0 0 22 22" }, triangle(), triangle())),
    };
    const parts = Object.values(this.secondParts);
    for (const part of parts) {
      part.setAttribute("aria-hidden", "true");
      part.hidden = true;
    }
    this.area = element("div", { class: "map" }, this.canvas, this.marks, this.start, this.finish, ...parts, this.now);
    place.append(this.area);
    this.listeners = new AbortController();
    const { signal } = this.listeners;
    this.area.addEventListener("pointerdown", (event) => this.follow(event, Infinity), { signal });
    this.area.addEventListener("pointermove", (event) => this.follow(event, event.buttons === 1 ? Infinity : NEAR_PX), { signal });
    this.now.addEventListener("keydown", (event) => this.key(event), { signal });
    this.watched = new ResizeObserver(() => this.points && this.draw());
    this.watched.observe(this.area);
  }

  // `points`: {x, y} between -1 and 1. `second`: {points, start, finish, letters: of both} of a walk on the same map, which
  // may reach beyond it, or null.
  show(points, start, finish, second = null) {
    Object.assign(this, { points, second, contours: null });
    this.last = points.x.length - 1;
    this.fitWindow();
    this.area.classList.toggle("is-together", second !== null);
    for (const part of Object.values(this.secondParts)) part.hidden = second === null;
    this.putEnd(this.start, start, 0);
    this.putEnd(this.finish, finish, this.last);
    if (second) {
      this.putEnd(this.secondParts.start, second.start, 0, second.points);
      this.putEnd(this.secondParts.finish, second.finish, second.points.x.length - 1, second.points);
    }
    this.now.setAttribute("aria-valuemax", this.last);
    this.canvas.setAttribute("aria-label", this.inWords());
    this.draw();
  }

  // The part of the map that is seen: the whole, and as much more, on both axes alike, as the second walk needs.
  fitWindow() {
    const ends = ["x", "y"].map((axis) => {
      const reached = this.second ? [...this.second.points[axis]] : [];
      return [Math.min(-1, ...reached), Math.max(1, ...reached)];
    });
    this.middle = ends.map(([low, high]) => (low + high) / 2);
    this.half = Math.max(...ends.map(([low, high]) => (high - low) / 2));
  }

  showDensity(shown) {
    this.dense = shown;
    if (this.points) this.draw();
  }

  // Share of the area's width and height.
  at(index, points = this.points) {
    return this.atPoint([points.x[index], points.y[index]]);
  }

  atPoint([x, y]) {
    const inside = (value, axis) => ROOM + (1 - 2 * ROOM) * (((value - this.middle[axis]) / this.half + 1) / 2);
    return [inside(x, 0), 1 - inside(y, 1)];
  }

  put(node, index, points = this.points) {
    const [x, y] = this.at(index, points);
    node.style.left = `${100 * x}%`;
    node.style.top = `${100 * y}%`;
    node.classList.toggle("to-left", x > 0.7);
  }

  putEnd(node, words, index, points = this.points) {
    node.replaceChildren(element("span", {}, words));
    this.put(node, index, points);
  }

  draw() {
    const { canvas } = this;
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth * ratio, canvas.clientHeight * ratio].map((size) => Math.max(1, Math.round(size)));
    Object.assign(canvas, { width, height });
    const context = canvas.getContext("2d");
    if (this.dense) this.drawDensity(context, ratio);
    this.drawWay(context, this.points, ratio, circle);
    if (this.second) this.drawWay(context, this.second.points, ratio, triangle);
  }

  drawWay(context, points, ratio, shape) {
    const { width, height } = context.canvas;
    const last = points.x.length - 1;
    const close = last > 200;
    const every = this.second ? Math.max(1, Math.round(last / MOST_SHAPES)) : 1;
    const size = (this.second ? 4 : close ? 2.2 : 3.5) * ratio;
    context.lineWidth = (close ? 1.5 : 1) * ratio;
    for (let i = 0; i <= last; i += 1) {
      const [x, y] = this.at(i, points);
      context.strokeStyle = context.fillStyle = BRIGHT.text(i / Math.max(last, 1));
      if (i < last) {
        const [nextX, nextY] = this.at(i + 1, points);
        context.beginPath();
        context.moveTo(x * width, y * height);
        context.lineTo(nextX * width, nextY * height);
        context.stroke();
      }
      if (i % every > 0) continue;
      context.beginPath();
      shape(context, x * width, y * height, size);
      context.fill();
    }
  }

  // Lines that hold a quarter, half and three quarters of the density; those of the second walk are dashed.
  drawDensity(context, ratio) {
    const { width, height } = context.canvas;
    this.contours ??= [this.points, this.second?.points].map((points) => (points ? contoursOf(points, INSIDE) : []));
    context.strokeStyle = INK;
    context.lineWidth = ratio;
    this.contours.forEach((lines, which) => {
      context.setLineDash(which === 0 ? [] : [5 * ratio, 4 * ratio]);
      context.beginPath();
      for (const loop of lines.flatMap(({ loops }) => loops)) {
        loop.forEach((point, i) => {
          const [x, y] = this.atPoint(point);
          context[i === 0 ? "moveTo" : "lineTo"](x * width, y * height);
        });
        context.closePath();
      }
      context.stroke();
    });
    context.setLineDash([]);
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

  moveSecondTo(index) {
    this.secondIndex = index;
    this.put(this.secondParts.now, index, this.second.points);
  }

  follow(event, within) {
    if (!this.points) return;
    const ours = this.nearest(event, this.points);
    const theirs = this.second && this.nearest(event, this.second.points);
    const [{ index, apart }, here, go] = theirs && theirs.apart < ours.apart ? [theirs, this.secondIndex, this.goSecond] : [ours, this.index, this.go];
    if (apart < within && index !== here) go(index, event.timeStamp);
  }

  // The point nearest to a pointer, and how far it is away in px.
  nearest(event, points) {
    const box = this.area.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    let [index, least] = [0, Infinity];
    for (let i = 0; i < points.x.length; i += 1) {
      const [a, b] = this.at(i, points);
      const apart = (a * box.width - x) ** 2 + (b * box.height - y) ** 2;
      if (apart < least) [index, least] = [i, apart];
    }
    return { index, apart: Math.sqrt(least) };
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
    const way = (points) => {
      const last = points.x.length - 1;
      const [from, middle, to] = [0, Math.floor(last / 2), last].map((i) => this.corner(i, points));
      return `the way of ${last + 1} steps through a map of two axes without unit. It begins ${from}, is ${middle} halfway, and ends ${to}.`;
    };
    if (!this.second) return `${this.title}: ${way(this.points)}`;
    const [ours, theirs] = this.second.letters;
    return `${this.title}: ${ours}, ${way(this.points)} ${theirs}, turned to fit, ${way(this.second.points)}`;
  }

  corner(index, points) {
    const [x, y] = [points.x[index], points.y[index]].map((value, axis) => (value - this.middle[axis]) / this.half);
    const across = x < -STEADY ? "left" : x > STEADY ? "right" : "";
    const up = y < -STEADY ? "bottom" : y > STEADY ? "top" : "";
    return across || up ? `at the ${[up, across].filter(Boolean).join(" ")}` : "in the middle";
  }

  close() {
    this.watched.disconnect();
    this.listeners.abort();
  }
}

function circle(context, x, y, size) {
  context.arc(x, y, size, 0, 2 * Math.PI);
}

function triangle(context, x, y, size) {
  const [wide, up] = [1.2 * size, 1.3 * size];
  context.moveTo(x, y - up);
  context.lineTo(x + wide, y + up / 1.6);
  context.lineTo(x - wide, y + up / 1.6);
  context.closePath();
}
