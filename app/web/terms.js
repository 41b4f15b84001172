// Cards for terms: every link to glossary#ID on the page tells what it means when it is pointed at, focused
// or tapped. One card for the document, outside of all components, so that none can cut it off.

import { arrive, idIn, isListed, jumpTo } from "./dictionary.js";

const LINK = 'a[href*="glossary#"]';
const SOON_MS = 120; // a pointer that only passes by opens nothing
const LATE_MS = 350; // long enough to cross the gap to the card
const MARGIN_PX = 8;
const GAP_PX = 6;
const COLOURS = ["text-color", "background-color", "border-color", "link-color", "primary-color", "font"];

const STYLE = `
${LINK}[href] {
  color: inherit;
  text-decoration: underline dotted 1.5px;
  text-underline-offset: 0.22em;
  cursor: help;
}
#term-card {
  position: fixed; z-index: 999999; top: 0; left: 0;
  box-sizing: border-box;
  width: max-content; max-width: min(22rem, calc(100vw - ${2 * MARGIN_PX}px));
  padding: 0.7rem 0.9rem;
  color: var(--st-text-color); background: var(--st-background-color);
  border: 1px solid var(--st-border-color); border-radius: 0.5rem;
  box-shadow: 0 4px 18px rgb(0 0 0 / 22%);
  font: 0.92rem/1.45 var(--st-font, sans-serif);
  overflow-wrap: break-word;
}
#term-card[hidden] { display: none; }
#term-card p { margin: 0 0 0.35rem; }
#term-card b { font-weight: 650; }
#term-card a { color: var(--st-link-color); text-decoration: underline; }
@media (prefers-reduced-motion: no-preference) {
  #term-card { animation: term-card 120ms ease-out; }
  @keyframes term-card { from { opacity: 0; } }
}
`;

let terms = {};
let theme = null; // an element inside a component, where Streamlit's colours can be read
let card = null;
let shown = null; // the link whose card is open
let pinned = false; // by a click or a tap: it then stays until another
let soon = 0;
let late = 0;
const watched = new WeakSet();

export class Figure {
  constructor(place) {
    this.place = place;
  }

  async open(data) {
    terms = data.terms;
    theme = this.place;
    if (!card) install();
    arrive();
  }

  close() {
    if (theme === this.place) hide();
  }
}

function install() {
  const style = document.createElement("style");
  style.textContent = STYLE;
  document.head.append(style);
  card = document.createElement("div");
  card.id = "term-card";
  card.setAttribute("role", "tooltip");
  card.hidden = true;
  document.body.append(card);
  watch(document);
  // Streamlit opens links of its texts in a new tab, so the click is taken before it gets there
  document.addEventListener("click", clicked, true);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !shown) return;
    hide();
    event.stopPropagation(); // one press closes one thing
  }, true);
  addEventListener("hashchange", arrive);
}

// What moves within a shadow root is not told outside of it: each root is watched once something enters it.
function watch(root) {
  watched.add(root);
  root.addEventListener("pointerover", pointed, true);
  root.addEventListener("focusin", focused, true);
}

function linkOf(event) {
  const path = event.composedPath();
  for (const node of path) if (node instanceof ShadowRoot && !watched.has(node)) watch(node);
  return path.find((node) => node instanceof Element && node.matches(LINK) && !card.contains(node)) ?? null;
}

function idOf(link) {
  const id = idIn(link.hash);
  return Object.hasOwn(terms, id) ? id : null;
}

function pointed(event) {
  const link = linkOf(event);
  if (event.pointerType === "touch") return; // a tap is a click, too
  clearTimeout(soon);
  if (event.composedPath().includes(card)) {
    clearTimeout(late);
  } else if (link === shown && shown) {
    clearTimeout(late);
  } else if (link) {
    soon = setTimeout(() => show(link), SOON_MS);
  } else if (shown && !pinned && !isFocused(shown)) {
    clearTimeout(late);
    late = setTimeout(hide, LATE_MS);
  }
}

function focused(event) {
  const link = linkOf(event);
  if (link) {
    if (link !== shown && link.matches(":focus-visible")) show(link);
  } else if (shown && !event.composedPath().includes(card)) {
    hide();
  }
}

function clicked(event) {
  const link = linkOf(event);
  if (!link) {
    if (shown && !event.composedPath().includes(card)) hide();
    return;
  }
  const id = idOf(link);
  const asks = event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button !== 0;
  if (id === null || asks) return;
  if (jumpTo(id)) {
    event.preventDefault();
    hide();
    return;
  }
  if (event.detail === 0) return; // Enter: its card came with the focus, so the link itself is wanted
  event.preventDefault();
  if (link !== shown) show(link);
  pinned = true;
}

function isFocused(link) {
  return link.getRootNode().activeElement === link && link.matches(":focus-visible");
}

function show(link) {
  const id = idOf(link);
  if (id === null || !link.isConnected) return;
  hide();
  const { term, short } = terms[id];
  fill(id, term, short);
  const colours = getComputedStyle(theme);
  for (const name of COLOURS) {
    const value = colours.getPropertyValue(`--st-${name}`);
    if (value) card.style.setProperty(`--st-${name}`, value); // none while Streamlit changes the page
  }
  shown = link;
  // a description by id reaches no further than the link's own root
  if (link.getRootNode() === document) link.setAttribute("aria-describedby", card.id);
  else link.setAttribute("aria-description", `${term}: ${short}`);
  card.hidden = false;
  follow(link);
}

function fill(id, term, short) {
  const [heading, text, way] = ["p", "p", "a"].map((name) => document.createElement(name));
  heading.append(Object.assign(document.createElement("b"), { textContent: term }));
  text.textContent = short;
  Object.assign(way, { href: `glossary#${id}`, target: "_blank", rel: "noopener", textContent: "In the glossary (new tab)" });
  way.tabIndex = -1; // by keyboard the term itself leads there, from where the reader is
  card.replaceChildren(heading, text, ...(isListed(id) ? [] : [way]));
}

function hide() {
  clearTimeout(soon);
  clearTimeout(late);
  shown?.removeAttribute("aria-describedby");
  shown?.removeAttribute("aria-description");
  shown = null;
  pinned = false;
  card.hidden = true;
}

// Keeps the card at its link while the page scrolls or reruns, and closes it when the link has gone.
function follow(link) {
  if (shown !== link) return;
  const lines = link.isConnected ? link.getClientRects() : [];
  if (lines.length === 0 || lines[0].bottom < 0 || lines[0].top > innerHeight) {
    hide();
    return;
  }
  const { offsetWidth: width, offsetHeight: height } = card;
  const [first, last] = [lines[0], lines[lines.length - 1]];
  const below = last.bottom + GAP_PX + height + MARGIN_PX <= innerHeight || first.top < height + GAP_PX + MARGIN_PX;
  const wantedTop = below ? last.bottom + GAP_PX : first.top - GAP_PX - height;
  const top = Math.max(MARGIN_PX, Math.min(wantedTop, innerHeight - height - MARGIN_PX));
  const room = document.documentElement.clientWidth - width - MARGIN_PX;
  const left = Math.max(MARGIN_PX, Math.min((below ? last : first).left, room));
  card.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  requestAnimationFrame(() => follow(link));
}
