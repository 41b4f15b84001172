// Pictures along a walk, coarse to fine, each as what its neighbours do not tell: the same whole
// numbers as svc_core/traces/coding.py, which explains them; a test holds the two together.

// [picture, neighbour below, neighbour above] in the order in which they are coded; null: by itself.
function* codingOrder(pictures) {
  const last = pictures - 1;
  yield [last, null, null];
  if (pictures > 1) yield [0, null, null];
  let spans = [[0, last]];
  while (spans.length > 0) {
    const rest = [];
    for (const [low, high] of spans) {
      if (high - low < 2) continue;
      const middle = Math.floor((low + high) / 2);
      yield [middle, low, high];
      rest.push([low, middle], [middle, high]);
    }
    spans = rest;
  }
}

// `coded`: bytes (picture, band, frame) in coding order -> bytes of the fixed scale in order of `places`.
export function decodePictures(coded, frames, places, quantum) {
  const levels = new Uint8Array(coded.length);
  const size = coded.length / places.length;
  let index = 0;
  for (const [picture, low, high] of codingOrder(places.length)) {
    const by = index === 0 ? 1 : quantum;
    const from = coded.subarray(index * size, (index + 1) * size);
    const to = levels.subarray(picture * size, (picture + 1) * size);
    if (low === null) alone(from, to, frames, by);
    else {
      const [first, second] = [low, high].map((known) => levels.subarray(known * size, (known + 1) * size));
      amid(from, to, first, second, places[picture] - places[low], places[high] - places[low], by);
    }
    index += 1;
  }
  return levels;
}

// Each frame is kept as its difference from the frame before, modulo 256.
function alone(from, to, frames, by) {
  for (let i = 0, whole = 0; i < from.length; i += 1) {
    whole = ((i % frames === 0 ? 0 : whole) + from[i]) & 255;
    to[i] = Math.min(by * whole, 255);
  }
}

// What is kept is the difference from the line between two known pictures. Single levels may differ by
// more than a signed byte tells, and wrap around; coarser ones stop at the end of the scale.
function amid(from, to, low, high, above, span, by) {
  const half = Math.floor(span / 2);
  for (let i = 0; i < from.length; i += 1) {
    const guess = Math.floor(((span - above) * low[i] + above * high[i] + half) / span);
    const reached = guess + by * ((from[i] << 24) >> 24);
    to[i] = by === 1 ? reached & 255 : Math.min(Math.max(reached, 0), 255);
  }
}
