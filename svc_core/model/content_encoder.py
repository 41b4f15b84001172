"""A content encoder of our own: envelope cepstra in, what is sung out, and as little as may be of who sings it.

    cepstra -> 1x1 -> ConvNeXt blocks over time -> 1x1 bottleneck -> every frame scaled to unit spread = the code

How it learns that is told in svc_core/phones; here is the network alone. Two choices keep the singer out:

* The bottleneck is about as wide as there are phones, so there is little room for anything else.
* Every frame of the code is centred and scaled over its own channels. A distance between two codes
  then means something: it cannot be made small by making all codes small.

Nothing is normalised over time. Instance normalisation (AdaIN-VC, Chou et al. 2019, arXiv 1904.05742)
would take out what a singer adds to every frame, but it also takes out what is sung for long: of a
crop that is one held "ah", its mean *is* the "ah". It would depend on how long a clip is, and needs
the clip's end, so it could not run on a stream. What is lost is a guard against a constant offset;
the cepstra's own normalisation over the clip (svc_core/sound/content.py) and the reversed singer
classifier stand in for it.

With ``config.code.units`` the code of every frame is replaced by the nearest of so many typical ones.

Shapes: cepstra (batch, cepstrum, frame), code (batch, code, frame).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import layer_norm

from svc_core.config import Config
from svc_core.model.draft import ConvNeXtBlock
from svc_core.model.frames import zero_padding


class ContentEncoder(nn.Module):
    """(batch, cepstrum, frame) -> (batch, code, frame); sees ``3 * layers`` frames to either side.

    ``mask`` (batch, frame) is True where a frame belongs to its clip; the code is zero elsewhere, and
    a clip's code does not depend on the padding behind it.
    """

    units: Tensor | None

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        code = config.code
        self.enter = nn.Conv1d(config.content.cepstra, code.width, 1)
        self.blocks = nn.ModuleList(ConvNeXtBlock(code.width, code.dropout) for _ in range(code.layers))
        self.leave = nn.Conv1d(code.width, code.code, 1)
        # centres found when all else is learnt: see phones/units.py
        self.register_buffer("units", torch.zeros(code.units, code.code) if code.units else None)

    def forward(self, cepstra: Tensor, mask: Tensor | None = None) -> Tensor:
        x = self.enter(cepstra)
        for block in self.blocks:
            x = block(x, mask)
        code = layer_norm(self.leave(x).transpose(1, 2), (self.config.code.code,))
        if self.units is not None:
            code = self.units[torch.cdist(code.float(), self.units.expand(len(code), -1, -1)).argmin(dim=-1)]
        return zero_padding(code.transpose(1, 2), mask)
