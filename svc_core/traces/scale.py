"""The two scales of every picture: decibels of a mel, and hertz of an F0 contour. The same in all traces.

A byte q stands for -110 + q / 2 dB, so the scale runs from -110 to +17.5 dB: the log floor of the
mel (-100 dB) and the loudest normalised voice (about +10 dB) lie inside it. A picture in bytes is
therefore exact to a quarter of a decibel, and two pictures can be subtracted in dB.
"""

from __future__ import annotations

import numpy as np

FLOOR_DB = -110.0
DB_PER_LEVEL = 0.5
F0_LOW_HZ = 40.0  # below E1, the lowest note written for a bass (41 Hz)
F0_HIGH_HZ = 1600.0  # above F6, the Queen of the Night's highest (1397 Hz), and G6 (1568 Hz)


def to_levels(mel_db: np.ndarray) -> np.ndarray:
    """dB -> bytes of the fixed scale, same shape; values off the scale take its nearest end."""
    return np.clip(np.rint((mel_db - FLOOR_DB) / DB_PER_LEVEL), 0, 255).astype(np.uint8)


def to_db(levels: np.ndarray) -> np.ndarray:
    """Bytes of the fixed scale -> dB, float32, same shape."""
    return levels.astype(np.float32) * np.float32(DB_PER_LEVEL) + np.float32(FLOOR_DB)


def difference_db(levels: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Signed difference of two pictures in bytes, ``levels`` less ``other``, in dB, float32, same shape."""
    return (levels.astype(np.int16) - other.astype(np.int16)) * np.float32(DB_PER_LEVEL)
