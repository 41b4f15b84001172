"""The draft: a mel regressed from the conditions in one go.

It carries pitch and timbre but is blurred, because the average of all plausible performances is
what an L1 loss asks for. The diffusion decoder then refines it. Blocks are ConvNeXt's (Liu et al.
2022, arXiv 2201.03545) in one dimension, as in Vocos (arXiv 2306.00814).
"""

from __future__ import annotations

from torch import Tensor, nn

from svc_core.model.frames import zero_padding


class ConvNeXtBlock(nn.Module):
    """(batch, width, frame) -> the same shape; sees 3 frames to either side."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.mix_frames = nn.Conv1d(width, width, 7, padding=3, groups=width)
        self.norm = nn.LayerNorm(width)  # over channels, frame by frame: a clip's length must not matter
        self.mix_channels = nn.Sequential(nn.Conv1d(width, 2 * width, 1), nn.SiLU(), nn.Conv1d(2 * width, width, 1))
        self.dropout = nn.Dropout1d(dropout)  # whole channels: a tenth of the random numbers

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        y = self.mix_frames(zero_padding(x, mask))
        y = self.norm(y.transpose(1, 2)).transpose(1, 2)
        return x + self.dropout(self.mix_channels(y))


class Draft(nn.Module):
    """Condition vectors (batch, condition, frame) -> draft mel (batch, mel, frame), normalised."""

    def __init__(self, condition_width: int, width: int, layers: int, n_mels: int, dropout: float) -> None:
        super().__init__()
        self.enter = nn.Conv1d(condition_width, width, 1)
        self.blocks = nn.ModuleList(ConvNeXtBlock(width, dropout) for _ in range(layers))
        self.leave = nn.Conv1d(width, n_mels, 1)

    def forward(self, condition: Tensor, mask: Tensor | None = None) -> Tensor:
        x = self.enter(condition)
        for block in self.blocks:
            x = block(x, mask)
        return self.leave(x)
