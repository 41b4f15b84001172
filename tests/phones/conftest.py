"""A made-up language of three sounds, sung by two voices, small enough to be learnt in a second."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from svc_core.config import CodeConfig, CodeTrainConfig, Config
from svc_core.phones.inventory import Inventory
from svc_core.phones.training import Lesson
from svc_core.phones.transcript import Part, Transcript

SOUNDS = ("sil", "a", "k")


@pytest.fixture(scope="session")
def code_config() -> Config:
    config = Config(code=CodeConfig(width=16, layers=1, code=4, dropout=0.0))
    return replace(config, content=replace(config.content, cepstra=6))


@pytest.fixture(scope="session")
def code_train() -> CodeTrainConfig:
    return CodeTrainConfig(
        steps=8, batch=2, crop_frames=24, warmup_steps=2, checkpoint_every=4, realign_every=3, log_every=2
    )


@pytest.fixture(scope="session")
def inventory() -> Inventory:
    return Inventory(SOUNDS)


def sing(phones: str, frames_each: int, singer: int, seed: int = 0) -> np.ndarray:
    """Content (variant, cepstrum, frame) of ``phones`` ("-" silence, "a", "k"): each a direction of its own."""
    rng = np.random.default_rng(seed)
    numbers = np.repeat(["-ak".index(phone) for phone in phones], frames_each)
    cepstra = np.eye(6, dtype=np.float32)[:, numbers] * 2
    cepstra[4] += 1.5 * (2 * singer - 1)  # the voice
    return (cepstra + 0.1 * rng.standard_normal((3, *cepstra.shape))).astype(np.float32)


def timed(phones: str, frames_each: int) -> Transcript:
    names = [SOUNDS["-ak".index(phone)] for phone in phones]
    parts = tuple(Part(((name,),), i * frames_each, (i + 1) * frames_each) for i, name in enumerate(names))
    return Transcript(parts, len(phones) * frames_each, timed=True)


@pytest.fixture(scope="session")
def lessons() -> list[Lesson]:
    """Two clips timed phone by phone, one of which only the word is known, one of which nothing is."""
    word = Transcript((Part((("k", "a", "k", "a"),), 4, 44),), 48, timed=False)  # sung from 8 to 40
    return [
        Lesson(sing("-kaka-", 8, 0, seed=1), 0, timed("-kaka-", 8)),
        Lesson(sing("-kaak-", 8, 1, seed=2), 1, timed("-kaak-", 8)),
        Lesson(sing("-kaka-", 8, 1, seed=3), 1, word),
        Lesson(sing("ka", 5, 0, seed=4), 0, None),
    ]
