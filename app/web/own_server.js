// What the page says to the server about a recording: sends it, asks for conversions, waits, and has it forgotten.

const ASK_FIRST_MS = 100; // a sound takes half a second
const ASK_LAST_MS = 500; // a class asks for its places in the queue all the time
const SLOWER = 0.1; // of the time that has gone by
const TRIES = 5; // of a connection that is gone for a moment
const GONE = "The server does not answer; check the connection, and try again.";

export class ServerProblem extends Error {}

// A random name, made up for this visit and kept nowhere: the queue is fair between names.
const visitor = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

const address = (path) => new URL(`./own${path}`, document.location.href);

async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(address(path), { ...options, cache: "no-store", headers: { "X-Visitor": visitor, ...options.headers } });
  } catch {
    throw new ServerProblem(GONE);
  }
  const told = answer.status === 204 ? {} : await answer.json().catch(() => ({}));
  if (!answer.ok) throw Object.assign(new ServerProblem(told.problem ?? `The server answers ${answer.status}.`), { status: answer.status });
  return told;
}

// {methods, install} of this server.
export const able = () => ask("/able");

// One recording on the server, from when it was sent until it is forgotten.
export class Take {
  // `sound`: a Blob; `example`: the trace whose source it is, null where the reader's own. Resolves to the take and the
  // id of the job that looks at it.
  static async send(sound, example = null) {
    // a header holds no letters beyond Latin ones
    const headers = example === null ? {} : { "X-Example": encodeURIComponent(example) };
    const { take, job } = await ask("/takes", { method: "POST", body: sound, headers });
    return { take: new Take(take), job };
  }

  constructor(key) {
    this.key = key;
    this.leave = () => this.forget({ leaving: true });
    window.addEventListener("pagehide", this.leave);
  }

  // The address below which its files lie, relative to the page.
  get root() {
    return `./own/takes/${this.key}/files/`;
  }

  // One of its files, as an ArrayBuffer.
  async bytes(name) {
    let answer;
    try {
      answer = await fetch(new URL(this.root + name, document.location.href), { cache: "no-store" });
    } catch {
      throw new ServerProblem(GONE);
    }
    if (!answer.ok) throw new ServerProblem("This recording is no longer on the server; please sing again.");
    return answer.arrayBuffer();
  }

  // One of its sounds, for a player.
  sound(name) {
    return { name: `${this.key}/${name}`, load: () => this.bytes(name) };
  }

  // `asked`: {method, target, key_shift, seed}. Resolves to a job's id.
  async convert(asked) {
    const body = JSON.stringify(asked);
    return (await ask(`/takes/${this.key}/conversions`, { method: "POST", body, headers: { "Content-Type": "application/json" } })).job;
  }

  // A closing page can send nothing but a beacon.
  forget({ leaving = false } = {}) {
    window.removeEventListener("pagehide", this.leave);
    if (leaving) navigator.sendBeacon(address(`/takes/${this.key}/forget`));
    else ask(`/takes/${this.key}`, { method: "DELETE" }).catch(() => {}); // it goes by itself after a while
  }
}

// Waits for a job: `onprogress({state, ahead, left_s, share, words, early})` while it waits or runs, early where
// something can be heard already. Resolves to its result;
// rejects with a ServerProblem, or with null where it was cancelled. `signal` ends the waiting and cancels it.
export async function finished(job, onprogress, signal) {
  const began = performance.now();
  let failures = 0;
  for (;;) {
    if (signal?.aborted) {
      ask(`/jobs/${job}`, { method: "DELETE" }).catch(() => {});
      throw null;
    }
    try {
      const told = await ask(`/jobs/${job}`);
      failures = 0;
      if (told.state === "done") return told.result;
      if (told.state === "failed") throw Object.assign(new ServerProblem(told.problem), { status: 422 });
      if (told.state === "cancelled") throw null;
      onprogress(told);
    } catch (error) {
      failures += 1;
      if (error === null || error.status || failures >= TRIES) throw error;
    }
    const pause = Math.min(ASK_LAST_MS, ASK_FIRST_MS + SLOWER * (performance.now() - began));
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
