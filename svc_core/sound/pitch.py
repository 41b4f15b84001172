"""F0 and voicing at the mel frames' own centres.

Harvest (Morise 2017) finds the contour and StoneMask (Morise et al. 2009) refines it, both from
pyworld. The tracker runs at half a hop, 5.33 ms: its odd positions are then exactly the frame
centres (256 i + 128 samples), so nothing is interpolated and nothing lags. D4C's LoveTrain test
(Morise 2016) clears the frames that Harvest only believed to be voiced.

F0 is in Hz, 0 where unvoiced; shape (frame,).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyworld

from svc_core.config import GridConfig

DIO_ALLOWED_RANGE = 0.2  # its default, 0.1, loses a third of the notes of a rough voice
LAP_FRAMES = 48  # half a second of a neighbouring part: of 11 700 frames cut in two, 3 were off by over 10 cents
LEAST_PART_FRAMES = 94  # a second: shorter parts spend more on their laps than is won


def frame_times_s(frames: int, grid: GridConfig) -> np.ndarray:
    """Centres of the mel frames in seconds, shape (frame,)."""
    return (np.arange(frames) + 0.5) * grid.hop / grid.sample_rate_hz


def track_f0(samples: np.ndarray, grid: GridConfig, quick: bool = False, threads: int = 1) -> np.ndarray:
    """F0 in Hz at every frame centre, 0 where unvoiced: (samples,) -> (frame,) float64.

    ``quick`` takes DIO (Morise et al. 2009) instead of Harvest: ten times as fast or more, and it calls
    little of pure noise voiced (up to a tenth), which is what the many sounds along a trace need.
    With ``threads``, as many parts of the sound are given to Harvest at once, each with half a second of
    its neighbours: somebody waits for it.
    """
    frames = grid.frame_count(len(samples))
    sound = samples.astype(np.float64)
    limits = {"f0_floor": grid.f0_low_hz, "f0_ceil": grid.f0_high_hz, "frame_period": grid.hop_ms / 2}
    if quick:
        f0, times_s = pyworld.dio(sound, grid.sample_rate_hz, allowed_range=DIO_ALLOWED_RANGE, **limits)
    else:
        f0, times_s = _harvest(sound, grid, limits, min(threads, frames // LEAST_PART_FRAMES))
    found = pyworld.stonemask(sound, f0[1::2].copy(), times_s[1::2].copy(), grid.sample_rate_hz)[:frames]
    centres = np.zeros(frames)
    centres[: len(found)] = found
    aperiodicity = pyworld.d4c(
        sound, centres, frame_times_s(frames, grid), grid.sample_rate_hz, threshold=grid.voiced_share
    )
    centres[aperiodicity[:, 0] > 0.999] = 0.0  # LoveTrain marks an unvoiced frame by 1 in every bin
    return centres


def _harvest(
    sound: np.ndarray, grid: GridConfig, limits: dict[str, float], parts: int
) -> tuple[np.ndarray, np.ndarray]:
    """F0 and times of the whole sound, in ``parts`` at once: pyworld lets other threads run meanwhile."""
    if parts < 2:
        return pyworld.harvest(sound, grid.sample_rate_hz, **limits)
    frames = grid.frame_count(len(sound))
    cuts = np.linspace(0, frames, parts + 1).astype(int)

    def track(part: int) -> np.ndarray:
        first, last = cuts[part], cuts[part + 1]
        before = min(LAP_FRAMES, first)
        end = None if part == parts - 1 else (last + LAP_FRAMES) * grid.hop
        f0, _ = pyworld.harvest(sound[(first - before) * grid.hop : end], grid.sample_rate_hz, **limits)
        length = None if part == parts - 1 else 2 * (before + last - first)
        return f0[2 * before : length]

    with ThreadPoolExecutor(parts) as pool:
        f0 = np.concatenate(list(pool.map(track, range(parts))))
    return f0, np.arange(len(f0)) * limits["frame_period"] / 1000


def fill_f0(f0_hz: np.ndarray) -> np.ndarray:
    """Bridge unvoiced gaps linearly in log F0 (a network needs a continuous contour).

    All-unvoiced clips become a constant 200 Hz, about the middle of the range of singers.
    """
    voiced = f0_hz > 0
    if not voiced.any():
        return np.full_like(f0_hz, 200.0)
    frames = np.arange(len(f0_hz))
    return np.exp(np.interp(frames, frames[voiced], np.log(f0_hz[voiced])))


def median_f0_hz(f0_hz: np.ndarray) -> float:
    """Median of the voiced frames in Hz; raises ValueError where no frame is voiced."""
    voiced = f0_hz[f0_hz > 0]
    if len(voiced) == 0:
        raise ValueError("no voiced frame was found: there is no sung note in this recording.")
    return float(np.median(voiced))
