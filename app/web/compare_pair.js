// Two conversions side by side: which place of one belongs to which of the other, and how far they are apart.

export class Pair {
  // Two Conversions; they may be one and the same.
  constructor(one, other) {
    this.one = one;
    this.other = other;
    this.leader = other.last > one.last ? other : one; // whose steps the slider counts
    this.pictures = { one: new Float32Array(one.walk.size), other: new Float32Array(other.walk.size) };
    this.apart = new Float32Array(one.walk.size);
  }

  // Pictures can be subtracted only where they stand on one grid, time and decibels alike.
  get comparable() {
    const [a, b] = [this.one, this.other];
    const grids = ["sample_rate_hz", "hop", "n_mels", "mel_low_hz", "mel_high_hz"];
    const scales = ["floor_db", "db_per_level"];
    return a.frames === b.frames && grids.every((name) => a.manifest.grid[name] === b.manifest.grid[name])
      && scales.every((name) => a.manifest.scale[name] === b.manifest.scale[name]);
  }

  get sameWalk() {
    const [a, b] = [this.one.manifest.sampler, this.other.manifest.sampler];
    return a.name === b.name && a.steps === b.steps;
  }

  // A side's place that goes with a place of the leader: the same of the same walk, else the one as noisy.
  placeOf(side, place) {
    const conversion = this[side];
    if (conversion === this.leader || this.sameWalk) return place;
    if (place === this.leader.last) return conversion.last;
    return conversion.placeOfNoise(this.leader.sigma[place]);
  }

  // The prediction of "one" or "other" at a place of the leader, in levels.
  predictedAt(side, place) {
    return this[side].predictedAt(this.placeOf(side, place), this.pictures[side]);
  }

  // Second less first, in levels, of what predictedAt() was asked for last; `rms` in dB.
  subtract() {
    const { apart, pictures: { one, other } } = this;
    let squares = 0;
    for (let i = 0; i < apart.length; i += 1) {
      apart[i] = other[i] - one[i];
      squares += apart[i] * apart[i];
    }
    return { levels: apart, rms: Math.sqrt(squares / apart.length) * this.one.manifest.scale.db_per_level };
  }

  // Whether the two are alike before a place, by what both keep there: {places, apart: largest difference in dB,
  // rounding: what the rounding of kept pictures alone can make of it}. Null where nothing can be said.
  alikeBefore(at) {
    if (!this.sameWalk || !this.comparable) return null;
    const [a, b] = [this.one, this.other];
    const kept = new Set(b.manifest.pictures.places);
    const places = a.manifest.pictures.places.filter((place) => place < at && kept.has(place));
    if (places.length === 0) return null;
    let most = 0;
    for (const place of places) {
      a.predictedAt(place, this.pictures.one);
      b.predictedAt(place, this.pictures.other);
      for (let i = 0; i < a.walk.size; i += 1) most = Math.max(most, Math.abs(this.pictures.one[i] - this.pictures.other[i]));
    }
    // half a level of a byte each, and half a quantum (of whole levels) each
    const rounding = 1 + [a, b].reduce((sum, one) => sum + Math.floor(one.manifest.pictures.quantum / 2), 0);
    const dbPerLevel = a.manifest.scale.db_per_level;
    return { places, apart: most * dbPerLevel, rounding: rounding * dbPerLevel };
  }
}
