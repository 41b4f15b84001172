// The one axis of noise that samplers are compared on: signal-to-noise ratio in dB, noisiest at the left. It holds
// DDPM's thousand levels, σ 157 to 0.01, and those of EDM's samplers, σ 10 to 0.002.

import { signed } from "./dom.js";

export const NOISIEST_DB = -44;
export const CLEANEST_DB = 54;
export const MARKED_DB = [-40, -20, 0, 20, 40]; // σ 100, 10, 1, 0.1, 0.01

// Where a level lies on the axis: 0 at its left end, 1 at its right.
export const shareOf = (db) => Math.min(Math.max((db - NOISIEST_DB) / (CLEANEST_DB - NOISIEST_DB), 0), 1);

export const sigmaOf = (db) => 10 ** (-db / 20);

// σ in three digits: 157, 10, 0.0264.
export const sigmaText = (sigma) => String(Number(sigma.toPrecision(3)));

export const dbText = (db) => `${signed(db).replace(/\.0$/, "")} dB`;
