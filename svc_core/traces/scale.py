"""The one decibel scale of every picture: 256 levels of half a decibel.

A byte q stands for -110 + q / 2 dB, so the scale runs from -110 to +17.5 dB: the log floor of the
mel (-100 dB) and the loudest normalised voice (about +10 dB) lie inside it. A picture in bytes is
therefore exact to a quarter of a decibel, and two pictures can be subtracted in dB.
"""

from __future__ import annotations

import numpy as np

FLOOR_DB = -110.0
DB_PER_LEVEL = 0.5


def to_levels(mel_db: np.ndarray) -> np.ndarray:
    """dB -> bytes of the fixed scale, same shape; values off the scale take its nearest end."""
    return np.clip(np.rint((mel_db - FLOOR_DB) / DB_PER_LEVEL), 0, 255).astype(np.uint8)


def to_db(levels: np.ndarray) -> np.ndarray:
    """Bytes of the fixed scale -> dB, float32, same shape."""
    return levels.astype(np.float32) * np.float32(DB_PER_LEVEL) + np.float32(FLOOR_DB)
