// The whole state of a page as short texts by name, kept in its address and shared by its figures: the
// address alone, in another browser, gives the same view.

import { REST_MS } from "./address.js";

const LONGEST = 2000; // characters of one text; whatever is longer was made by nobody's hand

export class ViewState {
  constructor(search = document.location.search) {
    this.texts = new Map();
    for (const [name, text] of new URLSearchParams(search)) if (text.length <= LONGEST) this.texts.set(name, text);
    this.supposed = new Map();
    this.watchers = new Set();
  }

  get(name) {
    return this.texts.get(name) ?? this.supposed.get(name) ?? null;
  }

  // Whether the reader, or the address, has said anything of it.
  isSaid(name) {
    return this.texts.has(name);
  }

  // What holds of a name of which nobody has said anything; it is not written into the address.
  suppose(name, text) {
    const before = this.get(name);
    this.supposed.set(name, text);
    if (this.get(name) !== before) this.tell([name]);
  }

  // {name: text, or null to take it back}; whoever watches one that changed is told at once.
  set(changes) {
    const changed = Object.entries(changes).filter(([name, text]) => this.get(name) !== text);
    if (changed.length === 0) return;
    for (const [name, text] of changed) {
      if (text === null) this.texts.delete(name);
      else this.texts.set(name, text);
    }
    this.tell(changed.map(([name]) => name));
    this.write();
  }

  // This state and nothing else; what is not the page's own, such as embed=true, stays.
  replace(state) {
    const others = [...this.texts.keys()].filter((name) => !name.startsWith("embed"));
    this.set({ ...Object.fromEntries(others.map((name) => [name, null])), ...state });
  }

  tell(names) {
    for (const { of, tell } of [...this.watchers]) if (names.some(of)) tell(names);
  }

  // `names`: an array, or a function of a name. `tell(names)` gets those that changed. Gives back a function that ends it.
  watch(names, tell) {
    const watcher = { of: typeof names === "function" ? names : (name) => names.includes(name), tell };
    this.watchers.add(watcher);
    return () => {
      this.watchers.delete(watcher);
      if (this.watchers.size === 0) forget(this); // the page was left; when it is opened again its address counts
    };
  }

  write() {
    clearTimeout(this.timer);
    const page = document.location.pathname;
    this.timer = setTimeout(() => {
      if (document.location.pathname === page) history.replaceState(history.state, "", this.address());
    }, REST_MS);
  }

  // The address of this very view.
  address() {
    const url = new URL(document.location.href);
    url.search = new URLSearchParams([...this.texts].sort(([a], [b]) => (a < b ? -1 : 1)));
    return url.href;
  }

  close() {
    clearTimeout(this.timer);
    this.watchers.clear();
  }
}

let shared = null;

// The state of the page that is open; the first figure that asks reads it from the address.
export function viewOfPage() {
  if (shared?.path !== document.location.pathname) {
    shared?.view.close();
    shared = { path: document.location.pathname, view: new ViewState() };
  }
  return shared.view;
}

function forget(view) {
  if (shared?.view === view) shared = null;
}

// "low:high" as two numbers, an open end as ±Infinity; null where it is no range.
export function readRange(text) {
  const ends = text?.split(":") ?? [];
  if (ends.length !== 2) return null;
  const low = ends[0].trim() === "" ? -Infinity : Number(ends[0]);
  const high = ends[1].trim() === "" ? Infinity : Number(ends[1]);
  return low <= high ? [low, high] : null; // NaN is in no order
}

export function writeRange([low, high]) {
  const end = (number) => (Number.isFinite(number) ? `${Number(number.toPrecision(6))}` : "");
  return low === -Infinity && high === Infinity ? null : `${end(low)}:${end(high)}`;
}
