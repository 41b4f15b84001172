// The catalogue in the browser: its columns, which rows fit a state, and what they are like on the whole.
// The same file that svc_core/traces/catalogue.py writes and explains.

import { readRange } from "./view_state.js";

const TEXTS = ["id", "detail", "song", "phrase", "source", "target", "sampler", "guidance", "without", "swap", "defect", "label", "note", "fingerprint"];
const FACTS = ["key_shift_semitones", "steps", "seed", "swap_at", "seconds", "bytes"];
const LONGEST = 1 << 23; // bytes; ten thousand rows have four million (svc_core/traces/catalogue.py)
export const PLAIN = "plain"; // stands for the empty text of a facet, in addresses

// What rows can be chosen by, besides scores: name in the address -> text of a row.
const FACETS = {
  source: (row, of) => of.text("source", row),
  target: (row, of) => of.text("target", row),
  song: (row, of) => of.text("song", row),
  phrase: (row, of) => of.text("phrase", row),
  sampler: (row, of) => `${of.text("sampler", row)}${of.number("steps", row)}`,
  without: (row, of) => of.text("without", row).replaceAll(" ", "+"),
  guidance: (row, of) => of.text("guidance", row).replaceAll(" ", "+"),
  key: (row, of) => String(of.number("key_shift_semitones", row)),
  seed: (row, of) => String(of.number("seed", row)),
  swap: (row, of) => (of.text("swap", row) ? `${of.text("swap", row)}@${of.number("swap_at", row)}` : ""),
  defect: (row, of) => of.text("defect", row),
  detail: (row, of) => of.text("detail", row),
};

export class ListingProblem extends Error {}

export class Listing {
  // Rejects with a ListingProblem that says what is wrong.
  static async load(roots) {
    let why = "no server was named";
    for (const root of roots) {
      try {
        const response = await fetch(new URL("catalogue.csv", new URL(root, document.location.href)), { cache: "no-cache" });
        if (response.ok) return new Listing(readCsv(await response.text()));
        why = `the server answers ${response.status}`;
      } catch (error) {
        why = error instanceof ListingProblem ? error.message : "the server does not answer";
      }
    }
    throw new ListingProblem(`The list of conversions cannot be read: ${why}.`);
  }

  constructor([header = [], ...rows]) { // an empty file has no rows, not even the header
    const missing = ["id", "source", "target", "sampler", "steps"].filter((name) => !header.includes(name));
    if (missing.length) throw new ListingProblem(`it has no column ${missing.join(", ")}`);
    this.length = rows.length;
    this.columns = new Map(header.map((name, i) => {
      if (TEXTS.includes(name)) return [name, rows.map((row) => row[i] ?? "")];
      return [name, Float64Array.from(rows, (row) => (row[i] === undefined || row[i] === "" ? NaN : Number(row[i])))];
    }));
    this.scores = header.filter((name) => !TEXTS.includes(name) && !FACTS.includes(name));
    this.rowOf = new Map(this.columns.get("id").map((id, row) => [id, row]));
    this.facets = new Map(Object.entries(FACETS).map(([name, textOf]) => [name, Array.from(rows, (_, row) => textOf(row, this))]));
  }

  text(name, row) {
    return this.columns.get(name)?.[row] ?? "";
  }

  number(name, row) {
    return this.columns.get(name)?.[row] ?? NaN;
  }

  // Row numbers that fit what a ViewState says of facets and scores; `but`: a name that is left out of it.
  fitting(view, but = null) {
    const tests = [];
    for (const [name, texts] of this.facets) {
      const wanted = name === but ? null : view.get(name);
      if (!wanted) continue;
      const among = new Set(wanted.split(",").map((text) => (text === PLAIN ? "" : text)));
      tests.push((row) => among.has(texts[row]));
    }
    for (const name of this.scores) {
      const range = name === but ? null : readRange(view.get(name));
      if (!range) continue;
      const values = this.columns.get(name);
      tests.push((row) => values[row] >= range[0] && values[row] <= range[1]); // a row without the score never fits
    }
    const rows = [];
    for (let row = 0; row < this.length; row += 1) if (tests.every((fits) => fits(row))) rows.push(row);
    return rows;
  }

  // Those rows as a catalogue of their own.
  toCsv(rows) {
    const names = [...this.columns.keys()];
    const field = (value) => {
      const text = Number.isNaN(value) ? "" : String(value);
      return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    };
    const lines = rows.map((row) => names.map((name) => field(this.columns.get(name)[row])).join(","));
    return [names.join(","), ...lines, ""].join("\n");
  }

  // What of a state excludes rows, each with the number that would fit without it: [{name, left}], the worst first.
  excluders(view) {
    const names = [...this.facets.keys(), ...this.scores].filter((name) => view.get(name));
    return names.map((name) => ({ name, left: this.fitting(view, name).length })).sort((a, b) => b.left - a.left);
  }

  // The range of a score, as the state has it, moved out to the nearest conversion that all else lets through; null
  // where the state has no range of it, or nothing is let through.
  widened(view, name) {
    const range = this.scores.includes(name) ? readRange(view.get(name)) : null;
    if (!range) return null;
    const values = this.fitting(view, name).map((row) => this.number(name, row)).filter(Number.isFinite);
    if (values.length === 0) return null;
    const away = (value) => Math.max(range[0] - value, value - range[1], 0);
    const nearest = values.reduce((best, value) => (away(value) < away(best) ? value : best));
    return [Math.min(range[0], nearest), Math.max(range[1], nearest)];
  }

  // {n, mean, sd, low, high, median} of a score over rows that have it; n is 0 where none has.
  statistics(name, rows) {
    const values = rows.map((row) => this.number(name, row)).filter(Number.isFinite).sort((a, b) => a - b);
    const n = values.length;
    if (n === 0) return { n, mean: NaN, sd: NaN, low: NaN, high: NaN, median: NaN };
    const mean = values.reduce((sum, value) => sum + value, 0) / n;
    const sd = n > 1 ? Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1)) : NaN;
    const median = (values[(n - 1) >> 1] + values[n >> 1]) / 2;
    return { n, mean, sd, low: values[0], high: values[n - 1], median };
  }
}

// RFC 4180: quoted fields may hold commas, quotes (doubled) and line ends. Rows of texts.
export function readCsv(text) {
  if (text.length > LONGEST) throw new ListingProblem("it is longer than a catalogue can be");
  const rows = [];
  let row = [];
  for (let at = 0; at < text.length;) {
    let field;
    if (text[at] === '"') {
      field = "";
      for (at += 1; ; at += 1) {
        const quote = text.indexOf('"', at);
        if (quote < 0) throw new ListingProblem("a quoted field has no end");
        field += text.slice(at, quote);
        at = quote + 1;
        if (text[at] !== '"') break;
        field += '"';
      }
    } else {
      const end = endOfField(text, at);
      field = text.slice(at, end);
      at = end;
    }
    row.push(field);
    if (text[at] === "," ) {
      at += 1;
      if (at === text.length) row.push("");
      continue;
    }
    if (text[at] === "\r") at += 1;
    at += 1;
    rows.push(row);
    row = [];
  }
  if (row.length) rows.push(row);
  return rows;
}

function endOfField(text, from) {
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 44 || code === 10 || code === 13) return at;
  }
  return text.length;
}
