"""A visitor's take as the server keeps it, and the shipped models with torch and without, each loaded once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from svc_core.config import GridConfig
from svc_core.own.look import look
from svc_core.own.made import TEACHER, Telling, Wanted
from svc_core.own.take import Origin, Take
from svc_core.own.with_torch import TorchVoices
from svc_core.own.without_torch import LightVoices
from svc_core.sound.features import Features
from tests.conftest import contour, voice

REPOSITORY = Path(__file__).resolve().parents[2]
MODELS, TRACES = REPOSITORY / "models", REPOSITORY / "precomputed"
GRID = GridConfig()
SECONDS = 1.5
FRAMES = 140  # of SECONDS


def sung(seconds: float = SECONDS, f0_hz: float = 220.0) -> np.ndarray:
    return voice(contour(seconds, f0_hz, vibrato_cents=20))


def send(folder: Path, samples: np.ndarray, rate_hz: int = 24_000, kind: str = "WAV", **how) -> Path:
    """As the server keeps what comes: under a name that tells nothing."""
    soundfile.write(folder / "sent", samples, rate_hz, format=kind, **how)
    return folder / "sent"


def made_features(f0_hz: np.ndarray, gain_db: float = 0.0, loudness_db: np.ndarray | None = None) -> Features:
    """Features with just this melody (frame,); the rest is even."""
    frames = len(f0_hz)
    loudness_db = np.full(frames, -20.0) if loudness_db is None else loudness_db
    mel, content = np.full((100, frames), -3.0, np.float32), np.zeros((1, 20, frames), np.float32)
    return Features(mel, f0_hz.astype(np.float32), loudness_db.astype(np.float32), content, gain_db)


@dataclass
class Ear:
    """Keeps what it is told, in order: ("share", share, words) and ("early", facts)."""

    told: list[tuple] = field(default_factory=list)
    at_early: Callable[[dict], None] = lambda facts: None

    @property
    def telling(self) -> Telling:
        def early(facts: dict[str, object]) -> None:
            self.at_early(facts)
            self.told.append(("early", facts))

        return Telling(lambda share, words: self.told.append(("share", share, words)), early)

    @property
    def kinds(self) -> list[str]:
        return [event[0] for event in self.told]

    def early(self) -> dict[str, object]:
        (facts,) = [event[1] for event in self.told if event[0] == "early"]
        return facts


def make(voices: TorchVoices | LightVoices, take: Take, wanted: Wanted, ear: Ear) -> dict[str, object]:
    """A conversion from beginning to end: the student's sound and then its figures, the teacher's in one."""
    if wanted.method == TEACHER:
        return voices.watch(take, wanted, ear.telling)
    return voices.figures(voices.sound(take, wanted, ear.telling), ear.telling)


@pytest.fixture(scope="session")
def light_voices() -> LightVoices:
    return LightVoices(MODELS, threads=1)


@pytest.fixture(scope="session")
def torch_voices() -> TorchVoices:
    threads = torch.get_num_threads()
    yield TorchVoices(MODELS, TRACES, threads=1)
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def looked(light_voices, tmp_path_factory) -> tuple[Take, dict[str, object]]:
    """A take that was looked at, and what was told of it. Nobody may change its files; tests may add to them."""
    folder = tmp_path_factory.mktemp("take")
    send(folder, sung())
    told = look(folder, Origin(), GRID, light_voices.singers, light_voices.measure)
    return Take(folder), told


@pytest.fixture
def take(looked, tmp_path) -> Take:
    """The same take, for a test alone."""
    return Take(shutil.copytree(looked[0].folder, tmp_path / "take", ignore=shutil.ignore_patterns("made", "traces")))
