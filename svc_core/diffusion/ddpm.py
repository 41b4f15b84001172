"""DDPM's ancestral sampler (Ho et al. 2020, algorithm 2), as a plain function with a callback.

The sampler does not know that it is watched: what wants to see every step passes a callback.
x_t is never clamped. A clamp to [-1, 1] would turn unit noise into noise of spread 0.72, which no
network was trained on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor

from svc_core.diffusion.schedule import Schedule


class StepCallback(Protocol):
    def __call__(self, step: int, state: Tensor, predicted: Tensor) -> None:
        """Told before each step t: the noisy state x_t and the clean signal predicted from it."""


def sample_ddpm(
    predict: Callable[[Tensor, int], Tensor],
    noise: Callable[[int], Tensor],
    schedule: Schedule,
    callback: StepCallback | None = None,
) -> Tensor:
    """Walk from noise to a clean signal.

    ``predict(x_t, t)`` returns the predicted clean signal; ``noise(step)`` returns N(0, 1) of the
    signal's shape: step ``schedule.steps`` is the starting state, step t is added on the way from
    t to t - 1. Returns x_0, which is the prediction at t = 0.
    """
    state = noise(schedule.steps)
    for t in range(schedule.steps - 1, -1, -1):
        predicted = predict(state, t)
        if callback is not None:
            callback(t, state, predicted)
        if t == 0:
            return predicted
        state = (
            schedule.predicted_weight[t] * predicted
            + schedule.state_weight[t] * state
            + schedule.noise_weight[t] * noise(t)
        )
    raise ValueError("a schedule needs at least one step")


def add_noise(clean: Tensor, noise: Tensor, steps: Tensor, schedule: Schedule) -> Tensor:
    """x_t of a batch: clean, noise (batch, ...), steps (batch,) int -> (batch, ...)."""
    alpha_bar = torch.as_tensor(schedule.alpha_bar, dtype=clean.dtype, device=clean.device)[steps]
    alpha_bar = alpha_bar.reshape(-1, *[1] * (clean.dim() - 1))
    return alpha_bar.sqrt() * clean + (1 - alpha_bar).sqrt() * noise
