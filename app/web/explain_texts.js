// How each view of Explain is read, what to keep in mind, and which lesson explains it.

export const VIEWS = ["shares", "swap", "seeds", "snr"];

export const TEXTS = {
  shares: {
    how: "Each condition’s [Shapley value](glossary#shapley-value) φ is what telling it adds to the result, in dB, averaged over all orders in which the four can be told. **Orange: telling it makes this point louder, blue: softer.** In each point the four sum to the result told everything less the result told nothing. A share is a condition’s mean |φ| among all four.",
    caveat: "The values depend on what “taken away” means: here a learned “not told”, which the model met in training. Silence or another singer in its place would give other values. They say what moves decibels, not what matters most to the ear.",
    door: "Beginner’s door: [Who carries what](conditions) takes conditions away, one at a time, with sound.",
  },
  swap: {
    how: "The same noise, and from place k of the walk on (0 is the noisiest) the model is told another singer. The first chart is how far the prediction then lies from the one that never swapped, mean |difference| in dB; the second its [similarity](glossary#singer-embedding) to the first target. **The later a swap still matters, the later that part of the voice is decided.**",
    caveat: "Decibels count every change, wanted or not: compare them with the dashed level, which another seed alone makes. Similarity to the second singer was not measured, and key and melody stay the first target’s. One phrase, one pair of singers.",
    door: "Beginner’s door: [Swap the singer](conditions?look=swap), to be heard step by step.",
  },
  seeds: {
    how: "The same conversion from other noise. Each point of the picture is how far the seeds lie apart at the same step: the standard deviation of their predictions, in dB. **Dark: the conditions decide it. Bright: the noise does.** The curve is its mean over the picture; click it, or use the slider, to see a step.",
    caveat: "With n seeds this small, a single point’s value is hardly more than a hint (with n = 3 the true spread lies, at 95 %, between half and six times of it); read areas and means. Predictions are kept at some steps and rounded to 0.5 to 1.5 dB; between those steps they are interpolated, which hides some of the spread.",
    door: "Beginner’s door: [Other noise, other key](conditions?look=noise).",
  },
  snr: {
    how: "How strong the result is in each band, against the noise of each step: 10 log₁₀(mean x² / σ²) dB, x being the normalised mel and σ the noise level. **Blue: noise is stronger. Orange: the voice is. The white line is 0 dB**; the further left it lies, the earlier that band stands out of the noise.",
    caveat: "This is about picture values, not about loudness: x is 0 at the average level of all training mels, so a band that is steadily silent counts as strong, too. “Only what changes” leaves each band’s own mean out. And a network need not wait for 0 dB: it can average over many points, and it is told a lot.",
    door: "Beginner’s door: [Adding noise](noising).",
  },
};
