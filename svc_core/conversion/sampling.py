"""Which sampler walks from noise to a mel, in how many steps, from which seed, with what guidance.

All samplers start from the same noise: the noise of a seed at the address of the schedule's end. So
"the same noise, another sampler" is a fair comparison.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from svc_core.diffusion.consistency import consistency_sigmas, sample_consistency
from svc_core.diffusion.ddpm import StepCallback, sample_ddim, sample_ddpm
from svc_core.diffusion.edm import karras_sigmas, sample_euler, sample_heun
from svc_core.model.conditions import ConditionInputs
from svc_core.model.guidance import Guidance, guided
from svc_core.model.system import VoiceConverter

USUAL_STEPS = {"ddim": 50, "euler": 40, "heun": 20, "consistency": 1}  # ddpm: the schedule's own
SAMPLERS = ("ddpm", *USUAL_STEPS)


class SamplingError(ValueError):
    """A sampler that this model cannot be asked for; the message says why and what to do."""


@dataclass(frozen=True)
class Sampling:
    """One way of sampling. Made by :func:`choose_sampling`, which checks it against the model."""

    sampler: str
    steps: int
    seed: int = 0
    guidance: Guidance = field(default_factory=Guidance)


def choose_sampling(
    model: VoiceConverter,
    sampler: str = "auto",
    steps: int | None = None,
    seed: int = 0,
    guidance: Guidance | None = None,
) -> Sampling:
    """Fill in what was not asked for. "auto": a student's one step, Euler for a model of EDM's noise, else DDIM.

    Raises SamplingError where model and sampler do not go together.
    """
    student = model.config.model.consistency
    if sampler == "auto":
        sampler = "consistency" if student else "euler" if model.config.train.noise == "log-normal" else "ddim"
    if sampler not in SAMPLERS:
        raise SamplingError(f"there is no sampler '{sampler}'; there are {', '.join(SAMPLERS)}.")
    if student != (sampler == "consistency"):
        raise SamplingError(
            "this model is a student: it is sampled by 'consistency' alone."
            if student
            else "this model is no student: distill it first (python -m svc_core.distill), or choose another sampler."
        )
    most = model.schedule.steps
    if steps is None:
        steps = min(USUAL_STEPS.get(sampler, most), most)
    if sampler == "ddpm" and steps != most:
        raise SamplingError(f"DDPM takes all its {most} steps; for {steps} of them choose 'ddim'.")
    if not 1 <= steps <= most:
        raise SamplingError(f"{steps} steps are outside 1 to {most}.")
    return Sampling(sampler, steps, seed, guidance or Guidance())


@torch.inference_mode()
def sample(
    model: VoiceConverter,
    inputs: ConditionInputs,
    noise: Callable[[int], Tensor],
    sampling: Sampling,
    keep: Tensor | None = None,
    callback: StepCallback | None = None,
) -> Tensor:
    """Mels of a batch, (batch, mel, frame), normalised.

    ``noise(step)`` gives N(0, 1) of that shape; ``keep`` (batch, 4) takes conditions away.
    """
    denoise, _ = guided(model, inputs, sampling.guidance, keep)
    schedule, edm = model.schedule, model.config.edm
    start = noise(schedule.steps)

    def predict(state: Tensor, step: int) -> Tensor:
        sigma = float(schedule.sigma[step])
        return denoise(state * (1 + sigma**2) ** 0.5, sigma)

    if sampling.sampler == "ddpm":
        return sample_ddpm(predict, noise, schedule, callback)
    if sampling.sampler == "ddim":
        return sample_ddim(predict, start, schedule, sampling.steps, callback)
    if sampling.sampler == "consistency":
        sigmas = consistency_sigmas(sampling.steps, edm.sigma_min, edm.sigma_max, edm.rho)
        return sample_consistency(denoise, edm.sigma_max * start, noise, sigmas, edm.sigma_min, callback)
    walk = sample_heun if sampling.sampler == "heun" else sample_euler
    sigmas = karras_sigmas(sampling.steps, edm.sigma_min, edm.sigma_max, edm.rho)
    return walk(denoise, edm.sigma_max * start, sigmas, callback)
