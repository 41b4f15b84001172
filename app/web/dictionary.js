// The glossary's page: reaching a term by the address, when the page is opened as well as later.

const PATIENCE_MS = 15_000; // for the page to be drawn, which Streamlit does after the document has loaded
const READER_MOVES = ["wheel", "touchmove", "keydown", "pointerdown"];

let arrived = null; // the address whose term was looked for last

export function isDictionary() {
  return /\/glossary\/?$/.test(location.pathname);
}

// Moves to a term of the page and puts its id into the address; false where the page does not show it.
export function jumpTo(id) {
  const place = document.getElementById(id);
  if (!place) return false;
  if (location.hash !== `#${id}`) history.pushState(history.state, "", `#${id}`);
  arrived = location.href;
  moveTo(place);
  return true;
}

// Looks for the term that the address names until it is drawn, or the reader goes elsewhere.
export function arriveAt() {
  if (!isDictionary()) {
    arrived = null;
    return;
  }
  if (location.hash.length < 2 || arrived === location.href) return;
  arrived = location.href;
  const wanted = location.href;
  const id = decodeURIComponent(location.hash.slice(1));
  const until = performance.now() + PATIENCE_MS;
  const moved = new AbortController();
  for (const kind of READER_MOVES) addEventListener(kind, () => moved.abort(), { capture: true, signal: moved.signal });
  const look = () => {
    const place = document.getElementById(id);
    if (moved.signal.aborted || location.href !== wanted || performance.now() > until) {
      moved.abort();
    } else if (place) {
      moved.abort();
      moveTo(place);
    } else {
      requestAnimationFrame(look);
    }
  };
  look();
}

function moveTo(place) {
  place.tabIndex = -1; // so that the focus, and with it a screen reader, can go there
  place.scrollIntoView({ block: "start" });
  place.focus({ preventScroll: true });
}
