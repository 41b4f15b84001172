"""How far the timbre, the mel picture and the dynamics moved, in decibels, frame by frame.

MCD (mel-cepstral distortion, dB; Kubichek 1993)
    A spectral envelope H is written as ln|H(w)| = c_0 + sum over m of c_m cos(m w'), where w' is the
    frequency warped to about the mel scale. Then, with the sum from 1 to K::

        MCD_i = 10 sqrt(2) / ln 10 * sqrt(sum of (c_m - c'_m)^2)

    By Parseval's theorem this is the RMS distance of the two envelopes in dB over the mel-like axis,
    blind to level and to detail finer than K half cycles. Here, as the field means it: the envelope
    is WORLD's CheapTrick (Morise 2015) at the frame centres, K = 24, the warping is the all-pass of
    alpha 0.466 (SPTK's for 24 kHz). pysptk.sp2mc gives the same coefficients.
log-mel L1 (dB)
    Mean distance of the mel pictures, of each band over the frames, and of all of it.
loudness RMSE (dB)
    Root mean square difference of the A-weighted loudness (sound/loudness): the dynamics.

Which frames: those in which the *reference* sounds, that is lies less than 40 dB below its own
loudest frame. In pauses there is no timbre to keep, and the noise floors of two recordings would
outweigh the singing. So none of these sees noise that a conversion adds to a pause (VFA may).

Level: a volume knob is no error of conversion. The estimate is first scaled so that the median
difference of loudness over these frames is 0 (the median, so that a drop-out does not move the
rest); that difference is the level offset, reported apart. MCD would not need it.

Pitfalls
--------
* c_0 is the level. With it in the sum, a gain of 6 dB and nothing else makes an MCD of 4.3 dB.
* The formula wants coefficients of that very series. Those of WORLD's own coder
  (pyworld.code_spectral_envelope) or of an orthonormal cosine transform are scaled otherwise, and
  put into it they give no dB.
* Compared with the source of another singer, MCD counts the change of timbre that was asked for.
  It is an error only against a recording of the target singing the same (a parallel pair), or
  against the same recording through a vocoder (copy-synthesis). Papers' 5 to 8 dB are such.

References: Kubichek, "Mel-cepstral distance measure for objective speech quality assessment",
PACRIM 1993; Tokuda et al., "Mel-generalized cepstral analysis", ICSLP 1994 (the warped series);
Morise, "CheapTrick", Speech Communication 67, 2015.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from svc_core.config import DB_PER_LN, GridConfig
from svc_core.metrics.alignment import MetricError, same_frames
from svc_core.sound.content import SOUNDING_DB, spectral_envelope
from svc_core.sound.loudness import FLOOR_DB, a_weighted_loudness
from svc_core.sound.mel import log_mel

CEPSTRA = 24  # the field's K; finer detail is the voice's harmonics rather than its envelope
WARPING = 0.466  # of the all-pass; SPTK's table and pysptk.util.mcepalpha give it for 24 kHz
DEFINITION = f"WORLD CheapTrick, mel-cepstra 1-{CEPSTRA}, alpha {WARPING}"
DB_PER_CEPSTRUM = 10 * math.sqrt(2) / math.log(10)  # 6.14
WARPED_POINTS = (
    4096  # of the sum that stands for the integral over w'; half as many change no coefficient by more than 1e-4
)


@dataclass(frozen=True)
class SpectrumScores:
    """Spectra of one conversion against its source, frame-aligned, level matched."""

    mcd_db: float
    log_mel_l1_db: float
    log_mel_l1_band_db: tuple[float, ...]  # one a mel band, from low to high
    loudness_rmse_db: float
    level_offset_db: float  # removed before; above 0 the estimate was the louder
    sounding_frames: int  # what all of these are means over
    mcd_definition: str = DEFINITION


def spectrum_scores(
    reference: np.ndarray,
    estimate: np.ndarray,
    reference_f0_hz: np.ndarray,
    estimate_f0_hz: np.ndarray,
    grid: GridConfig,
) -> SpectrumScores:
    """Compare two sounds (samples,) at the grid's rate, with their F0 (frame,), which CheapTrick needs.

    Raises MetricError where the reference is silent, or the two are more than a frame apart.
    """
    loudness_db, raw_loudness_db = same_frames(
        a_weighted_loudness(reference, grid), a_weighted_loudness(estimate, grid), "the loudness"
    )
    sounding = sounding_frames(loudness_db)
    level_offset_db = float(np.median((raw_loudness_db - loudness_db)[sounding]))
    estimate = estimate * np.float32(10 ** (-level_offset_db / 20))
    bands_db = log_mel_l1_db(log_mel(reference, grid), log_mel(estimate, grid), sounding)
    return SpectrumScores(
        mcd_db=mel_cepstral_distortion_db(
            mel_cepstra(spectral_envelope(reference, np.asarray(reference_f0_hz, float), grid)),
            mel_cepstra(spectral_envelope(estimate, np.asarray(estimate_f0_hz, float), grid)),
            sounding,
        ),
        log_mel_l1_db=float(bands_db.mean()),
        log_mel_l1_band_db=tuple(float(band) for band in bands_db),
        loudness_rmse_db=loudness_rmse_db(loudness_db, a_weighted_loudness(estimate, grid), sounding),
        level_offset_db=level_offset_db,
        sounding_frames=int(sounding.sum()),
    )


def sounding_frames(loudness_db: np.ndarray) -> np.ndarray:
    """Frames (frame,) bool less than 40 dB below the loudest. Raises MetricError where all is silent."""
    loudest_db = loudness_db.max(initial=FLOOR_DB)
    if loudest_db <= FLOOR_DB:
        raise MetricError("the reference is silent: there is no sounding frame to measure; choose another part.")
    return loudness_db > loudest_db - SOUNDING_DB


@lru_cache(maxsize=2)
def _cosine_series(bins: int) -> np.ndarray:
    """Matrix (bin, cepstrum) that takes the log power at the FFT's bins to c_1..c_K.

    c_m is 2/pi times the integral of ln|H| cos(m w') over w' from 0 to pi. The warping is the phase
    of an all-pass, w' = w + 2 arctan(a sin w / (1 - a cos w)); its inverse is the same with -a.
    """
    warped = (np.arange(WARPED_POINTS) + 0.5) * np.pi / WARPED_POINTS
    angle = warped + 2 * np.arctan2(-WARPING * np.sin(warped), 1 + WARPING * np.cos(warped))
    at_bins = angle / np.pi * (bins - 1)
    low = np.minimum(at_bins.astype(int), bins - 2)
    share = (at_bins - low)[:, None]
    cosines = 2 / WARPED_POINTS * np.cos(np.outer(warped, np.arange(1, CEPSTRA + 1)))
    series = np.zeros((bins, CEPSTRA))
    np.add.at(series, low, (1 - share) * cosines)
    np.add.at(series, low + 1, share * cosines)
    return series / 2  # half the log of the power is the log of the amplitude


def mel_cepstra(envelope: np.ndarray) -> np.ndarray:
    """Mel-cepstra c_1..c_24 of a power envelope at 24 kHz: (frame, bin) -> (cepstrum, frame)."""
    return (np.log(np.maximum(envelope, 1e-20)) @ _cosine_series(envelope.shape[1])).T


def mel_cepstral_distortion_db(reference: np.ndarray, estimate: np.ndarray, frames: np.ndarray | None = None) -> float:
    """MCD in dB of mel-cepstra (cepstrum, frame) without c_0, a mean over ``frames`` (frame,) bool, or all."""
    reference, estimate, chosen = _chosen(reference, estimate, frames, "the mel-cepstra")
    return float(DB_PER_CEPSTRUM * np.sqrt(((reference - estimate) ** 2).sum(axis=0))[chosen].mean())


def log_mel_l1_db(reference: np.ndarray, estimate: np.ndarray, frames: np.ndarray | None = None) -> np.ndarray:
    """Mean absolute difference in dB of each band of two log-mels (mel, frame) in natural log -> (mel,)."""
    reference, estimate, chosen = _chosen(reference, estimate, frames, "the mel")
    return DB_PER_LN * np.abs(reference - estimate)[:, chosen].mean(axis=1)


def loudness_rmse_db(reference_db: np.ndarray, estimate_db: np.ndarray, frames: np.ndarray | None = None) -> float:
    """Root mean square difference of two loudness contours (frame,) in dB."""
    reference_db, estimate_db, chosen = _chosen(reference_db, estimate_db, frames, "the loudness")
    return float(np.sqrt(np.mean((reference_db - estimate_db)[chosen] ** 2)))


def _chosen(
    reference: np.ndarray, estimate: np.ndarray, frames: np.ndarray | None, what: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Both on the same frames, and which of these are to be counted."""
    reference, estimate = same_frames(reference, estimate, what)
    count = reference.shape[-1]
    if frames is None:
        return reference, estimate, np.ones(count, dtype=bool)
    if not 0 <= len(frames) - count <= 1:
        raise MetricError(f"{what}: {count} frames, and a choice among {len(frames)}; make it for the same sound.")
    if not frames[:count].any():
        raise MetricError(f"{what}: no frame is chosen; choose at least one.")
    return reference, estimate, frames[:count]
