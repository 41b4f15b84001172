"""The networks that become graphs: each a module of plain tensors in and out, one clip, any number of frames."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from svc_core.model.conditions import ConditionInputs, keep_all
from svc_core.model.system import VoiceConverter
from svc_core.vocoders.network import IstftNetwork

EXAMPLE_FRAMES = 64  # of the clip that is traced; the number itself is left open


class Exportable(nn.Module):
    """A module that says what goes in and comes out. The last axis of all but a list of numbers is the frame."""

    NAMES: tuple[str, ...]
    OUTPUTS: tuple[str, ...]

    def example(self) -> tuple[Tensor, ...]:
        raise NotImplementedError


class Known(nn.Module):
    """Stands for a layer whose input never changes, and so its output."""

    value: Tensor

    def __init__(self, value: Tensor) -> None:
        super().__init__()
        self.register_buffer("value", value.detach())

    def forward(self, _: Tensor) -> Tensor:
        return self.value


class OneStep(Exportable):
    """A student's one step at sigma_max, all conditions told, no guidance: noise -> mel in natural log.

    It is told one noise level only, so the layers that say what a level means are computed here and left out: a
    million of its weights.
    """

    NAMES = ("content", "f0_hz", "voiced", "loudness_db", "singer", "noise")
    OUTPUTS = ("mel",)
    sigma: Tensor
    keep: Tensor

    @torch.no_grad()
    def __init__(self, student: VoiceConverter) -> None:
        """``student`` is changed: it can be asked for nothing else afterwards."""
        super().__init__()
        self.student = student.eval()
        self.sigma_max = student.config.edm.sigma_max
        self.register_buffer("sigma", torch.tensor([self.sigma_max]))
        self.register_buffer("keep", keep_all(1))
        denoiser = student.denoiser
        embedded = denoiser.step(student.step_of(self.sigma))
        for layer in (*denoiser.layers, *([denoiser.texture] if denoiser.texture else [])):
            layer.step = Known(layer.step(embedded))
        denoiser.step = Known(embedded)

    def forward(
        self, content: Tensor, f0_hz: Tensor, voiced: Tensor, loudness_db: Tensor, singer: Tensor, noise: Tensor
    ) -> Tensor:
        """content (1, channel, frame); f0_hz, voiced, loudness_db (1, frame); singer (1,); noise (1, mel, frame)."""
        conditioned = self.student.condition(ConditionInputs(content, f0_hz, voiced, loudness_db, singer), self.keep)
        clean = self.student.denoise(self.sigma_max * noise, self.sigma, conditioned)
        return self.student.denormalise(clean)

    def example(self) -> tuple[Tensor, ...]:
        config, frames = self.student.config, EXAMPLE_FRAMES
        return (
            torch.zeros(1, config.model.content_width, frames),
            torch.full((1, frames), 220.0),
            torch.ones(1, frames),
            torch.full((1, frames), -30.0),
            torch.zeros(1, dtype=torch.int64),
            torch.zeros(1, config.grid.n_mels, frames),
        )


class HearPitch(Exportable):
    """Mel (1, mel, frame), natural log -> row of F0, in 64 bits, and voicing, 0 or 1, both (1, frame)."""

    NAMES = ("mel",)
    OUTPUTS = ("row", "voiced")

    def __init__(self, vocoder: IstftNetwork) -> None:
        super().__init__()
        self.vocoder = vocoder.eval()

    def forward(self, mel: Tensor) -> tuple[Tensor, Tensor]:
        return self.vocoder.pitch.likeliest(self.vocoder.pitch(self.vocoder.normalise(mel)))

    def example(self) -> tuple[Tensor, ...]:
        return (torch.full((1, self.vocoder.grid.n_mels, EXAMPLE_FRAMES), -6.0),)


class SetFilters(Exportable):
    """Mel (1, mel, frame), F0 without gaps and voicing (1, frame) -> correction, depth, share_logit (1, bin, frame)."""

    NAMES = ("mel", "f0_hz", "voiced")
    OUTPUTS = ("correction", "depth", "share_logit")

    def __init__(self, vocoder: IstftNetwork) -> None:
        super().__init__()
        self.vocoder = vocoder.eval()

    def forward(self, mel: Tensor, f0_hz: Tensor, voiced: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return self.vocoder.filtered(mel, f0_hz, voiced)

    def example(self) -> tuple[Tensor, ...]:
        frames = EXAMPLE_FRAMES
        mel = torch.full((1, self.vocoder.grid.n_mels, frames), -6.0)
        return mel, torch.full((1, frames), 220.0), torch.ones(1, frames)
