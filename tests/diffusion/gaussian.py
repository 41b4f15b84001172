"""Data of which all is known: x_0 ~ N(mean, spread^2), each value on its own.

Under noise x = x_0 + sigma n the best guess of x_0 is the posterior mean; the probability-flow
equation dx / dsigma = (x - D) / sigma is linear, so its trajectories are known as well.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from svc_core.diffusion.schedule import Schedule


@dataclass(frozen=True)
class Gaussian:
    mean: float = 0.7
    spread: float = 0.3

    def denoise(self, x: Tensor, sigma: float) -> Tensor:
        """Mean of x_0 given x: both are Gaussian, so it is a weighted mean of x and ``mean``."""
        return (self.spread**2 * x + sigma**2 * self.mean) / (self.spread**2 + sigma**2)

    def follow(self, x: Tensor, sigma: float, lower: float) -> Tensor:
        """Where the trajectory through x at ``sigma`` is at ``lower``."""
        ratio = (self.spread**2 + lower**2) / (self.spread**2 + sigma**2)
        return self.mean + (x - self.mean) * ratio**0.5

    def predict(self, schedule: Schedule):
        """The same denoiser for x_t of unit variance."""
        return lambda state, t: self.denoise(state / schedule.alpha_bar[t] ** 0.5, float(schedule.sigma[t]))


def normal(*shape: int, seed: int = 0) -> Tensor:
    """N(0, 1) in double precision: what is left is a sampler's own error."""
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
