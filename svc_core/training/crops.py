"""Random crops of cached features, as batches. A batch is a function of (seed, step) alone.

Nothing is remembered between batches, so a run that is stopped and resumed sees the same batches as
one that was not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from svc_core.model.conditions import ConditionInputs, join_inputs
from svc_core.sound.features import Features
from svc_core.sound.pitch import fill_f0, median_f0_hz


@dataclass(frozen=True)
class Batch:
    """mel (batch, mel, frame) in natural log, and what the model is told of it."""

    mel: Tensor
    inputs: ConditionInputs


class Crops:
    """Draws crops of ``frames`` frames from clips of several singers.

    ``balance`` b draws singer s in proportion to minutes(s)^(1-b): 0 by minutes, 1 all alike.
    A clip shorter than a crop is padded, and masked. Several processes, each with its ``rank`` of
    ``processes``, draw a share of ``batch`` each. Raises ValueError where there is no clip, or where
    the batch cannot be shared evenly.
    """

    def __init__(
        self,
        clips: Sequence[Features],
        singers: Sequence[int],
        frames: int,
        batch: int,
        balance: float,
        seed: int,
        rank: int = 0,
        processes: int = 1,
    ) -> None:
        if not clips:
            raise ValueError("there is no clip to train on: every recording was skipped, or the split is empty.")
        if batch % processes:
            raise ValueError(f"a batch of {batch} cannot be shared evenly by {processes} processes; change --batch.")
        self.clips = list(clips)
        self.contours = [fill_f0(clip.f0_hz) for clip in self.clips]
        self.singers = np.array(singers)
        self.frames, self.batch, self.seed, self.rank = frames, batch // processes, seed, rank
        lengths = np.array([clip.frames for clip in self.clips], dtype=float)
        sung = np.bincount(self.singers, weights=lengths)
        weights = lengths * sung[self.singers] ** -balance
        self.chances = weights / weights.sum()

    def mel_statistics(self) -> tuple[float, float]:
        """Mean and standard deviation of all mel values, clips weighted as they are drawn."""
        means = np.array([clip.mel.mean() for clip in self.clips])
        squares = np.array([(clip.mel.astype(np.float64) ** 2).mean() for clip in self.clips])
        mean = float(self.chances @ means)
        return mean, float(np.sqrt(self.chances @ squares - mean**2))

    def median_f0_hz(self, singer: int) -> float:
        """Median of all voiced frames of one singer in Hz. Raises ValueError where there are none."""
        sung = [clip.f0_hz for clip, owner in zip(self.clips, self.singers, strict=True) if owner == singer]
        return median_f0_hz(np.concatenate([*sung, np.zeros(1)]))

    def draw(self, step: int) -> Batch:
        """This process's share of the batch of one training step."""
        rng = np.random.default_rng([self.seed, step, *([self.rank] if self.rank else [])])
        mels, inputs = [], []
        for index in rng.choice(len(self.clips), self.batch, p=self.chances):
            clip = self.clips[index]
            start = int(rng.integers(max(1, clip.frames - self.frames + 1)))
            part = slice(start, start + self.frames)
            variant = int(rng.integers(len(clip.content)))
            mels.append(torch.from_numpy(clip.mel[:, part]))
            inputs.append(
                ConditionInputs(
                    content=torch.from_numpy(clip.content[variant : variant + 1, :, part]),
                    f0_hz=torch.from_numpy(self.contours[index][part].astype(np.float32))[None],
                    voiced=torch.from_numpy((clip.f0_hz[part] > 0).astype(np.float32))[None],
                    loudness_db=torch.from_numpy(clip.loudness_db[part])[None],
                    singer=torch.tensor([int(self.singers[index])]),
                )
            )
        longest = max(mel.shape[1] for mel in mels)
        padded = [functional.pad(mel, (0, longest - mel.shape[1])) for mel in mels]
        return Batch(torch.stack(padded), join_inputs(inputs))
