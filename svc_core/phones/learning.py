"""What the content encoder learns from: every frame's phone, two perturbations of one sound, and who sings it.

    loss =  cross-entropy of the phones                  on frames whose phone is known
         +  same_weight   |code(a) - code(b)|^2          a, b: two perturbations of one crop
         +  singer_weight cross-entropy of the singers   through a reversed gradient

a and b differ in vocal tract length (and pitch, where that is measured) and in a random constant on
every cepstrum, which is another equalisation: what they share is what is sung. The classifier learns
to name the singer from the code, and the encoder learns, its gradient reversed, to prevent that
(Ganin & Lempitsky 2015, arXiv 1409.7495). The classifier is told the phone as well (as in Long et al.
2018, arXiv 1705.10667): singers sing different words, so phones alone betray the singer, and an
encoder that has to hide even that can only do so by forgetting phones.

A corpus without any labels has no first term, and all codes alike would be the best answer to the
rest. There the code, and the singer's own vector, have to rebuild the unperturbed cepstra instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

from svc_core.config import CodeTrainConfig
from svc_core.model.content_encoder import ContentEncoder
from svc_core.model.frames import masked_mean
from svc_core.phones.inventory import NO_PHONE
from svc_core.training.trainer import Objective

CLASSIFIER_WIDTH = 128


@dataclass(frozen=True)
class CodeBatch:
    """Crops: perturbed (2, batch, cepstrum, frame), plain (batch, cepstrum, frame), singer (batch,).

    place (batch, frame) is a frame's number among all frames of the corpus, -1 behind a clip's end.
    """

    perturbed: Tensor
    plain: Tensor
    place: Tensor
    singer: Tensor


class CodeCrops:
    """Draws crops from content (variant, cepstrum, frame) of clips; ``plain`` is the unperturbed variant.

    A batch is a function of (seed, step, process) alone. ``balance`` as in training/crops.py. Raises
    ValueError where there is no clip, or where the batch cannot be shared evenly.
    """

    def __init__(
        self,
        contents: Sequence[np.ndarray],
        singers: Sequence[int],
        plain: int,
        train: CodeTrainConfig,
        rank: int = 0,
        processes: int = 1,
    ) -> None:
        if not contents:
            raise ValueError("there is no clip to learn from: every recording was skipped, or the split is empty.")
        if train.batch % processes:
            raise ValueError(f"a batch of {train.batch} cannot be shared evenly by {processes} processes.")
        self.contents, self.singers, self.plain = list(contents), np.array(singers), plain
        self.train, self.rank, self.batch = train, rank, train.batch // processes
        lengths = np.array([content.shape[2] for content in contents])
        self.starts = np.cumsum(lengths) - lengths  # of each clip among all frames
        sung = np.bincount(self.singers, weights=lengths)
        weights = lengths * sung[self.singers] ** -train.singer_balance
        self.chances = weights / weights.sum()

    def singer_chances(self) -> np.ndarray:
        """How often each singer is drawn, (singer,)."""
        return np.bincount(self.singers, weights=self.chances)

    def draw(self, step: int) -> CodeBatch:
        """This process's share of the batch of one training step."""
        rng = np.random.default_rng([self.train.seed, step, *([self.rank] if self.rank else [])])
        length = self.train.crop_frames
        cepstra = self.contents[0].shape[1]
        perturbed = np.zeros((2, self.batch, cepstra, length), dtype=np.float32)
        plain = np.zeros((self.batch, cepstra, length), dtype=np.float32)
        place = np.full((self.batch, length), -1)
        drawn = rng.choice(len(self.contents), self.batch, p=self.chances)
        for row, index in enumerate(drawn):
            content = self.contents[index]
            start = int(rng.integers(max(1, content.shape[2] - length + 1)))
            crop = content[:, :, start : start + length]
            there = slice(0, crop.shape[2])
            for side, variant in enumerate(rng.choice(len(crop), 2, replace=len(crop) == 1)):
                perturbed[side, row, :, there] = crop[variant]
            plain[row, :, there] = crop[self.plain]
            place[row, there] = self.starts[index] + start + np.arange(crop.shape[2])
        singers = torch.from_numpy(self.singers[drawn])
        return CodeBatch(torch.from_numpy(perturbed), torch.from_numpy(plain), torch.from_numpy(place), singers)


class _Reversed(torch.autograd.Function):
    """The same forwards, the opposite gradient backwards."""

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, x: Tensor) -> Tensor:
        return x.view_as(x)

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, gradient: Tensor) -> Tensor:
        return -gradient


class PhoneHead(nn.Module):
    """A linear phone recogniser on the code: (batch, code, frame) -> log-posteriors (batch, phone, frame)."""

    def __init__(self, code: int, phones: int) -> None:
        super().__init__()
        self.leave = nn.Conv1d(code, phones, 1)

    def forward(self, code: Tensor) -> Tensor:
        return self.leave(code).log_softmax(dim=1)


class CodeObjective(Objective):
    """Encoder, head and singer classifier, and the phone of every frame of the corpus.

    ``alignment`` (frame,) int64 belongs to the state that a run saves: it changes when words are
    aligned anew, and a resumed run must go on with the one it had. ``singer_chances`` (singer,) make
    the classifier take each singer for as likely as any other.
    """

    alignment: Tensor
    singer_weights: Tensor

    def __init__(
        self, encoder: ContentEncoder, head: PhoneHead, alignment: np.ndarray, singer_chances: np.ndarray
    ) -> None:
        super().__init__()
        self.encoder, self.head = encoder, head
        self.code = encoder.config.code
        singers, phones = len(singer_chances), head.leave.out_channels
        self.classifier = nn.Sequential(
            nn.Conv1d(self.code.code + phones, CLASSIFIER_WIDTH, 1), nn.ReLU(), nn.Conv1d(CLASSIFIER_WIDTH, singers, 1)
        )
        self.labelled = bool((alignment != NO_PHONE).any())
        self.rebuild = None if self.labelled else nn.Conv1d(self.code.code + singers, encoder.config.content.cepstra, 1)
        self.register_buffer("alignment", torch.from_numpy(alignment))
        self.register_buffer("singer_weights", torch.tensor(1 / (singers * singer_chances), dtype=torch.float32))

    def trained(self) -> list[nn.Module]:
        return [self.encoder, self.head, self.classifier, *([] if self.rebuild is None else [self.rebuild])]

    def forward(self, batch: CodeBatch) -> Tensor:
        mask = batch.place >= 0
        phone = torch.where(mask, self.alignment[batch.place.clamp(min=0)], NO_PHONE)
        heard = batch.perturbed
        if self.training:
            heard = heard + self.code.eq_spread * torch.randn_like(heard[..., :1])
        code = self.encoder(heard.flatten(0, 1), mask.repeat(2, 1))
        posteriors = self.head(code)
        one, other = code.chunk(2)
        loss = self.code.same_weight * masked_mean((one - other) ** 2, mask)
        loss = loss + self.code.singer_weight * self._singer_loss(code, posteriors, batch.singer.repeat(2), mask)
        if self.rebuild is None:
            target = phone.repeat(2, 1)
            known = (target != NO_PHONE).sum().clamp(min=1)  # a batch may hold none
            return loss + cross_entropy(posteriors, target, ignore_index=NO_PHONE, reduction="sum") / known
        told = (
            one_hot(batch.singer, len(self.singer_weights)).to(code.dtype).unsqueeze(-1).expand(-1, -1, mask.shape[1])
        )
        rebuilt = self.rebuild(torch.cat([code, told.repeat(2, 1, 1)], dim=1))
        return loss + masked_mean((rebuilt - batch.plain.repeat(2, 1, 1)) ** 2, mask.repeat(2, 1))

    def _singer_loss(self, code: Tensor, posteriors: Tensor, singer: Tensor, mask: Tensor) -> Tensor:
        told = torch.cat([_Reversed.apply(code), posteriors.detach().exp()], dim=1)
        target = singer.unsqueeze(1).expand(-1, code.shape[2])
        loss = cross_entropy(self.classifier(told), target, self.singer_weights, reduction="none")
        return masked_mean(loss.unsqueeze(1), mask.repeat(2, 1))
