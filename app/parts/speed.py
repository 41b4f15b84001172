"""How long each sampler takes: precomputed/lessons/speed.csv, written by ``python -m tests.bench.speed``.

Seconds are of the sampler alone. Two lines are of no sampler: "conditions" is what comes once before any of
them (the draft among it), "vocoder" what comes once after.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from app.serving.library import REPOSITORY

SPEED = REPOSITORY / "precomputed" / "lessons" / "speed.csv"
APART = {"conditions": "once before: the draft", "vocoder": "once after: the vocoder"}  # what is no sampler
COLUMNS = ("sampler", "steps", "seconds", "clip_seconds", "runs", "machine", "command")


class SpeedError(ValueError):
    """Times that cannot be shown; the message says which file and why."""


@dataclass(frozen=True)
class Speed:
    """A line of the table: the median of ``runs`` runs over a clip of ``clip_seconds``."""

    sampler: str
    steps: int
    seconds: float
    clip_seconds: float
    runs: int
    machine: str
    command: str

    @property
    def per_second(self) -> float:
        """Seconds of reckoning for one second of sound (the real-time factor)."""
        return self.seconds / self.clip_seconds


def read_speed(path: Path = SPEED) -> tuple[Speed, ...]:
    """The table in its own order. Raises SpeedError."""
    try:
        table = pd.read_csv(path)
        lines = tuple(
            Speed(
                str(row["sampler"]),
                int(row["steps"]),
                float(row["seconds"]),
                float(row["clip_seconds"]),
                int(row["runs"]),
                str(row["machine"]),
                str(row["command"]),
            )
            for row in table[list(COLUMNS)].to_dict("records")
        )
    except OSError as error:
        raise SpeedError(f"{path.name} is missing: run python -m tests.bench.speed, or fetch it again.") from error
    except (ValueError, KeyError, TypeError) as error:  # pandas' own errors are ValueErrors
        raise SpeedError(f"{path.name} is no table of measured times.") from error
    if not lines or not all(0 < line.seconds < math.inf and 0 < line.clip_seconds < math.inf for line in lines):
        raise SpeedError(f"{path.name} has a time that nobody can have measured.")
    return lines


def lanes_of(
    lines: Iterable[Speed], names: Mapping[tuple[str, int], str], clip: str
) -> list[dict[str, str | float | bool]]:
    """A bar for each line, as the figure "timing" wants it. ``names`` by sampler and steps; ``clip`` in words."""
    return [
        {
            "name": names.get((line.sampler, line.steps)) or APART.get(line.sampler, line.sampler),
            "per_second": line.per_second,
            "text": seconds_text(line.per_second),
            "whole": f"{seconds_text(line.seconds)} for {clip}",
            "seconds": line.seconds,
            "apart": line.sampler in APART,
        }
        for line in lines
    ]


def seconds_text(seconds: float) -> str:
    """0.0123 -> '12 ms', 12.3 -> '12.3 s': what a reader can compare."""
    if seconds < 0.0995:
        return f"{1000 * seconds:.2g} ms"
    return f"{seconds:.2f} s" if seconds < 1 else f"{seconds:.1f} s"
