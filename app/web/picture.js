// Mel spectrograms on canvas: one fixed colour scale in dB, axes in seconds and Hz, F0 drawn over it.

export const LOWEST_DB = -90; // colours run from here
export const HIGHEST_DB = 10; // to here, in every picture
const MAGMA = ["000004", "140e36", "3b0f70", "641a80", "8c2981", "b73779", "de4968", "f7705c", "fe9f6d", "fecf92", "fcfdbf"];
const TICK_ROOM_PX = 13;
const TICKS_HZ = [100, 200, 400, 800, 1600, 3200, 6400];
const TICKS_S = [0.05, 0.1, 0.2, 0.5, 1, 5, 10];
const MOST_TICKS = 12;
const NOTES = ["C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B"];

// 256 colours, packed as canvas wants them (little endian ABGR).
export const COLOURS = new Uint32Array(256).map((_, level) => {
  const place = (level / 255) * (MAGMA.length - 1);
  const low = Math.min(Math.floor(place), MAGMA.length - 2);
  const channel = (i) => {
    const [a, b] = [MAGMA[low], MAGMA[low + 1]].map((hex) => parseInt(hex.slice(2 * i, 2 * i + 2), 16));
    return Math.round(a + (b - a) * (place - low));
  };
  return (255 << 24) | (channel(2) << 16) | (channel(1) << 8) | channel(0);
});

export const legendGradient = `linear-gradient(to right, ${MAGMA.map((hex) => `#${hex}`).join(", ")})`;

// Slaney's mel scale: linear below 1 kHz, logarithmic above.
const mel = (hz) => (hz < 1000 ? (3 * hz) / 200 : 15 + (27 * Math.log(hz / 1000)) / Math.log(6.4));
const melToHz = (m) => (m < 15 ? (200 * m) / 3 : 1000 * Math.exp(((m - 15) * Math.log(6.4)) / 27));

// Height of a frequency in a picture of `bands` bands, 0 at its foot and 1 at its top.
export function heightOf(hz, grid) {
  const [low, high] = [mel(grid.mel_low_hz), mel(grid.mel_high_hz)];
  return (((mel(hz) - low) / (high - low)) * (grid.n_mels + 1) - 0.5) / grid.n_mels;
}

export function hzAt(height, grid) {
  const [low, high] = [mel(grid.mel_low_hz), mel(grid.mel_high_hz)];
  return melToHz(low + ((height * grid.n_mels + 0.5) / (grid.n_mels + 1)) * (high - low));
}

export function noteName(hz) {
  const midi = Math.round(69 + 12 * Math.log2(hz / 440));
  return `${NOTES[((midi % 12) + 12) % 12]}${Math.floor(midi / 12) - 1}`;
}

// What of a picture is seen, as shares of its length and height.
export const WHOLE = { left: 0, right: 1, foot: 0, top: 1 };

// One panel: a canvas inside `figure` that shows (band, frame) values in dB.
export class Picture {
  constructor(figure, grid, frames) {
    this.figure = figure;
    this.canvas = figure.querySelector("canvas");
    this.grid = grid;
    this.frames = frames;
    this.seconds = (frames * grid.hop) / grid.sample_rate_hz;
    this.small = new OffscreenCanvas(frames, grid.n_mels);
    this.smallContext = this.small.getContext("2d");
    this.image = this.smallContext.createImageData(frames, grid.n_mels);
    this.pixels = new Uint32Array(this.image.data.buffer);
    this.valueAt = null; // (band, frame) -> dB, of what is drawn
    this.contours = [];
    this.window = WHOLE;
    this.context = this.canvas.getContext("2d"); // another picture may have given the canvas its size
    if (!this.resize()) this.drawTicks();
  }

  drawTicks() {
    const mark = (axis, place, text) => {
      const tick = document.createElement("span");
      tick.textContent = text;
      tick.style.setProperty("--at", `${100 * place}%`);
      axis.append(tick);
    };
    const [rising, running] = ["y", "x"].map((name) => this.figure.querySelector(`.axis-${name}`));
    rising.replaceChildren();
    running.replaceChildren();
    let lastHeight = Infinity;
    for (const hz of TICKS_HZ.toReversed()) {
      const height = this.heightInView(heightOf(hz, this.grid));
      if (height < 0 || height > 1 || (lastHeight - height) * this.heightPx < TICK_ROOM_PX) continue;
      mark(rising, height, hz < 1000 ? `${hz}` : `${hz / 1000}k`);
      lastHeight = height;
    }
    const [from, to] = [this.window.left * this.seconds, this.window.right * this.seconds];
    const every = TICKS_S.find((seconds) => (to - from) / seconds <= MOST_TICKS) ?? TICKS_S.at(-1);
    for (let i = Math.ceil(from / every - 1e-6); i * every < to - 0.35 * every; i += 1) {
      mark(running, this.placeInView((i * every) / this.seconds), `${Number((i * every).toFixed(2))}`);
    }
  }

  // Where a share of the whole length, or height, lies among what is seen.
  placeInView(share) {
    return (share - this.window.left) / (this.window.right - this.window.left);
  }

  heightInView(share) {
    return (share - this.window.foot) / (this.window.top - this.window.foot);
  }

  // Shows a part only; see WHOLE.
  zoom(window) {
    this.window = window;
    this.drawTicks();
    this.compose();
  }

  // Matches the canvas to its place on the screen; returns whether that changed. Sizes are asked for here alone: asking
  // while texts change makes the browser lay the page out once for each question.
  resize() {
    const ratio = window.devicePixelRatio || 1;
    [this.widthPx, this.heightPx] = [this.canvas.clientWidth, this.canvas.clientHeight];
    const width = Math.max(1, Math.round(this.widthPx * ratio));
    const height = Math.max(1, Math.round(this.heightPx * ratio));
    if (this.canvas.width === width && this.canvas.height === height) return false;
    this.canvas.width = width;
    this.canvas.height = height;
    this.drawTicks();
    return true;
  }

  // A value v stands for gain * v + offset dB.
  paint(values, gain, offset) {
    const { pixels, frames } = this;
    const bands = this.grid.n_mels;
    const scale = 255 / (HIGHEST_DB - LOWEST_DB);
    const a = gain * scale;
    const b = (offset - LOWEST_DB) * scale + 0.5;
    for (let band = 0; band < bands; band += 1) {
      const row = (bands - 1 - band) * frames;
      for (let frame = 0, i = band * frames; frame < frames; frame += 1, i += 1) {
        const level = a * values[i] + b;
        pixels[row + frame] = COLOURS[level < 0 ? 0 : level > 255 ? 255 : level | 0];
      }
    }
    this.valueAt = (band, frame) => gain * values[band * frames + frame] + offset;
    this.smallContext.putImageData(this.image, 0, 0);
    this.compose();
  }

  // Picture, contours and playhead, from what was painted last.
  compose(playheadSeconds = this.playhead) {
    this.playhead = playheadSeconds;
    const { context, canvas } = this;
    context.imageSmoothingEnabled = false;
    const { left, right, foot, top } = this.window;
    const { n_mels: bands } = this.grid;
    context.drawImage(this.small, left * this.frames, (1 - top) * bands, (right - left) * this.frames, (top - foot) * bands,
      0, 0, canvas.width, canvas.height);
    for (const contour of this.contours) this.drawContour(contour);
    if (playheadSeconds !== undefined && playheadSeconds !== null) {
      const x = this.placeInView(playheadSeconds / this.seconds) * canvas.width;
      context.fillStyle = "#ffffff";
      context.fillRect(x - 1, 0, Math.max(2, canvas.width / 400), canvas.height);
    }
  }

  // {f0: tenths of Hz (frame), colour, dashed}
  drawContour({ f0, colour, dashed }) {
    const { context, canvas } = this;
    const unit = canvas.width / (this.widthPx || 1);
    const path = new Path2D();
    let drawing = false;
    for (let frame = 0; frame < this.frames; frame += 1) {
      if (f0[frame] > 0) {
        const x = this.placeInView((frame + 0.5) / this.frames) * canvas.width;
        const y = (1 - this.heightInView(heightOf(f0[frame] / 10, this.grid))) * canvas.height;
        if (drawing) path.lineTo(x, y);
        else path.moveTo(x, y);
      }
      drawing = f0[frame] > 0;
    }
    context.lineJoin = "round";
    context.setLineDash(dashed ? [4 * unit, 4 * unit] : []);
    context.strokeStyle = "rgba(0, 0, 0, 0.75)";
    context.lineWidth = 3.6 * unit;
    context.stroke(path);
    context.strokeStyle = colour;
    context.lineWidth = 1.6 * unit;
    context.stroke(path);
    context.setLineDash([]);
  }

  // {x, height} of a pointer event, as shares of the whole picture.
  shareAt(event) {
    const box = this.canvas.getBoundingClientRect();
    const { left, right, foot, top } = this.window;
    const x = left + ((event.clientX - box.left) / box.width) * (right - left);
    return { x, height: foot + (1 - (event.clientY - box.top) / box.height) * (top - foot) };
  }

  // What lies under a pointer event: "1.23 s · 440 Hz (A4) · −23.5 dB"; null outside.
  readout(event) {
    const { x, height } = this.shareAt(event);
    if (x < 0 || x >= 1 || height < 0 || height >= 1 || !this.valueAt) return null;
    const db = this.valueAt(Math.floor(height * this.grid.n_mels), Math.floor(x * this.frames));
    const hz = Math.max(hzAt(height, this.grid), 1);
    const note = hz > 30 ? ` (${noteName(hz)})` : "";
    return `${(x * this.seconds).toFixed(2)} s · ${Math.round(hz)} Hz${note} · ${db.toFixed(1).replace("-", "−")} dB`;
  }
}
