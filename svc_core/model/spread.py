"""How far the draft may miss, foretold for every band and frame: the local sigma_data of the decoder.

Nix & Weigend (1994): a second output is trained, by the likelihood of a Gaussian, to say how uncertain the
first one is. PriorGrad (Lee et al. 2022, arXiv 2106.06406) shapes the noise itself by such a picture; here
only the preconditioning uses it, and the noise stays what every sampler expects.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from svc_core.model.frames import masked_mean, zero_padding

WIDTH = 128
LIMIT = 3.0  # of the log: 26 dB to either side of the mean; a bolder guess would be punished without end


class Spread(nn.Module):
    """Condition vectors (batch, width, frame) and draft (batch, mel, frame) -> log of the spread (batch, mel, frame).

    It looks on: no gradient leads from here into the draft or the conditions.
    """

    def __init__(self, seen: int, n_mels: int) -> None:
        super().__init__()
        self.enter = nn.Conv1d(seen, WIDTH, 3, padding=1)
        self.leave = nn.Conv1d(WIDTH, n_mels, 1)
        for weights in self.leave.parameters():
            nn.init.zeros_(weights)

    def forward(self, vector: Tensor, draft: Tensor, mask: Tensor | None = None) -> Tensor:
        seen = zero_padding(torch.cat([vector, draft], dim=1).detach(), mask)
        return LIMIT * torch.tanh(self.leave(functional.silu(self.enter(seen))) / LIMIT)


def spread_loss(log_spread: Tensor, missed: Tensor, mask: Tensor | None) -> Tensor:
    """Negative log-likelihood, less a constant, of ``missed`` (batch, mel, frame) under N(0, spread^2); a scalar."""
    return masked_mean(log_spread + 0.5 * (missed.detach() * (-log_spread).exp()) ** 2, mask)
