// Brushing a part of a picture with the pointer; the part is the same in all pictures: seconds and Hz.

import { element } from "./dom.js";
import { heightOf, hzAt, WHOLE } from "./picture.js";

const LEAST_PX = 8; // a shorter drag is a click
const LEAST_S = 0.05;

// "t0:t1:f0:f1" as numbers; null where it is no part of a picture.
export function readZoom(text) {
  const ends = (text ?? "").split(":").map(Number);
  if (ends.length !== 4 || !ends.every(Number.isFinite)) return null;
  const [from, to, low, high] = ends;
  return from >= 0 && to - from >= LEAST_S && low >= 0 && high > low ? { from, to, low, high } : null;
}

export const writeZoom = ({ from, to, low, high }) => `${from.toFixed(2)}:${to.toFixed(2)}:${Math.round(low)}:${Math.round(high)}`;

// What a picture shows of that part, as shares of it.
export function windowOf(zoom, picture) {
  if (!zoom || zoom.from >= picture.seconds) return WHOLE;
  const clip = (share) => Math.min(1, Math.max(0, share));
  const [foot, top] = [zoom.low, zoom.high].map((hz) => clip(heightOf(Math.max(hz, 1), picture.grid)));
  const right = clip(zoom.to / picture.seconds);
  return top - foot > 0.01 ? { left: zoom.from / picture.seconds, right, foot, top } : { ...WHOLE, left: zoom.from / picture.seconds, right };
}

// `onbrush(zoom)` is told of what was brushed in a panel with a picture.
export function brushable(panel, onbrush) {
  const canvas = panel.querySelector("canvas");
  const area = element("div", { class: "plot-area" });
  const mark = element("div", { class: "brushing", hidden: true });
  area.append(mark);
  panel.querySelector(".plot").append(area);
  let from = null;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || event.pointerType === "touch") return; // a finger scrolls the page
    from = event;
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!from) return;
    const box = canvas.getBoundingClientRect();
    const [left, right] = [from.clientX, event.clientX].sort((a, b) => a - b);
    const [up, down] = [from.clientY, event.clientY].sort((a, b) => a - b);
    mark.hidden = false;
    Object.assign(mark.style, { left: `${left - box.left}px`, width: `${right - left}px`, top: `${up - box.top}px`, height: `${down - box.top - (up - box.top)}px` });
  });
  canvas.addEventListener("pointerup", (event) => {
    const begun = from;
    from = null;
    mark.hidden = true;
    if (!begun || Math.abs(event.clientX - begun.clientX) < LEAST_PX || Math.abs(event.clientY - begun.clientY) < LEAST_PX) return;
    const { picture } = panel;
    const [one, other] = [picture.shareAt(begun), picture.shareAt(event)];
    const clip = (share) => Math.min(1, Math.max(0, share));
    const [start, end] = [one.x, other.x].map(clip).sort((a, b) => a - b);
    const [foot, top] = [one.height, other.height].map(clip).sort((a, b) => a - b);
    const zoom = { from: start * picture.seconds, to: end * picture.seconds, low: Math.max(0, hzAt(foot, picture.grid)), high: hzAt(top, picture.grid) };
    if (zoom.to - zoom.from >= LEAST_S) onbrush(zoom);
  });
  canvas.addEventListener("pointercancel", () => {
    from = null;
    mark.hidden = true;
  });
}
