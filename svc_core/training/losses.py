"""What is minimised: an L1 draft, then a denoiser that refines it."""

from __future__ import annotations

import torch
from torch import Tensor

from svc_core.diffusion.ddpm import add_noise
from svc_core.model.conditions import CONDITION_NAMES, ConditionInputs
from svc_core.model.system import VoiceConverter


def drop_conditions(batch: int, chance: float) -> Tensor:
    """Which conditions are told, (batch, 4) bool: each is dropped on its own with ``chance``."""
    return torch.rand(batch, len(CONDITION_NAMES)) >= chance


def draft_loss(model: VoiceConverter, mel: Tensor, inputs: ConditionInputs, keep: Tensor) -> Tensor:
    """Mean absolute error of the draft, in standard deviations of the mel; mel (batch, mel, frame) in ln."""
    return (model.condition(inputs, keep).draft - model.normalise(mel)).abs().mean()


def denoiser_loss(model: VoiceConverter, mel: Tensor, inputs: ConditionInputs, keep: Tensor) -> Tensor:
    """Weighted squared error of the predicted clean mel at a uniformly drawn step; the draft is held fixed."""
    clean = model.normalise(mel)
    with torch.no_grad():
        conditioned = model.condition(inputs, keep)
    step = torch.randint(model.schedule.steps, (len(mel),))
    state = add_noise(clean, torch.randn_like(clean), step, model.schedule)
    error = model.predict(state, step, conditioned) - clean
    return (model.prediction_weight(step) * error**2).mean()


@torch.no_grad()
def measure_residual_std(model: VoiceConverter, batches: list[tuple[Tensor, ConditionInputs]], chance: float) -> float:
    """Spread of what the draft misses, over some training batches: sigma_data of the decoder."""
    squares = []
    for mel, inputs in batches:
        keep = drop_conditions(len(mel), chance)
        squares.append((model.normalise(mel) - model.condition(inputs, keep).draft).square().mean())
    return float(torch.stack(squares).mean().sqrt())
