// One of the conversions on the desk: its picture at the common place, its sounds, its scores.

import { decibels, difference, distance } from "./decibels.js";
import { DifferencePicture } from "./diverging.js";
import { element, signed } from "./dom.js";
import { makePanel } from "./panel.js";
import { heightOf, Picture } from "./picture.js";
import { snrDb } from "./replay.js";
import { ASKED, MEASURED } from "./scrubber.js";
import { factsOf, written } from "./scores.js";
import { windowOf } from "./workbench_zoom.js";

const SCORES = ["rpa", "f0_rmse_cents", "similarity_to_target", "loudness_rmse_db"];

// Pictures in which the bands that do not count are darkened, whenever they are put together anew.
const darkened = (Kind) => class extends Kind {
  compose(...playhead) {
    super.compose(...playhead);
    if (this.bands) dim(this, this.bands);
  }
};
const DimmedPicture = darkened(Picture);
const DimmedDifference = darkened(DifferencePicture);

export class Card {
  // `ask`: {listen(kind), remove(), readout: element}; `onreached` is called when a noisy picture that was waited for is there.
  constructor(conversion, letter, scores, ask) {
    this.conversion = conversion;
    this.letter = letter;
    this.place = 0;
    this.onreached = () => {};
    this.endStates = null;
    const title = titleOf(conversion.manifest);
    this.panel = makePanel("picture", "", "", `Mel spectrogram of conversion ${letter}: ${title.who}, ${title.how}`);
    this.panel.querySelector("figcaption").replaceChildren(element("span", { class: "letter" }, letter), element("b", {}, title.who), " ", element("span", {}, title.how));
    this.step = element("span", { class: "step" });
    this.facts = element("p", { class: "facts" });
    const button = (words, said, act) => {
      const made = element("button", { type: "button", "aria-label": said }, words);
      made.addEventListener("click", act);
      return made;
    };
    this.buttons = {
      predicted: button("Play this step", `Play this step: the prediction of ${letter}`, () => ask.listen("predicted")),
      converted: button("Play the result", `Play the result of ${letter}`, () => ask.listen("converted")),
    };
    this.removing = button("Remove", `Remove ${letter} from the comparison`, () => ask.remove());
    this.showHeard(() => false);
    this.node = element("div", { class: "card", "data-letter": letter, "data-id": conversion.id }, this.panel,
      element("div", { class: "row" }, this.step, this.buttons.predicted, this.buttons.converted, this.removing), this.facts);
    this.scoreText = SCORES.filter((name) => Number.isFinite(conversion.manifest.scores[name]))
      .map((name) => `${factsOf(name, scores).name} ${written(conversion.manifest.scores[name], factsOf(name, scores))}`).join(" · ");
    this.values = new Float32Array(conversion.walk.size);
    this.db = new Float32Array(conversion.walk.size);
    this.differences = new Float32Array(conversion.walk.size);
    const canvas = this.panel.querySelector("canvas");
    canvas.addEventListener("pointermove", (event) => { ask.readout.textContent = `${letter}: ${this.panel.picture?.readout(event) ?? ""}`; });
    canvas.addEventListener("pointerleave", () => { ask.readout.textContent = ""; });
    this.watcher = new ResizeObserver(() => {
      if (this.panel.picture?.resize()) this.panel.picture.compose();
    });
    this.watcher.observe(this.panel);
  }

  showHeard(isHeard) {
    for (const [kind, button] of Object.entries(this.buttons)) button.setAttribute("aria-pressed", String(isHeard(kind)));
  }

  // dB (band, frame) of what is shown at the card's place; null while the noise is still being replayed.
  decibels(shows) {
    const { conversion } = this;
    if (shows === "state") {
      this.replay();
      const state = conversion.states.at(this.place);
      return state && decibels(state, conversion.ofStates, this.db);
    }
    return decibels(conversion.predictedAt(this.place, this.values), conversion.ofLevels, this.db);
  }

  // From the first wish to see noise on: four walks of a thousand steps are much to replay for nothing.
  replay() {
    this.endStates ??= this.conversion.watchStates(() => {
      if (this.panel.classList.contains("is-waiting")) this.onreached();
    });
  }

  pictureOf(Kind) {
    const { grid, frames } = this.conversion.manifest;
    const before = this.panel.picture;
    if (before?.constructor !== Kind) {
      this.panel.picture = new Kind(this.panel, grid, frames);
      this.panel.picture.playhead = before?.playhead;
      this.zoom = undefined; // the axes are drawn anew
    }
    return this.panel.picture;
  }

  // `reference`: {db (band, frame), frames, grid, words} to take differences from, or null.
  draw({ shows, reference, zoom, band, f0 }) {
    const { conversion } = this;
    const { frames } = conversion.manifest;
    const db = this.decibels(shows);
    this.panel.classList.toggle("is-waiting", db === null);
    this.panel.querySelector(".waiting").textContent = db === null ? "Replaying the noise…" : "";
    this.tell();
    if (db === null) return;
    const alike = reference === null || isAlike(reference.grid, conversion.manifest.grid);
    const differs = reference !== null && alike;
    const picture = this.pictureOf(differs ? DimmedDifference : DimmedPicture);
    picture.contours = f0 ? this.contours(shows) : [];
    picture.window = windowOf(zoom, picture);
    picture.bands = bandsWithin(band, picture.grid);
    if (zoom !== this.zoom) picture.drawTicks();
    this.zoom = zoom;
    if (differs) {
      difference(db, frames, reference.db, reference.frames, picture.grid.n_mels, this.differences);
      picture.paint(this.differences, 1);
    } else picture.paint(db, 1, 0);
    delete this.node.dataset.meanDb;
    this.facts.textContent = differs ? this.distanceText(reference, picture)
      : alike ? this.scoreText : `${reference.words} has another grid of time and frequency: no difference can be taken.`;
  }

  distanceText(reference, picture) {
    const { bands, window: { left, right } } = picture;
    const common = Math.min(picture.frames, reference.frames);
    const part = [Math.floor(left * picture.frames), Math.min(common, Math.ceil(right * picture.frames))];
    const { mean, rms } = distance(this.differences, picture.frames, bands, part);
    if (!Number.isFinite(mean)) return `${this.letter} and ${reference.words} have nothing of this part in common.`;
    this.node.dataset.meanDb = mean;
    const short = reference.frames === picture.frames ? "" : `; compared over the first ${((common * picture.seconds) / picture.frames).toFixed(1)} s, not aligned in time`;
    return `${this.letter} less ${reference.words}: ${mean.toFixed(2)} dB on average, RMS ${rms.toFixed(2)} dB${short}`;
  }

  contours(shows) {
    const measured = this.conversion.measuredF0(shows, this.place);
    const asked = { f0: this.conversion.askedF0, colour: ASKED, dashed: true };
    return measured ? [asked, { f0: measured, colour: MEASURED }] : [asked];
  }

  tell() {
    const { steps, last, sigma } = this.conversion;
    const snr = signed(snrDb(sigma[this.place]));
    this.step.textContent = last === 0 ? "its only step" : `step ${steps[this.place]} of ${Math.max(steps[0], steps[last])}, SNR ${snr} dB`;
    this.node.dataset.place = this.place;
  }

  close() {
    this.endStates?.();
    this.watcher.disconnect();
  }
}

function titleOf({ source, target, sampler, key_shift_semitones: key, label }) {
  const unusual = [
    sampler.without.length && `without ${sampler.without.join(", ")}`,
    ...Object.entries(sampler.guidance).map(([name, weight]) => `guidance ${name} ${signed(weight, 1)}`),
    sampler.swap && `${sampler.swap.singer} from place ${sampler.swap.at} on`,
    sampler.defect && `bug: ${sampler.defect}`,
    sampler.seed && `seed ${sampler.seed}`,
    label,
  ].filter(Boolean);
  return {
    who: `${source.singer} → ${target}, “${source.phrase.replaceAll("_", " ")}”`,
    how: [`${sampler.name}, ${sampler.steps} step${sampler.steps === 1 ? "" : "s"}`, `${signed(key, 0)} semitones`, ...unusual].join(" · "),
  };
}

// Differences are taken cell by cell.
const isAlike = (one, other) => ["n_mels", "hop", "sample_rate_hz", "mel_low_hz", "mel_high_hz"].every((name) => one[name] === other[name]);

// [first, beyond the last] of the bands whose middle lies within a range of Hz.
function bandsWithin(range, grid) {
  if (!range) return [0, grid.n_mels];
  const edge = (hz) => Math.min(grid.n_mels, Math.max(0, Math.round(heightOf(Math.max(hz, 1), grid) * grid.n_mels)));
  return [edge(range[0]), edge(Math.min(range[1], grid.mel_high_hz))];
}

// Darkens what lies outside of the bands that count.
function dim(picture, [low, high]) {
  const { context, canvas, grid } = picture;
  const y = (bandEdge) => (1 - picture.heightInView(bandEdge / grid.n_mels)) * canvas.height;
  context.fillStyle = "rgba(0, 0, 0, 0.7)";
  if (high < grid.n_mels) context.fillRect(0, 0, canvas.width, y(high));
  if (low > 0) context.fillRect(0, y(low), canvas.width, canvas.height);
}

