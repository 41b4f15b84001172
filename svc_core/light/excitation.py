"""What vocoders/excitation.py makes with torch, in NumPy: a train of pulses at F0, and the very same noise.

One clip, no batch: shapes (frame,) and (sample,). Phases are counted in 64 bits, as there.
"""

from __future__ import annotations

import numpy as np

from svc_core.config import GridConfig


def to_sample_rate(values: np.ndarray, grid: GridConfig, beyond: int = 0) -> np.ndarray:
    """Values at frame centres (frame,) -> at every sample (hop * frame + 2 * beyond,), linearly between."""
    edge = beyond // grid.hop + 1
    held = np.pad(values, edge, mode="edge")
    cut = edge * grid.hop - beyond
    places = (np.arange(cut, grid.hop * len(held) - cut) + 0.5) / grid.hop - 0.5  # in frames: the middle of a hop
    return np.interp(places, np.arange(len(held)), held)


def pulse_train(f0_hz: np.ndarray, voiced: np.ndarray, grid: GridConfig, beyond: int = 0) -> np.ndarray:
    """Pulses at F0 (frame,), no gaps, where ``voiced`` (frame,), 0..1: -> (hop * frame + 2 * beyond,) float32.

    A sum of cosines of one height, all harmonics up to half the sample rate, in closed form (Dirichlet's kernel).
    """
    dense_hz = np.exp(to_sample_rate(np.log(f0_hz.astype(np.float64)), grid, beyond))
    cycles = np.cumsum(dense_hz / grid.sample_rate_hz)
    x = 2 * np.pi * (cycles - np.round(cycles))
    limit = 0.5 * grid.sample_rate_hz / dense_hz
    harmonics = np.floor(limit)
    half = np.sin(x / 2)
    at_pulse = np.abs(half) < 1e-5
    kernel = np.where(at_pulse, 2 * harmonics + 1, np.sin((harmonics + 0.5) * x) / np.where(at_pulse, 1.0, half))
    # the highest harmonic fades in and out where a glide moves it over half the sample rate
    pulses = 0.5 * (kernel - 1) + (limit - harmonics) * np.cos((harmonics + 1) * x)
    return (pulses * to_sample_rate(voiced, grid, beyond) * (4 / grid.n_fft)).astype(np.float32)


def white_noise(samples: int, grid: GridConfig, seed: int) -> np.ndarray:
    """White noise (samples,) float32 whose mean power in every bin of the spectrum is 1."""
    return torch_normal(samples, seed) / np.float32((3 / 8 * grid.n_fft) ** 0.5)  # the energy of a Hann window


def torch_normal(count: int, seed: int) -> np.ndarray:
    """What torch.randn(count) draws on a CPU from a generator of that seed: (count,) float32, to a few 1e-7.

    NumPy and torch have the Mersenne Twister of Matsumoto & Nishimura (1998), seeded alike. torch takes 24 bits of each
    number for a uniform one, and of every 16 of them makes 16 normal ones (Box & Muller 1958): the first eight give
    the radii, the others the angles. ``count`` must be a multiple of 16: what torch does with a rest is left out.
    """
    if count % 16:
        raise ValueError(f"{count} numbers are not whole groups of 16.")
    # not default_rng's MT19937, which seeds the same twister in another way
    twister = np.random.RandomState(seed)
    drawn = twister.randint(0, 2**32, size=count, dtype=np.uint32) & np.uint32(2**24 - 1)
    uniform = (drawn.astype(np.float32) * np.float32(2**-24)).reshape(-1, 2, 8)
    radius = np.sqrt(np.float32(-2) * np.log(np.float32(1) - uniform[:, 0]))
    angle = np.float32(2 * np.pi) * uniform[:, 1]
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).reshape(-1)
