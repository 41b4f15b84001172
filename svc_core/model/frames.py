"""Clips of different lengths in one batch: which frames are there.

A mask is (batch, frame), True where a frame belongs to its clip, or None where all do. Before every
layer that looks at neighbouring frames the padding is set to zero, just what the layer's own zero
padding would put beyond the end of a clip alone: a clip's result does not depend on its company.
"""

from __future__ import annotations

from torch import Tensor


def zero_padding(x: Tensor, mask: Tensor | None) -> Tensor:
    """x (batch, ..., frame), such as (batch, channel, frame), with zeros beyond each clip's end."""
    return x if mask is None else x * mask.reshape(len(mask), *[1] * (x.dim() - 2), -1).to(x.dtype)


def masked_mean(values: Tensor, mask: Tensor | None) -> Tensor:
    """Mean of values (batch, channel, frame) over the frames that are there; a scalar."""
    if mask is None:
        return values.mean()
    there = mask.unsqueeze(1).to(values.dtype)
    return (values * there).sum() / (there.sum() * values.shape[1]).clamp(min=1)
