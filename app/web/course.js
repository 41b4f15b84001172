// The lessons as a row of numbers: where the reader is, and which are done (memory.js).

import { element } from "./dom.js";
import { CHANGED, forget, progressOf } from "./memory.js";

const SAID = { done: "done", begun: "begun", "": "" };

export class Figure {
  constructor(place) {
    this.place = place;
    this.listeners = new AbortController();
    const { signal } = this.listeners;
    this.button = place.querySelector(".forget");
    this.button.addEventListener("click", () => this.press(), { signal });
    for (const [source, event] of [[document, CHANGED], [window, "storage"]]) {
      source.addEventListener(event, () => this.show(), { signal }); // "storage": another tab went on
    }
  }

  // data: {lessons: [{id, address, title, minutes, questions: [id]}], present: id or null}
  open(data) {
    this.data = data;
    this.show();
  }

  show() {
    const { lessons, present } = this.data;
    const progress = lessons.map(({ id, questions }) => progressOf(id, questions));
    const stops = lessons.map(({ id, address, title }, i) => {
      const said = [title, SAID[progress[i]]].filter(Boolean).join(", ");
      const link = element("a", {
        href: address, title: said, "aria-current": id === present ? "page" : null, "data-progress": progress[i] || null,
      }, element("span", { "aria-hidden": "true" }, `${i + 1}`), element("span", { class: "visually-hidden" }, `Lesson ${i + 1}: ${said}`));
      return element("li", {}, link);
    });
    this.place.querySelector("ol").replaceChildren(...stops);
    const index = lessons.findIndex(({ id }) => id === present);
    this.place.querySelector(".where").textContent = index < 0 ? "" : `Lesson ${index + 1} of ${lessons.length} · about ${lessons[index].minutes} minutes`;
    const done = progress.filter((one) => one === "done").length;
    this.place.querySelector(".kept").textContent = done > 0 ? `${done} of ${lessons.length} done` : "";
    this.button.hidden = progress.every((one) => one === "");
    this.button.textContent = "Start over";
  }

  // The first press asks, the second does it: there is no way back.
  press() {
    if (this.button.textContent === "Start over") this.button.textContent = "Forget all answers?";
    else forget();
  }

  close() {
    this.listeners.abort();
  }
}
