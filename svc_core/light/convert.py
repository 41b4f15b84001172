"""A conversion without torch, from a clip's samples (24 kHz, mono) to the sound of another voice::

    light = open_light("models/light")
    features = light.measure(samples)
    converted = light.convert(features, "makam-f3")
    sound = light.sound(converted.mel, features.gain_db)

The first line takes half a second or so: open it once.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from svc_core.light.files import Description, LightError, read_description
from svc_core.light.student import LightStudent, open_student
from svc_core.light.vocoder import LightVocoder, open_light_vocoder
from svc_core.sound.encoders import CEPSTRA
from svc_core.sound.features import Features, extract_features

THREADS = 2  # what a small host has; more are little faster for a clip of seconds


@dataclass(frozen=True)
class Converted:
    """mel (mel, frame) in natural log, and the whole semitones that the melody was moved by."""

    mel: np.ndarray
    key_shift_semitones: int


@dataclass(frozen=True)
class LightConverter:
    """Student and vocoder of one export. Made by :func:`open_light`."""

    description: Description
    student: LightStudent
    vocoder: LightVocoder

    def measure(self, samples: np.ndarray, name: str = "clip", threads: int = 1) -> Features:
        """Features of mono ``samples`` (sample,) at the grid's rate; ``name`` stands in messages."""
        return extract_features(samples, self.description.config, name=name, threads=threads)

    def convert(self, features: Features, singer: str, key_shift: int | None = None, seed: int = 0) -> Converted:
        """Sing it as ``singer``, ``key_shift`` semitones higher (None: from the singers' medians), from that noise.

        Raises LightError for an unknown singer or a clip that is too long, ConversionError where nothing is voiced
        or the melody would leave the range of F0 that the model knows.
        """
        number = self.description.singer_id(singer)
        shift = self.student.choose_key_shift(features, number, key_shift)
        return Converted(self.student.convert(features, number, shift, seed), shift)

    def warm_up(self) -> None:
        """Convert half a second of a tone, so that the first singer need not wait.

        What librosa compiles when it is first used takes seconds in every process, and many the first time ever.
        """
        grid = self.description.config.grid
        times_s = np.arange(grid.sample_rate_hz // 2) / grid.sample_rate_hz
        features = self.measure((0.1 * np.sign(np.sin(2 * np.pi * 220 * times_s))).astype(np.float32))
        self.sound(self.student.convert(features, singer=0, key_shift=0, seed=0))

    def sound(self, mel: np.ndarray, gain_db: float = 0.0) -> np.ndarray:
        """Samples (hop * frame,) float32 of a mel; ``gain_db``, the features', is taken off again."""
        return self.vocoder.synthesize(mel) * np.float32(10 ** (-gain_db / 20))


def open_light(folder: str | Path, threads: int = THREADS) -> LightConverter:
    """The export in ``folder``, to be run on ``threads`` threads. Raises LightError."""
    description = read_description(folder)
    if description.config.content.encoders != (CEPSTRA,):
        raise LightError(f"{folder}: its content encoders need torch; export a model that hears {CEPSTRA} alone.")
    return LightConverter(
        description, open_student(folder, description, threads), open_light_vocoder(folder, description, threads)
    )
