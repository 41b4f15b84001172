// What the reader chose in a figure, kept in the page's address under a name of its own, so that it can be linked to.

import { viewOfPage } from "./view_state.js";

const REST_MS = 250; // browsers refuse more than about three changes of address a second

const waiting = new Map(); // name -> value, those still to be written
let timer = null;

// The text that the address holds under that name; null where it holds none.
export const wished = (name) => new URLSearchParams(document.location.search).get(name);

// "" takes it out of the address.
export function noteWish(name, value) {
  waiting.set(name, String(value));
  clearTimeout(timer);
  const page = document.location.pathname;
  timer = setTimeout(() => {
    const notes = [...waiting];
    waiting.clear();
    if (document.location.pathname !== page) return; // the reader has gone on to another page
    const url = new URL(document.location.href);
    for (const [key, text] of notes) {
      if (text === "") url.searchParams.delete(key);
      else url.searchParams.set(key, text);
    }
    if (url.href !== document.location.href) history.replaceState(history.state, "", url);
  }, REST_MS);
}

// Where a figure keeps what was chosen in it: {read(name), note(name, value)}. On a page whose figures share one state
// (see view_state.js) that is the state, which alone writes the address.
export function notesOf(sharesState) {
  if (!sharesState) return { read: wished, note: noteWish };
  return { read: (name) => viewOfPage().get(name), note: (name, value) => viewOfPage().set({ [name]: String(value) || null }) };
}
