// Walks a whole trace off the page's thread and hands over every tenth state as it passes.

import { CHECKPOINT_EVERY, Walk } from "./replay.js";

self.onmessage = ({ data: { facts, levels } }) => {
  const walk = new Walk(facts, levels);
  const state = walk.start();
  const last = walk.schedule.steps - 1;
  for (let t = last; t >= 0; t -= 1) {
    if ((last - t) % CHECKPOINT_EVERY === 0) {
      const copy = state.slice();
      self.postMessage({ step: t, state: copy }, [copy.buffer]);
    }
    if (t > 0) walk.advance(state, t);
  }
};
