// What others could still make of a picture as noisy as the one at which the reader stopped, from the trace's measures.

import { signed } from "./dom.js";

const percent = (share) => `${Math.round(100 * share)} %`;

const nearestIn = (rows, kind, column, snr) => rows
  .filter((row) => row.kind === kind && Number.isFinite(row[column]) && Number.isFinite(row.snr_db))
  .reduce((best, row) => (best === null || Math.abs(row.snr_db - snr) < Math.abs(best.snr_db - snr) ? row : best), null);

// Sentences, with **bold**. `rows`: of metrics.csv, none where it cannot be read; `weight`: of the voice, at t.
export function verdictOn(t, snr, weight, rows) {
  const said = [`**You stopped at t = ${t}: SNR ${signed(snr)} dB.** The voice is in the picture with a weight of ${weight.toFixed(2)}.`];
  const tracked = nearestIn(rows, "state", "rpa", snr);
  if (tracked) {
    said.push(`A pitch tracker was tried on the sound of this conversion’s own noisy pictures: at ${signed(tracked.snr_db)} dB it finds ${percent(tracked.rpa)} of the melody.`);
  }
  const [noisiest, guess] = [nearestIn(rows, "predicted", "mel_to_result_db", -1e9), nearestIn(rows, "predicted", "mel_to_result_db", snr)];
  if (noisiest && guess) {
    said.push(`The network does not have to see it: melody and words are told to it beside the picture. From pure noise (${signed(noisiest.snr_db)} dB) `
      + `${percent(noisiest.rpa)} of its notes are right, and its guess lies ${noisiest.mel_to_result_db.toFixed(1)} dB from the final mel; `
      + `from your step (${signed(guess.snr_db)} dB) it lies ${guess.mel_to_result_db.toFixed(1)} dB from it. So what the picture still decides are details.`);
  }
  return said.join(" ");
}
