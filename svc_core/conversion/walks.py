"""The walk that a sampler will take with a model: as sampling.sample takes it, in plain numbers."""

from __future__ import annotations

from svc_core.conversion.sampling import Sampling
from svc_core.diffusion.consistency import consistency_sigmas
from svc_core.diffusion.ddpm import ddim_steps
from svc_core.diffusion.edm import karras_sigmas
from svc_core.diffusion.walk import Walk, consistency_walk, ddim_walk, ddpm_walk, euler_walk, heun_walk
from svc_core.model.system import VoiceConverter

AT_UNIT_VARIANCE = ("ddpm", "ddim")  # samplers whose state is; the others' is x_0 + sigma n


def walk_of(model: VoiceConverter, sampling: Sampling) -> Walk:
    schedule, edm = model.schedule, model.config.edm
    if sampling.sampler == "ddpm":
        return ddpm_walk(schedule)
    if sampling.sampler == "ddim":
        return ddim_walk(ddim_steps(sampling.steps, schedule), schedule)
    if sampling.sampler == "consistency":
        sigmas = consistency_sigmas(sampling.steps, edm.sigma_min, edm.sigma_max, edm.rho)
        return consistency_walk(sigmas, edm.sigma_min, schedule.steps)
    walk = heun_walk if sampling.sampler == "heun" else euler_walk
    return walk(karras_sigmas(sampling.steps, edm.sigma_min, edm.sigma_max, edm.rho), schedule.steps)


def unit_scale(sampling: Sampling, sigma: float) -> float:
    """What a state of that sampler is multiplied by to be at unit variance."""
    return 1.0 if sampling.sampler in AT_UNIT_VARIANCE else (1 + sigma**2) ** -0.5
