// Going to a part of the page while its figures still take their size.

const HELD_MS = 3000; // as long as conversions may take to come
const OWN_WAYS = ["wheel", "touchmove", "pointerdown", "keydown"]; // of a reader who goes on alone

// Puts the header of that id at the top of the window, and keeps it there while what is above it grows or shrinks,
// until the reader goes on, or has had time enough. Gives back the header; null where there is none.
export function goToPart(id) {
  const header = document.getElementById(id);
  if (!header) return null;
  const go = () => header.scrollIntoView();
  const page = header.closest('[data-testid="stMainBlockContainer"]') ?? document.body;
  const watched = new ResizeObserver(go);
  const ended = new AbortController();
  const end = () => {
    watched.disconnect();
    ended.abort();
  };
  for (const way of OWN_WAYS) document.addEventListener(way, end, { signal: ended.signal });
  setTimeout(end, HELD_MS);
  watched.observe(page);
  go();
  return header;
}
