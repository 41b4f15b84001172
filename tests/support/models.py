"""A model whose answer is known: for tests of what is done around a model."""

from __future__ import annotations

import torch

from svc_core.config import DB_PER_LN, Config
from svc_core.model.system import VoiceConverter


@torch.no_grad()
def telling_model(config: Config, singers: tuple[str, ...], above_db: float = 0.0) -> VoiceConverter:
    """Its mel is flat, as loud as it is told to be and ``above_db`` more: what became of the level can be heard.

    All weights are zero but those on the way from the loudness to the draft, and the draft misses
    nothing, so every sampler ends there. ``config`` must have a ConvNeXt draft.
    """
    model = VoiceConverter(config, singers).eval()
    for weight in model.parameters():
        weight.zero_()
    model.conditions.loudness.weight[0, 0, 1] = 1.0  # (loudness + 40) / 20, see conditions.py
    model.draft.enter.weight[0, 0, 0] = 1.0
    model.draft.leave.weight[:, 0, 0] = 1.0
    model.mel_std.fill_(20.0 / DB_PER_LN)
    model.mel_mean.fill_((above_db - 40.0) / DB_PER_LN)
    model.residual_std.fill_(1e-6)
    return model
