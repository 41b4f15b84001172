"""Gaussian noise that is a function of where it stands: (seed, step, band, frame) -> N(0, 1).

A usual generator gives a stream: the 10 000th number depends on how many were drawn before. Here
every number is computed from its own address by a 32-bit hash and a table of normal quantiles, so

* the noise of one step can be had without that of the others (a page replays a trace from a seed),
* it is the same for a clip alone or in a batch, and for a longer clip with the same beginning
  ("same noise, one thing changed"),
* NumPy and a dozen lines of JavaScript agree to the last bit of the table.

The hash is the lowbias32 finaliser (C. Wellons, "Prospecting for hash functions", 2018). The table
holds the 65 536 mid-quantiles of N(0, 1): |z| <= 4.33 and a variance of 0.99997.
"""

from __future__ import annotations

from functools import lru_cache
from statistics import NormalDist

import numpy as np

GOLDEN = np.uint32(0x9E3779B9)  # 2^32 / golden ratio: spreads consecutive addresses over all 32 bits
TABLE_BITS = 16
MOST_FRAMES = 1 << 16  # a frame's number takes the lower half of an address


def hash32(values: np.ndarray) -> np.ndarray:
    """lowbias32 of uint32 values, elementwise; arithmetic modulo 2^32."""
    mixed = np.array(values, dtype=np.uint32)
    mixed ^= mixed >> np.uint32(16)
    mixed *= np.uint32(0x7FEB352D)
    mixed ^= mixed >> np.uint32(15)
    mixed *= np.uint32(0x846CA68B)
    mixed ^= mixed >> np.uint32(16)
    return mixed


@lru_cache(maxsize=1)
def normal_table() -> np.ndarray:
    """Mid-quantiles of N(0, 1), shape (65536,) float32. Treat it as read-only."""
    size = 1 << TABLE_BITS
    upper = np.array([NormalDist().inv_cdf((k + 0.5) / size) for k in range(size // 2, size)])
    return np.concatenate([-upper[::-1], upper]).astype(np.float32)


@lru_cache(maxsize=8)
def _addresses(bands: int, frames: int, first: int) -> np.ndarray:
    band = np.arange(bands, dtype=np.uint32)[:, None]
    frame = (np.arange(first, first + frames, dtype=np.uint32) & np.uint32(MOST_FRAMES - 1))[None]
    return ((band << np.uint32(16)) + frame) * GOLDEN


def seeded_noise(seed: int, step: int, bands: int, frames: int, first: int = 0) -> np.ndarray:
    """Noise of one step, shape (band, frame) float32, of the frames from ``first`` on.

    Frames are counted modulo 65 536: a song's noise comes again after 11 minutes. ``frames`` itself
    must be below that.
    """
    if frames >= MOST_FRAMES:
        raise ValueError(f"{frames} frames are too many for one clip: cut it into parts under 65 536.")
    base = hash32(np.array([seed & 0xFFFFFFFF], dtype=np.uint32))
    base = hash32(base + np.array([step], dtype=np.uint32) * GOLDEN)
    return normal_table()[hash32(_addresses(bands, frames, first) + base) >> np.uint32(32 - TABLE_BITS)]
