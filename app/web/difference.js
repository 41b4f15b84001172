// How far two mel pictures are apart, in decibels: as one number, and as levels of difference (see diverging.js).

import { LOWEST_DB } from "./picture.js";

// Levels below the colour scale's foot are all black, so they count as equal: what cannot be seen does not weigh.
const floorLevel = ([gain, offset]) => (LOWEST_DB - offset) / gain;

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
