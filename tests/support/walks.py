"""The five samplers with a toy denoiser, every state written down at unit variance beside the walk they take."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from svc_core.diffusion.consistency import consistency_sigmas, sample_consistency
from svc_core.diffusion.ddpm import ddim_steps, sample_ddim, sample_ddpm
from svc_core.diffusion.edm import karras_sigmas, sample_euler, sample_heun
from svc_core.diffusion.noise import seeded_noise
from svc_core.diffusion.schedule import Schedule
from svc_core.diffusion.walk import Walk, consistency_walk, ddim_walk, ddpm_walk, euler_walk, heun_walk

SAMPLERS = ("ddpm", "ddim", "euler", "heun", "consistency")
BANDS, FRAMES, SEED = 4, 7, 5
SIGMA_MIN, SIGMA_MAX, RHO = 0.002, 80.0, 7.0
START = 1000  # address of the noise that all samplers start from


def toy_denoise(x: Tensor, sigma: float) -> Tensor:
    """A small network as EDM preconditions one: not linear, and true where there is no noise."""
    beyond = sigma**2 + 0.25
    cell = torch.linspace(-1.5, 1.5, x.numel()).reshape(x.shape)
    answer = torch.tanh((x + 0.3 * x.roll(1, -1)) / beyond**0.5) + 0.4 * torch.sin(3 * cell + 0.2 * np.log(sigma))
    return 0.25 / beyond * x + 0.5 * sigma / beyond**0.5 * answer


@dataclass(frozen=True)
class Walked:
    """What a sampler did: states at unit variance and predictions, (step, mel, frame); result (mel, frame)."""

    walk: Walk
    steps: list[int]
    sigmas: list[float]
    states: np.ndarray
    predicted: np.ndarray
    second: np.ndarray | None  # Heun's corrected predictions, (step - 1, mel, frame)
    result: np.ndarray


def run(
    sampler: str,
    steps: int,
    shape: tuple[int, int] = (BANDS, FRAMES),
    denoise=toy_denoise,
    clamp: float | None = None,
) -> Walked:
    """One walk of the sampler as this package has it, in single precision; for DDPM a schedule of so many steps.

    ``clamp`` is DDPM's.
    """
    schedule = Schedule() if sampler != "ddpm" or steps == 1000 else Schedule(steps, 1e-4, 0.5)
    told, asked = [], []

    def noise(step: int) -> Tensor:
        return torch.from_numpy(seeded_noise(SEED, step, *shape))

    def answer(x: Tensor, sigma: float) -> Tensor:
        asked.append(denoise(x, sigma))
        return asked[-1]

    def predict(state: Tensor, t: int) -> Tensor:
        sigma = float(schedule.sigma[t])
        return answer(state * (1 + sigma**2) ** 0.5, sigma)

    def callback(step: int, sigma: float, state: Tensor, predicted: Tensor) -> None:
        unit = 1.0 if sampler in ("ddpm", "ddim") else (1 + sigma**2) ** 0.5
        told.append((step, sigma, state.numpy() / np.float32(unit), predicted.numpy().copy()))

    if sampler == "ddpm":
        walk = ddpm_walk(schedule, clamp)
        result = sample_ddpm(predict, noise, schedule, callback, clamp)
    elif sampler == "ddim":
        walk = ddim_walk(ddim_steps(steps, schedule), schedule)
        result = sample_ddim(predict, noise(START), schedule, steps, callback)
    elif sampler == "consistency":
        sigmas = consistency_sigmas(steps, SIGMA_MIN, SIGMA_MAX, RHO)
        walk = consistency_walk(sigmas, SIGMA_MIN, START)
        result = sample_consistency(answer, SIGMA_MAX * noise(START), noise, sigmas, SIGMA_MIN, callback)
    else:
        sigmas = karras_sigmas(steps, SIGMA_MIN, SIGMA_MAX, RHO)
        walk = (heun_walk if sampler == "heun" else euler_walk)(sigmas, START)
        method = sample_heun if sampler == "heun" else sample_euler
        result = method(answer, SIGMA_MAX * noise(START), sigmas, callback)
    counted, levels, states, predicted = zip(*told, strict=True)
    predicted, second = np.stack(predicted), None
    if sampler == "heun" and steps > 1:
        again = np.stack([said.numpy() for said in asked[1::2]])
        more = np.array(levels[:-1]) / (2 * np.array(levels[1:]))
        second = predicted[:-1] + more[:, None, None] * (again - predicted[:-1])
    return Walked(walk, list(counted), list(levels), np.stack(states), predicted, second, result.numpy())
