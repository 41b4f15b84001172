"""Random crops of sound with their F0, as batches for training a vocoder. A batch is a function of (seed, step).

Recordings are put at the project's level, once each, as sound.features does. To hear pitches that no
singer of the corpus reached, a crop is also played slower or faster, as a tape is (pitch, formants
and tempo together), and its level is moved by chance.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch
from scipy.signal import resample_poly
from torch import Tensor

from svc_core.config import GridConfig, VocoderTrainConfig
from svc_core.sound.audio import AudioError, load_audio
from svc_core.sound.loudness import a_weighted_loudness, normal_gain_db
from svc_core.sound.pitch import fill_f0, track_f0
from svc_core.whole import write_whole

SPEEDS = (Fraction(2, 3), Fraction(1), Fraction(1), Fraction(1), Fraction(3, 2), Fraction(2))  # half as they are
GAIN_DB = (-12.0, 6.0)  # a converted voice is seldom as loud as a recording


@dataclass(frozen=True)
class Sound:
    """A recording at the project's level: samples (sample,) float32, F0 (frame,) in Hz, 0 where unvoiced."""

    samples: np.ndarray
    f0_hz: np.ndarray


@dataclass(frozen=True)
class SoundBatch:
    """samples (batch, hop * frame + 2 * edge_pad), f0_hz without gaps and voiced (batch, frame)."""

    samples: Tensor
    f0_hz: Tensor
    voiced: Tensor


def measure_sound(path: Path, measured: Path, grid: GridConfig) -> str | None:
    """Gain and F0 of a recording into ``measured``, which appears only when it is whole.

    Tracking F0 takes about half as long as the recording lasts, so it is done once. Returns the
    sentence that says why a recording cannot be used.
    """
    try:
        samples = load_audio(path, grid)
    except AudioError as error:
        return str(error)
    gain_db = normal_gain_db(a_weighted_loudness(samples, grid), grid)
    f0_hz = track_f0(_at_gain(samples, gain_db), grid).astype(np.float32)
    measured.parent.mkdir(parents=True, exist_ok=True)
    file = io.BytesIO()
    np.savez(file, gain_db=gain_db, f0_hz=f0_hz)
    write_whole(measured, file.getvalue())
    return None


def load_sound(path: Path, measured: Path, grid: GridConfig) -> Sound:
    """A recording at the project's level, with the F0 that :func:`measure_sound` found. Raises AudioError."""
    with np.load(measured, allow_pickle=False) as arrays:
        return Sound(_at_gain(load_audio(path, grid), float(arrays["gain_db"])), arrays["f0_hz"])


def _at_gain(samples: np.ndarray, gain_db: float) -> np.ndarray:
    return samples * np.float32(10 ** (gain_db / 20))


class SoundCrops:
    """Draws crops from recordings, each as often as it is long. ``varied``: at other speeds and levels, too.

    Several processes, each with its ``rank`` of ``processes``, draw a share of a batch each. Raises
    ValueError where no recording is long enough, or where the batch cannot be shared evenly.
    """

    def __init__(
        self,
        sounds: Sequence[Sound],
        grid: GridConfig,
        train: VocoderTrainConfig,
        rank: int = 0,
        processes: int = 1,
        varied: bool = True,
    ) -> None:
        if train.batch % processes:
            raise ValueError(
                f"a batch of {train.batch} cannot be shared evenly by {processes} processes; change --batch."
            )
        self.grid, self.train, self.rank, self.batch = grid, train, rank, train.batch // processes
        self.varied, self.speeds = varied, SPEEDS if varied else (Fraction(1),)
        self.longest = self._frames(max(self.speeds))
        self.sounds = [sound for sound in sounds if len(sound.f0_hz) >= self.longest]
        if not self.sounds:
            raise ValueError(
                f"no recording is as long as {self.longest} frames ({self.longest * grid.hop_ms / 1000:.1f} s): "
                "choose shorter crops (--crop-frames) or longer recordings."
            )
        lengths = np.array([len(sound.f0_hz) for sound in self.sounds], dtype=float)
        self.chances = lengths / lengths.sum()
        self.contours = [fill_f0(sound.f0_hz) for sound in self.sounds]

    def _frames(self, speed: Fraction) -> int:
        """Frames of the recording that a crop at that speed needs, its edges among them."""
        reach = self.train.crop_frames + 2 * (self.grid.edge_pad / self.grid.hop + 1)
        return int(np.ceil(reach * float(speed))) + 1

    def draw(self, step: int) -> SoundBatch:
        """This process's share of the batch of one training step."""
        rng = np.random.default_rng([self.train.seed, step, *([self.rank] if self.rank else [])])
        rows = [self._crop(index, rng) for index in rng.choice(len(self.sounds), self.batch, p=self.chances)]
        samples, f0_hz, voiced = (torch.from_numpy(np.stack(part)) for part in zip(*rows, strict=True))
        return SoundBatch(samples, f0_hz, voiced)

    def _crop(self, index: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        sound, contour, hop = self.sounds[index], self.contours[index], self.grid.hop
        speed = self.speeds[rng.integers(len(self.speeds))]
        start = int(rng.integers(len(sound.f0_hz) - self._frames(speed) + 1))
        part = sound.samples[start * hop : (start + self._frames(speed)) * hop]
        played = part if speed == 1 else resample_poly(part, speed.denominator, speed.numerator)
        skipped = self.grid.edge_pad // hop + 1  # frames before the first: its window reaches there
        first = skipped * hop - self.grid.edge_pad
        played = played[first : first + self.train.crop_frames * hop + 2 * self.grid.edge_pad]
        # frame i of the crop stands at this place among the recording's own frames
        at = start - 0.5 + (np.arange(self.train.crop_frames) + skipped + 0.5) * float(speed)
        frames = np.arange(len(contour))
        f0_hz = np.exp(np.interp(at, frames, np.log(contour))) * float(speed)
        voiced = sound.f0_hz[np.clip(np.rint(at).astype(int), 0, len(frames) - 1)] > 0
        gain = 10 ** (rng.uniform(*GAIN_DB) / 20) if self.varied else 1.0
        return (played * gain).astype(np.float32), f0_hz.astype(np.float32), voiced.astype(np.float32)
