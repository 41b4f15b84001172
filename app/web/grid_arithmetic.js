// Labels of content encoders and the mel frames that are made of them: the same rules as svc_core/sound/align.py,
// which explains them; a test holds the two together. Times are whole samples at 24 kHz, so nothing is rounded.

export const RATE_HZ = 24000;
export const TARGET_HOP = 256; // of the mel spectrogram

// What is known of each encoder: the distance of its labels, where the first is centred, and how many a clip has.
export const ENCODERS = [
  { id: "whisper", name: "Whisper", hop: 480, first: 0, labels: (samples) => Math.ceil(samples / 480) },
  { id: "contentvec", name: "ContentVec", hop: 480, first: 300, labels: (samples) => Math.floor((samples - 600) / 480) + 1 },
  { id: "encodec", name: "Encodec", hop: 320, first: 160, labels: (samples) => Math.ceil(samples / 320) },
];

export const frameCount = (samples) => Math.floor(samples / TARGET_HOP);
export const frameCentre = (frame) => TARGET_HOP * frame + TARGET_HOP / 2;
export const labelCentre = ({ hop, first }, label) => first + hop * label;
export const toMs = (samples) => (1000 * samples) / RATE_HZ;

const divisor = (a, b) => (b === 0 ? a : divisor(b, a % b));

// [how often a label is repeated, how many of the repeated are averaged]: 480 -> [15, 8].
export function boxRatio(hop) {
  const shared = divisor(hop, TARGET_HOP);
  return [hop / shared, TARGET_HOP / shared];
}

// How many means repeating and averaging gives a clip of so many labels and frames; frames beyond copy the last one.
export function boxMeans(labels, hop, frames) {
  const [repeats, averaged] = boxRatio(hop);
  const used = Math.min(Math.floor((frames * averaged) / repeats) + 1, labels);
  return Math.floor((used * repeats) / averaged);
}

// What a frame draws from, either way: {labels, weights, held, errorMs}. `held`: it lies beyond what there is, and
// repeats the end. `errorMs`: the true time of what was drawn less the time of the frame.
export function drawnBy(way, encoder, samples, frame) {
  const labels = encoder.labels(samples);
  const drawn = way === "box" ? boxDraw(encoder, labels, frameCount(samples), frame) : linearDraw(encoder, labels, frame);
  const heard = drawn.labels.reduce((sum, label, i) => sum + drawn.weights[i] * labelCentre(encoder, label), 0);
  return { ...drawn, errorMs: toMs(heard - frameCentre(frame)) };
}

function linearDraw(encoder, labels, frame) {
  const place = (frameCentre(frame) - encoder.first) / encoder.hop; // in labels
  const left = Math.min(Math.max(Math.floor(place), 0), labels - 1);
  const share = Math.min(Math.max(place - left, 0), 1);
  const held = place < 0 || place > labels - 1;
  if (share === 0 || left === labels - 1) return { labels: [left], weights: [1], held };
  return { labels: [left, left + 1], weights: [1 - share, share], held };
}

function boxDraw({ hop }, labels, frames, frame) {
  const [repeats, averaged] = boxRatio(hop);
  const means = boxMeans(labels, hop, frames);
  const begin = Math.min(frame, means - 1) * averaged; // of the repeated labels
  const drawn = { labels: [], weights: [], held: frame >= means };
  for (let label = Math.floor(begin / repeats); label * repeats < begin + averaged; label += 1) {
    const overlap = Math.min((label + 1) * repeats, begin + averaged) - Math.max(label * repeats, begin);
    drawn.labels.push(label);
    drawn.weights.push(overlap / averaged);
  }
  return drawn;
}

// Over a whole clip: {meanMs, largestMs} of the frames that are not held, and how many are held.
export function errorsOf(way, encoder, samples) {
  const drawn = Array.from({ length: frameCount(samples) }, (_, frame) => drawnBy(way, encoder, samples, frame));
  const errors = drawn.filter(({ held }) => !held).map(({ errorMs }) => errorMs);
  return {
    meanMs: errors.reduce((sum, one) => sum + one, 0) / errors.length,
    largestMs: errors.reduce((most, one) => (Math.abs(one) > Math.abs(most) ? one : most), 0),
    held: drawn.length - errors.length,
  };
}
