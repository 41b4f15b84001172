// Playing the steps one after another, at a speed that suits how many there are.

const WALK_S = 10; // slow enough to see, short enough to watch
const LEAST_A_SECOND = 4; // of a short walk: twenty steps take five seconds
const SLOW = 0.1;
const LEAST_SLOW_A_SECOND = 1;
const LONGEST_FRAME_MS = 100; // a tab that was hidden does not leap when it comes back

function stepsASecond(steps, slow) {
  const rate = Math.max(steps / WALK_S, LEAST_A_SECOND);
  return slow ? Math.max(rate * SLOW, LEAST_SLOW_A_SECOND) : rate;
}

export class Pace {
  // `forward(steps, now)` moves on and returns whether there is more to come.
  constructor(play, slow, forward) {
    this.play = play;
    this.slow = slow;
    this.forward = forward;
    this.frame = null;
  }

  // Tells the buttons how many steps there are.
  suit(steps) {
    this.steps = steps;
    const [fast, slow] = [stepsASecond(steps, false), stepsASecond(steps, true)].map((rate) => Number(rate.toFixed(1)));
    this.slow.title = `Slow: ${slow} ${slow === 1 ? "step" : "steps"} a second instead of ${fast}`;
  }

  get moving() {
    return this.frame !== null;
  }

  press() {
    const pressed = this.slow.getAttribute("aria-pressed") === "true";
    this.slow.setAttribute("aria-pressed", String(!pressed));
  }

  move() {
    this.show(true);
    let last = performance.now();
    let owed = 0;
    const tick = (now) => {
      owed += (stepsASecond(this.steps, this.slow.getAttribute("aria-pressed") === "true") * Math.min(now - last, LONGEST_FRAME_MS)) / 1000;
      last = now;
      const whole = Math.floor(owed);
      owed -= whole;
      if (whole > 0 && !this.forward(whole, now)) this.halt();
      else if (this.moving) this.frame = requestAnimationFrame(tick);
    };
    this.frame = requestAnimationFrame(tick);
  }

  halt() {
    if (!this.moving) return;
    cancelAnimationFrame(this.frame);
    this.frame = null;
    this.show(false);
  }

  show(moving) {
    this.play.setAttribute("aria-pressed", String(moving));
    this.play.querySelector("span").textContent = moving ? "Pause" : "Play steps";
  }
}
