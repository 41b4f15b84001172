"""Are the words still there? What a phone recogniser hears in the source and in the conversion.

Any recogniser will do that says for each frame of the time grid which phone it hears: ids (frame,),
or log-posteriors (phone, frame), of which the likeliest is taken. It is named in the result, for the
figures are as much its own as the conversion's.

agreement
    Share of frames in which it hears the same phone in both; frames in which both are silent are not
    counted, as a clip with long pauses would agree for nothing.
phone error rate (PER)
    Frames are joined to a sequence of phones (repetitions are one phone, silence is dropped), and the
    least number of substitutions, deletions and insertions that turn the reference's into the
    estimate's (Levenshtein 1966) is divided by the reference's length. It can exceed 1.
posterior distance (bits)
    Jensen-Shannon divergence of the two posteriors of a frame, a mean over frames: 0 for the same,
    1 for posteriors that share no phone. It sees what a choice of the likeliest hides.

Pitfalls
--------
* The reference must be what was *sung*: the source recording, or better a transcript by hand. A
  recogniser that hears the conversion and is then compared with its own hearing of the conversion
  (or of a sound degraded in the same way, as the source through the same vocoder) agrees always.
* The recogniser errs on the source as well. Its error against a transcript by hand is the floor that
  no conversion can be measured below, and belongs beside the figure.
* Frame-wise choices flicker, and every flicker is an insertion: smooth or decode ids before a PER.
* A recogniser trained on the recordings that are converted has learnt them by heart. One whose
  encoder is the converter's own content encoder measures what the converter was given.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np

from svc_core.config import GridConfig
from svc_core.metrics.alignment import MetricError, same_frames


@dataclass(frozen=True)
class PhoneRecogniser:
    """Any recogniser: its name, the ids that are no phone, and what it makes of a sound.

    ``listen`` takes samples (samples,) at the grid's rate, their F0 (frame,) and the grid, and gives
    log-posteriors (phone, frame) or ids (frame,).
    """

    name: str
    silence: tuple[int, ...]
    listen: Callable[[np.ndarray, np.ndarray, GridConfig], np.ndarray]


@dataclass(frozen=True)
class ContentScores:
    """Phones of one conversion against its source's, frame-aligned."""

    phone_agreement: float  # share of frames, 0 to 1
    phone_error_rate: float  # edits a reference phone, 0 and up
    posterior_distance_bits: float  # NaN where ids alone were given
    counted_frames: int  # in which at least one of the two is not silent
    reference_phones: int
    recogniser: str


def content_scores(
    reference: np.ndarray, estimate: np.ndarray, recogniser: str, silence: Collection[int] = ()
) -> ContentScores:
    """Compare what ``recogniser`` heard in two clips: ids (frame,) or log-posteriors (phone, frame) of both.

    ``silence`` are the ids of no phone. Agreement and error rate are NaN where the reference holds no
    phone. Raises MetricError for ids that are not whole numbers, posteriors that do not sum to 1,
    empty clips, or lengths more than one frame apart.
    """
    reference, estimate = same_frames(reference, estimate, "the phones")
    distance_bits = math.nan
    if reference.ndim == 2:
        distance_bits = posterior_distance_bits(reference, estimate)
        reference, estimate = np.argmax(reference, axis=0), np.argmax(estimate, axis=0)
    for ids in (reference, estimate):
        if ids.ndim != 1 or not np.issubdtype(ids.dtype, np.integer):
            raise MetricError(f"phone ids of type {ids.dtype} and shape {ids.shape}; give one whole number a frame.")
    counted = ~(np.isin(reference, list(silence)) & np.isin(estimate, list(silence)))
    sung, heard = phone_sequence(reference, silence), phone_sequence(estimate, silence)
    return ContentScores(
        phone_agreement=float((reference == estimate)[counted].mean()) if sung else math.nan,
        phone_error_rate=edit_distance(sung, heard) / len(sung) if sung else math.nan,
        posterior_distance_bits=distance_bits,
        counted_frames=int(counted.sum()),
        reference_phones=len(sung),
        recogniser=recogniser,
    )


def posterior_distance_bits(reference: np.ndarray, estimate: np.ndarray) -> float:
    """Mean Jensen-Shannon divergence in bits of two log-posteriors (phone, frame) in natural log.

    A phone of probability 0 has the log -inf, which is no number: give a floor. Raises MetricError
    where lengths differ by more than a frame or a frame's probabilities do not sum to 1.
    """
    reference, estimate = same_frames(reference, estimate, "the log-posteriors")
    if reference.ndim != 2 or not all(
        np.allclose(np.exp(rows).sum(axis=0), 1, atol=1e-3) for rows in (reference, estimate)
    ):
        raise MetricError("log-posteriors (phone, frame) must sum to 1 in each frame; normalise them.")
    middle = np.logaddexp(reference, estimate) - math.log(2)
    halves = (np.exp(rows) * (rows - middle) for rows in (reference, estimate))
    return max(0.0, float(sum(half.sum(axis=0) for half in halves).mean() / (2 * math.log(2))))  # rounding: -1e-9


def phone_sequence(ids: np.ndarray, silence: Collection[int] = ()) -> list[int]:
    """Phones one after the other: repetitions joined, then silence dropped (a phone on both sides of it is two)."""
    ids = np.asarray(ids)
    if not len(ids):
        return []
    starts = np.flatnonzero(np.diff(ids, prepend=ids[:1] - 1))
    return [int(ids[start]) for start in starts if ids[start] not in silence]


def edit_distance(reference: Sequence[int], estimate: Sequence[int]) -> int:
    """Least number of substitutions, deletions and insertions from one to the other (Levenshtein 1966)."""
    row = np.arange(len(estimate) + 1)  # cost of turning nothing into each beginning of the estimate
    for done, phone in enumerate(reference, start=1):
        above, row = row, np.empty_like(row)
        row[0] = done
        for place, heard in enumerate(estimate, start=1):
            row[place] = min(above[place] + 1, row[place - 1] + 1, above[place - 1] + (phone != heard))
    return int(row[-1])
