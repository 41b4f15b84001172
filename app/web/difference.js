// How far two mel pictures are apart, in decibels: as one number, and as a picture of what is louder and softer.

import { PARTING } from "./gradient.js";
import { LOWEST_DB, Picture } from "./picture.js";

export const FURTHEST_DB = 30; // the colours of a difference run from −30 to +30

const PACKED = new Uint32Array(256).map((_, level) => {
  const [red, green, blue] = PARTING.at(level / 255);
  return (255 << 24) | (blue << 16) | (green << 8) | red;
});

// Levels below the colour scale's foot are all black, so they count as equal: what cannot be seen does not weigh.
export const floorLevel = ([gain, offset]) => (LOWEST_DB - offset) / gain;

// Root mean square of the difference in dB of two pictures in levels; `gain`: dB a level.
export function rmsDb(one, other, [gain, offset]) {
  const floor = floorLevel([gain, offset]);
  let sum = 0;
  for (let i = 0; i < one.length; i += 1) {
    const apart = (one[i] < floor ? floor : one[i]) - (other[i] < floor ? floor : other[i]);
    sum += apart * apart;
  }
  return gain * Math.sqrt(sum / one.length);
}

// one − other in levels, both not below the floor; a picture of it has gain dB a level and offset 0.
export function difference(one, other, scale) {
  const floor = floorLevel(scale);
  return Float32Array.from(one, (level, i) => Math.max(level, floor) - Math.max(other[i], floor));
}

// A panel's picture in the colours of differences.
export class DifferencePicture extends Picture {
  paint(values, gain) {
    const { pixels, frames } = this;
    const bands = this.grid.n_mels;
    const scale = (gain * 127.5) / FURTHEST_DB;
    for (let band = 0; band < bands; band += 1) {
      const row = (bands - 1 - band) * frames;
      for (let frame = 0, i = band * frames; frame < frames; frame += 1, i += 1) {
        const level = scale * values[i] + 128;
        pixels[row + frame] = PACKED[level < 0 ? 0 : level > 255 ? 255 : level | 0];
      }
    }
    this.valueAt = (band, frame) => gain * values[band * frames + frame];
    this.smallContext.putImageData(this.image, 0, 0);
    this.compose();
  }
}
