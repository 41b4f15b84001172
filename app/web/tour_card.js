// One step of the tour: a card near the control that it points at, and a ring around that. Both lie on the page's
// body, outside of all components, so that none can cut them off. On a narrow screen the card stands at the foot.

import { bringIntoSight, element, rich } from "./dom.js";

const NARROW_PX = 700;
const GAP_PX = 12;
const MARGIN_PX = 8;
const RING_PX = 5;
const HEADER_PX = 80; // Streamlit's, which lies over the page
const COLOURS = ["text-color", "background-color", "border-color", "link-color", "primary-color", "font"];
const FOCUSABLE = "a[href], button:not([disabled]), input:not([disabled]), select, [tabindex='0']";

const STYLE = `
#tour-ring {
  position: fixed; z-index: 999994; top: 0; left: 0; box-sizing: border-box; pointer-events: none;
  border: 3px solid var(--st-primary-color); border-radius: 0.6rem;
  box-shadow: 0 0 0 2px var(--st-background-color), inset 0 0 0 2px var(--st-background-color);
}
#tour-card {
  position: fixed; z-index: 999995; top: 0; left: 0; box-sizing: border-box;
  width: 22rem; max-width: calc(100vw - ${2 * MARGIN_PX}px); max-height: calc(100dvh - ${2 * MARGIN_PX}px); overflow: auto;
  padding: 0.9rem 1.1rem;
  color: var(--st-text-color); background: var(--st-background-color);
  border: 2px solid var(--st-primary-color); border-radius: 0.7rem;
  box-shadow: 0 6px 28px rgb(0 0 0 / 30%);
  font: 0.95rem/1.5 var(--st-font, sans-serif);
}
#tour-card.docked { top: auto; left: ${MARGIN_PX}px; right: ${MARGIN_PX}px; bottom: ${MARGIN_PX}px; margin: 0 auto; }
@media (max-width: ${NARROW_PX - 1}px) { #tour-card { width: auto; max-height: 55dvh; } }
#tour-card:focus-visible { outline: 3px solid var(--st-primary-color); outline-offset: 2px; }
#tour-card p { margin: 0 0 0.5rem; }
#tour-card .count { font-size: 0.82rem; }
#tour-card .title { font-size: 1.1rem; font-weight: 650; }
#tour-card .told { min-height: 1.5em; font-weight: 600; }
#tour-card .told:empty { display: none; }
#tour-card .ways { display: flex; flex-wrap: wrap; align-items: center; gap: 0.4rem; }
#tour-card .ways span { flex: 1; }
#tour-card button {
  min-height: 2.5rem; padding: 0 0.8em; color: inherit; font: inherit; cursor: pointer;
  background: none; border: 1px solid var(--st-border-color); border-radius: 0.5rem;
}
#tour-card button.plain { padding: 0 0.2em; border-color: transparent; text-decoration: underline; }
#tour-card button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
#tour-card button.ready { color: var(--st-background-color); background: var(--st-primary-color); border-color: var(--st-primary-color); font-weight: 650; }
@media (prefers-reduced-motion: no-preference) {
  #tour-card button.ready { animation: tour-ready 0.9s ease-in-out 3; }
  @keyframes tour-ready { 50% { box-shadow: 0 0 0 0.4rem color-mix(in srgb, var(--st-primary-color) 35%, transparent); } }
}
`;

// The card of a term of the glossary, which may be opened from a card of the tour.
export const isTermOpen = () => document.querySelector("#term-card:not([hidden])") !== null;

export class TourCard {
  // `target`: an element, or null where it did not come; `ways`: {back (or null), next, last, skip};
  // `theme`: an element inside a component, where Streamlit's colours can be read.
  constructor(step, target, count, { back, next, last, skip }, theme) {
    this.step = step;
    this.target = target;
    this.isDone = !step.done || !target;
    const button = (words, act, kind = "") => {
      const made = element("button", { type: "button", class: kind || null }, words);
      made.addEventListener("click", act);
      return made;
    };
    this.next = button(last ? "Finish" : "Next", next, this.isDone ? "ready" : "");
    this.told = element("p", { class: "told", role: "status" });
    const missing = `What “${step.title}” points at is not on this page now, so this part is left out. The tour goes on.`;
    const content = element("p", { id: "tour-content" }, ...(target ? rich(step.content) : [missing]));
    this.node = element("div", {
      id: "tour-card", role: "dialog", "aria-modal": "false", "aria-labelledby": "tour-title", "aria-describedby": "tour-content", tabindex: "-1",
    },
    element("p", { class: "count" }, count),
    element("p", { class: "title", id: "tour-title" }, step.title),
    content, this.told,
    element("div", { class: "ways" },
      button("Skip tour", skip, "plain"),
      ...(target && step.done ? [button("Go to it", () => this.goThere(), "plain")] : []),
      element("span"), ...(back ? [button("Back", back)] : []), this.next));
    this.ring = element("div", { id: "tour-ring", "aria-hidden": "true" });
    this.style = element("style", {}, STYLE);
    const colours = getComputedStyle(theme);
    for (const name of COLOURS) {
      for (const node of [this.node, this.ring]) node.style.setProperty(`--st-${name}`, colours.getPropertyValue(`--st-${name}`));
    }
    document.head.append(this.style);
    document.body.append(this.ring, this.node);
    this.bringIntoView();
    this.node.focus({ preventScroll: true });
    this.follow();
  }

  // The target in the middle; on a narrow screen right above the card, so that what it moves stays in sight.
  bringIntoView() {
    if (!this.target) return;
    const room = innerHeight - this.node.offsetHeight - 2 * MARGIN_PX;
    const { style } = this.target;
    if (innerWidth >= NARROW_PX) bringIntoSight(this.target, "center");
    else {
      const fits = this.target.offsetHeight + HEADER_PX < room;
      Object.assign(style, { scrollMarginTop: `${HEADER_PX}px`, scrollMarginBottom: `${innerHeight - room}px` });
      bringIntoSight(this.target, fits ? "end" : "start");
      Object.assign(style, { scrollMarginTop: "", scrollMarginBottom: "" });
    }
  }

  // For the keyboard: to the control itself.
  goThere() {
    this.bringIntoView();
    const inside = this.target.matches(FOCUSABLE) ? this.target : this.target.querySelector(FOCUSABLE);
    inside?.focus({ preventScroll: true });
  }

  // The reader has done something, somewhere on the page.
  hear(what) {
    if (this.isDone || what !== this.step.done) return;
    this.isDone = true;
    this.told.replaceChildren("✓ ", ...rich(this.step.after || "That is it."));
    this.next.classList.add("ready");
  }

  // Keeps card and ring at the target while the page scrolls or changes.
  follow() {
    if (!this.node.isConnected) return;
    if (!this.isDone && isTermOpen()) this.hear("looked up"); // a term's card tells nobody
    const box = this.target?.isConnected ? this.target.getBoundingClientRect() : null;
    this.ring.hidden = !box;
    if (box) {
      this.ring.style.transform = `translate(${Math.round(box.left) - RING_PX}px, ${Math.round(box.top) - RING_PX}px)`;
      this.ring.style.width = `${Math.round(box.width) + 2 * RING_PX}px`;
      this.ring.style.height = `${Math.round(box.height) + 2 * RING_PX}px`;
    }
    const spot = box && innerWidth >= NARROW_PX ? this.spotAt(box) : null;
    this.node.classList.toggle("docked", !spot);
    this.node.style.transform = spot ? `translate(${Math.round(spot[0])}px, ${Math.round(spot[1])}px)` : "";
    requestAnimationFrame(() => this.follow());
  }

  // Where the card has room beside the target, on the wanted side if possible: [left, top], or null.
  spotAt({ left, right, top, bottom, width, height }) {
    const { offsetWidth: w, offsetHeight: h } = this.node;
    const within = (at, size, room) => Math.max(MARGIN_PX, Math.min(at, room - size - MARGIN_PX));
    const across = within(left + width / 2 - w / 2, w, innerWidth);
    const down = within(top + height / 2 - h / 2, h, innerHeight);
    const spots = {
      top: [across, top - GAP_PX - h], bottom: [across, bottom + GAP_PX],
      left: [left - GAP_PX - w, down], right: [right + GAP_PX, down],
    };
    const fits = ([x, y]) => x >= 0 && y >= 0 && x + w <= innerWidth && y + h <= innerHeight;
    return [spots[this.step.side], spots.bottom, spots.top, spots.right, spots.left].find(fits) ?? null;
  }

  close() {
    for (const node of [this.node, this.ring, this.style]) node.remove();
  }
}
