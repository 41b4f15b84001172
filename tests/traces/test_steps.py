"""Which steps to show, to hear and to keep."""

from itertools import pairwise

import numpy as np
import pytest

from svc_core.diffusion.schedule import Schedule
from svc_core.diffusion.walk import ddpm_walk
from svc_core.traces.steps import choose_kept, interval_centres, spread_places
from tests.support.hand_traces import hand_walk

# interval clustering centre sampling


def test_centres_by_hand():
    """Two intervals of three: of 0 1 5, mean 2, the 1 is nearest; of 10 10 40, mean 20, the first 10."""
    assert interval_centres(np.array([[0.0], [1], [5], [10], [10], [40]]), 2).tolist() == [1, 3]


def test_as_many_intervals_as_steps_are_all_steps():
    assert interval_centres(np.random.default_rng(0).normal(size=(7, 3)), 7).tolist() == list(range(7))


def test_of_equally_near_steps_the_first_is_taken():
    assert interval_centres(np.array([[3.0, 3.0]] * 6), 2).tolist() == [0, 3]
    assert interval_centres(np.array([[-1.0], [1.0], [-1.0], [1.0]]), 1).tolist() == [0]


@pytest.mark.parametrize("intervals", [1, 2, 3, 7, 10, 33])
def test_centres_are_those_of_k_means_with_one_cluster(intervals):
    """As SingVisio's authors take them: of each interval the step nearest to the cluster's centre."""
    cluster = pytest.importorskip("sklearn.cluster")
    features = np.cumsum(np.random.default_rng(intervals).normal(size=(100, 6)), axis=0)
    expected = []
    for part in np.array_split(np.arange(100), intervals):
        centre = cluster.KMeans(n_clusters=1, n_init=1, random_state=0).fit(features[part]).cluster_centers_[0]
        expected.append(int(part[np.argmin(np.linalg.norm(features[part] - centre, axis=1))]))
    assert interval_centres(features, intervals).tolist() == expected


def test_intervals_are_equal_and_each_has_one_centre():
    chosen = interval_centres(np.random.default_rng(0).normal(size=(1000, 4)), 100)
    assert chosen.shape == (100,)
    assert (chosen // 10).tolist() == list(range(100))


@pytest.mark.parametrize("intervals", [0, -1, 8])
def test_a_number_of_intervals_that_cannot_be_is_refused(intervals):
    with pytest.raises(ValueError, match="choose 1 to 7"):
        interval_centres(np.zeros((7, 2)), intervals)


def test_features_without_a_dimension_are_refused():
    with pytest.raises(ValueError, match="shape"):
        interval_centres(np.zeros(7), 2)


# places spread over a walk


@pytest.mark.parametrize("count", [2, 3, 5, 20, 100, 999, 1000, 5000])
def test_places_on_a_thousand_steps(count):
    places = spread_places(ddpm_walk(Schedule()).snr_db, count)
    assert (places[0], places[-1], len(places)) == (0, 999, min(count, 1000))
    assert places == sorted(set(places))
    assert {type(place) for place in places} == {int}  # they go into JSON


@pytest.mark.parametrize("sampler", ["ddpm", "ddim", "euler", "consistency"])
@pytest.mark.parametrize("steps", [1, 2, 3, 40])
@pytest.mark.parametrize("count", [2, 3, 7, 39, 40])
def test_places_on_short_walks(sampler, steps, count):
    places = spread_places(hand_walk(sampler, steps).snr_db, count)
    assert (places[0], places[-1], len(places)) == (0, steps - 1, min(count, steps))
    assert places == sorted(set(places))


def test_places_lie_between_equal_steps_and_equal_levels():
    """Of five on DDPM's thousand: the middle one is past the middle of the decibels, and before that of the steps."""
    snr_db = ddpm_walk(Schedule()).snr_db
    middle = spread_places(snr_db, 3)[1]
    half_way = int(np.argmin(np.abs(snr_db - (snr_db[0] + snr_db[-1]) / 2)))
    assert min(500, half_way) < middle < max(500, half_way)
    gaps = np.diff(spread_places(snr_db, 100))
    assert gaps.max() < 20
    assert gaps[-5:].max() <= 3  # decibels crowd at the end


def test_a_walk_of_two_slopes_by_hand():
    """Levels 0 0 0 0 8: the way is (i / 4 + level / 8) / 2, so 0 .125 .25 .375 1; .5 is nearest to .375."""
    assert spread_places(np.array([0.0, 0.0, 0.0, 0.0, 8.0]), 3) == [0, 3, 4]


@pytest.mark.parametrize("count", [1, 0, -3])
def test_fewer_than_two_places_are_refused(count):
    with pytest.raises(ValueError, match="two places"):
        spread_places(np.arange(5.0), count)


def test_one_place_is_enough_for_one_step():
    assert spread_places(np.array([3.0]), 1) == [0]


# which predictions to keep


def kept_of(levels: np.ndarray, most: int) -> list[int]:
    """All predictions weighing the same."""
    return choose_kept(levels, np.ones(len(levels)), most)


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


def test_a_straight_line_needs_its_two_ends():
    line = np.arange(0, 200, 10, dtype=np.uint8)[:, None, None] * np.ones((1, 3, 4), np.uint8)
    assert kept_of(line, 10) == [0, 19]


def test_a_corner_is_kept():
    roof = np.concatenate([np.arange(0, 100, 10), np.arange(100, 40, -10)]).astype(np.uint8)
    assert kept_of(np.tile(roof[:, None, None], (1, 2, 2)), most=3) == [0, 10, 15]


@pytest.mark.parametrize("most", [2, 3, 10, 40])
def test_first_and_last_are_kept_and_no_more_than_allowed(most):
    kept = kept_of(wandering(60), most)
    assert (kept[0], kept[-1]) == (0, 59)
    assert len(kept) == most
    assert kept == sorted(set(kept))
    assert {type(place) for place in kept} == {int}


def test_keeping_more_is_closer():
    levels = wandering(120)
    errors = [interpolation_error(levels, kept_of(levels, most)).max() for most in (2, 5, 10, 20, 40)]
    assert all(more < fewer for fewer, more in pairwise(errors))
    assert errors[-1] < 1.0


def test_the_choice_is_better_than_even_spacing():
    """A curve that moves at its end only, as predictions do where the voice emerges."""
    levels = np.tile((200 * np.linspace(0, 1, 100) ** 12).astype(np.uint8)[:, None, None], (1, 2, 2))
    chosen = interpolation_error(levels, kept_of(levels, 8)).max()
    even = interpolation_error(levels, np.linspace(0, 99, 8).round().astype(int).tolist()).max()
    assert chosen < even / 4


def test_the_next_one_kept_is_the_one_worst_interpolated():
    levels = wandering(50)
    for most in (2, 3, 4, 9):
        error = interpolation_error(levels, kept_of(levels, most))
        assert int(error.argmax()) in kept_of(levels, most + 1)


def test_one_or_two_predictions_are_all_kept():
    assert kept_of(wandering(1), 10) == [0]
    assert kept_of(wandering(2), 10) == [0, 1]


def test_all_are_kept_when_fewer_are_there_than_allowed():
    levels = np.random.default_rng(0).integers(0, 256, (9, 3, 3)).astype(np.uint8)
    assert kept_of(levels, 50) == list(range(9))


def test_a_larger_weight_draws_the_choice():
    """The same bump twice: the one is kept that moves the state."""
    levels = np.zeros((21, 2, 2), np.uint8)
    levels[5], levels[15] = 40, 40
    weights = np.full(21, 0.1)
    for heavy in (5, 15):
        weights[:] = 0.1
        weights[heavy] = 1.0
        assert choose_kept(levels, weights, 3) == [0, heavy, 20]


def test_weights_draw_the_picks_to_where_they_are_large():
    levels = np.random.default_rng(0).integers(0, 256, (100, 3, 3)).astype(np.uint8)
    late = choose_kept(levels, np.linspace(0, 1, 100), 20)
    early = choose_kept(levels, np.linspace(1, 0, 100), 20)
    assert np.mean(late) > np.mean(early) + 15


def test_a_prediction_without_weight_is_still_looked_at():
    """It hardly moves the state, but it is shown itself: a large error counts, a small one elsewhere counts more."""
    levels = np.zeros((21, 2, 2), np.uint8)
    levels[5] = 200
    assert choose_kept(levels, np.zeros(21), 3) == [0, 5, 20]
    levels[15] = 60
    weights = np.zeros(21)
    weights[15] = 1.0
    assert choose_kept(levels, weights, 3) == [0, 15, 20]  # 60^2 is more than a twentieth of 200^2


def test_choosing_leaves_its_arguments_alone():
    levels, weights = wandering(30), np.zeros(30)
    before = levels.copy()
    choose_kept(levels, weights, 5)
    np.testing.assert_array_equal(levels, before)
    assert not weights.any()
