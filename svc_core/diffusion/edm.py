"""EDM (Karras et al. 2022, arXiv 2206.00364): preconditioning, the Karras grid, Euler and Heun.

Symbols follow the paper: the noisy signal is x = x_0 + sigma n with n of zero mean and unit
variance, D(x; sigma) is the denoised signal, and the probability-flow equation is
dx / dsigma = (x - D(x; sigma)) / sigma. No sampler clamps x. As with DDPM, whoever wants to see
every step passes a callback.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeVar

import numpy as np
from torch import Tensor

from svc_core.diffusion.ddpm import StepCallback

Denoise = Callable[[Tensor, float | Tensor], Tensor]  # (noisy signal, sigma, one or (batch,)) -> denoised signal
Level = TypeVar("Level", float, Tensor)  # of noise


def precondition(sigma: Tensor, sigma_data: Tensor, sigma_min: float = 0.0) -> tuple[Tensor, Tensor, Tensor]:
    """c_skip, c_out, c_in of D = c_skip x + c_out F(c_in x): table 1 of the paper for sigma_min = 0.

    With sigma_min > 0 it is the consistency student's form (Song et al. 2023, arXiv 2303.01469,
    appendix C): D(x; sigma_min) = x exactly. There sigma - sigma_min stands in c_skip as well as in
    c_out; with sigma alone in c_skip the boundary holds only nearly.
    """
    beyond = sigma - sigma_min
    c_skip = sigma_data**2 / (beyond**2 + sigma_data**2)
    c_in = (sigma**2 + sigma_data**2).rsqrt()
    return c_skip, beyond * sigma_data * c_in, c_in


def karras_sigmas(steps: int, sigma_min: float, sigma_max: float, rho: float) -> np.ndarray:
    """Equation 5: ``steps`` noise levels from sigma_max down to sigma_min, then 0; shape (steps + 1,) float64."""
    if steps < 1:
        raise ValueError(f"{steps} steps are too few: a sampler takes at least one.")
    ramp = np.linspace(0, 1, steps) if steps > 1 else np.zeros(1)
    root_max, root_min = sigma_max ** (1 / rho), sigma_min ** (1 / rho)
    return np.append((root_max + ramp * (root_min - root_max)) ** rho, 0.0)


def sample_euler(
    denoise: Denoise, start: Tensor, sigmas: Sequence[float] | np.ndarray, callback: StepCallback | None = None
) -> Tensor:
    """Euler's method along ``sigmas`` (last one 0) from ``start``, noise of sigmas[0]: one evaluation a step."""
    x = start
    for i, (sigma, lower) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, float(sigma))
        if callback is not None:
            callback(i, float(sigma), x, denoised)
        x = denoised + float(lower / sigma) * (x - denoised)
    return x


def heun_step(
    denoise: Callable[[Tensor, Level], Tensor], x: Tensor, denoised: Tensor, sigma: Level, lower: Level
) -> Tensor:
    """From ``sigma`` to ``lower`` > 0 with a second evaluation at the end of Euler's step (algorithm 1)."""
    slope = (x - denoised) / sigma
    guess = x + (lower - sigma) * slope
    return x + (lower - sigma) / 2 * (slope + (guess - denoise(guess, lower)) / lower)


def sample_heun(
    denoise: Denoise, start: Tensor, sigmas: Sequence[float] | np.ndarray, callback: StepCallback | None = None
) -> Tensor:
    """Heun's method (algorithm 1, without churn): two evaluations a step, one for the last."""
    x = start
    for i, (sigma, lower) in enumerate(pairwise(sigmas)):
        sigma, lower = float(sigma), float(lower)
        denoised = denoise(x, sigma)
        if callback is not None:
            callback(i, sigma, x, denoised)
        x = denoised if lower == 0 else heun_step(denoise, x, denoised, sigma, lower)
    return x
