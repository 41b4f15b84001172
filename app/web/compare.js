// Two conversions on one slider: both predictions, their difference in dB, pitch and level of both as lines, their
// sounds and scores. The first stays; of the second there may be a choice. Data says what they are and what they are called.

import { noteInAddress, placeInAddress } from "./address.js";
import { Axes } from "./compare_axes.js";
import { PairListening } from "./compare_listening.js";
import { fillNumbers } from "./compare_numbers.js";
import { Pair } from "./compare_pair.js";
import { Tracks } from "./compare_tracks.js";
import { openConversion } from "./conversion.js";
import { DifferencePicture, makeDifferenceLegend } from "./diverging.js";
import { element, rich, tellDone, tellProblem } from "./dom.js";
import { wishOf } from "./keys.js";
import { Pace } from "./pace.js";
import { fillPanel, makeLegend, waitIn } from "./panel.js";
import { presentOf } from "./present.js";
import { snrDb } from "./replay.js";
import { TraceProblem, whyNot } from "./trace.js";

const COLOURS = { one: "#7cc4ff", other: "#ffb469" }; // of F0 on the dark pictures
const SIDES = ["one", "other"];
const THUMB_PX = 8; // half a slider's thumb: so far from the rail's ends its places begin

export class Figure {
  constructor(place) {
    this.place = place;
    this.find = (selector) => place.querySelector(selector);
    this.panel = (name) => this.find(`[data-panel="${name}"]`);
    this.slider = this.find(".slider");
    this.tracks = new Tracks(this.find(".tracks"));
    this.pace = new Pace(this.find('[data-do="play"]'), this.find('[data-do="slow"]'), (steps, now) => this.moveOn(steps, now));
    this.listening = new PairListening(place.querySelectorAll("[data-kind]"), (sentence) => this.say(sentence),
      (seconds) => this.follow(seconds), (words) => { this.find(".heard").textContent = words; });
    this.listeners = new AbortController();
    this.find(".legend").prepend(makeLegend(), makeDifferenceLegend());
    this.connect();
  }

  connect() {
    const { signal } = this.listeners;
    this.slider.addEventListener("input", (event) => this.jump(Number(this.slider.value), event.timeStamp), { signal });
    for (const button of this.place.querySelectorAll("[data-do]")) {
      button.addEventListener("click", (event) => this.press(button.dataset.do, event.timeStamp), { signal });
    }
    document.addEventListener("keydown", (event) => this.key(event), { signal });
  }

  get at() {
    return this.present.place;
  }

  get last() {
    return this.pair.leader.last;
  }

  // --- what to compare

  // data: {group, one: {trace, name}, others: [{at, trace, name, cue, address}], axes (see Axes), chosen: index,
  // turn: number (another one asks for `chosen` again, wherever the reader has gone since),
  // numbers, chance (see compare_numbers.js), more: [{label, trace, kind}] (further sounds), roots}
  open(data) {
    const { chosen, turn, ...rest } = data;
    const set = JSON.stringify(rest);
    const asked = `${turn} ${chosen}`;
    if (set === this.set && asked === this.asked) return;
    this.asked = asked;
    if (set !== this.set) {
      this.set = set;
      this.data = data;
      this.present = presentOf(data.group);
      this.known = [...new Set(data.others.flatMap(({ address }) => Object.keys(address)))];
      this.axes = new Axes(this.find(".axes"), data.axes, data.others, (other) => {
        tellDone("chosen");
        return this.choose(other);
      });
      this.offerMore(data);
    }
    return this.choose(data.others[chosen]);
  }

  offerMore({ more, roots }) {
    this.listening.forgetExtra();
    this.find(".more").replaceChildren(...more.map(({ label, trace, kind }) => {
      const button = element("button", { type: "button", "data-kind": kind }, label);
      const load = async () => {
        const conversion = await openConversion(roots, trace).catch((error) => {
          throw new Error(whyNot(error, trace));
        });
        return conversion.recording(kind).load();
      };
      this.listening.add(button, { name: `${trace}/${kind}`, load });
      return button;
    }));
  }

  async choose(other) {
    const { one, others, roots } = this.data;
    this.wish = other;
    const stale = () => this.wish !== other || this.listeners.signal.aborted;
    this.axes.show(other);
    this.pace.halt();
    this.place.setAttribute("aria-busy", "true");
    try {
      const [first, second] = await Promise.all([openConversion(roots, one.trace), openConversion(roots, other.trace)]);
      if (stale()) return;
      this.say("");
      this.other = other;
      this.begin(new Pair(first, second));
    } catch (error) {
      if (stale()) return;
      if (others.includes(this.other)) this.axes.show(this.other); // the pair before stays on the screen
      this.say(error instanceof TraceProblem ? `${error.message} The rest of the page goes on.` : `These conversions cannot be compared: ${error.message}.`);
    } finally {
      if (this.wish === other) this.place.removeAttribute("aria-busy");
    }
  }

  begin(pair) {
    const before = this.pair && { last: this.last, place: this.at, sigma: this.pair.leader.sigma[this.at] };
    this.pair = pair;
    this.name();
    this.tracks.begin(pair);
    this.prepareControls();
    fillNumbers(this.find(".scores"), this.data.numbers, this.data.chance, SIDES.map((side) => pair[side]), [this.data.one.name, this.other.name]);
    this.find(".notes").replaceChildren(...this.notes().flatMap((note) => [...rich(note), " "]));
    this.showDifference = pair.comparable;
    waitIn(this.panel("difference"), pair.comparable ? null : "Different in length or grid: they cannot be subtracted.");
    for (const side of SIDES) waitIn(this.panel(side), null);
    const { place, problem } = before ? { place: this.placeLike(before), problem: "" } : this.placeAsked();
    if (problem) this.say(problem);
    this.listening.open(pair, () => this.at);
    this.stop?.();
    this.present.show(pair.leader, place);
    this.stop = this.present.watch(() => this.draw());
  }

  placeAsked() {
    const { place, problem } = placeInAddress(this.pair.leader.steps);
    return { place: place ?? this.last, problem }; // what the reader hears first is the results
  }

  placeLike({ last, place, sigma }) {
    if (last === this.last) return place;
    if (place === last) return this.last; // also of a walk of a single step
    return place === 0 ? 0 : this.pair.leader.placeOfNoise(sigma);
  }

  name() {
    const names = { one: this.data.one.name, other: this.other.name };
    for (const side of SIDES) {
      this.panel(side).querySelector(".name").textContent = names[side];
      this.find(`.listen [data-side="${side}"] .name`).textContent = names[side];
      this.find(`.name-${side}`).textContent = names[side];
      this.panel(side).querySelector("canvas").setAttribute("aria-label", `Mel spectrogram of “${names[side]}” at the step of the slider`);
    }
    this.panel("difference").querySelector("canvas").setAttribute("aria-label", `Difference in decibels: “${names.other}” less “${names.one}”`);
    this.find(".tracks").setAttribute("aria-label", `Pitch, above, and level, below, of “${names.one}” and “${names.other}” over time`);
    this.find(".cue").replaceChildren(...rich(this.other.cue));
  }

  prepareControls() {
    this.slider.max = this.last;
    this.slider.disabled = this.last === 0;
    this.place.classList.toggle("is-single", this.last === 0);
    this.pace.suit(this.last + 1);
    const { swap } = this.pair.other.manifest.sampler;
    const parting = this.find(".parting");
    parting.hidden = !swap;
    if (swap) parting.style.left = `calc(${THUMB_PX}px + (100% - ${2 * THUMB_PX}px) * ${swap.at / this.last})`;
  }

  // What the two conversions themselves say of the comparison, a sentence each.
  notes() {
    const { pair } = this;
    const notes = [];
    const { swap } = pair.other.manifest.sampler;
    const alike = swap ? pair.alikeBefore(swap.at) : null;
    if (alike) {
      const count = alike.places.length;
      const verdict = alike.apart <= alike.rounding ? "so up to there the two walks are the same" : "more than rounding can make";
      notes.push(`Before the dashed line (${swap.at} steps walked) both keep ${count} picture${count === 1 ? "" : "s"} of the same step: no point of them differs by more than ${alike.apart.toFixed(1)} dB. The rounding of the files alone can make ${alike.rounding.toFixed(1)} dB; ${verdict}.`);
    }
    if (this.last === 0) notes.push("The student takes one step, so there is nothing to slide: noise goes in, this comes out.");
    if (!pair.sameWalk) notes.push("The two walk differently: the second is shown where it is as noisy as the first.");
    const { source_to_target: floor } = pair.one.manifest.scores;
    if (Number.isFinite(floor)) notes.push(`For the scale: the source recording itself is ${floor.toFixed(3)} similar to the target.`);
    return notes;
  }

  // --- a step

  draw() {
    const { pair, at } = this;
    if (this.pace.moving && !this.pacing) this.pace.halt(); // somebody else went somewhere
    for (const side of SIDES) {
      const { manifest, frames, ofLevels } = pair[side];
      const f0 = pair[side].measuredF0("predicted", pair.placeOf(side, at));
      const contours = f0 ? [{ f0, colour: COLOURS[side], dashed: side === "other" }] : [];
      fillPanel(this.panel(side), manifest.grid, frames, pair.predictedAt(side, at), ofLevels, contours, this.find(".readout"));
    }
    if (this.showDifference) this.drawDifference();
    this.tracks.draw(at);
    this.tell();
    this.listening.followStep();
    const others = this.known.map((name) => [name, this.other.address[name] || null]); // of other choices: taken out
    noteInAddress({ ...Object.fromEntries(others), step: this.last === 0 ? null : pair.leader.steps[at] });
  }

  drawDifference() {
    const panel = this.panel("difference");
    const { grid, scale } = this.pair.one.manifest;
    const { frames } = this.pair.one;
    const { levels, rms } = this.pair.subtract();
    if (panel.picture?.frames !== frames) panel.picture = new DifferencePicture(panel, grid, frames);
    fillPanel(panel, grid, frames, levels, [scale.db_per_level, 0], [], this.find(".readout"));
    panel.querySelector(".about").textContent = `◆ less ●: ${rms.toFixed(1)} dB apart (root mean square)`;
    this.place.dataset.apart = rms.toFixed(2);
  }

  tell() {
    const { steps, sigma } = this.pair.leader;
    const step = steps[this.at];
    const highest = Math.max(steps[0], steps[this.last]);
    const db = snrDb(sigma[this.at]);
    const level = `voice ${Math.abs(db).toFixed(1)} dB ${db < 0 ? "below" : "above"} the noise`;
    this.find(".where").replaceChildren(...(this.last === 0 ? ["The only step"] : ["Step ", element("b", {}, `${step}`), ` of ${highest}`]), ` · ${level}`);
    this.slider.value = this.at;
    this.slider.setAttribute("aria-valuetext", `step ${step} of ${highest}, ${level}`);
    this.place.dataset.step = step;
    this.place.dataset.other = this.other.trace;
  }

  follow(seconds) {
    this.tracks.drawHead(seconds);
    for (const side of SIDES) {
      const { picture } = this.panel(side);
      if (picture && seconds !== (picture.playhead ?? null)) picture.compose(seconds);
    }
  }

  // --- the reader's wishes

  press(action, since) {
    if (!this.pair) return;
    if (action === "back") this.jump(this.at - 1, since);
    if (action === "forward") this.jump(this.at + 1, since);
    if (action === "play") this.play();
    if (action === "slow") this.pace.press();
  }

  key(event) {
    const wish = this.pair && this.last > 0 ? wishOf(event, this.place, this.slider, this.last) : null;
    if (wish === null) return;
    if (wish === "play") this.play();
    else if (wish === "listen") this.find('.listen [data-side="other"]').click();
    else this.jump(wish.to ?? this.at + wish.by, event.timeStamp);
    event.preventDefault();
  }

  jump(place, since) {
    if (!this.pair) return;
    this.pace.halt();
    this.present.go(place, since);
    tellDone("stepped");
  }

  moveOn(steps, now) {
    this.pacing = true;
    this.present.go(this.at + steps, now);
    this.pacing = false;
    return this.at < this.last;
  }

  play() {
    if (this.last === 0) return;
    if (this.pace.moving) this.pace.halt();
    else {
      if (this.at === this.last) this.present.go(0);
      this.pace.move();
      tellDone("played");
    }
  }

  say(sentence) {
    tellProblem(this.place, sentence);
    if (sentence && !this.pair) for (const side of SIDES) waitIn(this.panel(side), null);
  }

  close() {
    this.pace.halt();
    this.stop?.();
    this.present?.clear(this.pair?.leader);
    this.listening.close();
    this.listeners.abort();
  }
}
