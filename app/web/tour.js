// A guided tour: a card beside each of the page's real controls, which knows when the reader has tried it.
// Where it is, it keeps for this tab, so that it goes on when the reader follows a link to another page.

import { element } from "./dom.js";
import { isTermOpen, TourCard } from "./tour_card.js";
import { seen } from "./tour_seek.js";

const KEY = "singsteps.tour.1";
const LOADING_MS = 5000; // figures come one after another while a page loads
const LOADED_MS = 1000;
const LOOK_EVERY_MS = 100;

let running = null; // index of the step, where the browser keeps nothing

function recall(most) {
  try {
    running = JSON.parse(sessionStorage.getItem(KEY));
  } catch {
    // a private window, or damaged: what the page itself remembers holds
  }
  return Number.isInteger(running) && running >= 0 && running < most ? running : null;
}

function keep(index) {
  running = index;
  try {
    sessionStorage.setItem(KEY, JSON.stringify(index));
  } catch {
    // kept above, until the page is left
  }
}

export class Figure {
  constructor(place) {
    this.place = place;
    this.button = place.querySelector(".begin");
    this.card = null;
    this.listeners = new AbortController();
    const { signal } = this.listeners;
    this.button.addEventListener("click", () => (recall(this.steps.length) === null ? this.begin() : this.end("")), { signal });
    document.addEventListener("singsteps:done", ({ detail }) => this.card?.hear(detail), { signal });
    window.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.card && !isTermOpen()) this.end(""); // one press closes one thing
    }, { signal, capture: true });
  }

  // data: {page, steps: [{id, page, address, lesson, title, content, at, done, after, side}]}
  open({ page, steps }) {
    const again = this.steps !== undefined;
    Object.assign(this, { page, steps });
    if (!again) this.resume();
  }

  // Goes on where the reader left, if that is here; a link to the next page leads to its first step.
  resume() {
    const at = recall(this.steps.length);
    if (at === null) return this.tell("");
    if (this.steps[at].page === this.page) return this.show(at);
    if (this.steps[at + 1]?.page === this.page) return this.show(at + 1);
    const { address, lesson } = this.steps[at];
    return this.tell("The tour waits for you in the lesson ", element("a", { href: address }, lesson), ".");
  }

  begin() {
    const first = this.steps[0];
    keep(0);
    if (first.page === this.page) this.show(0);
    else document.location.assign(first.address);
  }

  async show(at) {
    const step = this.steps[at];
    keep(at);
    this.tell("");
    const ticket = (this.ticket = Symbol("the latest wish"));
    const target = await this.waitFor(step.at);
    if (this.ticket !== ticket || this.listeners.signal.aborted) return;
    this.card?.close();
    this.card = new TourCard(step, target, `Tour, ${at + 1} of ${this.steps.length}`, {
      back: at > 0 ? () => this.go(at - 1) : null,
      next: () => (at + 1 < this.steps.length ? this.go(at + 1) : this.end("That was the tour.")),
      last: at + 1 === this.steps.length,
      skip: () => this.end(""),
    }, this.place);
  }

  go(at) {
    keep(at);
    if (this.steps[at].page === this.page) this.show(at);
    else document.location.assign(this.steps[at].address);
  }

  // What a step points at; null when it does not come.
  async waitFor(selector) {
    for (const end = performance.now() + (this.card ? LOADED_MS : LOADING_MS); ;) {
      const found = seen(selector);
      if (found || performance.now() > end || this.listeners.signal.aborted) return found;
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }

  end(words) {
    this.ticket = null;
    keep(null);
    this.card?.close();
    this.card = null;
    this.tell(words);
    this.button.focus();
  }

  tell(...words) {
    this.place.querySelector(".said").replaceChildren(...words);
    const ended = words[0] === "That was the tour.";
    this.button.textContent = recall(this.steps.length) !== null ? "End the tour" : ended ? "Take it again" : "Take the tour (2 minutes)";
  }

  close() {
    this.listeners.abort();
    this.card?.close();
    this.card = null;
  }
}
