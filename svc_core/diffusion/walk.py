"""A sampler's walk from noise to a clean signal as plain numbers: what each step is made of. NumPy alone.

Every sampler's next state is linear in the present one, in what the network predicted, and in
seeded noise. With v the state at unit variance, v = x / sqrt(1 + sigma^2) for x = x_0 + sigma n,

    v_{i+1} = P_i x0_hat_i + C_i second_i + B_i v_i + S_i z_i.

DDPM (Ho et al. 2020, equations 6 and 7) has P, B and S; DDIM (Song et al. 2021, equation 12) and
Euler's method (Karras et al. 2022, algorithm 1 without its correction) have P and B; a consistency
model (Song et al. 2023, algorithm 1) has P and S. Heun's method looks again at the lower noise level
sigma', D' where the first look was D; it is Euler's step towards the corrected prediction

    second = D + sigma / (2 sigma') (D' - D)

with C and B. So one recurrence replays them all, noise levels compare in one scale, and no weight is
negative: an error in a prediction does not grow. A sampler that clamps its states (a defect: see
conversion.defects) clamps v_{i+1} as well, and an error still does not grow.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from svc_core.diffusion.schedule import Schedule


@dataclass(frozen=True)
class Walk:
    """All arrays have shape (steps,), in the order of the walk; the last row leads nowhere and is 0."""

    step: np.ndarray  # as the sampler counts: DDPM's t from T - 1 down to 0, otherwise 0, 1, ...
    sigma: np.ndarray  # noise level, EDM's: spread of the noise on an unscaled signal
    predicted: np.ndarray  # P
    second: np.ndarray  # C
    state: np.ndarray  # B
    noise: np.ndarray  # S
    address: np.ndarray  # which seeded noise z is
    start_weight: float  # v_0 is this times the seeded noise of start_address
    start_address: int
    clamp: float | None = None  # v_{i+1} is kept within this much on either side of 0; v_0 is not

    def __len__(self) -> int:
        return len(self.step)

    @property
    def snr_db(self) -> np.ndarray:
        """Signal-to-noise ratio in dB of a signal of unit variance."""
        return -20 * np.log10(self.sigma)

    @property
    def has_second(self) -> bool:
        """Whether the sampler looks twice at any step, as Heun's method does."""
        return bool(np.any(self.second))


COLUMNS = tuple(field.name for field in fields(Walk))[:7]


def ddpm_walk(schedule: Schedule, clamp: float | None = None) -> Walk:
    """All steps of ``schedule``, with fresh noise at each; ``clamp`` as :func:`sample_ddpm` takes it."""
    t = np.arange(schedule.steps - 1, -1, -1)
    walk = _walk(
        t,
        schedule.sigma[t],
        predicted=schedule.predicted_weight[t],
        state=schedule.state_weight[t],
        noise=schedule.noise_weight[t],
        address=t,
        start=(1.0, schedule.steps),
    )
    return replace(walk, clamp=clamp)


def ddim_walk(times: np.ndarray, schedule: Schedule) -> Walk:
    """Those of the schedule's steps (descending), without fresh noise."""
    alpha_bar = schedule.alpha_bar[times]
    lower = np.append(alpha_bar[1:], 1.0)
    state = np.sqrt((1 - lower) / (1 - alpha_bar))
    predicted = np.sqrt(lower) - state * np.sqrt(alpha_bar)
    start = (1.0, schedule.steps)
    return _walk(np.asarray(times), schedule.sigma[times], predicted=predicted, state=state, start=start)


def euler_walk(sigmas: np.ndarray, start_address: int) -> Walk:
    """``sigmas`` (steps + 1,) descend to 0."""
    sigma, lower = sigmas[:-1], sigmas[1:]
    to_unit = 1 / np.sqrt(1 + lower**2)
    return _walk(
        np.arange(len(sigma)),
        sigma,
        predicted=(1 - lower / sigma) * to_unit,
        state=lower / sigma * np.sqrt(1 + sigma**2) * to_unit,
        start=(_unit_share(sigma[0]), start_address),
    )


def heun_walk(sigmas: np.ndarray, start_address: int) -> Walk:
    """``sigmas`` (steps + 1,) descend to 0; the last step is Euler's."""
    euler = euler_walk(sigmas, start_address)
    start = (euler.start_weight, start_address)
    return _walk(euler.step, euler.sigma, np.zeros(len(euler)), start, second=euler.predicted, state=euler.state)


def consistency_walk(sigmas: np.ndarray, sigma_min: float, start_address: int) -> Walk:
    """``sigmas`` (steps,) of the evaluations; noise is put back on to reach all but the first."""
    lower = np.append(sigmas[1:], sigma_min)
    to_unit = 1 / np.sqrt(1 + lower**2)
    return _walk(
        np.arange(len(sigmas)),
        sigmas,
        predicted=to_unit,
        noise=np.sqrt(np.maximum(lower**2 - sigma_min**2, 0.0)) * to_unit,
        address=np.arange(1, len(sigmas) + 1),
        start=(_unit_share(sigmas[0]), start_address),
    )


def _unit_share(sigma: float) -> float:
    return float(sigma / np.sqrt(1 + sigma**2))


def _walk(
    step: np.ndarray,
    sigma: np.ndarray,
    predicted: np.ndarray,
    start: tuple[float, int],
    second: np.ndarray | None = None,
    state: np.ndarray | None = None,
    noise: np.ndarray | None = None,
    address: np.ndarray | None = None,
) -> Walk:
    def column(given: np.ndarray | None) -> np.ndarray:
        made = np.zeros(len(step)) if given is None else np.array(given, float)
        made[-1] = 0.0
        return made

    addresses = np.zeros(len(step), int) if address is None else address
    parts = column(predicted), column(second), column(state), column(noise)
    return Walk(step, np.asarray(sigma, float), *parts, addresses, *start)
