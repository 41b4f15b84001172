// Small helpers to make elements.

const SVG = "http://www.w3.org/2000/svg";
const MARKS = /\[([^\]]+)\]\(([^)\s]+)\)|\*\*([^*]+)\*\*|\*([^*]+)\*/g; // [words](address), **bold**, *italic*

// element("button", { class: "wide", type: "button" }, "Play"): attributes that are null or false are left out.
export function element(tag, attributes = {}, ...children) {
  return furnish(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return furnish(document.createElementNS(SVG, tag), attributes, children);
}

function furnish(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

// Our own texts hold links, bold and italic in Markdown's way; nothing else is markup, and nothing is HTML.
export function rich(text) {
  const parts = [];
  let end = 0;
  for (const found of text.matchAll(MARKS)) {
    parts.push(text.slice(end, found.index));
    const [whole, words, address, bold, italic] = found;
    if (words) parts.push(element("a", { href: address }, words));
    else parts.push(element(bold ? "strong" : "em", {}, bold ?? italic));
    end = found.index + whole.length;
  }
  parts.push(text.slice(end));
  return parts;
}

// −12.3 with a true minus sign.
export const signed = (number, digits = 1) => number.toFixed(digits).replace("-", "−");

// Shows what is wrong in a figure's .problem; "" takes it back.
export function tellProblem(place, sentence) {
  const problem = place.querySelector(".problem");
  problem.textContent = sentence;
  problem.hidden = sentence === "";
}

// Tells the page's tour, and whoever else listens, that the reader has done something, such as "stepped".
export function tellDone(what) {
  document.dispatchEvent(new CustomEvent("singsteps:done", { detail: what }));
}

export const movesLittle = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

// Scrolls to a node, gently where the reader does not mind motion; block as in scrollIntoView.
export function bringIntoSight(node, block = "nearest") {
  node.scrollIntoView({ behavior: movesLittle() ? "auto" : "smooth", block });
}
