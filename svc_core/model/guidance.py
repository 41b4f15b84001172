"""Classifier-free guidance with a weight for each condition.

Ho & Salimans (2022, arXiv 2207.12598) push the prediction away from one that was told nothing.
Here every condition can be taken away alone, so each has a weight of its own (composition as in Liu
et al. 2022, arXiv 2206.01714):

    x0_hat = x0_hat(all) + sum over c of w_c (x0_hat(all) - x0_hat(all but c)).

w = 0 is plain sampling; w = -1 leaves the condition out. Each weight that is not 0 costs one more
evaluation, made in the same batch.
"""

from __future__ import annotations

from dataclasses import fields, replace

import torch
from torch import Tensor

from svc_core.diffusion.edm import Denoise
from svc_core.model.conditions import CONDITION_NAMES, ConditionInputs, keep_all
from svc_core.model.system import Conditioned, VoiceConverter
from svc_core.model.weights import Guidance


def guided(
    model: VoiceConverter, inputs: ConditionInputs, guidance: Guidance | None = None, keep: Tensor | None = None
) -> tuple[Denoise, Conditioned]:
    """The model as what a sampler calls, and what it was conditioned on (its draft among it).

    ``keep`` (batch, 4) takes conditions away altogether. The denoiser takes y = x_0 + sigma n
    (batch, mel, frame) and sigma, one for all or (batch,), and returns the guided x0_hat.
    """
    clips = len(inputs.singer)
    keep = keep_all(clips) if keep is None else keep
    weights = (guidance or Guidance()).weights()
    variants = [keep]
    for name in weights:
        without = keep.clone()
        without[:, CONDITION_NAMES.index(name)] = False
        variants.append(without)
    conditioned = model.condition(_repeat(inputs, len(variants)), torch.cat(variants))

    def denoise(noisy: Tensor, sigma: float | Tensor) -> Tensor:
        levels = torch.as_tensor(sigma, dtype=noisy.dtype, device=noisy.device).expand(clips)
        rows = noisy.repeat(len(variants), 1, 1)
        predicted = model.denoise(rows, levels.repeat(len(variants)), conditioned).split(clips)
        result = predicted[0]
        for weight, without in zip(weights.values(), predicted[1:], strict=True):
            result = result + weight * (predicted[0] - without)
        return result

    return denoise, conditioned


def _repeat(inputs: ConditionInputs, times: int) -> ConditionInputs:
    parts = {part.name: getattr(inputs, part.name) for part in fields(inputs)}
    told = {name: part for name, part in parts.items() if part is not None}
    return replace(inputs, **{name: part.repeat(times, *[1] * (part.dim() - 1)) for name, part in told.items()})
