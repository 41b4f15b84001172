"""The watcher of a sampler, and which predictions it pays to keep."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from svc_core.traces.recorder import MOST_KEPT, Recorder, choose_kept, hold_still
from tests.traces.conftest import predictions, walk


def interpolation_error(levels: np.ndarray, kept: list[int]) -> np.ndarray:
    """Mean squared error of each prediction when all others are interpolated from the kept ones."""
    flat = levels.reshape(len(levels), -1).astype(float)
    places = np.arange(len(levels))
    between = np.stack([np.interp(places, kept, flat[kept, cell]) for cell in range(flat.shape[1])], axis=1)
    return ((flat - between) ** 2).mean(axis=1)


def wandering(steps: int, seed: int = 0) -> np.ndarray:
    """Smooth curves, each of its own speed, (step, 4, 6)."""
    phase = np.random.default_rng(seed).uniform(1, 12, (4, 6))
    return (120 + 90 * np.sin(np.linspace(0, 1, steps)[:, None, None] * phase)).astype(np.uint8)


def test_steps_are_kept_in_the_order_of_the_sampler():
    recorder = walk(predictions())
    assert recorder.steps == [7, 6, 5, 4, 3, 2, 1, 0]
    np.testing.assert_array_equal(recorder.predicted_levels, predictions())


def test_a_prediction_can_be_had_in_decibels_by_its_step():
    recorder = walk(predictions())
    np.testing.assert_allclose(recorder.predicted_db(7), predictions()[0] / 2 - 110.0)
    np.testing.assert_allclose(recorder.predicted_db(0), predictions()[-1] / 2 - 110.0)


def test_a_state_is_kept_to_three_digits():
    recorder = Recorder(lambda mel: mel)
    state = np.random.default_rng(0).standard_normal((4, 5))
    recorder(9, 0.5, state, state)
    np.testing.assert_allclose(recorder.state(9), state, rtol=1e-3)
    assert recorder.state(9).dtype == np.float32


def test_tensors_of_a_batch_of_one_are_understood():
    recorder = Recorder(lambda mel: 10 * mel)
    recorder(3, 0.5, torch.full((1, 2, 3), 0.5), torch.full((1, 2, 3), -2.0))
    assert recorder.state(3).tolist() == [[0.5] * 3] * 2
    assert recorder.predicted_db(3).tolist() == [[-20.0] * 3] * 2


def test_what_is_recorded_is_a_copy():
    """A sampler may reuse its arrays."""
    recorder, state = Recorder(lambda mel: mel), np.zeros((2, 2), np.float32)
    recorder(1, 0.5, state, state)
    state += 7.0
    assert recorder.state(1).tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert recorder.predicted_db(1).tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_an_unknown_step_is_refused():
    with pytest.raises(ValueError):
        walk(predictions()).state(8)


# which predictions to keep


def test_a_straight_line_needs_its_two_ends():
    line = np.arange(0, 200, 10, dtype=np.uint8)[:, None, None] * np.ones((1, 3, 4), np.uint8)
    assert choose_kept(line) == [0, 19]


def test_a_corner_is_kept():
    roof = np.concatenate([np.arange(0, 100, 10), np.arange(100, 40, -10)]).astype(np.uint8)
    assert choose_kept(np.tile(roof[:, None, None], (1, 2, 2)), most=3) == [0, 10, 15]


@pytest.mark.parametrize("most", [2, 3, 10, 40])
def test_first_and_last_are_kept_and_no_more_than_allowed(most):
    kept = choose_kept(wandering(60), most)
    assert (kept[0], kept[-1]) == (0, 59)
    assert len(kept) == most
    assert kept == sorted(set(kept))


def test_keeping_more_is_closer():
    levels = wandering(120)
    errors = [interpolation_error(levels, choose_kept(levels, most)).max() for most in (2, 5, 10, 20, 40)]
    assert all(more < fewer for fewer, more in pairwise(errors))
    assert errors[-1] < 1.0


def test_the_choice_is_better_than_even_spacing():
    """A curve that moves at its end only, as predictions do where the voice emerges."""
    levels = np.tile((200 * np.linspace(0, 1, 100) ** 12).astype(np.uint8)[:, None, None], (1, 2, 2))
    chosen = interpolation_error(levels, choose_kept(levels, 8)).max()
    even = interpolation_error(levels, np.linspace(0, 99, 8).round().astype(int).tolist()).max()
    assert chosen < even / 4


def test_the_next_one_kept_is_the_one_worst_interpolated():
    levels = wandering(50)
    for most in (2, 3, 4, 9):
        error = interpolation_error(levels, choose_kept(levels, most))
        assert int(error.argmax()) in choose_kept(levels, most + 1)


def test_without_a_limit_of_ones_own_there_is_the_usual_one():
    assert len(choose_kept(np.random.default_rng(0).integers(0, 256, (200, 2, 2)).astype(np.uint8))) == MOST_KEPT


def test_one_or_two_predictions_are_all_kept():
    assert choose_kept(wandering(1)) == [0]
    assert choose_kept(wandering(2)) == [0, 1]


def test_all_are_kept_when_fewer_are_there_than_allowed():
    assert choose_kept(np.random.default_rng(0).integers(0, 256, (9, 3, 3)).astype(np.uint8)) == list(range(9))


# values that hardly move


def test_a_value_stays_until_it_has_moved_far_enough():
    levels = np.array([100, 101, 99, 102, 101, 103, 104, 0, 1], np.uint8).reshape(-1, 1, 1)
    assert hold_still(levels, by=1).ravel().tolist() == [100, 100, 100, 102, 102, 102, 104, 0, 0]
    assert hold_still(levels, by=0).ravel().tolist() == levels.ravel().tolist()


@pytest.mark.parametrize("by", [1, 3])
def test_no_value_is_held_further_off_than_allowed(by):
    levels = np.random.default_rng(0).integers(0, 256, (40, 3, 4)).astype(np.uint8)
    levels[10:20] = 254 + levels[10:20] % 2  # a byte must not wrap around
    off = np.abs(hold_still(levels, by).astype(int) - levels)
    assert off.max() == by
    assert (hold_still(levels, by)[0] == levels[0]).all()


def test_holding_still_leaves_its_argument_alone():
    levels = np.array([100, 101], np.uint8).reshape(2, 1, 1)
    hold_still(levels)
    assert levels.ravel().tolist() == [100, 101]
