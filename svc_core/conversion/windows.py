"""Long songs in overlapping windows, joined by cross-fades.

Memory and the reach of attention stay bounded, and the level is left alone: the recording is
normalised once, as a whole, before it is cut. Windows share their noise where they overlap (noise
is a function of the frame's place in the song), so what they make of it differs little.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def cut_windows(frames: int, window: int, overlap: int) -> list[slice]:
    """Windows of ``window`` frames that overlap by ``overlap`` or, the last two, by more.

    A clip that is no longer than a window is one window. Raises ValueError where windows do not get on.
    """
    if not 0 <= overlap < window:
        raise ValueError(f"windows of {window} frames cannot overlap by {overlap}: the overlap must be shorter.")
    if frames <= window:
        return [slice(0, frames)]
    starts = [*range(0, frames - window, window - overlap), frames - window]
    return [slice(start, start + window) for start in starts]


def join_windows(parts: Sequence[np.ndarray], windows: Sequence[slice]) -> np.ndarray:
    """Cross-fade mels (mel, frame) of ``windows`` linearly where they overlap; weights sum to one everywhere."""
    frames = windows[-1].stop
    total, weights = np.zeros((len(parts[0]), frames)), np.zeros(frames)
    for index, (part, window) in enumerate(zip(parts, windows, strict=True)):
        weight = np.ones(window.stop - window.start)
        if index > 0:
            shared = windows[index - 1].stop - window.start
            weight[:shared] *= (np.arange(shared) + 0.5) / shared
        if index + 1 < len(windows):
            shared = window.stop - windows[index + 1].start
            weight[len(weight) - shared :] *= (np.arange(shared)[::-1] + 0.5) / shared
        total[:, window] += weight * part
        weights[window] += weight
    return (total / weights).astype(np.float32)
