"""Which sampler walks from noise to a mel, in how many steps, from which seed, with what guidance.

All samplers start from the same noise: the noise of a seed at the address of the schedule's end. So
"the same noise, another sampler" is a fair comparison.

On the way the singer may be exchanged for another, from a place of the walk on (0 is the noisiest). No
sampler knows of it: it calls one denoiser, which goes by the noise level. Heun's second look, from the
place before to that place's level, is answered for the other singer already.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor

from svc_core.conversion.defects import DEFECTS, SIGMA_MAX, clamp_of, from_sigma_max, misfit
from svc_core.diffusion.consistency import consistency_sigmas, sample_consistency
from svc_core.diffusion.ddpm import StepCallback, ddim_steps, sample_ddim, sample_ddpm
from svc_core.diffusion.edm import Denoise, karras_sigmas, sample_euler, sample_heun
from svc_core.model.conditions import ConditionInputs
from svc_core.model.guidance import guided
from svc_core.model.system import VoiceConverter
from svc_core.model.weights import Guidance

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
    swap_at: int | None = None  # place of the walk from which the singer is another; None: none is
    defect: str = ""  # one of defects.DEFECTS; empty: none


def choose_sampling(
    model: VoiceConverter,
    sampler: str = "auto",
    steps: int | None = None,
    seed: int = 0,
    guidance: Guidance | None = None,
    swap_at: int | None = None,
    defect: str = "",
) -> Sampling:
    """Fill in what was not asked for. "auto": a student's one step, Euler for a model of EDM's noise, else DDIM.

    Raises SamplingError where model and sampler do not go together, or do not fit a swap or a defect.
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
    if swap_at is not None and steps == 1:
        raise SamplingError("a walk of one step has no place to swap the singer at; ask for more steps.")
    if swap_at is not None and not 1 <= swap_at < steps:
        raise SamplingError(
            f"the singer cannot be swapped at place {swap_at} of a walk of {steps} steps; choose 1 to {steps - 1}."
        )
    if defect and defect not in DEFECTS:
        raise SamplingError(f"there is no defect '{defect}'; there are {', '.join(DEFECTS)}.")
    if problem := misfit(model, sampler, defect):
        raise SamplingError(problem)
    return Sampling(sampler, steps, seed, guidance or Guidance(), swap_at, defect)


def as_walked(model: VoiceConverter, sampling: Sampling) -> VoiceConverter:
    """The model that the sampler walks with: itself, unless the walk is to begin where it should not."""
    return from_sigma_max(model) if sampling.defect == SIGMA_MAX else model


def noise_levels(model: VoiceConverter, sampling: Sampling) -> np.ndarray:
    """Sigma at every place of the walk, the noisiest first, (steps,)."""
    schedule, edm = model.schedule, as_walked(model, sampling).config.edm
    if sampling.sampler == "ddpm":
        return schedule.sigma[::-1]
    if sampling.sampler == "ddim":
        return schedule.sigma[ddim_steps(sampling.steps, schedule)]
    if sampling.sampler == "consistency":
        return consistency_sigmas(sampling.steps, edm.sigma_min, edm.sigma_max, edm.rho)
    return karras_sigmas(sampling.steps, edm.sigma_min, edm.sigma_max, edm.rho)[:-1]


@torch.inference_mode()
def sample(
    model: VoiceConverter,
    inputs: ConditionInputs,
    noise: Callable[[int], Tensor],
    sampling: Sampling,
    keep: Tensor | None = None,
    callback: StepCallback | None = None,
    others: Tensor | None = None,
) -> Tensor:
    """Mels of a batch, (batch, mel, frame), normalised.

    ``noise(step)`` gives N(0, 1) of that shape; ``keep`` (batch, 4) takes conditions away; ``others``
    (batch,) are the singers from ``sampling.swap_at`` on.
    """
    if (others is None) != (sampling.swap_at is None):
        raise ValueError("a swap needs both a place and the singers from there on.")
    model = as_walked(model, sampling)
    denoise, _ = guided(model, inputs, sampling.guidance, keep)
    if others is not None and sampling.swap_at is not None:
        after, _ = guided(model, replace(inputs, singer=others), sampling.guidance, keep)
        last, first = noise_levels(model, sampling)[sampling.swap_at - 1 : sampling.swap_at + 1]
        denoise = _exchanged(denoise, after, float(last * first) ** 0.5)
    schedule, edm = model.schedule, model.config.edm
    start = noise(schedule.steps)

    def predict(state: Tensor, step: int) -> Tensor:
        sigma = float(schedule.sigma[step])
        return denoise(state * (1 + sigma**2) ** 0.5, sigma)

    if sampling.sampler == "ddpm":
        return sample_ddpm(predict, noise, schedule, callback, clamp_of(sampling.defect))
    if sampling.sampler == "ddim":
        return sample_ddim(predict, start, schedule, sampling.steps, callback)
    if sampling.sampler == "consistency":
        sigmas = consistency_sigmas(sampling.steps, edm.sigma_min, edm.sigma_max, edm.rho)
        return sample_consistency(denoise, edm.sigma_max * start, noise, sigmas, edm.sigma_min, callback)
    walk = sample_heun if sampling.sampler == "heun" else sample_euler
    sigmas = karras_sigmas(sampling.steps, edm.sigma_min, edm.sigma_max, edm.rho)
    return walk(denoise, edm.sigma_max * start, sigmas, callback)


def _exchanged(before: Denoise, after: Denoise, border: float) -> Denoise:
    """One denoiser above that noise level, another below it."""
    return lambda noisy, sigma: (before if sigma > border else after)(noisy, sigma)
