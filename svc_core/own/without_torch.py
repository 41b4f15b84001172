"""Conversion without PyTorch: the student alone, by its ONNX export; no trace, for nothing watches inside."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from svc_core.conversion.key import ConversionError
from svc_core.light.convert import Converted, open_light
from svc_core.metrics.report import figures_of
from svc_core.metrics.scores import Judges, compare, hear
from svc_core.own.made import STUDENT, Making, Telling, Wanted, begin
from svc_core.own.take import Take
from svc_core.sound.features import Features
from svc_core.sound.pitch import track_f0

EXPORT = "light"  # folder beside the models
DIGITS = 6


class LightVoices:
    """The student's voices by onnxruntime; see :class:`svc_core.own_voice.Voices`."""

    methods = (STUDENT,)

    def __init__(self, models: Path, threads: int) -> None:
        self.threads = threads
        self.light = open_light(models / EXPORT, threads)
        self.grid = self.light.description.config.grid

    @property
    def singers(self) -> dict[str, float]:
        """Median F0 in Hz of every voice."""
        return {singer.name: singer.median_f0_hz for singer in self.light.description.singers}

    def measure(self, samples: np.ndarray) -> Features:
        return self.light.measure(samples, threads=self.threads)

    def sound(self, take: Take, wanted: Wanted, tell: Telling) -> Making:
        """The student's sound. Raises ConversionError, LightError and FeatureError."""
        converted, samples = self._convert(take, wanted)
        making = begin(take, wanted, converted.key_shift_semitones)
        making.sound(samples, self.grid, tell)
        return making

    def figures(self, making: Making, tell: Telling) -> dict[str, object]:
        """What is seen and measured of a sound that was made: the same noise makes it once more. Raises MetricError."""
        source = making.take.source()
        converted, samples = self._convert(making.take, making.wanted)
        tell.progress(0.1, "figures")
        judges = Judges()
        heard_source = hear(source.samples, self.grid, judges, "the source", source.features.f0_hz.astype(float))
        f0_hz = track_f0(samples, self.grid, threads=self.threads)
        heard = hear(samples, self.grid, judges, "the conversion", f0_hz)
        scored = compare(heard_source, heard, making.key_shift, self.grid, making.wanted.target, judges)
        figures = figures_of(scored)
        scores = {name: float(f"{value:.{DIGITS}g}") for name, value in figures.items() if math.isfinite(value)}
        notes = ["Whose voice it is like cannot be measured on this server: that takes PyTorch.", *scored.notes]
        return making.result(converted.mel, f0_hz, scores, notes)

    def watch(self, take: Take, wanted: Wanted, tell: Telling) -> dict[str, object]:
        raise ConversionError("the forty steps of the teacher need PyTorch, which this server does not have.")

    def _convert(self, take: Take, wanted: Wanted) -> tuple[Converted, np.ndarray]:
        converted = self.light.convert(take.source().features, wanted.target, wanted.key_shift, wanted.seed)
        return converted, self.light.sound(converted.mel)
