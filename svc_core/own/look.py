"""What is seen of a recording before it is converted: its pictures, its range, what is odd about it, and in which
key each voice would sing it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np

from svc_core.config import GridConfig
from svc_core.conversion.key import MELODY_RANGE, ConversionError, key_shift_towards
from svc_core.conversion.material import Source
from svc_core.own.recording import read_recording
from svc_core.own.remarks import remark
from svc_core.own.take import Origin, Take
from svc_core.sound.features import Features
from svc_core.traces.manifest import Grid
from svc_core.traces.scale import DB_PER_LEVEL, FLOOR_DB


def look(
    folder: Path,
    origin: Origin,
    grid: GridConfig,
    singers: Mapping[str, float],
    measure: Callable[[np.ndarray], Features],
) -> dict[str, object]:
    """Read and measure the recording that was sent to ``folder``; what is kept of it lies there (see take).

    ``singers``: median F0 in Hz of every voice. Raises AudioError with a sentence for the one who sent it.
    """
    take = Take(folder)
    try:
        recording = read_recording(take.sent, grid)
    finally:
        take.sent.unlink(missing_ok=True)  # up to 32 MB, and with whatever its maker wrote into its tags
    features = measure(recording.samples)
    samples = recording.samples * np.float32(10 ** (features.gain_db / 20))
    remarks = remark(samples, recording.clipped_share, features, grid)
    take.keep(Source(samples, features), origin, grid)
    return {
        "seconds": len(samples) / grid.sample_rate_hz,
        "frames": features.frames,
        "grid": asdict(Grid(*(getattr(grid, name) for name in Grid.__dataclass_fields__))),
        "floor_db": FLOOR_DB,
        "db_per_level": DB_PER_LEVEL,
        "gain_db": round(features.gain_db, 2),
        "f0": _range(features.f0_hz, 0),
        "remarks": remarks,
        "targets": [_target(name, median_hz, features.f0_hz, grid) for name, median_hz in singers.items()],
    }


def _range(f0_hz: np.ndarray, key_shift: int) -> dict[str, float]:
    """Low, middle and high of a melody (frame,), ``key_shift`` semitones higher."""
    low_hz, median_hz, high_hz = np.percentile(f0_hz[f0_hz > 0], (MELODY_RANGE[0], 50, MELODY_RANGE[1]))
    moved = 2 ** (key_shift / 12)
    return {"low_hz": low_hz * moved, "median_hz": median_hz * moved, "high_hz": high_hz * moved}


def _target(name: str, median_hz: float, f0_hz: np.ndarray, grid: GridConfig) -> dict[str, object]:
    facts: dict[str, object] = {"name": name, "median_hz": median_hz, "key_shift": 0, "problem": ""}
    try:
        shift = key_shift_towards(median_hz, f0_hz, grid, None)
    except ConversionError as error:
        return facts | {"problem": f"In this voice's own range your melody does not fit: {error}"}
    moved = _range(f0_hz, shift)
    return facts | {"key_shift": shift, "low_hz": moved["low_hz"], "high_hz": moved["high_hz"]}
