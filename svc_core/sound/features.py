"""All that the model is given of a clip, gathered on the one time grid, and its cache on disk."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from svc_core.config import Config
from svc_core.sound.content import encode_content
from svc_core.sound.loudness import a_weighted_loudness, normal_gain_db
from svc_core.sound.mel import log_mel
from svc_core.sound.pitch import track_f0


@dataclass(frozen=True)
class Features:
    """One clip. Every array's last axis is the frame; all have the same number of frames.

    mel          (mel, frame)            natural log
    f0_hz        (frame,)                0 where unvoiced
    loudness_db  (frame,)                A-weighted, after the clip's gain
    content      (warp, cepstrum, frame) unit variance; warp 1.0 alone outside training
    gain_db      ()                      applied to the recording before anything was measured
    """

    mel: np.ndarray
    f0_hz: np.ndarray
    loudness_db: np.ndarray
    content: np.ndarray
    gain_db: float

    @property
    def frames(self) -> int:
        return self.mel.shape[1]


def extract_features(samples: np.ndarray, config: Config, warps: tuple[float, ...] = (1.0,)) -> Features:
    """Measure a clip (samples,) at the grid's rate; its level is normalised once, as a whole."""
    grid = config.grid
    gain_db = normal_gain_db(a_weighted_loudness(samples, grid), grid)
    samples = samples * np.float32(10 ** (gain_db / 20))
    f0_hz = track_f0(samples, grid)
    loudness_db = a_weighted_loudness(samples, grid)
    content = encode_content(samples, f0_hz, loudness_db, grid, config.content, warps)
    return Features(log_mel(samples, grid), f0_hz.astype(np.float32), loudness_db, content, gain_db)


def save_features(path: Path, features: Features) -> None:
    """Write one .npz; it appears under its name only when it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    with partial.open("wb") as file:
        np.savez(file, **{f.name: getattr(features, f.name) for f in fields(Features)})
    partial.replace(path)


def load_features(path: Path) -> Features:
    with np.load(path, allow_pickle=False) as arrays:
        return Features(
            arrays["mel"], arrays["f0_hz"], arrays["loudness_db"], arrays["content"], float(arrays["gain_db"])
        )
