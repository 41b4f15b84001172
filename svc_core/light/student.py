"""The one-step student, run by onnxruntime: features and a singer -> that singer's mel.

The graph does what conversion/convert.py does with the sampler "consistency" in one step and without guidance: the same
noise of the same seed, the same conditions, the same mel to within 1e-3 (natural log).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from svc_core.conversion.key import key_shift_towards
from svc_core.diffusion.noise import seeded_noise
from svc_core.light.files import STUDENT, Description, LightError, open_graph
from svc_core.sound.features import Features
from svc_core.sound.pitch import fill_f0

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

LONGEST_S = 15.0  # attention looks from every frame at every other: longer clips would need windows


def condition_arrays(features: Features, singer: int, key_shift: float) -> dict[str, np.ndarray]:
    """Inputs of the graph but the noise, as model/conditions.condition_inputs has them for torch.

    content (1, channel, frame); f0_hz without gaps, ``key_shift`` semitones higher, voiced and loudness_db (1, frame);
    singer (1,).
    """
    f0_hz = fill_f0(features.f0_hz) * 2 ** (key_shift / 12)
    return {
        "content": features.content[:1],
        "f0_hz": f0_hz.astype(np.float32)[None],
        "voiced": (features.f0_hz > 0).astype(np.float32)[None],
        "loudness_db": features.loudness_db[None],
        "singer": np.array([singer], dtype=np.int64),
    }


@dataclass(frozen=True)
class LightStudent:
    """Made by :func:`open_student`."""

    description: Description
    graph: InferenceSession

    def choose_key_shift(self, features: Features, singer: int, asked: int | None) -> int:
        """Whole semitones: ``asked``, or from the singers' medians where it is None. Raises ConversionError."""
        target_hz = self.description.singers[singer].median_f0_hz
        return key_shift_towards(target_hz, features.f0_hz, self.description.config.grid, asked)

    def convert(self, features: Features, singer: int, key_shift: int, seed: int) -> np.ndarray:
        """The mel of singer number ``singer``, ``key_shift`` semitones higher: (mel, frame) float32, natural log.

        Raises LightError for a clip of more than LONGEST_S.
        """
        grid = self.description.config.grid
        seconds = features.frames * grid.hop / grid.sample_rate_hz
        if seconds > LONGEST_S:
            raise LightError(f"{seconds:.1f} s are too long to convert in one piece; take {LONGEST_S:g} s or less.")
        inputs = condition_arrays(features, singer, key_shift)
        noise = seeded_noise(seed, self.description.noise_step, grid.n_mels, features.frames)
        return self.graph.run(["mel"], {**inputs, "noise": noise[None]})[0][0]


def open_student(folder: str | Path, description: Description, threads: int) -> LightStudent:
    """The student of the export in ``folder``. Raises LightError."""
    return LightStudent(description, open_graph(folder, STUDENT, description, threads))
