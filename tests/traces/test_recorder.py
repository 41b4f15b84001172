"""The watcher of a conversion: predictions in bytes, states where they are wanted, Heun's unseen second look."""

from dataclasses import replace

import numpy as np
import pytest

from svc_core.diffusion.noise import seeded_noise
from svc_core.traces.recorder import Recorder, predicted_error_db, state_error_db
from svc_core.traces.replay import Replay
from svc_core.traces.scale import to_db, to_levels
from tests.support.walks import SAMPLERS, SEED, run

MEAN_DB, STD_DB = -50.0, 20.0


def recorded(seen, places: list[int]) -> Recorder:
    recorder = Recorder(seen.walk, places, MEAN_DB, STD_DB)
    for state, predicted in zip(seen.states, seen.predicted, strict=True):
        recorder.add(state, predicted)
    return recorder


def exact_replay(seen, recorder: Recorder) -> Replay:
    """From all predictions."""
    second = recorder.second_levels()
    places = list(range(len(seen.walk)))
    second_db = None if second is None else to_db(second)
    return Replay(seen.walk, SEED, places, to_db(recorder.levels), second_db, MEAN_DB, STD_DB)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_predictions_are_kept_as_the_scale_has_them(sampler):
    seen = run(sampler, 7)
    levels = recorded(seen, []).levels
    assert levels.dtype == np.uint8
    expected = to_levels(seen.predicted * STD_DB + MEAN_DB)
    assert np.abs(levels.astype(int) - expected).max() <= 1  # where single precision falls on the other side of a half
    assert (levels == expected).mean() > 0.99


def test_predictions_off_the_scale_take_its_nearest_end():
    seen = run("ddim", 2, (1, 3))
    recorder = Recorder(seen.walk, [], MEAN_DB, STD_DB)
    for _ in range(2):
        recorder.add(np.zeros((1, 3), np.float32), np.array([[-100.0, 0.0, 100.0]], np.float32))
    assert recorder.levels[0].tolist() == [[0, 120, 255]]  # -50 dB is level 120


@pytest.mark.parametrize("sampler", ["ddpm", "ddim", "euler", "consistency"])
def test_states_are_kept_where_they_are_wanted_to_three_digits(sampler):
    seen = run(sampler, 9)
    recorder = recorded(seen, [8, 0, 3])
    assert recorder.places == [0, 3, 8]
    for place in recorder.places:
        np.testing.assert_allclose(recorder.state(place), seen.states[place], rtol=1e-3, atol=1e-4)
        assert recorder.state(place).dtype == np.float32
    with pytest.raises(KeyError):
        recorder.state(1)


def test_heuns_states_are_all_kept_and_exact():
    seen = run("heun", 9)
    recorder = recorded(seen, [3])
    assert recorder.places == list(range(9))
    np.testing.assert_array_equal(np.stack([recorder.state(place) for place in range(9)]), seen.states)


def test_what_is_recorded_is_a_copy():
    """A sampler may reuse its arrays."""
    for sampler in ("euler", "heun"):
        seen = run(sampler, 2, (2, 2))
        recorder = Recorder(seen.walk, [0], MEAN_DB, STD_DB)
        state, predicted = np.zeros((2, 2), np.float32), np.zeros((2, 2), np.float32)
        recorder.add(state, predicted)
        assert not predicted.any()  # nor does the recorder touch what it is given
        state += 7.0
        predicted += 7.0
        recorder.add(state, predicted)
        assert recorder.levels[0].tolist() == [[120, 120]] * 2
        assert not recorder.state(0).any()


def test_a_sampler_that_reuses_its_arrays_is_recorded_alike():
    seen = run("heun", 6)
    reused = Recorder(seen.walk, [], MEAN_DB, STD_DB)
    state, predicted = np.empty_like(seen.states[0]), np.empty_like(seen.predicted[0])
    for place in range(6):
        state[:], predicted[:] = seen.states[place], seen.predicted[place]
        reused.add(state, predicted)
    np.testing.assert_array_equal(reused.second_levels(), recorded(seen, []).second_levels())
    np.testing.assert_array_equal(reused.levels, recorded(seen, []).levels)


@pytest.mark.parametrize("added", [0, 4, 6])
def test_a_walk_that_was_not_walked_to_its_end_is_refused(added):
    seen = run("ddim", 5)
    recorder = Recorder(seen.walk, [], MEAN_DB, STD_DB)
    for _ in range(added):
        recorder.add(seen.states[0], seen.predicted[0])
    with pytest.raises(ValueError, match=f"{added} steps were recorded of a walk of 5"):
        _ = recorder.levels


@pytest.mark.parametrize("steps", [3, 10, 20, 60])
def test_heuns_corrected_predictions_are_recovered(steps):
    """Nobody tells them: they follow from two states. Within rounding to half decibels."""
    seen = run("heun", steps)
    second = recorded(seen, []).second_levels()
    assert second.shape == seen.predicted.shape
    off_db = to_db(second[:-1]) - np.clip(seen.second * STD_DB + MEAN_DB, -110, 17.5)
    assert np.abs(off_db).max() < 0.26
    np.testing.assert_array_equal(second[-1], recorded(seen, []).levels[-1])


def test_others_have_no_second_predictions():
    for sampler in SAMPLERS:
        seen = run(sampler, 1 if sampler == "heun" else 5)  # a single step of Heun's is Euler's
        assert recorded(seen, []).second_levels() is None


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_error_of_a_replay_is_that_of_its_worst_state(sampler):
    seen = run(sampler, 20)
    recorder = recorded(seen, list(range(20)))
    replay = exact_replay(seen, recorder)
    rms = [np.sqrt(np.mean((state - recorder.state(place)) ** 2)) for place, state in replay.states()]
    assert state_error_db(replay, recorder) == pytest.approx(max(rms) * STD_DB, rel=1e-6)
    assert 0 < state_error_db(replay, recorder) < 0.5


def test_an_error_is_only_looked_for_where_states_were_kept():
    seen = run("ddpm", 20)
    start = recorded(seen, [0])
    assert state_error_db(exact_replay(seen, start), start) < 0.02  # noise is noise, but for its three digits


def test_a_clamp_that_is_not_replayed_is_seen_in_the_error():
    seen = run("ddpm", 20, clamp=1.0)
    recorder = recorded(seen, list(range(20)))
    replay = exact_replay(seen, recorder)
    assert state_error_db(replay, recorder) < 0.2
    assert state_error_db(replace(replay, walk=replace(seen.walk, clamp=None)), recorder) > 2.0


def test_a_wrong_seed_is_seen_in_the_error():
    seen = run("ddpm", 20)
    recorder = recorded(seen, [0, 5])
    wrong = Replay(seen.walk, SEED + 1, list(range(20)), to_db(recorder.levels), None, MEAN_DB, STD_DB)
    assert state_error_db(wrong, recorder) > 20.0


def test_the_error_of_predictions_by_hand():
    """Three predictions of one cell, 100 104 120; the middle one is interpolated to 110: 6 levels are 3 dB."""
    seen = run("ddim", 3, (1, 1))
    levels = np.array([100, 104, 120], np.uint8).reshape(3, 1, 1)
    replay = Replay(seen.walk, SEED, [0, 2], to_db(levels[[0, 2]]), None, MEAN_DB, STD_DB)
    assert predicted_error_db(replay, levels) == pytest.approx(3.0)
    assert predicted_error_db(replay, levels, every=2) == 0.0


def test_the_start_of_every_sampler_is_the_seeds_noise():
    for sampler in ("euler", "heun", "consistency", "ddim"):
        seen = run(sampler, 3)
        noise = seeded_noise(SEED, seen.walk.start_address, *seen.states.shape[1:])
        np.testing.assert_allclose(seen.states[0], seen.walk.start_weight * noise, rtol=1e-5)
