// What the reader chose in a figure, kept in the page's address under a name of its own, so that it can be linked to.

import { noteInAddress } from "./address.js";
import { viewOfPage } from "./view_state.js";

// The text that the address holds under that name; null where it holds none.
export const wished = (name) => new URLSearchParams(document.location.search).get(name);

// "" takes it out of the address.
export const noteWish = (name, value) => noteInAddress({ [name]: String(value) || null });

// Where a figure keeps what was chosen in it: {read(name), note(name, value)}. On a page whose figures share one state
// (see view_state.js) that is the state, which alone writes the address.
export function notesOf(sharesState) {
  if (!sharesState) return { read: wished, note: noteWish };
  return { read: (name) => viewOfPage().get(name), note: (name, value) => viewOfPage().set({ [name]: String(value) || null }) };
}
