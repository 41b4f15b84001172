"""The same frames of two sounds: checked, and cut to the shorter by at most one frame.

A conversion has its source's time axis: frame i of one speaks for the same 10.7 ms as frame i of
the other. So nothing is aligned here; what does not fit is refused. Dynamic time warping (DTW) looks
for the path through time on which two sounds are most alike, and so measures how alike they could be
made: it forgives the timing errors that a conversion may make, and flatters whatever it is given.
Melodies of 25 random notes, whose F0 does not correlate at all, correlate by .8 after it (a test shows it).

One frame of difference is allowed because n samples give n // 256 frames, and a vocoder or a file
format may leave a few samples more or fewer.
"""

from __future__ import annotations

import numpy as np

TOLERANCE_FRAMES = 1


class MetricError(ValueError):
    """Something that cannot be measured; the message says what, why, and what to do."""


def same_frames(reference: np.ndarray, estimate: np.ndarray, what: str) -> tuple[np.ndarray, np.ndarray]:
    """Two arrays whose last axis is the frame, cut to the shorter; ``what`` names them in messages.

    Raises MetricError where either is empty or holds NaN or infinity, where their other axes differ,
    or where they differ by more than one frame.
    """
    reference, estimate = np.asarray(reference), np.asarray(estimate)
    for name, array in (("reference", reference), ("estimate", estimate)):
        if array.ndim == 0 or array.size == 0:
            raise MetricError(f"{what} of the {name} holds no frame; give at least one.")
        if not np.isfinite(array).all():
            count = int((~np.isfinite(array)).sum())
            raise MetricError(f"{what} of the {name} holds {count} values that are not numbers; measure it again.")
    if reference.shape[:-1] != estimate.shape[:-1]:
        raise MetricError(
            f"{what}: shapes {reference.shape} and {estimate.shape} differ in more than frames; "
            "measure both with one configuration."
        )
    frames = min(reference.shape[-1], estimate.shape[-1])
    if max(reference.shape[-1], estimate.shape[-1]) - frames > TOLERANCE_FRAMES:
        raise MetricError(
            f"{what}: the reference has {reference.shape[-1]} frames and the estimate {estimate.shape[-1]}; "
            "a conversion has its source's time axis, so give the same part of both."
        )
    return reference[..., :frames], estimate[..., :frames]
