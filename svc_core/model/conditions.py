"""What the model is told: content, melody, loudness and singer, each projected, then summed.

Each condition can be taken away on its own: it is then replaced by a learned vector that stands
for "not told". In training this happens at random (condition dropout), so that taking one away
later is an honest experiment and guidance is possible.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from svc_core.config import Config, GridConfig
from svc_core.model.content_encoder import ContentEncoder
from svc_core.model.frames import zero_padding
from svc_core.sound.features import Features
from svc_core.sound.mel import mel_filters
from svc_core.sound.pitch import fill_f0

CONDITION_NAMES = ("content", "melody", "loudness", "singer")
GAP_HZ = 200.0  # of frames that are not there: any F0 within the grid's range
COMB_RESOLUTION_CENTS = 10.0  # the eye and ear agree that twice this is still in tune
MOST_OCTAVES = 12  # between the lowest and the highest F0: hearing has ten


@dataclass(frozen=True)
class ConditionInputs:
    """content (batch, channel, frame); f0_hz without gaps, voiced, loudness_db (batch, frame); singer (batch,).

    ``mask`` (batch, frame) bool tells which frames are there; None: all.
    """

    content: Tensor
    f0_hz: Tensor
    voiced: Tensor
    loudness_db: Tensor
    singer: Tensor
    mask: Tensor | None = None


def join_inputs(clips: Sequence[ConditionInputs]) -> ConditionInputs:
    """A batch of clips of different lengths, padded at their ends; ``mask`` tells which frames are there."""
    frames = [clip.f0_hz.shape[-1] for clip in clips]
    longest = max(frames)

    def pad(name: str, value: float) -> Tensor:
        parts = [getattr(clip, name) for clip in clips]
        return torch.cat([functional.pad(part, (0, longest - part.shape[-1]), value=value) for part in parts])

    return ConditionInputs(
        content=pad("content", 0.0),
        f0_hz=pad("f0_hz", GAP_HZ),
        voiced=pad("voiced", 0.0),
        loudness_db=pad("loudness_db", 0.0),
        singer=torch.cat([clip.singer for clip in clips]),
        mask=None if min(frames) == longest else torch.arange(longest) < torch.tensor(frames).unsqueeze(1),
    )


def condition_inputs(features: Features, singer: int, key_shift: float = 0.0) -> ConditionInputs:
    """Inputs of a batch of one clip, sung by singer number ``singer``, ``key_shift`` semitones higher."""
    f0_hz = fill_f0(features.f0_hz) * 2 ** (key_shift / 12)
    return ConditionInputs(
        content=torch.from_numpy(features.content[:1]),
        f0_hz=torch.from_numpy(f0_hz.astype(np.float32))[None],
        voiced=torch.from_numpy((features.f0_hz > 0).astype(np.float32))[None],
        loudness_db=torch.from_numpy(features.loudness_db)[None],
        singer=torch.tensor([singer]),
    )


def harmonic_combs(grid: GridConfig) -> np.ndarray:
    """Log-mel of a buzz with equally strong harmonics, for F0 from the grid's lowest to its highest.

    A network would need long to learn where the harmonics of a given F0 fall on a mel scale, yet it
    is plain arithmetic: harmonic k stands at k F0, widened by the Hann window's main lobe. Returns
    (pitch, mel), one row every 10 cents, centred over the bands and scaled to unit spread.
    Raises ValueError on a range that is none.
    """
    octaves = np.log2(grid.f0_high_hz / grid.f0_low_hz)
    if not 0 <= octaves <= MOST_OCTAVES:
        raise ValueError(f"F0 from {grid.f0_low_hz} to {grid.f0_high_hz} Hz is not up to {MOST_OCTAVES} octaves")
    pitches_hz = grid.f0_low_hz * 2 ** (np.arange(int(octaves * 1200 / COMB_RESOLUTION_CENTS) + 2) / 1200 * 10)
    bins_hz = np.arange(grid.n_fft // 2 + 1) * grid.sample_rate_hz / grid.n_fft
    logs = []
    for pitch_hz in pitches_hz:
        nearest = np.maximum(np.round(bins_hz / pitch_hz), 1) * pitch_hz
        distance = np.abs(bins_hz - nearest) * grid.n_fft / grid.sample_rate_hz  # in bins
        lobe = np.where(distance < 2, 0.5 + 0.5 * np.cos(np.pi * distance / 2), 0.0)  # close to Hann's own
        logs.append(np.log(mel_filters(grid) @ lobe + 1e-4))
    combs = np.array(logs)
    combs -= combs.mean(axis=1, keepdims=True)
    return (combs / combs.std()).astype(np.float32)


class Conditions(nn.Module):
    """ConditionInputs -> one vector a frame, (batch, width, frame)."""

    combs: Tensor

    def __init__(self, config: Config, singers: int) -> None:
        super().__init__()
        model, grid = config.model, config.grid
        self.grid = grid
        # frozen: it has learnt what is sung, and must not learn from this model who sings
        self.encoder = ContentEncoder(config).requires_grad_(False) if model.content_encoder else None
        self.content = nn.Sequential(
            nn.Conv1d(config.code.code if model.content_encoder else model.content_width, model.content_bottleneck, 1),
            nn.GELU(),
            nn.Conv1d(model.content_bottleneck, model.width, 5, padding=2),
        )
        self.melody = nn.Conv1d(grid.n_mels + 2, model.width, 1)
        self.loudness = nn.Conv1d(1, model.width, 3, padding=1)
        self.singer = nn.Embedding(singers, model.width)
        self.absent = nn.Parameter(torch.randn(len(CONDITION_NAMES), model.width) * 0.02)
        self.register_buffer("combs", torch.from_numpy(harmonic_combs(grid)), persistent=False)

    def content_features(self, content: Tensor, mask: Tensor | None) -> Tensor:
        """content (batch, channel, frame) -> (batch, width, frame), through the frozen encoder where there is one."""
        if self.encoder is not None:
            content = self.encoder.eval()(content, mask)
        squeeze, activation, spread = self.content
        return spread(zero_padding(activation(squeeze(content)), mask))

    def melody_features(self, f0_hz: Tensor, voiced: Tensor) -> Tensor:
        """f0_hz, voiced (batch, frame) -> (batch, mel + 2, frame): comb, log F0 in octaves, voicing."""
        octaves = torch.log2(f0_hz.clamp(self.grid.f0_low_hz, self.grid.f0_high_hz) / self.grid.f0_low_hz)
        row = octaves * (1200 / COMB_RESOLUTION_CENTS)
        low = row.floor().long()
        share = (row - low).unsqueeze(-1)
        comb = (1 - share) * self.combs[low] + share * self.combs[low + 1]
        comb = comb * voiced.unsqueeze(-1)
        return torch.cat([comb, (octaves - 2).unsqueeze(-1), voiced.unsqueeze(-1)], dim=-1).transpose(1, 2)

    def forward(self, inputs: ConditionInputs, keep: Tensor) -> Tensor:
        """keep (batch, 4) bool in the order of CONDITION_NAMES -> (batch, width, frame)."""
        parts = (
            self.content_features(inputs.content, inputs.mask),
            self.melody(self.melody_features(inputs.f0_hz, inputs.voiced)),
            self.loudness(zero_padding((inputs.loudness_db.unsqueeze(1) + 40.0) / 20.0, inputs.mask)),
            self.singer(inputs.singer).unsqueeze(-1).expand(-1, -1, inputs.f0_hz.shape[1]),
        )
        total = torch.zeros_like(parts[0])
        for index, part in enumerate(parts):
            told = keep[:, index].reshape(-1, 1, 1)
            total = total + torch.where(told, part, self.absent[index].reshape(1, -1, 1))
        return total


def keep_all(batch: int) -> Tensor:
    """Nothing taken away: (batch, 4) of True."""
    return torch.ones(batch, len(CONDITION_NAMES), dtype=torch.bool)
