"""Clips of different lengths with random conditions, a model small enough for a test of every kind, and their batch."""

from dataclasses import fields, replace

import torch
from torch import Tensor

from svc_core.config import Config, GridConfig, ModelConfig
from svc_core.model.conditions import ConditionInputs, join_inputs
from svc_core.model.system import VoiceConverter

BANDS = 12
LENGTHS = (9, 23, 16)  # the longest is neither first nor last
WIDTHS = ModelConfig(
    width=8,
    content_bottleneck=4,
    draft_layers=1,
    draft_width=8,
    draft_filter=12,
    denoiser_layers=3,
    dilation_cycle=2,
    step_embedding=8,
)
# What a draft can be, with what a decoder can see beside it.
KINDS = [("none", "conditions")] + [
    (draft, sees) for draft in ("convnext", "conformer") for sees in ("conditions", "draft", "both")
]


def small_config(**model) -> Config:
    """Twelve bands, and a model of a few thousand weights with these fields of ModelConfig."""
    return Config(grid=GridConfig(n_fft=256, hop=64, n_mels=BANDS), model=replace(WIDTHS, **model))


def random_model(config: Config) -> VoiceConverter:
    """Every part has a say: nothing is left at the zero that it starts from."""
    torch.manual_seed(0)
    model = VoiceConverter(config, ("alto", "bass")).eval()
    for weights in (model.denoiser.leave.weight, model.denoiser.leave.bias, model.conditions.absent):
        torch.nn.init.normal_(weights, std=0.3)
    model.mel_mean.fill_(-5.0)
    model.mel_std.fill_(2.0)
    model.residual_std.fill_(0.4)
    return model


def random_clip(frames: int, seed: int = 0) -> ConditionInputs:
    generator = torch.Generator().manual_seed(seed)
    return ConditionInputs(
        content=torch.randn(1, 20, frames, generator=generator),
        f0_hz=100 + 300 * torch.rand(1, frames, generator=generator),
        voiced=(torch.rand(1, frames, generator=generator) > 0.3).float(),
        loudness_db=-30 + 5 * torch.randn(1, frames, generator=generator),
        singer=torch.tensor([seed % 2]),
    )


def random_clips() -> list[ConditionInputs]:
    return [random_clip(frames, seed) for seed, frames in enumerate(LENGTHS)]


def ragged_batch(clips: list[ConditionInputs]) -> ConditionInputs:
    """The clips in one batch, with rubbish where nothing is: nothing may depend on what stands there."""
    joined, generator = join_inputs(clips), torch.Generator().manual_seed(9)
    parts = {}
    for part in fields(joined):
        value = getattr(joined, part.name)
        if part.name not in ("singer", "mask"):
            there = joined.mask.reshape(len(clips), *[1] * (value.dim() - 2), -1)
            value = torch.where(there, value, 300 * torch.rand(value.shape, generator=generator))
        parts[part.name] = value
    return ConditionInputs(**parts)


def ragged_mels(seed: int = 0) -> tuple[list[Tensor], Tensor]:
    """Random values (1, mel, frame) for each of the clips, and the same in one batch with rubbish behind them."""
    generator = torch.Generator().manual_seed(seed)
    mels = [torch.randn(1, BANDS, frames, generator=generator) for frames in LENGTHS]
    together = 50 * torch.rand(len(mels), BANDS, max(LENGTHS), generator=generator)
    for row, mel in enumerate(mels):
        together[row, :, : mel.shape[2]] = mel[0]
    return mels, together


def ragged_mask() -> Tensor:
    return torch.arange(max(LENGTHS)) < torch.tensor(LENGTHS).unsqueeze(1)
