"""Replay: every state again, from predictions and a seed."""

from dataclasses import replace

import numpy as np
import pytest

from svc_core.diffusion.noise import seeded_noise
from svc_core.diffusion.schedule import Schedule
from svc_core.traces.recorder import choose_kept
from svc_core.traces.replay import Replay, between_kept, replay_of
from svc_core.traces.scale import to_db
from tests.traces.conftest import BANDS, FRAMES, MEAN_DB, SEED, STD_DB, STEPS, predictions, walk


def replay_keeping(levels: np.ndarray, kept: list[int]) -> Replay:
    """Replay of a walk with these predictions, of which some are kept."""
    steps = [STEPS - 1 - index for index in kept]
    return Replay(Schedule(STEPS, 1e-4, 0.6), SEED, steps, to_db(levels[kept]), MEAN_DB, STD_DB)


def test_all_states_come_back_when_every_prediction_is_kept(hand_trace):
    recorder = walk(predictions())
    replayed = list(replay_of(hand_trace).states())
    assert [step for step, _ in replayed] == recorder.steps
    for step, state in replayed:
        assert state.shape == (BANDS, FRAMES)
        np.testing.assert_allclose(state, recorder.state(step), atol=2e-3)  # recorded with three digits


def test_the_first_state_is_the_seeds_noise(hand_trace):
    step, state = next(replay_of(hand_trace).states())
    assert step == STEPS - 1
    np.testing.assert_array_equal(state, seeded_noise(SEED, STEPS, BANDS, FRAMES))


def test_another_seed_is_another_walk_to_the_same_end(hand_trace):
    replay = replay_of(hand_trace)
    first, other = (dict(r.states()) for r in (replay, replace(replay, seed=SEED + 1)))
    assert np.abs(first[4] - other[4]).max() > 0.5
    np.testing.assert_array_equal(replay.predicted_at(0), to_db(predictions()[-1]))


def test_predictions_on_a_line_need_their_ends_alone():
    levels = (100 + 6 * np.arange(STEPS)[:, None, None] * np.ones((1, BANDS, FRAMES))).astype(np.uint8)
    recorder = walk(levels)
    for step, state in replay_keeping(levels, [0, STEPS - 1]).states():
        np.testing.assert_allclose(state, recorder.state(step), atol=2e-3)


def test_an_error_of_a_prediction_does_not_grow():
    """Nothing but the ends kept: no state is further off than the worst prediction was."""
    levels, kept = predictions(), [0, STEPS - 1]
    recorder, replay = walk(levels), replay_keeping(levels, kept)
    worst = max(np.abs(replay.predicted_at(STEPS - 1 - i) - to_db(levels[i])).max() for i in range(STEPS)) / STD_DB
    assert worst > 0.2
    errors = [np.abs(state - recorder.state(step)).max() for step, state in replay.states()]
    assert max(errors) <= worst + 2e-3
    assert max(errors) > 0.01


def test_keeping_more_is_closer():
    levels = predictions()
    recorder = walk(levels)

    def error(most: int) -> float:
        states = replay_keeping(levels, choose_kept(levels, most)).states()
        return max(float(np.sqrt(np.mean((state - recorder.state(step)) ** 2))) for step, state in states)

    assert error(2) > error(4) > error(STEPS)


def test_between_two_kept_steps_predictions_are_interpolated():
    kept_db = np.array([0.0, 8.0, 4.0]).reshape(3, 1, 1)
    replay = Replay(Schedule(11), 0, [10, 6, 0], kept_db, 0.0, 1.0)
    assert [replay.predicted_at(step).item() for step in (10, 9, 7, 6, 3, 0)] == [0.0, 2.0, 6.0, 8.0, 6.0, 4.0]


@pytest.mark.parametrize(
    ("step", "place"), [(99, (0, 0.0)), (98, (0, 0.25)), (95, (0, 1.0)), (94, (1, 0.2)), (90, (1, 1.0))]
)
def test_a_steps_place_among_the_kept(step, place):
    assert between_kept(step, [99, 95, 90]) == (place[0], pytest.approx(place[1]))


def test_a_single_kept_step_stands_for_all():
    assert between_kept(0, [0]) == (0, 0.0)
    assert between_kept(5, [0]) == (0, 0.0)


def test_a_state_is_shown_on_the_scale_of_the_mel(hand_trace):
    shown = replay_of(hand_trace).state_db(np.array([[0.0, 1.0, -2.0]], np.float32))
    assert shown.tolist() == [[-50.0, -30.0, -90.0]]
    assert shown.dtype == np.float32


def test_states_stay_in_single_precision(hand_trace):
    assert {state.dtype for _, state in replay_of(hand_trace).states()} == {np.dtype(np.float32)}
