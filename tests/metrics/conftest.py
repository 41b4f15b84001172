"""Sounds that several tests of the metrics share, and the singer encoder, loaded once."""

from importlib.util import find_spec

import numpy as np
import pytest

from svc_core.config import GridConfig
from svc_core.metrics.singer import SingerEncoder
from tests.conftest import contour, voice

KEY_SHIFT = 3


@pytest.fixture(scope="session")
def grid() -> GridConfig:
    return GridConfig()


@pytest.fixture(scope="session")
def source() -> np.ndarray:
    """A phrase of one singer."""
    return voice(contour(0.9, 220.0, 300.0, vibrato_cents=30))


@pytest.fixture(scope="session")
def converted() -> np.ndarray:
    """The same phrase three semitones up by a shorter throat, somewhat softer: what a conversion should be."""
    up = 2 ** (KEY_SHIFT / 12)
    return 0.7 * voice(contour(0.9, 220.0 * up, 300.0 * up, vibrato_cents=30), tract=1.15, seed=1)


@pytest.fixture(scope="session")
def encoder() -> SingerEncoder:
    if find_spec("resemblyzer") is None:
        pytest.skip("the package resemblyzer is not installed")
    return SingerEncoder()
