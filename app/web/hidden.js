// What the network holds inside, as a trace keeps it: seven features, their maps, and which one the page looks at.

import { TraceProblem } from "./trace.js";

const LARGEST = 32767; // of a map's numbers: it stands for 1
const MOST_VALUES = 1 << 25;

// The maps of a conversion: {names, places, map(name, "pca" or "tsne") -> {x, y} between -1 and 1}. Rejects with a TraceProblem.
export async function openMaps(conversion) {
  const { names, places } = keptOf(conversion);
  const rows = await conversion.trace.array("maps.npy.gz", "<i2", [names.length, 4, places.length]);
  const row = (name, i) => {
    const begin = (4 * names.indexOf(name) + i) * places.length;
    return Float32Array.from(rows.subarray(begin, begin + places.length), (value) => value / LARGEST);
  };
  return { names, places, map: (name, kind) => (kind === "pca" ? { x: row(name, 0), y: row(name, 1) } : { x: row(name, 2), y: row(name, 3) }) };
}

// The features themselves, reduced: {names, places, vectors(name) -> component after component, Float32Array (component, place)}.
export async function openVectors(conversion) {
  const { names, places, components, scales } = keptOf(conversion);
  const changes = await conversion.trace.array("hidden.npy.gz", "<i2", [names.length, components, places.length]);
  return {
    names, places, components,
    vectors: (name) => {
      const index = names.indexOf(name);
      const size = components * places.length;
      return undo(changes.subarray(index * size, (index + 1) * size), places.length, scales[index]);
    },
  };
}

// Differences from place to place, modulo 2^16, become numbers again; times `scale`, rounded as float32 rounds.
export function undo(changes, places, scale) {
  const whole = Int16Array.from(changes);
  for (let i = 0; i < whole.length; i += 1) {
    if (i % places > 0) whole[i] += whole[i - 1]; // an Int16Array wraps round by itself
  }
  return Float32Array.from(whole, (value) => value * Math.fround(scale));
}

function keptOf({ trace, manifest, last }) {
  const { hidden } = manifest;
  const fail = (why) => new TraceProblem(`The inside of the network cannot be shown for “${trace.id}”: ${why}.`);
  if (hidden === null || hidden === undefined) throw fail("this conversion keeps no hidden features; its walk is too short for a trajectory");
  const { names, scales, components, every } = hidden;
  const whole = (value, high) => Number.isInteger(value) && value >= 1 && value <= high;
  const sound = Array.isArray(names) && names.length > 0 && names.every((name) => typeof name === "string") && new Set(names).size === names.length
    && Array.isArray(scales) && scales.length === names.length && scales.every(Number.isFinite)
    && whole(components, 4096) && whole(every, last + 1) && (names.length * components * (last + 1)) / every <= MOST_VALUES;
  if (!sound) throw fail("'hidden' of its trace.json is out of range");
  const places = [];
  for (let place = last % every; place <= last; place += every) places.push(place);
  return { names, scales, components, places };
}

// Of places that were kept, as many steps apart, the index of the one nearest to any place.
export function nearestKept(places, place) {
  const every = places.length > 1 ? places[1] - places[0] : 1;
  return Math.min(Math.max(Math.round((place - places[0]) / every), 0), places.length - 1);
}

// Where equal intervals begin: as NumPy's array_split, the first ones are one longer where they do not come out even.
export function intervals(count, parts) {
  const [short, longer] = [Math.floor(count / parts), count % parts];
  return Array.from({ length: parts + 1 }, (_, i) => i * short + Math.min(i, longer));
}

// Interval clustering centre sampling: of each interval the index whose vector is nearest to the interval's mean.
// `vectors` (component, place).
export function intervalCentres(vectors, count, parts) {
  const components = vectors.length / count;
  const bounds = intervals(count, parts);
  return bounds.slice(0, -1).map((begin, part) => {
    const end = bounds[part + 1];
    const apart = new Float64Array(end - begin);
    for (let c = 0; c < components; c += 1) {
      const row = vectors.subarray(c * count + begin, c * count + end);
      let mean = 0;
      for (const value of row) mean += value;
      mean /= row.length;
      row.forEach((value, i) => { apart[i] += (value - mean) ** 2; });
    }
    return begin + apart.indexOf(Math.min(...apart));
  });
}

// Root mean square distance of all places to the pick of their interval, in the feature's own unit.
export function distanceToPicks(vectors, count, picks) {
  const components = vectors.length / count;
  const bounds = intervals(count, picks.length);
  let sum = 0;
  for (let c = 0; c < components; c += 1) {
    picks.forEach((pick, part) => {
      const here = vectors[c * count + pick];
      for (let i = bounds[part]; i < bounds[part + 1]; i += 1) sum += (vectors[c * count + i] - here) ** 2;
    });
  }
  return Math.sqrt(sum / count);
}

// --- the feature that the figures of one group look at

const groups = new Map();

export function featureOf(group) {
  if (!groups.has(group)) groups.set(group, new ChosenFeature());
  return groups.get(group);
}

class ChosenFeature {
  constructor() {
    this.name = null;
    this.watchers = new Set();
  }

  // It is given back a function that ends the watching.
  watch(draw) {
    this.watchers.add(draw);
    if (this.name !== null) draw(this.name);
    return () => this.watchers.delete(draw);
  }

  choose(name) {
    this.name = name;
    for (const draw of this.watchers) draw(name);
  }
}
