"""The DDPM noise schedule as plain numbers (Ho et al. 2020, arXiv 2006.11239). NumPy alone.

Symbols follow the paper, with t counted from 0: x_t = sqrt(abar_t) x_0 + sqrt(1 - abar_t) eps, and
the ancestral step x_{t-1} = A_t x0_hat + B_t x_t + S_t z (its equations 6 and 7).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class Schedule:
    """Linear beta; all arrays have shape (steps,) in float64 and are indexed by t."""

    steps: int = 1000
    beta_first: float = 1e-4
    beta_last: float = 0.02

    @cached_property
    def beta(self) -> np.ndarray:
        """Share of the power that noise takes at t."""
        return np.linspace(self.beta_first, self.beta_last, self.steps)

    @cached_property
    def alpha_bar(self) -> np.ndarray:
        """Share of the signal's power left at t."""
        return np.cumprod(1.0 - self.beta)

    @cached_property
    def alpha_bar_before(self) -> np.ndarray:
        """alpha_bar at t - 1; 1 before the first step: nothing but signal."""
        return np.concatenate([[1.0], self.alpha_bar[:-1]])

    @cached_property
    def sigma(self) -> np.ndarray:
        """The same noise level in the scale of EDM: standard deviation of noise on an unscaled signal."""
        return np.sqrt((1 - self.alpha_bar) / self.alpha_bar)

    @cached_property
    def snr_db(self) -> np.ndarray:
        """Signal-to-noise ratio in dB of a signal of unit variance."""
        return -20 * np.log10(self.sigma)

    @cached_property
    def predicted_weight(self) -> np.ndarray:
        """A_t: weight of the predicted clean signal in the step from t to t - 1."""
        return np.sqrt(self.alpha_bar_before) * self.beta / (1 - self.alpha_bar)

    @cached_property
    def state_weight(self) -> np.ndarray:
        """B_t: weight of the noisy state x_t in the step from t to t - 1."""
        return np.sqrt(1 - self.beta) * (1 - self.alpha_bar_before) / (1 - self.alpha_bar)

    @cached_property
    def noise_weight(self) -> np.ndarray:
        """S_t: fresh noise added in the step from t to t - 1 (the posterior's own; 0 at t = 0)."""
        return np.sqrt(self.beta * (1 - self.alpha_bar_before) / (1 - self.alpha_bar))
