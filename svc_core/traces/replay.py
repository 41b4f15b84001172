"""Every state of a sampler's walk, again, from what a trace keeps: predictions and a seed.

The next state is linear in the present one, in the predicted clean mel and in seeded noise (see
diffusion.walk). The predictions are kept at some places only; between two of them they are
interpolated linearly. An error in a prediction does not grow: the weights of all predictions in a
state sum to at most one. Where the sampler clamped its states, they are clamped here.

States are in normalised units at unit variance, predictions in dB of the fixed scale. A *place* is
where a step stands on the walk: 0 is the noisiest, whatever the sampler itself calls it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from svc_core.diffusion.noise import seeded_noise
from svc_core.diffusion.walk import Walk
from svc_core.traces.scale import to_db
from svc_core.traces.trace import Trace

CHECKPOINT_EVERY = 10  # a state's 48,000 numbers take 0.2 MB; at most nine steps are walked from one that is kept


def between(place: int, places: list[int]) -> tuple[int, float]:
    """Where ``place`` lies among ``places`` (ascending): index i and the share of the next, i + 1."""
    index = max(bisect_right(places, place) - 1, 0)
    if index + 1 >= len(places):
        return len(places) - 1, 0.0
    return index, (place - places[index]) / (places[index + 1] - places[index])


@dataclass(frozen=True)
class Replay:
    """A trace ready to be walked through again."""

    walk: Walk
    seed: int
    places: list[int]
    predicted_db: np.ndarray  # (picture, mel, frame)
    second_db: np.ndarray | None  # the same of Heun's corrected predictions
    mean_db: float
    std_db: float
    _checkpoints: dict[int, np.ndarray] = field(default_factory=dict, repr=False, init=False)  # of this seed

    def predicted_at(self, place: int) -> np.ndarray:
        """Predicted clean mel at any place, dB, (mel, frame)."""
        return self._at(self.predicted_db, place)

    def _at(self, pictures: np.ndarray, place: int) -> np.ndarray:
        index, share = between(place, self.places)
        if share == 0.0:
            return pictures[index]
        return (1 - share) * pictures[index] + share * pictures[index + 1]

    def start(self) -> np.ndarray:
        """The state at place 0: nothing but the seed's noise."""
        shape = self.predicted_db.shape[1:]
        return np.float32(self.walk.start_weight) * seeded_noise(self.seed, self.walk.start_address, *shape)

    def advance(self, state: np.ndarray, place: int) -> np.ndarray:
        """The state at ``place`` + 1 from that at ``place``, both (mel, frame)."""
        walk = self.walk
        weight = np.float32(walk.predicted[place] / self.std_db)
        moved = weight * self.predicted_at(place)
        total = walk.predicted[place]
        if self.second_db is not None and walk.second[place]:
            moved += np.float32(walk.second[place] / self.std_db) * self._at(self.second_db, place)
            total += walk.second[place]
        moved += np.float32(walk.state[place]) * state - np.float32(total * self.mean_db / self.std_db)
        if walk.noise[place]:
            noise = seeded_noise(self.seed, int(walk.address[place]), *state.shape)
            moved += np.float32(walk.noise[place]) * noise
        if walk.clamp is not None:
            np.clip(moved, -np.float32(walk.clamp), np.float32(walk.clamp), out=moved)
        return moved

    def states(self) -> Iterator[tuple[int, np.ndarray]]:
        """Every place, from the noisiest to the last, with its state (mel, frame), normalised."""
        state = self.start()
        for place in range(len(self.walk)):
            if place:
                state = self.advance(state, place - 1)
            if place % CHECKPOINT_EVERY == 0:
                self._checkpoints.setdefault(place, state)
            yield place, state

    def state_at(self, place: int) -> np.ndarray:
        """The state at any place: walked to from the nearest that is kept from an earlier walk."""
        if not 0 <= place < len(self.walk):
            raise IndexError(f"there is no place {place} on a walk of {len(self.walk)} steps.")
        near = place - place % CHECKPOINT_EVERY
        while near and near not in self._checkpoints:
            near -= CHECKPOINT_EVERY
        state = self._checkpoints[near] if near in self._checkpoints else self.start()
        self._checkpoints.setdefault(near, state)
        for at in range(near, place):
            state = self.advance(state, at)
            if (at + 1) % CHECKPOINT_EVERY == 0:
                self._checkpoints.setdefault(at + 1, state)
        return state

    def state_db(self, state: np.ndarray) -> np.ndarray:
        """A normalised state as the picture shows it, in dB."""
        return state * np.float32(self.std_db) + np.float32(self.mean_db)


def replay_of(trace: Trace) -> Replay:
    """The replay of an opened trace."""
    manifest, second = trace.manifest, trace.second_levels()
    return Replay(
        trace.walk(),
        manifest.sampler.seed,
        manifest.pictures.places,
        to_db(trace.predicted_levels()),
        None if second is None else to_db(second),
        manifest.scale.mel_mean_db,
        manifest.scale.mel_std_db,
    )
