"""Replay: every state of every sampler again, from predictions and a seed."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from svc_core.diffusion.noise import seeded_noise
from svc_core.traces.coding import decode_pictures, encode_pictures
from svc_core.traces.recorder import Recorder
from svc_core.traces.replay import CHECKPOINT_EVERY, Replay, between, replay_of
from svc_core.traces.scale import to_db
from svc_core.traces.steps import choose_kept
from svc_core.traces.trace import Trace
from svc_core.traces.writing import write_trace
from tests.support.hand_traces import SEED as HAND_SEED
from tests.support.hand_traces import hand_files, hand_manifest, hand_pictures, hand_walk
from tests.support.walks import SAMPLERS, SEED, Walked, run

MEAN_DB, STD_DB = -50.0, 20.0
STEPS = {"ddpm": 60, "ddim": 50, "euler": 40, "heun": 20, "consistency": 4}
SHAPE = (12, 20)


@cache
def walked(sampler: str, steps: int | None = None) -> Walked:
    return run(sampler, steps or STEPS[sampler], SHAPE)


def recorder_of(seen: Walked) -> Recorder:
    recorder = Recorder(seen.walk, [], MEAN_DB, STD_DB)
    for state, predicted in zip(seen.states, seen.predicted, strict=True):
        recorder.add(state, predicted)
    return recorder


def replay_keeping(seen: Walked, places: list[int], quantum: int = 1) -> Replay:
    """What a reader has of that walk, if a trace keeps the predictions at these places."""
    recorder = recorder_of(seen)

    def kept(levels: np.ndarray | None) -> np.ndarray | None:
        if levels is None:
            return None
        return to_db(decode_pictures(encode_pictures(levels[places], places, quantum), places, quantum))

    return Replay(seen.walk, SEED, places, kept(recorder.levels), kept(recorder.second_levels()), MEAN_DB, STD_DB)


def rms_db(replay: Replay, seen: Walked) -> np.ndarray:
    """Distance of each replayed state from the sampler's own."""
    states = np.stack([state for _, state in replay.states()])
    return STD_DB * np.sqrt(np.mean((states - seen.states) ** 2, axis=(1, 2)))


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_with_all_predictions_states_are_exact_but_for_half_decibels(sampler):
    """Rounding to half a decibel is 0.144 dB RMS; a state is a mean of predictions, so it is no further off."""
    seen = walked(sampler)
    errors = rms_db(replay_keeping(seen, list(range(len(seen.walk)))), seen)
    assert errors[0] < 1e-4
    assert errors.max() < 0.16


@pytest.mark.parametrize(
    ("sampler", "steps"), [("ddpm", 1000), ("ddim", 300), ("euler", 300), ("heun", 200), ("consistency", 20)]
)
def test_many_steps_add_no_error_up(sampler, steps):
    seen = run(sampler, steps, (5, 8))
    errors = rms_db(replay_keeping(seen, list(range(steps))), seen)
    assert errors.max() < 0.17


@pytest.mark.parametrize(("sampler", "most"), [("ddpm", 40), ("ddim", 8), ("euler", 8), ("heun", 8)])
def test_with_few_predictions_states_are_within_half_a_decibel(sampler, most):
    seen = walked(sampler)
    places = choose_kept(recorder_of(seen).levels, seen.walk.predicted + seen.walk.second, most)
    assert len(places) == most < len(seen.walk)
    errors = rms_db(replay_keeping(seen, places, quantum=2), seen)
    assert 0.1 < errors.max() < 0.5


@pytest.mark.parametrize("sampler", ["ddpm", "ddim", "euler"])
def test_keeping_more_is_closer(sampler):
    seen = walked(sampler)
    levels = recorder_of(seen).levels

    def error(most: int) -> float:
        return rms_db(replay_keeping(seen, choose_kept(levels, seen.walk.predicted, most)), seen).max()

    assert error(2) > 2 * error(5) > 4 * error(len(seen.walk))


@pytest.mark.parametrize(("kept", "limit_db"), [(60, 0.16), (40, 0.5)])
def test_states_that_were_clamped_are_clamped_again(kept, limit_db):
    seen = run("ddpm", 60, SHAPE, clamp=1.0)
    recorder = recorder_of(seen)
    places = choose_kept(recorder.levels, seen.walk.predicted, kept)
    replay = replay_keeping(seen, places)
    assert rms_db(replay, seen).max() < limit_db
    unclamped = replace(replay, walk=replace(seen.walk, clamp=None))
    assert rms_db(unclamped, seen).max() > 2.0
    assert np.abs(replay.state_at(31)).max() <= 1.0
    assert replay.state_at(31).dtype == np.float32


@pytest.mark.parametrize("steps", [1, 2, 3])
@pytest.mark.parametrize("sampler", ["ddpm", "ddim", "euler", "consistency"])
def test_short_walks(sampler, steps):
    seen = walked(sampler, steps)
    assert rms_db(replay_keeping(seen, list(range(steps))), seen).max() < 0.2


def test_a_single_step_of_heuns_is_replayed():
    seen = walked("heun", 1)
    assert rms_db(replay_keeping(seen, [0]), seen).max() < 1e-4


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_state_at_any_place_is_that_of_the_walk(sampler):
    """In any order, on a fresh replay: checkpoints that were made on the way must not mislead."""
    seen = walked(sampler)
    replay = replay_keeping(seen, list(range(len(seen.walk))))
    states = dict(replay.states())
    assert list(states) == list(range(len(seen.walk)))
    order = np.random.default_rng(0).permutation(len(seen.walk))
    fresh = replace(replay)
    for place in [*order, *order[::-1]]:
        np.testing.assert_array_equal(fresh.state_at(int(place)), states[int(place)])
        np.testing.assert_array_equal(replay.state_at(int(place)), states[int(place)])


@pytest.mark.parametrize("place", [-1, 4, 1000])
def test_a_place_that_is_not_on_the_walk_is_refused(place):
    with pytest.raises(IndexError, match=f"no place {place} on a walk of 4"):
        replay_keeping(walked("consistency"), [0, 1, 2, 3]).state_at(place)


def test_at_most_nine_steps_are_walked_to_a_state_that_was_passed(monkeypatch):
    seen = walked("ddpm")
    replay, walked_on = replay_keeping(seen, list(range(60))), []
    list(replay.states())
    advance = Replay.advance
    monkeypatch.setattr(Replay, "advance", lambda self, state, at: walked_on.append(at) or advance(self, state, at))
    for place in (59, 0, 10, 37):
        walked_on.clear()
        replay.state_at(place)
        assert len(walked_on) == place % CHECKPOINT_EVERY
    fresh = replace(replay)
    for place, steps in ((25, 25), (29, 9), (12, 2), (40, 20)):
        walked_on.clear()
        fresh.state_at(place)
        assert len(walked_on) == steps


def test_the_first_state_is_the_seeds_noise():
    for sampler, share in [("ddpm", 1.0), ("ddim", 1.0), ("euler", 80 / 6401**0.5), ("consistency", 80 / 6401**0.5)]:
        seen = walked(sampler)
        place, state = next(replay_keeping(seen, list(range(len(seen.walk)))).states())
        assert place == 0
        np.testing.assert_allclose(state, share * seeded_noise(SEED, seen.walk.start_address, *SHAPE), rtol=1e-6)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_another_seed_is_another_walk_to_the_same_predictions(sampler):
    """Nothing that was kept of one seed's walk is taken for the other's."""
    seen = walked(sampler)
    replay = replay_keeping(seen, list(range(len(seen.walk))))
    first = dict(replay.states())
    other = replace(replay, seed=SEED + 1)
    assert np.abs(other.state_at(0) - first[0]).max() > 0.5
    assert np.abs(dict(other.states())[1] - first[1]).max() > 0.01
    for place in (1, 2, len(seen.walk) - 1):
        np.testing.assert_array_equal(other.state_at(place), dict(replace(other).states())[place])
    np.testing.assert_array_equal(other.predicted_at(1), replay.predicted_at(1))


def test_noise_is_different_at_each_step_and_each_place():
    """A walk whose noise came again would be smooth where it must not be."""
    seen = walked("ddpm")
    silent = replace(replay_keeping(seen, [0, 59]), predicted_db=np.full((2, *SHAPE), MEAN_DB, np.float32))
    states = dict(silent.states())
    fresh = [states[i + 1] - seen.walk.state[i] * states[i] for i in range(58)]
    assert abs(np.corrcoef(fresh[3].ravel(), fresh[4].ravel())[0, 1]) < 0.25
    for i in (0, 10, 50):
        assert fresh[i].std() == pytest.approx(seen.walk.noise[i], rel=0.2)


# between kept predictions


def test_between_two_kept_places_predictions_are_interpolated():
    kept_db = np.array([0.0, 8.0, 4.0]).reshape(3, 1, 1)
    replay = Replay(walked("ddim", 11).walk, 0, [0, 4, 10], kept_db, None, 0.0, 1.0)
    assert [replay.predicted_at(place).item() for place in (0, 1, 3, 4, 7, 10)] == [0.0, 2.0, 6.0, 8.0, 6.0, 4.0]


def test_second_predictions_are_interpolated_as_the_first_are():
    walk = walked("heun", 5).walk
    line = np.linspace(-60, -20, 5, dtype=np.float32).reshape(5, 1, 1)
    whole = Replay(walk, 3, [0, 1, 2, 3, 4], line, line + 5, MEAN_DB, STD_DB)
    ends = Replay(walk, 3, [0, 4], line[[0, 4]], line[[0, 4]] + 5, MEAN_DB, STD_DB)
    for (_, state), (_, other) in zip(whole.states(), ends.states(), strict=True):
        np.testing.assert_allclose(state, other, atol=2e-5)


@pytest.mark.parametrize(
    ("place", "at"), [(0, (0, 0.0)), (1, (0, 0.25)), (3, (0, 0.75)), (4, (1, 0.0)), (5, (1, 0.2)), (9, (2, 0.0))]
)
def test_a_place_among_the_kept(place, at):
    assert between(place, [0, 4, 9]) == (at[0], pytest.approx(at[1]))


def test_a_single_kept_place_stands_for_all():
    assert between(0, [0]) == (0, 0.0)
    assert between(5, [0]) == (0, 0.0)


# of a trace


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_trace_is_replayed_as_it_was_written(tmp_path, sampler):
    """The recurrence written out, of the same bytes."""
    manifest = hand_manifest(sampler=sampler, steps=9)
    trace = write_trace(tmp_path, manifest, hand_files(manifest))
    replay, walk, levels = replay_of(trace), hand_walk(sampler, 9), hand_pictures(manifest)
    state = walk.start_weight * seeded_noise(HAND_SEED, walk.start_address, *levels.shape[1:])
    for place, found in replay.states():
        np.testing.assert_allclose(found, state, atol=2e-5)
        first, second = (to_db(picture) + 50.0 for picture in (levels[place], np.minimum(levels[place], 250) + 5))
        state = walk.predicted[place] * first / 20.0 + walk.state[place] * state
        if sampler == "heun":
            state = state + walk.second[place] * second / 20.0
        state = state + walk.noise[place] * seeded_noise(HAND_SEED, int(walk.address[place]), *levels.shape[1:])


def test_a_clamp_in_the_manifest_is_the_walks(tmp_path):
    manifest = hand_manifest(steps=9)
    manifest = replace(manifest, sampler=replace(manifest.sampler, clamp=0.5))
    replay = replay_of(write_trace(tmp_path, manifest, hand_files(manifest)))
    sizes = [np.abs(state).max() for _, state in replay.states()]
    assert sizes[0] > 1.5
    assert sizes[1:] == [0.5] * 8


def test_a_state_is_shown_on_the_scale_of_the_mel(hand_trace: Trace):
    shown = replay_of(hand_trace).state_db(np.array([[0.0, 1.0, -2.0]], np.float32))
    assert shown.tolist() == [[-50.0, -30.0, -90.0]]
    assert shown.dtype == np.float32


def test_states_stay_in_single_precision(hand_trace: Trace):
    replay = replay_of(hand_trace)
    assert {state.dtype for _, state in replay.states()} == {np.dtype(np.float32)}
    assert replay.predicted_at(3).dtype == np.float32
