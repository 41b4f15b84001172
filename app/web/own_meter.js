// What the microphone hears while it is open: its level now, in words, too, and how loud it was so far.

import { levelOf } from "./own_sound.js";

const LOWEST_DB = -60;
const QUIET_DB = -35; // peaks below: what a recording is then raised by, its noise is raised by, too
const LOUD_DB = -0.5;
const CLIPPED = "#d4383e";
const HELD_S = 1; // a verdict is on the loudest of so long
const VERDICTS = { quiet: "too quiet: come closer", good: "good", loud: "clipping: sing more softly, or step back" };

export const verdictOn = (peakDb) => (peakDb >= LOUD_DB ? "loud" : peakDb < QUIET_DB ? "quiet" : "good");

export class Meter {
  constructor(place) {
    this.find = (selector) => place.querySelector(selector);
    this.canvas = this.find("canvas");
    this.level = this.find(".level");
  }

  // `longest`: seconds that the picture is wide.
  begin(longest) {
    this.longest = longest;
    this.peaks = []; // [second, dB]
    this.at = 0;
    this.canvas.width = 0; // sized when it is first drawn, since it is hidden now
  }

  add(block, seconds) {
    const { peak } = levelOf(block);
    this.peaks = [...this.peaks.filter(([at]) => at > seconds - HELD_S), [seconds, peak]];
    const verdict = verdictOn(Math.max(...this.peaks.map(([, db]) => db)));
    const share = Math.min(1, Math.max(0, 1 - peak / LOWEST_DB));
    this.level.dataset.verdict = verdict;
    this.level.firstElementChild.style.width = `${100 * share}%`;
    this.level.setAttribute("aria-valuenow", Math.max(LOWEST_DB, peak).toFixed(0));
    this.level.setAttribute("aria-valuetext", VERDICTS[verdict]);
    this.find(".verdict").textContent = VERDICTS[verdict];
    this.find(".counted").textContent = `${seconds.toFixed(1)} of ${this.longest} s`;
    this.draw(share, verdictOn(peak), seconds);
  }

  // One bar a block, as long as the block.
  draw(share, verdict, seconds) {
    const { canvas } = this;
    if (canvas.width === 0) {
      const ratio = window.devicePixelRatio || 1;
      Object.assign(canvas, { width: Math.max(1, Math.round(canvas.clientWidth * ratio)), height: Math.max(1, Math.round(canvas.clientHeight * ratio)) });
      this.colour = getComputedStyle(canvas).color;
    }
    const context = canvas.getContext("2d");
    const x = (at) => (at / this.longest) * canvas.width;
    const height = Math.max(2, share * canvas.height);
    context.fillStyle = verdict === "loud" ? CLIPPED : this.colour;
    context.fillRect(x(this.at), (canvas.height - height) / 2, Math.max(1, x(seconds) - x(this.at) - 0.5), height);
    this.at = seconds;
  }
}
