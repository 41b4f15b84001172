"""The draft of CoMoSVC (Lu et al. 2024, arXiv 2401.01792): a Conformer from the conditions to a mel.

Each block is half a feed-forward layer, self-attention, convolution and the other half (Gulati et
al. 2020, arXiv 2005.08100). Departures: layer norm stands for batch norm within the convolution, so
that a clip's result does not depend on its batch; there is no positional encoding, because the
convolutions on either side of attention tell a frame where it is, and a song may be longer than
any training crop.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from svc_core.model.frames import zero_padding

KERNEL = 31  # frames, 0.33 s: the paper's


class ChannelDropout(nn.Dropout1d):
    """Of whole channels, (batch, frame, channel): a hundredth of the random numbers, which took a fifth of a step."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.transpose(1, 2)).transpose(1, 2)


class FeedForward(nn.Sequential):
    """(batch, frame, width) -> the same shape."""

    def __init__(self, width: int, filter_width: int, dropout: float) -> None:
        super().__init__(
            nn.LayerNorm(width),
            nn.Linear(width, filter_width),
            nn.SiLU(),
            ChannelDropout(dropout),
            nn.Linear(filter_width, width),
            ChannelDropout(dropout),
        )


class Attention(nn.Module):
    """Multi-head self-attention, (batch, frame, width) -> the same shape; padding is not attended to."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width)
        self.enter = nn.Linear(width, 3 * width)
        self.leave = nn.Linear(width, width)
        self.dropout = ChannelDropout(dropout)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        batch, frames, width = x.shape
        parts = self.enter(self.norm(x)).reshape(batch, frames, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        attended_to = None if mask is None else mask.bool()[:, None, None, :]
        y = functional.scaled_dot_product_attention(query, key, value, attn_mask=attended_to)
        return self.dropout(self.leave(y.transpose(1, 2).reshape(batch, frames, width)))


class Convolution(nn.Module):
    """Gated depthwise convolution, (batch, frame, width) -> the same shape."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.enter = nn.Linear(width, 2 * width)
        self.mix_frames = nn.Conv1d(width, width, KERNEL, padding=KERNEL // 2, groups=width)
        self.mixed_norm = nn.LayerNorm(width)
        self.leave = nn.Linear(width, width)
        self.dropout = ChannelDropout(dropout)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        y = functional.glu(self.enter(self.norm(x)), dim=-1).transpose(1, 2)
        y = self.mix_frames(zero_padding(y, mask)).transpose(1, 2)
        return self.dropout(self.leave(functional.silu(self.mixed_norm(y))))


class ConformerBlock(nn.Module):
    """x (batch, frame, width) -> the same shape."""

    def __init__(self, width: int, heads: int, filter_width: int, dropout: float) -> None:
        super().__init__()
        self.first = FeedForward(width, filter_width, dropout)
        self.attention = Attention(width, heads, dropout)
        self.convolution = Convolution(width, dropout)
        self.second = FeedForward(width, filter_width, dropout)
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        x = x + 0.5 * self.first(x)
        x = x + self.attention(x, mask)
        x = x + self.convolution(x, mask)
        return self.norm(x + 0.5 * self.second(x))


class ConformerDraft(nn.Module):
    """Condition vectors (batch, condition, frame) -> draft mel (batch, mel, frame), normalised."""

    def __init__(
        self,
        condition_width: int,
        width: int,
        layers: int,
        heads: int,
        filter_width: int,
        n_mels: int,
        dropout: float,
    ) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"a Conformer of width {width} cannot be cut into {heads} heads of equal width.")
        self.enter = nn.Linear(condition_width, width)
        self.blocks = nn.ModuleList(ConformerBlock(width, heads, filter_width, dropout) for _ in range(layers))
        self.leave = nn.Linear(width, n_mels)

    def forward(self, condition: Tensor, mask: Tensor | None = None) -> Tensor:
        x = self.enter(condition.transpose(1, 2))
        for block in self.blocks:
            x = block(x, mask)
        return self.leave(x).transpose(1, 2)
