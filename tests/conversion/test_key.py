"""The key alone; what a model's medians make of it is in test_convert.py."""

import numpy as np
import pytest

from svc_core.config import GridConfig
from svc_core.conversion.key import ConversionError, key_shift_towards
from tests.conftest import is_sentence

GRID = GridConfig()


@pytest.mark.parametrize(("target_hz", "semitones"), [(220.0, 0), (440.0, 12), (233.1, 1), (146.8, -7)])
def test_one_median_is_taken_to_the_other(target_hz, semitones):
    assert key_shift_towards(target_hz, np.array([0, 200, 220, 240, 0]), GRID, None) == semitones


def test_what_is_asked_for_goes_before():
    assert key_shift_towards(440.0, np.array([220.0]), GRID, -3) == -3


@pytest.mark.parametrize(("f0_hz", "asked"), [([], None), ([0, 0], 2), ([900.0], 5), ([60.0], -4)])
def test_what_cannot_be_sung_is_refused(f0_hz, asked):
    with pytest.raises(ConversionError) as caught:
        key_shift_towards(220.0, np.array(f0_hz, dtype=float), GRID, asked)
    assert is_sentence(str(caught.value))
