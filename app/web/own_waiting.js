// Waiting for the server: where the reader stands in the queue, how long it will take, and a way out.

import { element } from "./dom.js";
import { finished } from "./own_server.js";

export class Waiting {
  // `place`: an empty element, filled while something is waited for.
  constructor(place) {
    this.place = place;
  }

  get isOn() {
    return this.ending !== undefined;
  }

  // `begin()` resolves to a job's id; `first`: what is being done until then. Resolves to the job's result, or to null where the
  // reader, or whoever calls cancel(), wants it no more. Rejects with a ServerProblem.
  async run(begin, first, onprogress = () => {}) {
    this.cancel();
    const ending = (this.ending = new AbortController());
    this.show(first, ending);
    try {
      const job = await begin();
      return await finished(job, (told) => {
        if (ending.signal.aborted) return;
        this.tell(told);
        onprogress(told);
      }, ending.signal);
    } catch (error) {
      if (error === null || ending.signal.aborted) return null;
      throw error;
    } finally {
      if (this.ending === ending) this.end();
    }
  }

  // What began it can be pressed again afterwards.
  get button() {
    return this.place.closest(".part").querySelector(".primary");
  }

  show(first, ending) {
    this.button.setAttribute("aria-disabled", "true");
    this.bar = element("progress", { max: 1, "aria-label": "Progress" });
    this.words = element("span", { class: "words", role: "status" }, first);
    this.left = element("span", { class: "left" });
    const cancel = element("button", { type: "button", class: "cancel" }, "Cancel");
    cancel.addEventListener("click", () => {
      ending.abort();
      this.end();
    });
    this.place.replaceChildren(this.bar, this.words, this.left, cancel);
  }

  tell({ state, ahead, left_s: left, share, words }) {
    const said = state === "waiting" ? positionOf(ahead) : `${words || "beginning"}…`;
    if (this.words.textContent !== said) this.words.textContent = said; // said once, not three times a second
    this.left.textContent = left >= 1 ? `about ${Math.round(left)} s left` : "nearly done";
    if (state === "waiting") this.bar.removeAttribute("value");
    else this.bar.value = share;
  }

  end() {
    const held = this.place.contains(this.place.getRootNode().activeElement);
    this.ending = undefined;
    this.place.replaceChildren();
    this.button.removeAttribute("aria-disabled");
    if (held) this.button.focus();
  }

  cancel() {
    this.ending?.abort();
    if (this.isOn) this.end();
  }
}

function positionOf(ahead) {
  if (ahead === 0) return "You are next…";
  return ahead === 1 ? "One conversion before yours…" : `${ahead} conversions before yours…`;
}
