"""The walk that a sampler will take with a model: as sampling.sample takes it, in plain numbers."""

from __future__ import annotations

import numpy as np

from svc_core.conversion.defects import clamp_of
from svc_core.conversion.sampling import Sampling, noise_levels
from svc_core.diffusion.ddpm import ddim_steps
from svc_core.diffusion.walk import Walk, consistency_walk, ddim_walk, ddpm_walk, euler_walk, heun_walk
from svc_core.model.system import VoiceConverter

AT_UNIT_VARIANCE = ("ddpm", "ddim")  # samplers whose state is; the others' is x_0 + sigma n


def walk_of(model: VoiceConverter, sampling: Sampling) -> Walk:
    """Noise levels and weights of every step, the noisiest first."""
    schedule, sigmas = model.schedule, noise_levels(model, sampling)
    if sampling.sampler == "ddpm":
        return ddpm_walk(schedule, clamp_of(sampling.defect))
    if sampling.sampler == "ddim":
        return ddim_walk(ddim_steps(sampling.steps, schedule), schedule)
    if sampling.sampler == "consistency":
        return consistency_walk(sigmas, model.config.edm.sigma_min, schedule.steps)
    walk = heun_walk if sampling.sampler == "heun" else euler_walk
    return walk(np.append(sigmas, 0.0), schedule.steps)


def unit_scale(sampling: Sampling, sigma: float) -> float:
    """What a state of that sampler is multiplied by to be at unit variance."""
    return 1.0 if sampling.sampler in AT_UNIT_VARIANCE else (1 + sigma**2) ** -0.5
