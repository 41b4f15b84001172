// The glossary's page: reaching a term by the address, when the page is opened as well as later.

const PATIENCE_MS = 15_000; // for the page to be drawn, which Streamlit does after the document has loaded
const SETTLING_MS = 1_500; // what is drawn above the term afterwards pushes it away again
const READER_MOVES = ["wheel", "touchmove", "keydown", "pointerdown"];

let arrived = null; // the address whose term was looked for last

function isDictionary() {
  return /\/glossary\/?$/.test(location.pathname);
}

const placeOf = (id) => document.querySelector(`dl.terms dt[id="${CSS.escape(id)}"]`);

// Whether this page is the glossary and shows the term.
export function isListed(id) {
  return isDictionary() && placeOf(id) !== null;
}

// "#t-sne" -> "t-sne"; nothing where an address was cut off within a sign.
export function idIn(hash) {
  try {
    return decodeURIComponent(hash.slice(1));
  } catch {
    return "";
  }
}

// Moves to a term of the page and puts its id into the address; false where this page does not show it.
export function jumpTo(id) {
  if (!isListed(id)) return false;
  if (idIn(location.hash) !== id) history.pushState(history.state, "", `#${id}`);
  arrived = location.href;
  moveTo(placeOf(id));
  return true;
}

// Looks for the term that the address names until it is drawn and stands still, or the reader goes elsewhere.
export function arrive() {
  const id = isDictionary() ? idIn(location.hash) : "";
  const wanted = location.href;
  if (arrived === wanted) return;
  arrived = wanted;
  if (!id) return;
  const stop = new AbortController();
  for (const kind of READER_MOVES) addEventListener(kind, () => stop.abort(), { capture: true, signal: stop.signal });
  let until = performance.now() + PATIENCE_MS;
  let top = null; // where the term stood when it was last moved to
  const look = () => {
    if (location.href !== wanted || performance.now() > until) stop.abort();
    if (stop.signal.aborted) return;
    const place = placeOf(id);
    if (place && (top === null || Math.abs(place.getBoundingClientRect().top - top) > 1)) {
      if (top === null) until = performance.now() + SETTLING_MS;
      moveTo(place);
      top = place.getBoundingClientRect().top;
    }
    requestAnimationFrame(look);
  };
  look();
}

function moveTo(place) {
  place.tabIndex = -1; // so that the focus, and with it a screen reader, can go there
  place.scrollIntoView({ block: "start" });
  place.focus({ preventScroll: true });
}
