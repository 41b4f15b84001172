// Why a result is as it is: four views of sets of conversions that differ in one thing. What a view needs is fetched
// when it is opened and near the screen; view, set and settings stand in the address (see view_state.js).

import { element, rich } from "./dom.js";
import { SeedsView } from "./explain_seeds.js";
import { SharesView } from "./explain_shares.js";
import { SnrView } from "./explain_snr.js";
import { SwapView } from "./explain_swap.js";
import { wished } from "./explain_parts.js";
import { TEXTS, VIEWS } from "./explain_texts.js";
import { SoundButtons } from "./sound.js";
import { TraceProblem } from "./trace.js";
import { viewOfPage } from "./view_state.js";

const MAKERS = { shares: SharesView, swap: SwapView, seeds: SeedsView, snr: SnrView };
const ABSENT = {
  shares: "No set of coalitions is among the conversions listed here: one conversion, with every choice of conditions taken away.",
  swap: "No conversion that was told another singer on the way is among those listed here.",
  seeds: "No conversion is listed here with more than one seed.",
  snr: "No conversion of several steps is listed here.",
};
const OWN = ["explain_map", "explain_at", "explain_axis", "explain_power"]; // settings that a view follows by itself
const NEAR_PX = 600; // below the window, from where on a view is fetched

export class Figure {
  constructor(place) {
    this.place = place;
    this.listeners = new AbortController();
    const { signal } = this.listeners;
    this.tabs = [...place.querySelectorAll(".tabs button")];
    for (const tab of this.tabs) {
      // settings of one view would mean nothing, or something else, in another
      const cleared = Object.fromEntries(["explain_set", ...OWN].map((name) => [name, null]));
      tab.addEventListener("click", () => this.view?.set({ ...cleared, explain: tab.dataset.view }), { signal });
    }
    this.near = new IntersectionObserver((entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      this.near.disconnect();
      this.arrived = true;
      this.show();
    }, { rootMargin: `0px 0px ${NEAR_PX}px 0px` });
    this.near.observe(place);
  }

  find(selector) {
    return this.place.querySelector(selector);
  }

  // `data`: sets of conversions by view, as app/expert/explain.py finds them.
  open(data) {
    const text = JSON.stringify(data);
    if (text === this.text) return;
    this.text = text;
    this.data = data;
    this.view ??= viewOfPage();
    this.ending ??= this.view.watch((name) => name.startsWith("explain") || name === "compare", (changed) => {
      const names = changed.filter((name) => name.startsWith("explain") || this.place.dataset.view === "snr"); // it alone lists what is compared
      if (names.length === 0) return;
      if (names.some((name) => !OWN.includes(name))) this.show();
      else {
        this.unsay();
        this.shown?.follow();
      }
    });
    this.show();
  }

  async show() {
    if (!this.data) return;
    const chosen = this.place.getRootNode().activeElement?.matches(".of select"); // it is made anew; a keyboard must not lose its place
    this.unsay();
    this.leave();
    const name = wished(this.view, "explain", "view of Explain", VIEWS, (sentence) => this.say(sentence));
    for (const tab of this.tabs) tab.setAttribute("aria-pressed", String(tab.dataset.view === name));
    for (const part of ["how", "caveat", "door"]) this.find(`.${part}`).replaceChildren(...rich(TEXTS[name][part]));
    this.place.dataset.view = name;
    delete this.place.dataset.shown;
    const place = this.find(".view");
    place.style.minHeight = `${place.offsetHeight}px`; // the page below stays where it is meanwhile
    place.replaceChildren(element("p", { class: "small" }, "Loading …"));
    if (!this.arrived) return;
    const sets = this.data[name];
    if (sets.length === 0) {
      place.replaceChildren(element("p", { class: "small" }, ABSENT[name]));
      return;
    }
    this.leaving = new AbortController();
    const { signal } = this.leaving;
    const page = {
      roots: this.data.roots, view: this.view, signal, buttons: new SoundButtons((sentence) => this.say(sentence)),
      say: (sentence) => {
        if (!signal.aborted) this.say(sentence);
      },
    };
    this.buttons = page.buttons;
    const shown = new MAKERS[name](place, page, sets);
    this.shown = shown;
    try {
      await shown.open();
    } catch (error) {
      page.say(error instanceof TraceProblem ? error.message : `This view cannot be drawn: ${error.message}.`);
    }
    if (signal.aborted) return;
    this.place.dataset.shown = name;
    place.style.minHeight = "";
    if (chosen) this.find(".of select")?.focus({ preventScroll: true });
  }

  leave() {
    this.leaving?.abort();
    this.buttons?.close();
    this.shown?.close();
    this.shown = null;
  }

  say(sentence) {
    const problem = this.find(".problem");
    problem.textContent = problem.hidden ? sentence : `${problem.textContent} ${sentence}`;
    problem.hidden = false;
  }

  unsay() {
    const problem = this.find(".problem");
    problem.textContent = "";
    problem.hidden = true;
  }

  close() {
    this.near.disconnect();
    this.ending?.();
    this.leave();
    this.listeners.abort();
  }
}
