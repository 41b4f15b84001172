// How long each sampler takes for a second of sound, as bars on a logarithmic scale; and a race in real time.

import { element, tellDone } from "./dom.js";

const MARKS = [[0.001, "1 ms"], [0.01, "10 ms"], [0.1, "0.1 s"], [1, "1 s"], [10, "10 s"]];
const [SHORTEST_S, LONGEST_S] = [0.0005, 15];
const REAL_TIME_S = 1; // a second of reckoning for a second of sound

// How far along the ruler a time lies, from 0 to 1: a tenth of the time is always as much less.
function lengthOf(seconds) {
  const share = Math.log(seconds / SHORTEST_S) / Math.log(LONGEST_S / SHORTEST_S);
  return Math.min(Math.max(share, 0), 1);
}

export class Figure {
  constructor(place) {
    this.place = place;
    this.find = (selector) => place.querySelector(selector);
    this.button = this.find('[data-do="race"]');
    this.button.setAttribute("aria-pressed", "false");
    this.button.addEventListener("click", () => (this.began === undefined ? this.start() : this.stop("")));
    const marks = MARKS.map(([seconds, text]) => {
      const mark = element("span", {}, text, ...(seconds === REAL_TIME_S ? [element("br"), "as long as the sound"] : []));
      mark.style.setProperty("--at", lengthOf(seconds));
      return mark;
    });
    this.find(".ruler").append(element("div", { class: "marks" }, ...marks));
  }

  // data: {lanes: [{name, per_second, text, whole, seconds, apart}], clip}: seconds for a second of sound, and for the
  // whole clip; `apart` are no samplers and do not race
  open(data) {
    const wanted = JSON.stringify([data.lanes, data.clip]);
    if (wanted === this.wanted) return;
    this.wanted = wanted;
    this.stop("");
    this.clip = data.clip;
    this.lanes = data.lanes.map((lane) => ({ ...lane, ...this.makeLane(lane) }));
    this.find(".bars").replaceChildren(...this.lanes.map(({ node }) => node));
    this.place.dataset.drawn = "true";
  }

  makeLane({ name, per_second: seconds, text, whole, apart }) {
    const fill = element("i", {});
    const span = element("div", { class: "span" });
    span.style.setProperty("--length", lengthOf(seconds));
    const node = element("div", { class: apart ? "lane is-apart" : "lane", role: "listitem" },
      element("span", { class: "name" }, name),
      element("div", { class: "bed" }, span, element("div", { class: "way" }, fill)),
      element("span", { class: "number" }, element("b", {}, text), " for a second", element("small", {}, whole)));
    return { node, fill };
  }

  start() {
    this.began = performance.now();
    this.button.setAttribute("aria-pressed", "true");
    this.place.classList.add("is-racing");
    tellDone("raced");
    const racers = this.lanes.filter(({ apart }) => !apart);
    const last = Math.max(...racers.map(({ seconds }) => seconds));
    const tick = (now) => {
      const passed = Math.max((now - this.began) / 1000, 0);
      for (const { fill, seconds } of racers) fill.style.setProperty("--done", Math.min(passed / seconds, 1));
      const home = racers.filter(({ seconds }) => seconds <= passed).length;
      if (passed >= last) {
        this.stop(`All are home after ${last.toFixed(1)} s, for ${this.clip}.`);
        return;
      }
      const told = `${home} of ${racers.length} are home.`;
      if (this.find(".told").textContent !== told) this.find(".told").textContent = told;
      this.frame = requestAnimationFrame(tick);
    };
    this.frame = requestAnimationFrame(tick);
  }

  stop(told) {
    cancelAnimationFrame(this.frame);
    this.began = undefined;
    this.button.setAttribute("aria-pressed", "false");
    if (!told) this.place.classList.remove("is-racing");
    this.find(".told").textContent = told;
  }

  close() {
    this.stop("");
  }
}
