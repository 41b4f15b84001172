"""Closed forms: how far the engine's formulas are from what can be written down."""

from __future__ import annotations

import math

import numpy as np
import torch

from svc_core.config import PRESETS, EdmConfig
from svc_core.diffusion.consistency import consistency_sigmas, sample_consistency
from svc_core.diffusion.ddpm import sample_ddim, sample_ddpm
from svc_core.diffusion.edm import karras_sigmas, precondition, sample_euler, sample_heun
from svc_core.diffusion.noise import seeded_noise
from svc_core.diffusion.schedule import Schedule
from svc_core.model.conditions import keep_all
from svc_core.training.objectives import as_student
from tests.bench.engine import Row, random_model, sung

STEPS = (0, 100, 200, 300, 500, 700, 900, 999)
EDM = EdmConfig()


def snr_db(step: int) -> float:
    """10 log10(abar / (1 - abar)) with ln abar as a sum of logarithms."""
    log_alpha_bar = math.fsum(math.log1p(-(1e-4 + (0.02 - 1e-4) * i / 999)) for i in range(step + 1))
    return 10 * (log_alpha_bar - math.log(-math.expm1(log_alpha_bar))) / math.log(10)


def measure_forms() -> list[Row]:
    schedule = Schedule()
    found = {step: float(schedule.snr_db[step]) for step in STEPS}
    worst = max(abs(found[step] - snr_db(step)) for step in STEPS)
    told = ", ".join(f"{step}: {value:.2f}" for step, value in found.items())
    rows = [("SNR in dB at t = " + told, f"{worst:.1e}", "1e-5")]
    rows.append(("EDM preconditioning: unit variance in and out, c_out least", f"{_preconditioning():.1e}", "1e-5"))
    rows.append(("student at sigma_min is the identity (small model)", f"{_boundary():.1e}", "1e-5"))
    rows.append(("Karras grid of 40 against its formula", f"{_karras():.1e}", "1e-5"))
    rows.append(("DDIM is Euler for the probability flow, on a Gaussian", f"{_ddim_is_euler():.1e}", "1e-5"))
    rows.append(("probability flow on a Gaussian, Heun 1000 against the solution", f"{_gaussian_flow():.1e}", "1e-5"))
    rows += [(f"{name} recovers a known x0", f"{error:.1e}", "1e-5") for name, error in _recovered().items()]
    return rows


def _preconditioning() -> float:
    sigma, spread = torch.logspace(-3, 2, 50, dtype=torch.float64), torch.tensor(0.37, dtype=torch.float64)
    c_skip, c_out, c_in = precondition(sigma, spread)
    inputs = c_in**2 * (spread**2 + sigma**2) - 1  # variance of the network's input
    targets = ((1 - c_skip) ** 2 * spread**2 + c_skip**2 * sigma**2) / c_out**2 - 1  # and of its target
    slope = (c_skip - 1) * spread**2 + c_skip * sigma**2  # of the target's variance by c_skip: least where it is 0
    return float(torch.stack([inputs.abs(), targets.abs(), slope.abs()]).max())


def _boundary() -> float:
    config = as_student(PRESETS["small"])
    student = random_model(config, torch.device("cpu"))
    clip = sung(1.0, config)
    with torch.inference_mode():
        conditioned = student.condition(clip, keep_all(1))
        x = torch.randn_like(conditioned.draft)
        return float((student.denoise(x, torch.tensor([config.edm.sigma_min]), conditioned) - x).abs().max())


def _karras() -> float:
    grid = karras_sigmas(40, EDM.sigma_min, EDM.sigma_max, EDM.rho)
    low, high = EDM.sigma_min ** (1 / 7), EDM.sigma_max ** (1 / 7)
    by_hand = [((39 - i) / 39 * high + i / 39 * low) ** 7 for i in range(40)] + [0.0]
    return float(np.abs(grid - by_hand).max())


def _gaussian(x: torch.Tensor, sigma: float) -> torch.Tensor:
    """Denoised x + sigma n for x ~ N(0.7, 0.5^2)."""
    return 0.7 + 0.25 / (0.25 + sigma**2) * (x - 0.7)


def _ddim_is_euler() -> float:
    schedule = Schedule()
    start = torch.randn(1000, dtype=torch.float64)

    def predict(state: torch.Tensor, step: int) -> torch.Tensor:
        sigma = float(schedule.sigma[step])
        return _gaussian(state * (1 + sigma**2) ** 0.5, sigma)

    last = float(schedule.sigma[-1])
    levels = [*schedule.sigma[::-1], 0.0]
    euler = sample_euler(_gaussian, start * (1 + last**2) ** 0.5, levels)
    return float((sample_ddim(predict, start, schedule, 1000) - euler).abs().max())


def _gaussian_flow() -> float:
    start = EDM.sigma_max * torch.randn(1000, dtype=torch.float64)
    reached = sample_heun(_gaussian, start, karras_sigmas(1000, EDM.sigma_min, EDM.sigma_max, EDM.rho))
    exact = 0.7 + (start - 0.7) * 0.5 / (0.25 + EDM.sigma_max**2) ** 0.5
    return float((reached - exact).abs().max())


def _recovered() -> dict[str, float]:
    """Every sampler with a denoiser that knows the answer."""
    known = torch.randn(1, 100, 50)
    schedule = Schedule()

    def noise(step: int) -> torch.Tensor:
        return torch.from_numpy(seeded_noise(0, step, 100, 50))[None]

    def denoise(x: torch.Tensor, sigma: float) -> torch.Tensor:
        return known

    start = EDM.sigma_max * noise(1000)
    grid = karras_sigmas(40, EDM.sigma_min, EDM.sigma_max, EDM.rho)
    results = {
        "DDPM": sample_ddpm(denoise, noise, schedule),
        "DDIM": sample_ddim(denoise, noise(1000), schedule, 50),
        "Euler": sample_euler(denoise, start, grid),
        "Heun": sample_heun(denoise, start, grid),
    }
    for steps in (1, 4):
        sigmas = consistency_sigmas(steps, EDM.sigma_min, EDM.sigma_max, EDM.rho)
        results[f"{steps}-step consistency"] = sample_consistency(denoise, start, noise, sigmas, EDM.sigma_min)
    return {name: float((result - known).abs().max()) for name, result in results.items()}
