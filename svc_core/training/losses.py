"""Distances between mels: masked, so that padding counts for nothing, and on one scale.

All take (batch, mel, frame), normalised, and a mask (batch, frame) or None, and return a scalar.
"""

from __future__ import annotations

import torch
from torch import Tensor

from svc_core.model.frames import masked_mean, zero_padding

SSIM_WINDOW = 11  # as the paper's
SSIM_SPREAD = 1.5
MEL_RANGE = 7.0  # standard deviations from the floor to the loudest mel value: the paper's L
BRIGHTNESS = 3.5  # SSIM is of light, which is never negative; the floor is 2 to 3 standard deviations below the mean


def l1(draft: Tensor, mel: Tensor, mask: Tensor | None) -> Tensor:
    """Mean absolute error, in standard deviations of the mel."""
    return masked_mean((draft - mel).abs(), mask)


def ssim_loss(draft: Tensor, mel: Tensor, mask: Tensor | None) -> Tensor:
    """1 - structural similarity (Wang et al. 2004) of the two pictures, averaged over the frames that are there.

    Where a window reaches beyond a picture, or into padding, its weights are shared out among the
    places that are there.
    """
    there = zero_padding(torch.ones_like(mel), mask)
    draft, mel = draft + BRIGHTNESS, mel + BRIGHTNESS
    across, along = _blur_matrix(mel.shape[1], mel), _blur_matrix(mel.shape[2], mel)

    def blur(picture: Tensor) -> Tensor:
        with torch.autocast(picture.device.type, enabled=False):  # 16 bits are too few for differences of squares
            return across @ picture @ along

    weight = blur(there).clamp(min=1e-6)

    def mean(picture: Tensor) -> Tensor:
        return blur(picture * there) / weight

    mean_d, mean_m = mean(draft), mean(mel)
    var_d, var_m = mean(draft**2) - mean_d**2, mean(mel**2) - mean_m**2
    covariance = mean(draft * mel) - mean_d * mean_m
    c1, c2 = (0.01 * MEL_RANGE) ** 2, (0.03 * MEL_RANGE) ** 2
    similarity = (2 * mean_d * mean_m + c1) * (2 * covariance + c2)
    similarity = similarity / ((mean_d**2 + mean_m**2 + c1) * (var_d + var_m + c2))
    return 1 - masked_mean(similarity, mask)


def prior_loss(draft: Tensor, mel: Tensor, mask: Tensor | None) -> Tensor:
    """SSIM and half the squared error, as CoMoSVC trains its draft.

    Both are means over the frames that are there. (The seed divides the second by the number of
    bands once too often, which makes it a hundred times too small.)
    """
    return ssim_loss(draft, mel, mask) + 0.5 * masked_mean((draft - mel) ** 2, mask)


def pseudo_huber(x: Tensor, y: Tensor, mask: Tensor | None) -> Tensor:
    """sqrt(|x - y|^2 + c^2) - c (Song & Dhariwal 2024, arXiv 2310.14189), c = 0.00054 sqrt(d), per value.

    The norm is over a whole clip, as in the paper, and divided by sqrt(d) afterwards, so that the
    loss does not depend on the length of a crop; c becomes 0.00054. A clip counts like any other.
    """
    squares = zero_padding((x - y) ** 2, mask).sum(dim=(1, 2))
    frames = squares.new_full(squares.shape, x.shape[2]) if mask is None else mask.sum(dim=1)
    return ((squares / (frames * x.shape[1]).clamp(min=1) + 0.00054**2).sqrt() - 0.00054).mean()


def squared(x: Tensor, y: Tensor, mask: Tensor | None) -> Tensor:
    """Mean squared error."""
    return masked_mean((x - y) ** 2, mask)


def _blur_matrix(size: int, like: Tensor) -> Tensor:
    """(size, size), symmetric: a product with it is a convolution with the window, zeros beyond the ends.

    A convolution of one channel costs ten times as much on a CPU.
    """
    places = torch.arange(SSIM_WINDOW, device=like.device, dtype=like.dtype) - SSIM_WINDOW // 2
    weights = torch.exp(-(places**2) / (2 * SSIM_SPREAD**2))
    at = torch.arange(size, device=like.device)
    distance = (at[:, None] - at[None, :]).abs()
    inside = distance <= SSIM_WINDOW // 2
    return torch.where(inside, (weights / weights.sum())[distance.clamp(max=SSIM_WINDOW // 2) + SSIM_WINDOW // 2], 0)
