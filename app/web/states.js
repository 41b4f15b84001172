// The noisy states of one trace: a worker walks through all of them, some are kept, the rest walked to.

const KEPT_EVERY = 5; // at most four steps to walk from a kept state: under 2 ms
const MOST_KEPT_BYTES = 1 << 27; // two hundred states of 5 s take 38 MB; 30 s reach the most

export class States {
  // `onreached(place)` is called for each state that arrives, from the noisiest on.
  constructor(walk, facts, onreached) {
    this.walk = walk;
    this.last = walk.sampler.steps - 1;
    this.every = Math.max(KEPT_EVERY, Math.ceil((walk.sampler.steps * walk.size * 4) / MOST_KEPT_BYTES));
    this.kept = new Map(); // place -> state
    this.present = { place: Infinity, state: new Float32Array(walk.size) }; // where this page's own walk stands
    this.worker = new Worker(new URL("./replay_worker.js", import.meta.url), { type: "module" });
    this.worker.onmessage = ({ data: { place, state } }) => {
      this.kept.set(place, state);
      if (this.complete) this.worker.terminate();
      onreached(place);
    };
    this.worker.postMessage({ facts, every: this.every });
  }

  get complete() {
    return this.kept.has(this.last - (this.last % this.every));
  }

  // The state at a place, normalised; null until the worker has come that far.
  at(place) {
    const near = place - (place % this.every);
    if (!this.kept.has(near)) return null;
    const { present } = this;
    if (present.place > place || present.place < near) {
      present.state.set(this.kept.get(near));
      present.place = near;
    }
    while (present.place < place) {
      this.walk.advance(present.state, present.place);
      present.place += 1;
    }
    return present.state;
  }

  close() {
    this.worker.terminate();
  }
}
