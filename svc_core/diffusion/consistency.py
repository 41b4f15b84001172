"""Sampling from a consistency model (Song et al. 2023, arXiv 2303.01469, algorithm 1).

A consistency function f(x, sigma) leads any point of a probability-flow trajectory to its clean end,
so one evaluation is enough. Further steps put noise back on and lead to the end again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from torch import Tensor

from svc_core.diffusion.ddpm import StepCallback
from svc_core.diffusion.edm import Denoise, karras_sigmas


def consistency_sigmas(steps: int, sigma_min: float, sigma_max: float, rho: float) -> np.ndarray:
    """Noise levels of ``steps`` evaluations, shape (steps,): a Karras grid less its last level, sigma_min.

    At sigma_min the function is the identity by construction; an evaluation there would be wasted.
    """
    if steps < 1:
        raise ValueError(f"{steps} evaluations are too few: a sampler takes at least one.")
    return karras_sigmas(steps + 1, sigma_min, sigma_max, rho)[:steps]


def sample_consistency(
    denoise: Denoise,
    start: Tensor,
    noise: Callable[[int], Tensor],
    sigmas: Sequence[float] | np.ndarray,
    sigma_min: float,
    callback: StepCallback | None = None,
) -> Tensor:
    """One evaluation for each of ``sigmas`` from ``start``, noise of sigmas[0].

    ``noise(i)`` is the N(0, 1) that is put back before evaluation i = 1, 2, ...
    """
    x = start
    for i, sigma in enumerate(sigmas):
        if i > 0:
            x = x + math.sqrt(max(float(sigma) ** 2 - sigma_min**2, 0.0)) * noise(i)
        denoised = denoise(x, float(sigma))
        if callback is not None:
            callback(i, float(sigma), x, denoised)
        x = denoised
    return x
