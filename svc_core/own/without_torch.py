"""Conversion without PyTorch: the student alone, by its ONNX export; no trace, for nothing watches inside."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from svc_core.light.convert import open_light
from svc_core.metrics.report import figures_of
from svc_core.metrics.scores import Judges, compare, hear
from svc_core.own.made import STUDENT, Telling, Wanted, begin
from svc_core.own.take import Take
from svc_core.sound.features import Features

EXPORT = "light"  # folder beside the models
DIGITS = 6


class LightVoices:
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

    def convert(self, take: Take, wanted: Wanted, tell: Telling) -> dict[str, object]:
        """Raises ConversionError, LightError, FeatureError and MetricError."""
        source = take.source()
        converted = self.light.convert(source.features, wanted.target, wanted.key_shift, wanted.seed)
        making = begin(take, wanted, converted.key_shift_semitones)
        samples = self.light.sound(converted.mel)
        making.sound(samples, self.grid, tell)
        tell.progress(0.5, "figures")
        judges = Judges()
        heard_source = hear(source.samples, self.grid, judges, "the source", source.features.f0_hz)
        heard = hear(samples, self.grid, judges, "the conversion")
        scored = compare(heard_source, heard, making.key_shift, self.grid, wanted.target, judges)
        figures = figures_of(scored)
        scores = {name: float(f"{value:.{DIGITS}g}") for name, value in figures.items() if math.isfinite(value)}
        notes = ["Whose voice it is like cannot be measured on this server: that takes PyTorch.", *scored.notes]
        return making.result(converted.mel, heard.f0_hz, scores, notes)
