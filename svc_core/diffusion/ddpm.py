"""DDPM's samplers as plain functions with a callback: ancestral (Ho et al. 2020, arXiv 2006.11239,
algorithm 2) and DDIM (Song et al. 2021, arXiv 2010.02502, equation 12 with eta = 0).

A sampler does not know that it is watched: what wants to see every step passes a callback.
x_t is not clamped. A clamp to [-1, 1] turns unit noise into noise of spread 0.72, which no network was
trained on; it can be asked for, to see what it does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from svc_core.diffusion.schedule import Schedule


class StepCallback(Protocol):
    def __call__(self, step: int, sigma: float, state: Tensor, predicted: Tensor) -> None:
        """Told at each step, before it is taken: the noisy state and the clean signal predicted from it.

        ``step`` counts as the sampler does: DDPM's t from T - 1 down to 0, otherwise 0, 1, ...
        ``sigma`` is EDM's noise level, by which samplers compare. ``state`` is on the sampler's own
        scale: of unit variance for DDPM and DDIM, x_0 + sigma n for the others.
        """


def sample_ddpm(
    predict: Callable[[Tensor, int], Tensor],
    noise: Callable[[int], Tensor],
    schedule: Schedule,
    callback: StepCallback | None = None,
    clamp: float | None = None,
) -> Tensor:
    """Walk from noise to a clean signal.

    ``predict(x_t, t)`` returns the predicted clean signal; ``noise(step)`` returns N(0, 1) of the
    signal's shape: step ``schedule.steps`` is the starting state, step t is added on the way from
    t to t - 1. Returns x_0, which is the prediction at t = 0. ``clamp`` limits every state that a step
    leads to (neither the first nor x_0) to that much on either side.
    """
    state = noise(schedule.steps)
    for t in range(schedule.steps - 1, -1, -1):
        predicted = predict(state, t)
        if callback is not None:
            callback(t, float(schedule.sigma[t]), state, predicted)
        if t == 0:
            return predicted
        state = (
            schedule.predicted_weight[t] * predicted
            + schedule.state_weight[t] * state
            + schedule.noise_weight[t] * noise(t)
        )
        if clamp is not None:
            state = state.clamp(-clamp, clamp)
    raise ValueError("a schedule needs at least one step")


def ddim_steps(steps: int, schedule: Schedule) -> np.ndarray:
    """``steps`` of the schedule's t, evenly spread from the last down to 0; raises ValueError outside 1..T."""
    if not 1 <= steps <= schedule.steps:
        raise ValueError(f"DDIM takes 1 to {schedule.steps} steps, not {steps}.")
    return np.linspace(schedule.steps - 1, 0, steps).round().astype(int)


def sample_ddim(
    predict: Callable[[Tensor, int], Tensor],
    start: Tensor,
    schedule: Schedule,
    steps: int,
    callback: StepCallback | None = None,
) -> Tensor:
    """Walk from ``start``, N(0, 1), to a clean signal without fresh noise.

    It is Euler's method for the probability-flow equation in x_t / sqrt(abar_t) and sigma, on the
    schedule's own noise levels.
    """
    state = start
    times = ddim_steps(steps, schedule)
    for t, lower in zip(times, [*times[1:], None], strict=True):
        predicted = predict(state, int(t))
        if callback is not None:
            callback(int(t), float(schedule.sigma[t]), state, predicted)
        if lower is None:
            return predicted
        here, there = float(schedule.alpha_bar[t]), float(schedule.alpha_bar[lower])
        noise = (state - here**0.5 * predicted) / (1 - here) ** 0.5
        state = there**0.5 * predicted + (1 - there) ** 0.5 * noise
    raise ValueError("a sampler takes at least one step")


def add_noise(clean: Tensor, noise: Tensor, steps: Tensor, schedule: Schedule) -> Tensor:
    """x_t of a batch: clean, noise (batch, ...), steps (batch,) int -> (batch, ...)."""
    alpha_bar = torch.as_tensor(schedule.alpha_bar, dtype=clean.dtype, device=clean.device)[steps]
    alpha_bar = alpha_bar.reshape(-1, *[1] * (clean.dim() - 1))
    return alpha_bar.sqrt() * clean + (1 - alpha_bar).sqrt() * noise
