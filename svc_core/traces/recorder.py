"""The watcher of one clip: what a trace needs of each step, kept as it passes.

Nothing is kept of most states: they are replayed from the seed. All are kept where the sampler is
Heun's, whose corrected prediction nobody else sees: it follows from two states.
"""

from __future__ import annotations

import numpy as np

from svc_core.diffusion.walk import Walk
from svc_core.traces.replay import Replay
from svc_core.traces.scale import DB_PER_LEVEL, FLOOR_DB, to_levels


class Recorder:
    """Give it every step in order. ``places`` are those whose state is wanted afterwards.

    Predictions are held as bytes of the fixed scale, states as 16-bit floats: a thousand steps of 5 s,
    a hundred of them with their states, take 56 MB until they are packed.
    """

    def __init__(self, walk: Walk, places: list[int], mean_db: float, std_db: float) -> None:
        self.walk, self.mean_db, self.std_db = walk, mean_db, std_db
        self._wanted = set(places)
        self._levels: list[np.ndarray] = []
        self._last: np.ndarray | None = None  # Heun's alone
        self._states: dict[int, np.ndarray] = {}

    def add(self, state: np.ndarray, predicted: np.ndarray) -> None:
        """The next step: state at unit variance and predicted clean mel, both normalised, (mel, frame)."""
        place = len(self._levels)
        if self.walk.has_second:
            self._states[place] = np.array(state, np.float32)
            self._last = np.array(predicted, np.float32)
        elif place in self._wanted:
            self._states[place] = np.array(state, np.float16)
        # to bytes in one pass: 0.7 ms of 5 s, against 1.2 ms by way of decibels
        levels = predicted * np.float32(self.std_db / DB_PER_LEVEL)
        levels += np.float32((self.mean_db - FLOOR_DB) / DB_PER_LEVEL)
        self._levels.append(np.clip(np.rint(levels, out=levels), 0, 255, out=levels).astype(np.uint8))

    @property
    def levels(self) -> np.ndarray:
        """All predictions, (step, mel, frame) bytes of the fixed scale."""
        if len(self._levels) != len(self.walk):
            raise ValueError(f"{len(self._levels)} steps were recorded of a walk of {len(self.walk)}.")
        return np.stack(self._levels)

    def state(self, place: int) -> np.ndarray:
        """The sampler's own state at a place that was asked for, (mel, frame), normalised."""
        return self._states[place].astype(np.float32)

    @property
    def places(self) -> list[int]:
        """Where states were kept."""
        return sorted(self._states)

    def second_levels(self) -> np.ndarray | None:
        """Heun's corrected predictions, (step, mel, frame) bytes; the last step is not corrected.

        With fewer than four steps they leave the scale, and what is beyond it is lost.
        """
        if not self.walk.has_second:
            return None
        walk = self.walk
        second = [
            (self._states[place + 1] - walk.state[place] * self._states[place]) / walk.second[place]
            for place in range(len(walk) - 1)
        ]
        second.append(self._last)
        return to_levels(np.stack(second) * self.std_db + self.mean_db)


def state_error_db(replay: Replay, recorder: Recorder) -> float:
    """Largest RMS distance in dB between a replayed state and the sampler's own, over those that were kept."""
    kept, largest = set(recorder.places), 0.0
    for place, state in replay.states():
        if place in kept:
            largest = max(largest, float(np.sqrt(np.mean((state - recorder.state(place)) ** 2))))
    return largest * replay.std_db


def predicted_error_db(replay: Replay, levels: np.ndarray, every: int = 1) -> float:
    """Largest RMS distance in dB of an interpolated prediction from the sampler's own, at every ``every``-th place."""
    from_db = np.float32(FLOOR_DB)
    errors = (
        np.sqrt(np.mean((replay.predicted_at(place) - from_db - np.float32(DB_PER_LEVEL) * levels[place]) ** 2))
        for place in range(0, len(levels), every)
    )
    return float(max(errors))
