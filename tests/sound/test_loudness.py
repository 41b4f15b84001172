"""A-weighted loudness: exact under gain, right at known levels."""

import numpy as np
import pytest

from svc_core.config import GridConfig
from svc_core.sound.loudness import FLOOR_DB, a_weighted_loudness, normal_gain_db
from tests.conftest import contour, voice

GRID = GridConfig()
INNER = slice(3, -3)  # away from the reflected ends, where a sine has a kink


def sine(hz: float, amplitude: float = 1.0) -> np.ndarray:
    return (amplitude * np.sin(2 * np.pi * hz * np.arange(12_000) / 24_000)).astype(np.float32)


def a_weight_db(hz: float) -> float:
    """IEC 61672-1's A curve from its four poles, 0 dB at 1 kHz."""

    def gain(f):
        poles = (f**2 + 20.6**2) * np.sqrt((f**2 + 107.7**2) * (f**2 + 737.9**2)) * (f**2 + 12_194**2)
        return 12_194**2 * f**4 / poles

    return 20 * np.log10(gain(hz) / gain(1000.0))


def test_a_full_scale_sine_of_one_kilohertz_has_minus_three_decibels():
    np.testing.assert_allclose(a_weighted_loudness(sine(1000), GRID)[INNER], -3.01, atol=0.02)


def test_a_sine_at_minus_twenty_decibels_is_twenty_lower():
    np.testing.assert_allclose(a_weighted_loudness(sine(1000, 0.1), GRID)[INNER], -23.01, atol=0.02)


def test_one_hundred_hertz_counts_nineteen_decibels_less():
    difference = a_weighted_loudness(sine(100), GRID)[INNER] - a_weighted_loudness(sine(1000), GRID)[INNER]
    np.testing.assert_allclose(difference, -19.1, atol=0.5)


@pytest.mark.parametrize("hz", [200.0, 500.0, 2_500.0, 6_000.0, 10_000.0])
def test_weights_are_those_of_the_standard(hz):
    difference = a_weighted_loudness(sine(hz), GRID)[INNER] - a_weighted_loudness(sine(1000), GRID)[INNER]
    np.testing.assert_allclose(difference, a_weight_db(hz), atol=0.3)


@pytest.mark.parametrize("gain_db", [6.0, -20.0])
def test_a_gain_moves_every_frame_by_exactly_that(gain_db):
    samples = voice(contour(1.0, 220.0))
    before = a_weighted_loudness(samples, GRID)
    after = a_weighted_loudness(samples * np.float32(10 ** (gain_db / 20)), GRID)
    heard = (before > FLOOR_DB) & (after > FLOOR_DB)
    assert heard.all()
    np.testing.assert_allclose(after - before, gain_db, atol=1e-3)


def test_nothing_saturates_at_full_scale():
    """Amphion's loudness has one value for all above -19.5 dB."""
    levels = [a_weighted_loudness(sine(1000, 10 ** (db / 20)), GRID)[10] for db in (-18, -12, -6, 0)]
    np.testing.assert_allclose(np.diff(levels), 6.0, atol=1e-3)


def test_digital_silence_lies_on_the_floor():
    assert (a_weighted_loudness(np.zeros(2_560, np.float32), GRID) == -100.0).all()


def test_there_is_one_value_a_frame():
    assert a_weighted_loudness(sine(440), GRID).shape == (46,)


def test_normal_gain_puts_the_loud_frames_at_the_normal_loudness():
    """Of 0, -1, ... -10 dB the 90th percentile is -1 dB, and the normal loudness is -20 dB."""
    assert normal_gain_db(-np.arange(11.0), GRID) == pytest.approx(-19.0)


def test_normal_gain_of_a_recording_brings_it_there():
    samples = voice(contour(1.0, 220.0))
    gain_db = normal_gain_db(a_weighted_loudness(samples, GRID), GRID)
    after = a_weighted_loudness(samples * np.float32(10 ** (gain_db / 20)), GRID)
    assert np.percentile(after, 90) == pytest.approx(-20.0, abs=1e-3)
