"""What a conversion is made from and compared with: a phrase's samples and features, measured once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import soundfile

from svc_core.config import Config, GridConfig
from svc_core.conversion.job import Excerpt
from svc_core.sound.audio import AudioError, load_audio
from svc_core.sound.features import Features, extract_features
from svc_core.sound.loudness import a_weighted_loudness, normal_gain_db
from svc_core.sound.mel import log_mel
from svc_core.sound.pitch import track_f0

LONGEST_S = 30.0  # a trace is made to be looked at: a phrase, not a song


@dataclass(frozen=True)
class Source:
    """Samples at the project's rate and level, and what the model is told of them."""

    samples: np.ndarray
    features: Features


@dataclass(frozen=True)
class Reference:
    """A recording of the target, to look at and listen to: samples (samples,), mel (mel, frame), f0_hz (frame,)."""

    samples: np.ndarray
    mel: np.ndarray
    f0_hz: np.ndarray
    gain_db: float


def measure_source(excerpt: Excerpt, config: Config) -> Source:
    """Raises AudioError, naming the recording, where it cannot be read, is silent or too long."""
    samples = _load(excerpt, config.grid)
    features = extract_features(samples, config)
    return Source(samples * np.float32(10 ** (features.gain_db / 20)), features)


def measure_reference(excerpt: Excerpt, grid: GridConfig) -> Reference:
    """Raises AudioError as :func:`measure_source`."""
    samples = _load(excerpt, grid)
    gain_db = normal_gain_db(a_weighted_loudness(samples, grid), grid)
    samples = samples * np.float32(10 ** (gain_db / 20))
    return Reference(samples, log_mel(samples, grid), track_f0(samples, grid), gain_db)


def seconds_of(excerpt: Excerpt) -> float:
    """Its length as its file says, or 0 where that cannot be read: measuring it will tell why."""
    try:
        whole_s = soundfile.info(excerpt.path).duration
    except (OSError, RuntimeError):
        return 0.0
    end_s = whole_s if excerpt.end_s is None else min(excerpt.end_s, whole_s)
    return max(end_s - excerpt.start_s, 0.0)


def _load(excerpt: Excerpt, grid: GridConfig) -> np.ndarray:
    samples = load_audio(excerpt.path, grid, excerpt.start_s, excerpt.end_s)
    seconds = len(samples) / grid.sample_rate_hz
    if seconds > LONGEST_S:
        raise AudioError(
            f"{excerpt.path}: {seconds:.0f} s are too long for a trace (at most {LONGEST_S:.0f} s); "
            "choose a part with --start and --end."
        )
    return samples
