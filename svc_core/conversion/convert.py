"""Conversion itself: features of a clip, a target singer, a key shift -> the target's mel."""

from __future__ import annotations

import math

import numpy as np
import torch

from svc_core.diffusion.ddpm import StepCallback, sample_ddpm
from svc_core.diffusion.noise import seeded_noise
from svc_core.model.conditions import condition_inputs, keep_all
from svc_core.model.system import VoiceConverter
from svc_core.sound.features import Features
from svc_core.sound.pitch import median_f0_hz

MELODY_RANGE = (5, 95)  # percentiles: the tracker's few octave errors are no part of the melody


class ConversionError(ValueError):
    """A conversion that cannot be made; the message says why and what to do."""


def choose_key_shift(features: Features, model: VoiceConverter, singer: int, asked: int | None) -> int:
    """Whole semitones to move the melody by: ``asked``, or from the singers' median F0 where it is None.

    Raises ConversionError where nothing is sung, or where the shifted melody would leave the range
    of F0 that the model knows.
    """
    try:
        source_hz = median_f0_hz(features.f0_hz)
    except ValueError as error:
        raise ConversionError(str(error)) from error
    shift = asked
    if shift is None:
        shift = round(12 * math.log2(float(model.singer_f0_hz[singer]) / source_hz))
    grid = model.config.grid
    low_hz, high_hz = np.percentile(features.f0_hz[features.f0_hz > 0], MELODY_RANGE) * np.exp2(
        np.clip(shift, -120, 120) / 12
    )
    if high_hz > grid.f0_high_hz or low_hz < grid.f0_low_hz:
        raise ConversionError(
            f"a key shift of {shift:+d} semitones takes the melody to {low_hz:.0f}-{high_hz:.0f} Hz, "
            f"outside {grid.f0_low_hz:.0f}-{grid.f0_high_hz:.0f} Hz; choose a smaller one."
        )
    return shift


@torch.inference_mode()
def convert_features(
    features: Features,
    model: VoiceConverter,
    singer: int,
    key_shift: int,
    seed: int,
    callback: StepCallback | None = None,
) -> torch.Tensor:
    """Convert one clip by DDPM with all steps; returns the mel in natural log, (mel, frame)."""
    inputs = condition_inputs(features, singer, key_shift)
    conditioned = model.condition(inputs, keep_all(1))
    shape = features.mel.shape

    def predict(state: torch.Tensor, step: int) -> torch.Tensor:
        return model.predict(state, torch.tensor([step]), conditioned)

    def noise(step: int) -> torch.Tensor:
        return torch.from_numpy(seeded_noise(seed, step, *shape))[None]

    return model.denormalise(sample_ddpm(predict, noise, model.schedule, callback))[0]
