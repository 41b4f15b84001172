"""Who listens to the melody: the tracker of F0 that a melody's figures stand on, by name.

Trackers disagree on real singing, so figures by two of them do not compare; the name is part of a
figure. Harvest is the one that the model's own melody comes from (sound/pitch); CREPE is another one,
and the fairer judge for it (see crepe).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from svc_core.config import GridConfig
from svc_core.sound.pitch import track_f0

TRACKERS = ("crepe", "harvest")


@dataclass(frozen=True)
class Tracker:
    """``track`` takes samples (samples,) and the grid, and gives F0 in Hz (frame,), 0 where unvoiced."""

    name: str
    track: Callable[[np.ndarray, GridConfig], np.ndarray]


HARVEST = Tracker("Harvest", track_f0)


def open_tracker(choice: str) -> Tracker:
    """The tracker that one of TRACKERS names. Raises MetricError where its package is not installed."""
    if choice == "harvest":
        return HARVEST
    from svc_core.metrics import crepe  # runs on torch, which Harvest does without

    crepe.load_network()
    return Tracker(crepe.NAME, crepe.track_f0)
