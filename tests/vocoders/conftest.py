"""A vocoder of our own, small and untrained, and the mel of a voice for all of them."""

from pathlib import Path

import numpy as np
import pytest
import torch

from svc_core.config import GridConfig, VocoderConfig
from svc_core.sound.mel import log_mel
from svc_core.vocoders.istft import save_istft
from svc_core.vocoders.network import IstftNetwork
from tests.conftest import contour, voice

GRID = GridConfig()
TINY = VocoderConfig(width=16, layers=1)


def impulse_mel(frames: int = 40, at: int = 20) -> np.ndarray:
    """The mel of one loud frame in quiet."""
    mel = np.full((100, frames), -9.0, np.float32)
    mel[:, at] = -1.0
    return mel


def centre_of(samples: np.ndarray, around: int, reach: int = 1024) -> float:
    """Where the energy of what happens around a sample has its centre, in samples."""
    span = np.arange(around - reach, around + reach)
    return float(np.average(span, weights=samples[span].astype(float) ** 2))


@pytest.fixture(scope="session")
def sung() -> np.ndarray:
    """A second of a gliding voice."""
    return voice(contour(1.0, 200.0, 260.0, vibrato_cents=20))


@pytest.fixture(scope="session")
def sung_mel(sung) -> np.ndarray:
    return log_mel(sung, GRID)


@pytest.fixture(scope="session")
def tiny_vocoder_path(tmp_path_factory) -> Path:
    torch.manual_seed(0)
    network = IstftNetwork(GRID, TINY)
    torch.nn.init.normal_(network.filters.leave.weight, std=0.02)
    path = tmp_path_factory.mktemp("vocoder") / "vocoder.safetensors"
    save_istft(path, network.state_dict(), TINY, GRID)
    return path
