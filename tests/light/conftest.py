"""The shipped models twice, with torch and without, and clips to try them on: a tone of our own and real singing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from svc_core.light.convert import LightConverter, open_light
from svc_core.model.checkpoint import load_model
from svc_core.model.system import VoiceConverter
from svc_core.sound.audio import load_audio
from svc_core.sound.features import Features
from svc_core.vocoders.istft import IstftVocoder, load_istft
from tests.conftest import contour, voice

REPOSITORY = Path(__file__).resolve().parents[2]
MODELS, SONGS = REPOSITORY / "models", REPOSITORY / "tests" / "songs"
MEL_LN, SAMPLE = 1e-3, 1e-3  # by how much torch and ONNX may differ: natural log, full scale
SINGERS = ("makam-f3", "makam-m2")
SUNG = ("synthetic", "pjs", "makam")


@dataclass(frozen=True)
class WithTorch:
    model: VoiceConverter
    vocoder: IstftVocoder


@pytest.fixture(scope="session")
def with_torch() -> WithTorch:
    model = load_model(MODELS / "student.safetensors")
    return WithTorch(model, load_istft(MODELS / "vocoder.safetensors", model.config.grid))


@pytest.fixture(scope="session")
def light() -> LightConverter:
    return open_light(MODELS / "light", threads=1)


@pytest.fixture(scope="session")
def clips(light) -> dict[str, Features]:
    """Three lengths: 3 s, 2.4 s and 1.3 s."""
    grid = light.description.config.grid
    samples: dict[str, np.ndarray] = {
        "synthetic": voice(contour(3.0, 200.0, 300.0, vibrato_cents=30)),
        "pjs": load_audio(SONGS / "pjs-m1" / "pjs055.flac", grid),
        "makam": load_audio(SONGS / "makam-f3" / "kimseye_zemin1.flac", grid, 0.0, 1.3),
    }
    return {name: light.measure(sound) for name, sound in samples.items()}
