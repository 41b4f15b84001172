"""What several tests share: a synthetic voice, a corpus of it, and a model and a trace small enough to make here."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from playwright.sync_api import Browser

from svc_core.config import Config, DiffusionConfig, ModelConfig, TrainConfig
from svc_core.conversion.engine import LoadedModel, Making, record_one
from svc_core.conversion.job import corpus_jobs, read_credits
from svc_core.conversion.record import ModelFacts
from svc_core.corpora.corpus import Corpus, read_corpus
from svc_core.model.checkpoint import load_model, model_hash, save_model
from svc_core.model.system import VoiceConverter
from svc_core.sound.features import Features, extract_features
from svc_core.traces.trace import Trace, open_trace
from tests.support.chromium import open_browser
from tests.support.killed import Ended, kill_training

RATE_HZ = 24_000
VOWELS_HZ = ((700, 1220, 2600, 3500), (300, 2300, 3000, 3700), (450, 800, 2700, 3400))  # ah, ee, oh
SINGERS = ("alto", "bass")
PROGRAM = sys.modules["__main__"]


@pytest.fixture(autouse=True)
def program_kept() -> Iterator[None]:
    """Takes Streamlit's AppTest out of ``__main__`` again: it leaves its script there, and whatever worker process a
    later test starts runs that script before its own work."""
    yield
    sys.modules["__main__"] = PROGRAM


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One for all tests of a process: Playwright begins in none twice."""
    with open_browser() as browser:
        yield browser


def contour(seconds: float, first_hz: float, last_hz: float | None = None, vibrato_cents: float = 0.0) -> np.ndarray:
    """Sung F0 at every sample: an exponential glide with a 5.5 Hz vibrato, shape (samples,)."""
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    octaves = np.log2((last_hz or first_hz) / first_hz) * time_s / seconds
    return first_hz * 2 ** (octaves + vibrato_cents / 1200 * np.sin(2 * np.pi * 5.5 * time_s))


def voice(f0_hz: np.ndarray, tract: float = 1.0, vowel_s: float = 0.25, seed: int = 0) -> np.ndarray:
    """Harmonics of ``f0_hz`` (samples,) under moving formants, with some breath: float32 with a peak of 0.3.

    ``tract`` moves all formants up by that factor: another, shorter throat singing the same vowels.
    """
    time_s = np.arange(len(f0_hz)) / RATE_HZ
    vowel = time_s / vowel_s
    formants_hz = [np.interp(vowel % 3, range(4), [*path, path[0]]) for path in zip(*VOWELS_HZ, strict=True)]
    phase = 2 * np.pi * np.cumsum(f0_hz) / RATE_HZ
    sound = 0.002 * np.random.default_rng(seed).standard_normal(len(f0_hz))
    for harmonic in range(1, int(11_000 / f0_hz.max()) + 1):
        at_hz = harmonic * f0_hz
        resonance = sum(1 / (1 + ((at_hz - tract * hz) / (80 + 0.04 * hz)) ** 2) for hz in formants_hz)
        sound += (0.02 + resonance) / harmonic * np.sin(harmonic * phase)
    sound *= np.interp(time_s, [0, 0.03, time_s[-1] - 0.03, time_s[-1]], [0, 1, 1, 0])
    return (0.3 * sound / np.abs(sound).max()).astype(np.float32)


def is_sentence(message: str) -> bool:
    """One line that ends as a sentence does, with nothing of Python's own in it."""
    return (
        "\n" not in message and message.endswith((".", "?")) and "Traceback" not in message and "Error(" not in message
    )


def write_rows(path: Path, header: str, rows: list[str]) -> None:
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")


def write_corpus(root: Path) -> Corpus:
    """Two singers with a training and a test recording each, and a guest whose voice may not be published."""
    clips, sung = [], {"alto": (330.0, 1.15), "bass": (130.0, 0.95), "guest": (220.0, 1.0)}
    for number, (singer, (f0_hz, tract)) in enumerate(sung.items()):
        for split in ("train", "test") if singer in SINGERS else ("unseen",):
            melody = contour(1.5, f0_hz, f0_hz * (1.3 if split == "train" else 0.9), vibrato_cents=30)
            sound = voice(melody, tract, vowel_s=0.2 if split == "train" else 0.3, seed=number)
            (root / singer).mkdir(exist_ok=True)
            soundfile.write(root / singer / f"{split}.wav", sound, RATE_HZ)
            may_ship = "yes" if singer in SINGERS else "no"
            clips.append(f"{singer}/{split}.wav,{singer},Hymn 7,verse,{split},{may_ship},CC BY 4.0")
    write_rows(root / "metadata.csv", "file,singer,song,section,split,may_ship,licence", clips)
    phrases = [
        "scale,alto/train.wav,0.0,1.0",
        "hymn,alto/test.wav,0.1,1.3",
        "hymn,bass/test.wav,0.0,1.2",
        "secret,guest/unseen.wav,0.0,1.0",
    ]
    write_rows(root / "phrases.csv", "phrase,file,start_s,end_s", phrases)
    with (root / "credits.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(
            [["singer", "licence", "attribution"], *([s, "CC BY 4.0", f"Made for tests, {s}"] for s in SINGERS)]
        )
    return read_corpus(root)


@pytest.fixture(scope="session")
def tiny_config() -> Config:
    """A system of the usual build, small enough for seconds: 20 steps of diffusion that end in noise."""
    return Config(
        model=ModelConfig(
            width=16, content_bottleneck=4, draft_layers=1, draft_width=16, denoiser_layers=2, step_embedding=16
        ),
        diffusion=DiffusionConfig(steps=20, beta_last=0.5),
        train=TrainConfig(
            batch=2,
            crop_frames=32,
            draft_steps=6,
            denoiser_steps=6,
            warmup_steps=2,
            checkpoint_every=4,
            log_every=2,
            ema_decay=0.9,
        ),
    )


@pytest.fixture(scope="session")
def tiny_corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """Two singers with a training and a test recording each, and a guest whose voice may not be published."""
    return write_corpus(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="session")
def sung_features(tiny_config: Config) -> Features:
    """Features of one and a half seconds of a gliding voice, in every warp of training."""
    samples = voice(contour(1.5, 200.0, 300.0, vibrato_cents=30))
    return extract_features(samples, tiny_config, tiny_config.content.warps)


@pytest.fixture(scope="session")
def tiny_model_path(tiny_config: Config, sung_features: Features, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model file with random weights everywhere, so that every part of it has a say."""
    torch.manual_seed(1)
    model = VoiceConverter(tiny_config, SINGERS)
    torch.nn.init.normal_(model.denoiser.leave.weight, std=0.05)
    model.mel_mean.fill_(float(sung_features.mel.mean()))
    model.mel_std.fill_(float(sung_features.mel.std()))
    model.residual_std.fill_(0.5)
    model.singer_f0_hz.copy_(torch.tensor([330.0, 130.0]))
    path = tmp_path_factory.mktemp("model") / "model.safetensors"
    save_model(path, model, model.state_dict())
    return path


@pytest.fixture
def tiny_model(tiny_model_path: Path) -> VoiceConverter:
    """The tiny model, loaded anew for each test: a test may change it."""
    return load_model(tiny_model_path)


@pytest.fixture(scope="session")
def feature_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where commands keep the tiny corpus's features: measured by the first that needs them."""
    return tmp_path_factory.mktemp("features")


@pytest.fixture(scope="session")
def tiny_runs(
    tiny_corpus: Corpus, feature_cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Ended, Ended]:
    """Two trainings as --preset tiny has them, with EDM's noise: one that was killed twice, and one that was not."""
    return kill_training(tiny_corpus.root, feature_cache, tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="session")
def tiny_teacher_path(tiny_runs: tuple[Ended, Ended]) -> Path:
    """A model that can be distilled. Its singers are the tiny corpus's."""
    return tiny_runs[1].folder / "model.safetensors"


@pytest.fixture(scope="session")
def tiny_trace(tiny_corpus: Corpus, tiny_model_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Trace:
    """A real trace, recorded with the tiny model: the bass's hymn sung by the alto. Copy it before changing it."""
    credits_of = read_credits(tiny_corpus.root / "credits.csv")
    (job,) = corpus_jobs(tiny_corpus, credits_of, ["hymn:bass"], ["alto"], key_shift=None, seed=3)
    facts = ModelFacts(model_hash(tiny_model_path), 1, ("Made for tests, the model",))
    out = tmp_path_factory.mktemp("out")
    record_one(job, LoadedModel(load_model(tiny_model_path), facts), Making(out, "griffin-lim", {}))
    return open_trace(out / job.id)
