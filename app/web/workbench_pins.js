// Steps that are pinned: places on the common axis to come back to. "0.5" is a share of the walk, "-12dB" a noise level,
// so that a pin means the same whichever axis is on.

import { readNumber, writeAt } from "./compared.js";
import { element, signed } from "./dom.js";

const MOST = 8;
const DB = "dB";

// {axis, at} of a pin's text; null where it is none.
export function readPin(text) {
  const axis = text.endsWith(DB) ? "noise" : "step";
  const at = readNumber(axis === "noise" ? text.slice(0, -DB.length) : text);
  return Number.isFinite(at) && (axis === "noise" || (at >= 0 && at <= 1)) ? { axis, at } : null;
}

export class Pins {
  // `go(axis, at, since)` is asked to go to a pin.
  constructor(place, button, view, go) {
    Object.assign(this, { place, button, view, go });
  }

  get texts() {
    return (this.view.get("pins") ?? "").split(",").filter(Boolean);
  }

  get known() {
    return [...new Set(this.texts)].filter(readPin).slice(0, MOST);
  }

  add(axis, at) {
    const text = writeAt(at) + (axis === "noise" ? DB : "");
    this.write([...this.known.filter((pin) => pin !== text), text].slice(-MOST));
  }

  remove(text) {
    this.write(this.known.filter((pin) => pin !== text));
    this.button.focus(); // the pin's own button has gone
  }

  write(texts) {
    this.view.set({ pins: texts.length ? texts.join(",") : null });
  }

  draw() {
    const key = this.known.join();
    if (key === this.key) return;
    this.key = key;
    this.place.replaceChildren(...this.known.map((text) => {
      const { axis, at } = readPin(text);
      const words = axis === "noise" ? `${signed(at)} dB` : `${(100 * at).toFixed(1)} %`;
      const go = element("button", { type: "button", "aria-label": `Go to the pinned step at ${words}` }, words);
      const away = element("button", { type: "button", class: "away", "aria-label": `Take the pin at ${words} away` }, "×");
      go.addEventListener("click", (event) => this.go(axis, at, event.timeStamp));
      away.addEventListener("click", () => this.remove(text));
      return element("span", { class: "one-pin" }, go, away);
    }));
  }
}
