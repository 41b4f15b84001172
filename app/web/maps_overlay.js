// The maps of one conversion laid over those of another. Each walk's reduced features have a basis of their own, and its
// t-SNE is a run of its own, so that the second is turned to fit the first as well as a turn can. Only shapes remain to
// be compared: what the turn took away nobody can tell from what was alike.

import { fit, planeOf } from "./procrustes.js";

const FEWEST_PAIRS = 3;
const EDGE = 1e-6; // of the logarithm: equal noise levels of two walks may differ in rounding

// Where the other walk is as noisy as this one: `ones` are indices of kept places, `others` the other's, between two of
// them as the logarithm of the noise lies. What is noisier or cleaner than all of the other has no partner.
export function pairByNoise(one, other) {
  const [ours, theirs] = [one, other].map(({ conversion, kept }) => kept.places.map((place) => Math.log(conversion.sigma[place])));
  const pairs = { ones: [], others: [] };
  let k = 0;
  ours.forEach((noise, i) => {
    if (noise > theirs[0] + EDGE || noise < theirs.at(-1) - EDGE) return;
    while (k < theirs.length - 2 && theirs[k + 1] > noise) k += 1;
    const share = theirs.length === 1 ? 0 : (theirs[k] - noise) / (theirs[k] - theirs[k + 1]);
    pairs.ones.push(i);
    pairs.others.push(k + Math.min(Math.max(share, 0), 1));
  });
  return pairs;
}

// {pca, tsne}, each {x, y, left}: the other's points on the first one's maps, and the share of the first one's variance
// that is left unexplained. `one`, `other`: {conversion, maps, kept} (see hidden.js); null where too few steps pair.
export function layOver(one, other, name) {
  const { ones, others } = pairByNoise(one, other);
  if (ones.length < FEWEST_PAIRS) return null;
  const picked = (cloud) => cloud.map((axis) => Float64Array.from(ones, (i) => axis[i]));
  const matched = (cloud) => cloud.map((axis) => Float64Array.from(others, (at) => between(axis, at)));
  const [ours, theirs] = [one, other].map(({ kept }) => axesOf(kept, name));
  const turned = fit(picked(ours), matched(theirs));
  // onto the first one's own map, which is the same plane in other units
  const flatten = planeOf(ours);
  const pca = fit(mapOf(one, name, "pca"), flatten(ours), true).apply(flatten(turned.apply(theirs)));
  const neighbours = fit(picked(mapOf(one, name, "tsne")), matched(mapOf(other, name, "tsne")), true);
  const tsne = neighbours.apply(mapOf(other, name, "tsne"));
  return { pca: { x: pca[0], y: pca[1], left: turned.left }, tsne: { x: tsne[0], y: tsne[1], left: neighbours.left } };
}

const between = (axis, at) => {
  const low = Math.floor(at);
  return low === at ? axis[low] : axis[low] + (at - low) * (axis[low + 1] - axis[low]);
};

function axesOf(kept, name) {
  const values = kept.vectors(name);
  const { length } = kept.places;
  return Array.from({ length: kept.components }, (_, i) => values.subarray(i * length, (i + 1) * length));
}

function mapOf({ maps }, name, kind) {
  const { x, y } = maps.map(name, kind);
  return [x, y];
}
