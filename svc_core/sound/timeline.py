"""The figures behind a picture of everything on one time grid: which label a mel frame hears, and how far off.

Everything is plain numbers and lists, so json.dumps takes it as it is. Times are in seconds from the
clip's first sample, errors in milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from svc_core.config import GridConfig
from svc_core.sound.align import Draw, Stream, box_draw, box_ratio, linear_draw


def box_offset_ms(first_centre_s: float, hop_s: float) -> float:
    """How much later than the truth the box alignment believes every label to stand (negative: earlier).

    It puts label j at (j + 1/2) hops; label j stands at first_centre_s + j hops. 10 ms for Whisper,
    -2.5 ms for HuBERT: the two are 12.5 ms apart, though both have 50 labels a second.
    """
    return 1000 * (hop_s / 2 - first_centre_s)


def time_grid(
    streams: Mapping[str, Stream], frames: int, grid: GridConfig, start_s: float, end_s: float
) -> dict[str, Any]:
    """All that stands between ``start_s`` and ``end_s`` of a clip of ``frames`` mel frames.

    Returns a dictionary of

    mel      numbers of the frames, their centres_s, and starts_s and ends_s: the hop that each speaks for
    streams  by name: rate_hz; the same four of its labels; box_ratio (repeats, averaged);
             box_offset_ms; and, under "linear" and "box", what each mel frame listed in ``mel`` draws
             from: labels and weights (frame, drawn), and error_ms (frame,), the true time of what was
             drawn less the time of the frame
    """
    times_s = grid.frame_centre_s(np.arange(frames))
    shown = np.flatnonzero((times_s >= start_s) & (times_s < end_s))
    return {
        "start_s": float(start_s),
        "end_s": float(end_s),
        "mel": _cells(times_s, grid.hop / grid.sample_rate_hz, start_s, end_s),
        "streams": {name: _stream(stream, frames, grid, start_s, end_s, shown) for name, stream in streams.items()},
    }


def _cells(centres_s: np.ndarray, hop_s: float, start_s: float, end_s: float) -> dict[str, list]:
    shown = np.flatnonzero((centres_s >= start_s) & (centres_s < end_s))
    centres_s = centres_s[shown]
    return {
        "numbers": shown.tolist(),
        "centres_s": centres_s.tolist(),
        "starts_s": (centres_s - hop_s / 2).tolist(),
        "ends_s": (centres_s + hop_s / 2).tolist(),
    }


def _stream(
    stream: Stream, frames: int, grid: GridConfig, start_s: float, end_s: float, shown: np.ndarray
) -> dict[str, Any]:
    centres_s = stream.centres_s
    return _cells(centres_s, stream.hop_s, start_s, end_s) | {
        "rate_hz": 1 / stream.hop_s,
        "box_ratio": list(box_ratio(stream.hop_s, grid)),
        "box_offset_ms": box_offset_ms(stream.first_centre_s, stream.hop_s),
        "linear": _drawn(linear_draw(centres_s, frames, grid), centres_s, grid, shown),
        "box": _drawn(box_draw(stream.labels, stream.hop_s, frames, grid), centres_s, grid, shown),
    }


def _drawn(draw: Draw, centres_s: np.ndarray, grid: GridConfig, shown: np.ndarray) -> dict[str, list]:
    error_s = (draw.weights * centres_s[draw.labels]).sum(axis=1) - grid.frame_centre_s(np.arange(len(draw.labels)))
    return {
        "labels": draw.labels[shown].tolist(),
        "weights": draw.weights[shown].tolist(),
        "error_ms": (1000 * error_s[shown]).tolist(),
    }
