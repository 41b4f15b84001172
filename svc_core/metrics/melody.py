"""Is the melody that was sung the melody that was asked for?

Both contours are F0 in Hz at the frame centres, 0 where unvoiced, measured with the same tracker.
The asked melody is the source's, moved by the key shift k in semitones: f_asked = f_source 2^(k/12).
The key shift is known, so it is removed exactly; nothing is estimated and removed besides.

The deviation of a frame is taken where both are voiced::

    d_i = 1200 log2(f_estimate,i / f_asked,i)      in cents, a hundredth of a semitone

F0RMSE (cents)
    Root of the mean of d_i^2. *The mean offset is not removed*: singing flat throughout is wrong.
offset (cents)
    Mean of d_i, reported beside it. F0RMSE^2 - offset^2 is the variance around that offset.
F0CORR
    Pearson's correlation of log F0 on the same frames; no offset or key shift changes it. NaN where
    it is not defined: fewer than two frames, or a constant contour. A long held note correlates
    badly however well it is sung, because there is little but vibrato to correlate.
RPA, RCA (raw pitch and raw chroma accuracy)
    Share of the frames voiced in the *reference* whose estimate lies within 50 cents; RCA forgives
    octaves. An unvoiced estimate has no pitch here, so it counts as wrong, and RPA <= VR.
RPA, both voiced
    The same of the frames voiced in both: RPA / VR. mir_eval's RPA comes to about this where a tracker
    also gives a guess for frames that it takes for unvoiced. Pitch and voicing are then told apart.
VR, VFA (voicing recall and false alarm)
    Share of the reference's voiced frames that are voiced in the estimate too, and share of its
    unvoiced frames that are voiced in the estimate. VFA is wrong when high.

The last four are mir_eval's code (Raffel et al. 2014; Poliner et al. 2007), but for one thing: where
the reference has no frame to take a share of, mir_eval gives 0 or 1, and this module gives NaN.

Pitfalls
--------
* Hertz. 50 cents are 3 Hz at 110 Hz and 26 Hz at 880 Hz: an RMSE in Hz compares singers, not systems.
* Octave errors. One frame in a hundred an octave off makes 1200 sqrt(0.01) = 120 cents of F0RMSE
  with everything else perfect. Read RPA and RCA beside it: where they differ, it is octaves.
* Cutting the unvoiced frames out of each contour before comparing: from the first voicing error on,
  every frame is compared with a neighbour's. In the tests, a right melody with one frame in twenty
  unvoiced comes to 290 cents that way, where 0 is true.
* DTW: see alignment.
* The tracker errs, too. Put the source itself through the vocoder and measure that: no conversion
  with that vocoder can be expected to do better.

References: Raffel et al., "mir_eval: a transparent implementation of common MIR metrics", ISMIR 2014;
Poliner et al., "Melody transcription from music audio", IEEE TASLP 15(4), 2007.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from mir_eval.melody import (
    freq_to_voicing,
    hz2cents,
    raw_chroma_accuracy,
    raw_pitch_accuracy,
    voicing_false_alarm,
    voicing_recall,
)

from svc_core.metrics.alignment import MetricError, same_frames

TOLERANCE_CENTS = 50.0  # MIREX's: half a semitone, beyond it is another note
CONSTANT = 1e-9  # spread of log F0, below which a contour is constant up to rounding


@dataclass(frozen=True)
class MelodyScores:
    """Melody of one conversion, frame-aligned; accuracies are shares from 0 to 1."""

    f0_rmse_cents: float
    f0_offset_cents: float  # not removed from the RMSE
    f0_corr: float
    rpa: float
    rca: float
    rpa_common: float  # of the frames voiced in both
    vr: float
    vfa: float
    key_shift_semitones: float  # removed from all of them
    frames: int
    voiced_frames: int  # voiced in the reference: what RPA, RCA and VR are shares of
    common_frames: int  # voiced in both: what RMSE, offset and correlation are taken over


def melody_scores(
    reference_f0_hz: np.ndarray, estimate_f0_hz: np.ndarray, key_shift_semitones: float = 0.0
) -> MelodyScores:
    """Compare two contours (frame,), 0 where unvoiced; the reference is moved by the key shift first.

    Raises MetricError for NaN, negative F0, empty contours, or lengths more than one frame apart.
    """
    source_hz, sung_hz = same_frames(reference_f0_hz, estimate_f0_hz, "the F0")
    if not math.isfinite(key_shift_semitones):
        raise MetricError(f"a key shift of {key_shift_semitones} semitones is not a number; give it in semitones.")
    if (source_hz < 0).any() or (sung_hz < 0).any():
        raise MetricError("an F0 below 0 Hz was found; mark unvoiced frames by 0.")
    asked_hz = source_hz.astype(float) * 2 ** (key_shift_semitones / 12)
    sung_hz = sung_hz.astype(float)
    both = (asked_hz > 0) & (sung_hz > 0)
    deviation = 1200 * np.log2(sung_hz[both] / asked_hz[both])
    rpa, rca, vr, vfa = _mir_eval(asked_hz, sung_hz)
    return MelodyScores(
        f0_rmse_cents=float(np.sqrt(np.mean(deviation**2))) if both.any() else math.nan,
        f0_offset_cents=float(deviation.mean()) if both.any() else math.nan,
        f0_corr=_correlation(np.log(asked_hz[both]), np.log(sung_hz[both])),
        rpa=rpa,
        rca=rca,
        rpa_common=rpa / vr if vr > 0 else math.nan,
        vr=vr,
        vfa=vfa,
        key_shift_semitones=float(key_shift_semitones),
        frames=len(asked_hz),
        voiced_frames=int((asked_hz > 0).sum()),
        common_frames=int(both.sum()),
    )


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    if len(first) < 2 or np.ptp(first) < CONSTANT or np.ptp(second) < CONSTANT:
        return math.nan
    return float(np.corrcoef(first, second)[0, 1])


def _mir_eval(asked_hz: np.ndarray, sung_hz: np.ndarray) -> tuple[float, float, float, float]:
    """RPA, RCA, VR and VFA of contours with the same frames.

    Not by mir_eval.melody.evaluate: that resamples in time, and puts a copy of the first frame before
    a contour that does not begin at 0 s, as ours does not.
    """
    asked_hz, asked_voicing = freq_to_voicing(asked_hz)
    sung_hz, sung_voicing = freq_to_voicing(sung_hz)
    vr = rpa = rca = vfa = math.nan
    if asked_voicing.any():
        vr = float(voicing_recall(asked_voicing, sung_voicing))
        rpa = rca = 0.0
        if sung_voicing.any():
            contours = (asked_voicing, hz2cents(asked_hz), sung_voicing, hz2cents(sung_hz))
            rpa = float(raw_pitch_accuracy(*contours, cent_tolerance=TOLERANCE_CENTS))
            rca = float(raw_chroma_accuracy(*contours, cent_tolerance=TOLERANCE_CENTS))
    if not asked_voicing.all():
        vfa = float(voicing_false_alarm(asked_voicing, sung_voicing))
    return rpa, rca, vr, vfa
