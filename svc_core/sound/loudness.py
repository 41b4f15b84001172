"""A-weighted loudness in dB at the mel frames' centres.

Per frame: the power spectrum weighted by IEC 61672's A curve, summed, in dB. A gain of g dB on the
recording moves every frame by exactly g dB (no bins, no saturation), down to the floor of -100 dB.
"""

from __future__ import annotations

import librosa
import numpy as np

from svc_core.config import GridConfig
from svc_core.sound.mel import power_spectrogram

FLOOR_DB = -100.0


def a_weighted_loudness(samples: np.ndarray, grid: GridConfig) -> np.ndarray:
    """Loudness in dB re full scale: (samples,) -> (frame,) float32."""
    frequencies_hz = np.fft.rfftfreq(grid.n_fft, 1 / grid.sample_rate_hz)
    weights = 10 ** (librosa.A_weighting(np.maximum(frequencies_hz, 1.0)) / 10)  # the curve has no value at 0 Hz
    # Parseval: one-sided sum of |X|^2 * 2 / (n_fft * window energy) is the mean square of the frame
    scale = 2.0 / (grid.n_fft * np.sum(np.hanning(grid.n_fft + 1)[:-1] ** 2))
    mean_square = scale * (weights @ power_spectrogram(samples, grid))
    return (10 * np.log10(np.maximum(mean_square, 10 ** (FLOOR_DB / 10)))).astype(np.float32)


def normal_gain_db(loudness_db: np.ndarray, grid: GridConfig) -> float:
    """Gain in dB that puts the loud frames (90th percentile) of a recording at the grid's normal loudness."""
    return float(grid.normal_loudness_db - np.percentile(loudness_db, 90))
