"""What is made of a take, and how it is told: one folder a conversion, below the take's own.

The student's sound comes first; its pictures and figures take ten times as long, and are made when nobody else waits
for a sound (see app.own.desk).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from svc_core.config import GridConfig
from svc_core.conversion.hearing import SYNTHETIC, encode_sound
from svc_core.own.take import F0, MEL, Take, write_pictures
from svc_core.whole import write_whole

STUDENT, TEACHER = "student", "teacher"
FIGURES = "figures"  # of what the student made
CONVERTED = "converted.flac"
MADE = "made"
NAME = re.compile(r"[0-9a-f]{8}")  # of a conversion's folder


@dataclass(frozen=True)
class Wanted:
    """A conversion as it is asked for; ``key_shift`` None: from the medians."""

    method: str
    target: str
    key_shift: int | None
    seed: int


@dataclass(frozen=True)
class Telling:
    """How one who works is heard: ``progress(share, words)``, and ``early(facts)`` once the sound can be heard."""

    progress: Callable[[float, str], None]
    early: Callable[[dict[str, object]], None]


@dataclass(frozen=True)
class Making:
    """A conversion that is being made: its folder, named by chance so that none is taken for another."""

    take: Take
    name: str
    wanted: Wanted
    key_shift: int

    @property
    def folder(self) -> Path:
        """Where its files lie, inside its take."""
        return self.take.folder / MADE / self.name

    def sound(self, samples: np.ndarray, grid: GridConfig, tell: Telling) -> None:
        """Write the sound (sample,), with the tag that it is synthetic, and tell that it can be heard."""
        write_whole(self.folder / CONVERTED, encode_sound(samples, grid, None, SYNTHETIC))
        tell.early(self.facts())

    def facts(self) -> dict[str, object]:
        """What the page is told of it, as JSON."""
        return {
            **asdict(self.wanted),
            "key_shift": self.key_shift,
            "sound": self.address(CONVERTED),
        }

    def address(self, name: str) -> str:
        """Of a file of this conversion, below the take's folder."""
        return f"{MADE}/{self.name}/{name}"

    def result(
        self,
        mel: np.ndarray,
        f0_hz: np.ndarray,
        scores: dict[str, float],
        notes: list[str],
        trace: str | None = None,
        steps: int = 1,
    ) -> dict[str, object]:
        """All that is told of it in the end; ``trace``: the id of the trace that lies in the take's ``traces``."""
        write_pictures(self.folder, mel, f0_hz)
        return self.facts() | {
            "mel": self.address(MEL),
            "f0": self.address(F0),
            "frames": mel.shape[1],
            "scores": scores,
            "notes": notes,
            "trace": None if trace is None else {"id": trace, "steps": steps},
        }


def begin(take: Take, wanted: Wanted, key_shift: int) -> Making:
    """Make the folder of one conversion."""
    making = Making(take, secrets.token_hex(4), wanted, key_shift)
    making.folder.mkdir(parents=True)
    return making


def go_on(take: Take, name: str, wanted: Wanted) -> Making:
    """A conversion that was begun; ``wanted`` names its key. Raises ValueError for a name that is none."""
    if not NAME.fullmatch(name) or wanted.key_shift is None:
        raise ValueError(f"no conversion is called {name[:20]!r}.")
    return Making(take, name, wanted, wanted.key_shift)
