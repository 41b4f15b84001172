"""BiDilConv: DiffWave's network (Kong et al. 2021, arXiv 2009.09761) looking both ways in time.

Each of N layers adds the step embedding, convolves with dilation 2^(i mod 4), adds the condition,
gates (tanh times sigmoid) and hands one half on as residual and one half out as skip. With
``texture_width`` a local look at bands as neighbours is added to what it says (texture.py).
"""

from __future__ import annotations

import math
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from svc_core.model.frames import zero_padding
from svc_core.model.texture import LocalTexture


class StepEmbedding(nn.Module):
    """Diffusion step (batch,) -> (batch, 4 * size): sinusoids of period up to 10 000, then an MLP."""

    rates: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        rates = torch.exp(-math.log(10_000) * torch.arange(size // 2) / (size // 2))
        self.register_buffer("rates", rates, persistent=False)
        self.mlp = nn.Sequential(nn.Linear(size, 4 * size), nn.SiLU(), nn.Linear(4 * size, 4 * size), nn.SiLU())

    def forward(self, step: Tensor) -> Tensor:
        angle = step.to(self.rates.dtype).unsqueeze(1) * self.rates
        return self.mlp(torch.cat([angle.sin(), angle.cos()], dim=1))


class DilatedLayer(nn.Module):
    """x (batch, width, frame) and its projected condition -> the next x and a skip, both of x's shape."""

    def __init__(self, width: int, condition_width: int, step_width: int, dilation: int) -> None:
        super().__init__()
        self.step = nn.Linear(step_width, width)
        self.dilated = nn.Conv1d(width, 2 * width, 3, padding=dilation, dilation=dilation)
        self.condition = nn.Conv1d(condition_width, 2 * width, 1)
        self.leave = nn.Conv1d(width, 2 * width, 1)

    def forward(self, x: Tensor, step: Tensor, projected: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
        y = self.dilated(zero_padding(x + self.step(step).unsqueeze(-1), mask)) + projected
        filtered, gate = y.chunk(2, dim=1)
        residual, skip = self.leave(torch.tanh(filtered) * torch.sigmoid(gate)).chunk(2, dim=1)
        return (x + residual) / math.sqrt(2), skip


class BiDilConv(nn.Module):
    """Noisy mel (batch, mel, frame), step (batch,), projected condition -> (batch, mel, frame).

    The condition is the same at every step of a sampler, so it is projected once for all of them:
    that is 3 of 10 multiplications saved.
    """

    def __init__(
        self,
        n_mels: int,
        width: int,
        layers: int,
        dilation_cycle: int,
        condition_width: int,
        step_embedding: int,
        texture_width: int = 0,
    ) -> None:
        super().__init__()
        self.enter = nn.Conv1d(n_mels, width, 1)
        self.step: nn.Module = StepEmbedding(step_embedding)  # an export puts its answer in its place
        self.layers = nn.ModuleList(
            DilatedLayer(width, condition_width, 4 * step_embedding, 2 ** (i % dilation_cycle)) for i in range(layers)
        )
        self.mix = nn.Conv1d(width, width, 1)
        self.leave = nn.Conv1d(width, n_mels, 1)
        for weights in self.leave.parameters():  # the untrained network adds nothing: see system.py
            nn.init.zeros_(weights)
        self.texture = LocalTexture(texture_width, 4 * step_embedding) if texture_width else None

    def project(self, condition: Tensor) -> list[Tensor]:
        """condition (batch, condition, frame) -> (batch, 2 * width, frame) for each layer."""
        return [cast(DilatedLayer, layer).condition(condition) for layer in self.layers]

    def forward(
        self,
        noisy: Tensor,
        step: Tensor,
        projected: list[Tensor],
        mask: Tensor | None = None,
        beside: Tensor | None = None,
    ) -> Tensor:
        """``noisy`` (batch, mel, frame) at ``step`` (batch,), with what :meth:`project` gave -> (batch, mel, frame).

        ``beside`` (batch, 2, mel, frame), draft and noisiness, is what a local look takes in besides (texture.py).
        """
        x = functional.relu(self.enter(noisy))
        embedded = self.step(step)
        skips = torch.zeros_like(x)
        for layer, told in zip(self.layers, projected, strict=True):
            x, skip = layer(x, embedded, told, mask)
            skips = skips + skip
        said = self.leave(functional.relu(self.mix(skips / math.sqrt(len(self.layers)))))
        if self.texture is None:
            return said
        assert beside is not None  # whoever has a texture is given it
        return said + self.texture(torch.cat([torch.stack([noisy, said], dim=1), beside], dim=1), embedded, mask)
