// Walks a whole trace off the page's thread and hands over every so many states as it passes.

import { Walk } from "./replay.js";

self.onmessage = ({ data: { facts, every } }) => {
  const walk = new Walk(facts);
  const state = walk.start();
  for (let place = 0; place < facts.sampler.steps; place += 1) {
    if (place > 0) walk.advance(state, place - 1);
    if (place % every === 0) {
      const copy = state.slice();
      self.postMessage({ place, state: copy }, [copy.buffer]);
    }
  }
};
