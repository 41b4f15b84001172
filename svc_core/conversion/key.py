"""Which key the target sings in: from the singers' medians, or as asked, and never out of the model's range of F0."""

from __future__ import annotations

import math

import numpy as np

from svc_core.config import GridConfig
from svc_core.sound.pitch import median_f0_hz

MELODY_RANGE = (5, 95)  # percentiles: the tracker's few octave errors are no part of the melody


class ConversionError(ValueError):
    """A conversion that cannot be made; the message says why and what to do."""


def key_shift_towards(target_hz: float, f0_hz: np.ndarray, grid: GridConfig, asked: int | None) -> int:
    """Whole semitones to move the melody f0_hz (frame,), 0 where unvoiced, by: ``asked``, or, where it is None, what
    takes its median to ``target_hz``.

    Raises ConversionError where nothing is sung, or where the shifted melody would leave the range
    of F0 that the model knows.
    """
    try:
        source_hz = median_f0_hz(f0_hz)
    except ValueError as error:
        raise ConversionError(str(error)) from error
    shift = asked
    if shift is None:
        shift = round(12 * math.log2(target_hz / source_hz))
    low_hz, high_hz = np.percentile(f0_hz[f0_hz > 0], MELODY_RANGE) * np.exp2(np.clip(shift, -120, 120) / 12)
    if high_hz > grid.f0_high_hz or low_hz < grid.f0_low_hz:
        raise ConversionError(
            f"a key shift of {shift:+d} semitones takes the melody to {low_hz:.0f}-{high_hz:.0f} Hz, "
            f"outside {grid.f0_low_hz:.0f}-{grid.f0_high_hz:.0f} Hz; choose a smaller one."
        )
    return shift
