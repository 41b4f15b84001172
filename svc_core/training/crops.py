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

from svc_core.model.conditions import ConditionInputs
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
    Clips shorter than a crop are left out; raises ValueError when none is left.
    """

    def __init__(
        self, clips: Sequence[Features], singers: Sequence[int], frames: int, batch: int, balance: float, seed: int
    ) -> None:
        usable = [(clip, singer) for clip, singer in zip(clips, singers, strict=True) if clip.frames >= frames]
        if not usable:
            raise ValueError(f"no clip is as long as a crop ({frames} frames): choose shorter crops or longer clips.")
        self.clips = [clip for clip, _ in usable]
        self.contours = [fill_f0(clip.f0_hz) for clip in self.clips]
        self.singers = np.array([singer for _, singer in usable])
        self.frames, self.batch, self.seed = frames, batch, seed
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
        """The batch of one training step."""
        rng = np.random.default_rng([self.seed, step])
        rows = []
        for index in rng.choice(len(self.clips), self.batch, p=self.chances):
            clip = self.clips[index]
            start = int(rng.integers(clip.frames - self.frames + 1))
            part = slice(start, start + self.frames)
            warp = int(rng.integers(len(clip.content)))
            f0_hz = self.contours[index][part]
            rows.append(
                (clip.mel[:, part], clip.content[warp][:, part], f0_hz, clip.f0_hz[part] > 0, clip.loudness_db[part])
            )
            rows[-1] += (self.singers[index],)
        mel, content, f0_hz, voiced, loudness_db, singer = (np.stack(column) for column in zip(*rows, strict=True))
        return Batch(
            torch.from_numpy(mel),
            ConditionInputs(
                content=torch.from_numpy(content),
                f0_hz=torch.from_numpy(f0_hz.astype(np.float32)),
                voiced=torch.from_numpy(voiced.astype(np.float32)),
                loudness_db=torch.from_numpy(loudness_db),
                singer=torch.from_numpy(singer),
            ),
        )
