"""The fixed scale: bytes of half a decibel."""

import numpy as np
import pytest

from svc_core.traces.scale import difference_db, to_db, to_levels


@pytest.mark.parametrize(("db", "level"), [(-110, 0), (-109.5, 1), (-105, 10), (-10, 200), (-5, 210), (17.5, 255)])
def test_known_levels(db, level):
    assert to_levels(np.array([db])).tolist() == [level]
    assert to_db(np.array([level], np.uint8)).tolist() == [db]


def test_values_off_the_scale_take_its_nearest_end():
    assert to_levels(np.array([-1e6, -110.3, 17.8, 1e6, -np.inf, np.inf])).tolist() == [0, 0, 255, 255, 0, 255]


def test_every_level_comes_back():
    levels = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(to_levels(to_db(levels)), levels)


def test_a_picture_is_exact_to_a_quarter_of_a_decibel():
    db = np.random.default_rng(0).uniform(-110, 17.5, (10, 20))
    assert np.abs(to_db(to_levels(db)) - db).max() <= 0.25
    assert np.abs(to_db(to_levels(db)) - db).max() > 0.2


def test_types_and_shapes():
    levels = to_levels(np.zeros((3, 4), np.float32))
    assert levels.dtype == np.uint8
    assert to_db(levels).dtype == np.float32
    assert to_db(levels).shape == (3, 4)


def test_differences_have_a_sign_and_do_not_wrap_around():
    levels, other = np.array([[0, 255, 7]], np.uint8), np.array([[255, 0, 4]], np.uint8)
    assert difference_db(levels, other).tolist() == [[-127.5, 127.5, 1.5]]
    assert difference_db(levels, other).dtype == np.float32
    np.testing.assert_array_equal(difference_db(levels, other), to_db(levels) - to_db(other))
