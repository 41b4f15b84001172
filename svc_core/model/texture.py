"""The local look: what the denoiser sees of a picture when bands are neighbours and not channels.

BiDilConv takes the bands of a mel for its channels and mixes all of them at every layer. It finds what a
whole frame should be; but to tell noise from a harmonic, that is to average along the harmonic, it would
have to carry every band by itself through all its layers, and it learns that slowly. A few two-dimensional
convolutions, as image denoisers are made of (Zhang et al. 2017, arXiv 1608.03981), do just that: with ten
thousand weights, and after a few minutes, they halve the error that is left at the noise levels where texture
is decided (models/README.md).

Axis order (batch, channel, mel, frame).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from svc_core.model.frames import zero_padding

SEES = 4  # pictures: the noisy one, what BiDilConv says of it, the draft, and how noisy each place is
KERNEL = (3, 5)  # bands and frames: a harmonic's two neighbours, and 53 ms
DILATIONS = (1, 2, 4)  # in time: it sees 15 frames, 0.16 s, to either side


class LocalTexture(nn.Module):
    """Pictures (batch, SEES, mel, frame) and embedded step (batch, step_width) -> (batch, mel, frame), to be added."""

    def __init__(self, width: int, step_width: int) -> None:
        super().__init__()
        rows, frames = KERNEL
        self.layers = nn.ModuleList(
            nn.Conv2d(
                SEES if number == 0 else width,
                width,
                KERNEL,
                padding=(rows // 2, dilation * (frames // 2)),
                dilation=(1, dilation),
            )
            for number, dilation in enumerate(DILATIONS)
        )
        self.step = nn.Linear(step_width, len(DILATIONS) * width)
        self.leave = nn.Conv2d(width, 1, 3, padding=1)
        for weights in self.leave.parameters():  # the untrained network adds nothing
            nn.init.zeros_(weights)

    def forward(self, pictures: Tensor, step: Tensor, mask: Tensor | None = None) -> Tensor:
        shifts = self.step(step)[:, :, None, None].chunk(len(self.layers), dim=1)
        x = pictures.contiguous(memory_format=torch.channels_last)  # half the time on a CPU
        for number, (layer, shift) in enumerate(zip(self.layers, shifts, strict=True)):
            y = functional.silu(layer(zero_padding(x, mask)) + shift)
            x = y if number == 0 else x + y
        return self.leave(zero_padding(x, mask))[:, 0]
