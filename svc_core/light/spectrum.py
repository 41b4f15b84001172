"""What vocoders/spectrum.py computes with torch, in NumPy and SciPy: spectra on the grid, magnitudes that fit a mel.

One clip, no batch. Axis order (frame, bin) and (frame, mel), since the FFT and the filter bank run along the last
axis; samples (sample,). Everything stays in 32 bits (complex64), as there.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import numpy as np
from scipy.fft import irfft, rfft
from scipy.signal import get_window

from svc_core.config import GridConfig
from svc_core.sound.mel import mel_filters
from svc_core.vocoders.vocoder import LOUDEST_LN


@lru_cache(maxsize=2)
def _window(n_fft: int) -> np.ndarray:
    return get_window("hann", n_fft).astype(np.float32)


def frames_of(padded: np.ndarray, grid: GridConfig) -> np.ndarray:
    """Spectrum of samples that reach ``grid.edge_pad`` beyond their first and last frame's hop.

    (hop * frame + 2 * edge_pad,) -> complex (frame, bin).
    """
    pieces = np.lib.stride_tricks.sliding_window_view(padded, grid.n_fft)[:: grid.hop]
    return rfft(pieces * _window(grid.n_fft))


def to_spectrum(samples: np.ndarray, grid: GridConfig) -> np.ndarray:
    """(hop * frame,) -> complex (frame, bin); the ends are reflected as in sound.mel, zeros in a clip too short."""
    mode: Literal["reflect", "constant"] = "reflect" if len(samples) > grid.edge_pad else "constant"
    return frames_of(np.pad(samples, grid.edge_pad, mode=mode), grid)


def to_samples(spectrum: np.ndarray, grid: GridConfig) -> np.ndarray:
    """Inverse of :func:`to_spectrum` by windowed overlap-add: (frame, bin) -> (hop * frame,)."""
    window = _window(grid.n_fft)
    energy = np.broadcast_to(window**2, (len(spectrum), grid.n_fft))
    return _overlap_add(irfft(spectrum, grid.n_fft) * window, grid) / _overlap_add(energy, grid)


def _overlap_add(pieces: np.ndarray, grid: GridConfig) -> np.ndarray:
    """(frame, n_fft) -> (hop * frame,): what lies before the first and after the last hop is cut."""
    frames, hops = len(pieces), grid.n_fft // grid.hop
    parts = pieces.reshape(frames, hops, grid.hop)
    added = np.zeros((frames + hops - 1, grid.hop), np.float32)
    for number in range(hops):
        added[number : number + frames] += parts[:, number]
    return added.reshape(-1)[grid.edge_pad : added.size - grid.edge_pad]


def spread_mel(mel: np.ndarray, grid: GridConfig) -> np.ndarray:
    """Log magnitude of each bin, as far as its mel bands tell: (frame, mel) -> (frame, bin).

    A bin takes the average of the bands that cover it, weighted by how much they do.
    """
    filters = mel_filters(grid)
    loudness = np.minimum(mel, np.float32(LOUDEST_LN)) - np.log(filters.sum(axis=1))
    covered = filters.sum(axis=0)
    nearest = np.where(covered > 0, np.arange(len(covered)), 1)  # 0 Hz lies in no band
    shares = filters / np.maximum(covered, np.float32(1e-12))
    return (loudness @ shares)[:, np.minimum(nearest, len(covered) - 2)]


def fit_to_mel(magnitude: np.ndarray, mel: np.ndarray, grid: GridConfig, updates: int) -> np.ndarray:
    """Scale magnitudes (frame, bin) until their mel is ``mel`` (frame, mel): multiplicative updates.

    What the mel leaves open, the fine structure inside a band, stays as it was.
    """
    filters = mel_filters(grid)
    wanted = np.exp(np.clip(mel, np.float32(np.log(grid.log_floor)), np.float32(LOUDEST_LN)))
    covered = filters.sum(axis=0) + np.float32(1e-8)
    for _ in range(updates):
        magnitude = magnitude * (((wanted / (magnitude @ filters.T + np.float32(1e-8))) @ filters) / covered)
    return magnitude


def refine_phase(
    start: np.ndarray, magnitude: np.ndarray, grid: GridConfig, iterations: int, momentum: float
) -> np.ndarray:
    """Samples whose spectrum has ``magnitude``, from the phases of ``start``: fast Griffin-Lim (Perraudin et al. 2013).

    start complex, magnitude, both (frame, bin) -> (hop * frame,).
    """
    spectrum = magnitude * direction(start)
    before = None
    for _ in range(iterations):
        found = to_spectrum(to_samples(spectrum, grid), grid)
        ahead = found if before is None else found + np.float32(momentum) * (found - before)
        before = found
        spectrum = magnitude * direction(ahead)
    return to_samples(spectrum, grid)


def direction(spectrum: np.ndarray) -> np.ndarray:
    """Numbers of the same phase on the unit circle; 0 stays 0."""
    return spectrum / np.maximum(np.abs(spectrum), np.float32(1e-12))
