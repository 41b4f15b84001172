"""Every state x_t of a sampler's walk, again, from what a trace keeps: predictions and a seed.

DDPM's next state is linear in the present one, in the predicted clean mel and in seeded noise:
x_{t-1} = A_t x0_hat + B_t x_t + S_t z_t. The predictions are kept at some steps only; between two
of them they are interpolated linearly in the step. An error in a prediction does not grow: the
weights of all predictions in a state sum to at most one.

States are in normalised units (the model's), predictions in dB of the fixed scale.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from svc_core.diffusion.noise import seeded_noise
from svc_core.diffusion.schedule import Schedule
from svc_core.traces.scale import to_db
from svc_core.traces.trace import Trace


def between_kept(step: int, kept_steps: list[int]) -> tuple[int, float]:
    """Where ``step`` lies among the kept ones (descending): index i and the share of kept i + 1."""
    for index in range(len(kept_steps) - 1):
        upper, lower = kept_steps[index], kept_steps[index + 1]
        if upper >= step >= lower:
            return index, (upper - step) / (upper - lower)
    return len(kept_steps) - 1, 0.0


@dataclass(frozen=True)
class Replay:
    """A trace ready to be walked through again."""

    schedule: Schedule
    seed: int
    kept_steps: list[int]
    predicted_db: np.ndarray  # (kept, mel, frame)
    mean_db: float
    std_db: float

    def predicted_at(self, step: int) -> np.ndarray:
        """Predicted clean mel at any step, dB, (mel, frame)."""
        index, share = between_kept(step, self.kept_steps)
        if share == 0.0:
            return self.predicted_db[index]
        return (1 - share) * self.predicted_db[index] + share * self.predicted_db[index + 1]

    def states(self) -> Iterator[tuple[int, np.ndarray]]:
        """Steps from the first (noise) to 0, each with its state x_t (mel, frame), normalised."""
        shape = self.predicted_db.shape[1:]
        schedule = self.schedule
        state = seeded_noise(self.seed, schedule.steps, *shape)
        for t in range(schedule.steps - 1, -1, -1):
            yield t, state
            predicted = (self.predicted_at(t) - self.mean_db) / self.std_db
            state = (
                np.float32(schedule.predicted_weight[t]) * predicted
                + np.float32(schedule.state_weight[t]) * state
                + np.float32(schedule.noise_weight[t]) * seeded_noise(self.seed, t, *shape)
            )

    def state_db(self, state: np.ndarray) -> np.ndarray:
        """A normalised state as the picture shows it, in dB."""
        return state * np.float32(self.std_db) + np.float32(self.mean_db)


def replay_of(trace: Trace) -> Replay:
    """The replay of an opened trace."""
    sampler, scale = trace.manifest["sampler"], trace.manifest["scale"]
    return Replay(
        Schedule(sampler["steps"], sampler["beta_first"], sampler["beta_last"]),
        sampler["seed"],
        trace.manifest["kept_steps"],
        to_db(trace.predicted_levels()),
        scale["mel_mean_db"],
        scale["mel_std_db"],
    )
