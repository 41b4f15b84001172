// The wave itself: a sound decoded without being played, and drawn.

const FULL = 0.92; // of half the height for the loudest sample
const LINE = "#5ee6ff";
const MOST_A_COLUMN = 8; // samples: of more only the least and the greatest are drawn
const AXIS = "rgba(255, 255, 255, 0.35)";

// Samples of a sound, -1 to 1, at `rate`. Rejects where the browser cannot decode it. Needs no click, since nothing sounds.
export async function decodeSamples(bytes, rate) {
  const context = new OfflineAudioContext(1, 1, rate);
  const buffer = await context.decodeAudioData(bytes);
  return buffer.getChannelData(0);
}

export const peakOf = (samples) => samples.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0);

// The greatest swing among samples [from, to), as a share of full scale.
export function swingIn(samples, from, to) {
  return peakOf(samples.subarray(Math.max(0, Math.round(from)), Math.max(0, Math.round(to))));
}

// Draws samples [from, to) all over a canvas: a line where they are few, the least and greatest of each column where many.
// `full`: the swing that fills it.
export function drawWave(canvas, samples, from, to, full) {
  const context = canvas.getContext("2d");
  const { width, height } = canvas;
  context.fillStyle = "#000004";
  context.fillRect(0, 0, width, height);
  context.fillStyle = AXIS;
  context.fillRect(0, Math.round(height / 2), width, 1);
  const y = (sample) => (1 - (FULL * sample) / (full || 1)) * (height / 2);
  const perColumn = (to - from) / width;
  if (perColumn > MOST_A_COLUMN) {
    context.fillStyle = LINE;
    for (let column = 0; column < width; column += 1) {
      let [low, high] = [1, -1];
      const end = Math.min(from + (column + 1) * perColumn, samples.length);
      for (let i = Math.max(0, Math.floor(from + column * perColumn)); i < end; i += 1) {
        low = Math.min(low, samples[i]);
        high = Math.max(high, samples[i]);
      }
      if (high >= low) context.fillRect(column, y(high), 1, Math.max(1, y(low) - y(high)));
    }
    return;
  }
  const path = new Path2D();
  let drawing = false;
  for (let i = Math.floor(from); i <= to; i += 1) {
    if (i < 0 || i >= samples.length) continue;
    const x = (i - from) / perColumn;
    if (drawing) path.lineTo(x, y(samples[i]));
    else path.moveTo(x, y(samples[i]));
    drawing = true;
  }
  context.strokeStyle = LINE;
  context.lineWidth = 2 * (window.devicePixelRatio || 1);
  context.lineJoin = "round";
  context.stroke(path);
}
