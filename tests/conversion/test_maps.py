"""Reduced hidden features: that interval centres on them are those of the full ones; and maps of known shapes."""

from pathlib import Path

import numpy as np
import pytest

from svc_core.conversion.convert import convert_batch
from svc_core.conversion.detail import DETAIL
from svc_core.conversion.hidden import NAMES, HiddenWatch
from svc_core.conversion.maps import FEWEST_MAPPED, LARGEST, map_features, reduce_features
from svc_core.conversion.sampling import choose_sampling
from svc_core.model.checkpoint import load_model
from svc_core.model.conditions import condition_inputs
from svc_core.sound.features import extract_features
from svc_core.traces.steps import interval_centres
from tests.conftest import contour, voice

SHIPPED = Path(__file__).parents[2] / "models" / "ddpm.safetensors"


def restored(features: np.ndarray, components: int) -> np.ndarray:
    """As a trace's reader has them."""
    reduced, scale = reduce_features(features, components)
    return reduced.astype(np.float32) * np.float32(scale)


def distances(points: np.ndarray) -> np.ndarray:
    return np.linalg.norm(points[:, None] - points[None], axis=-1)


# reduction


def test_with_all_dimensions_kept_all_distances_are_kept():
    features = np.random.default_rng(0).normal(size=(60, 5)) * [9, 1, 4, 2, 0.5] + 100
    np.testing.assert_allclose(distances(restored(features, 5)), distances(features), atol=5e-3)


def test_the_largest_number_of_sixteen_bits_is_used():
    reduced, scale = reduce_features(np.random.default_rng(0).normal(size=(60, 5)), 3)
    assert reduced.dtype == np.int16
    assert np.abs(reduced.astype(int)).max() == LARGEST
    assert 0 < scale < 1e-3


def test_components_that_features_do_not_have_are_zero():
    features = np.random.default_rng(0).normal(size=(40, 3))
    reduced, _ = reduce_features(features, 6)
    assert reduced.shape == (40, 6)
    assert not reduced[:, 3:].any()
    assert (np.abs(reduced[:, :3]).max(axis=0) > 1_000).all()


@pytest.mark.parametrize("value", [0.0, 3.0, 0.1])
def test_features_that_never_change_are_zero(value):
    reduced, scale = reduce_features(np.full((30, 4), value, np.float32), 2)
    assert np.isfinite(np.float32(scale)) and np.float32(scale) > 0
    np.testing.assert_allclose(reduced * scale, 0, atol=1e-6)


def leaping(steps: int = 400) -> np.ndarray:
    """Ten dimensions leap from one block of 40 steps to the next; the little differences inside lie in four others."""
    features = np.zeros((steps, 14))
    features[np.arange(steps), np.arange(steps) // 40] = 10.0
    features[:, 10:] = 0.1 * np.random.default_rng(0).normal(size=(steps, 4))
    return features


def test_small_differences_inside_intervals_outweigh_large_ones_between_them():
    features = leaping()
    found = restored(features, 4)
    centred = features - features.mean(axis=0)
    of_greatest_spread = centred @ np.linalg.svd(centred, full_matrices=False)[2][:4].T
    of_greatest_spread = np.rint(of_greatest_spread / np.abs(of_greatest_spread).max() * LARGEST)
    for intervals in (10, 20, 40, 80):
        centres = interval_centres(features, intervals)
        assert (interval_centres(found, intervals) == centres).mean() >= 0.975
        assert (interval_centres(of_greatest_spread, intervals) == centres).mean() < 0.8  # why it is not done so


def test_distances_from_the_middle_of_an_interval_are_kept():
    features = leaping()
    found = restored(features, 4)
    for part in np.array_split(np.arange(400), 40):
        expected = np.linalg.norm(features[part] - features[part].mean(axis=0), axis=1)
        measured = np.linalg.norm(found[part] - found[part].mean(axis=0), axis=1)
        np.testing.assert_allclose(measured, expected, rtol=0.02, atol=0.003)


@pytest.fixture(scope="module")
def thousand_steps() -> list[np.ndarray]:
    """The seven features (step, dimension) of the shipped model along its thousand steps, of a quarter of a second."""
    model = load_model(SHIPPED)
    features = extract_features(voice(contour(0.25, 220.0, 300.0, vibrato_cents=30)), model.config)
    taken = []
    with HiddenWatch(model.denoiser, [features.frames]) as watch:
        sampling, clip = choose_sampling(model, "ddpm"), condition_inputs(features, 0, -3)
        convert_batch([clip], [0], [0], model, sampling, lambda *_: taken.append(watch.take()[0]))
    return [np.stack([features[index] for features in taken]) for index in range(len(NAMES))]


def test_interval_centres_of_a_real_walk_are_those_of_the_full_features(thousand_steps):
    """95 % of all picks; measured 99 % (5 to 300 intervals, all of them)."""
    same = count = 0
    for features in thousand_steps:
        assert len(features) == 1000
        found = restored(features, DETAIL["full"].components)
        for intervals in (5, 8, 13, 20, 32, 50, 80, 100, 125, 200, 250, 300):
            same += (interval_centres(found, intervals) == interval_centres(features, intervals)).sum()
            count += intervals
    assert same / count >= 0.95


# maps


def line(steps: int = 30) -> np.ndarray:
    direction = np.array([3.0, -1, 0, 2, 5, -4])
    return np.linspace(-7, 12, steps)[:, None] * direction + 50


def test_a_straight_line_stays_one_and_its_steps_even():
    pca_x, pca_y, *_ = map_features(line(21))
    np.testing.assert_allclose(pca_x, np.linspace(-LARGEST, LARGEST, 21), atol=1)
    np.testing.assert_allclose(pca_y, 0, atol=1)


def test_the_walk_goes_to_the_right_and_upwards_whichever_way_features_go():
    curve = np.stack([np.arange(20.0), 0.1 * np.arange(20.0) ** 2, np.zeros(20)], axis=1)
    for features in (curve, -curve, curve[:, ::-1]):
        pca_x, pca_y, *_ = map_features(features)
        assert pca_x[-1] > pca_x[0]
        assert pca_y[-1] >= pca_y[0]
    np.testing.assert_array_equal(map_features(curve)[:2], map_features(-curve)[:2])


def test_both_maps_fill_their_square_and_keep_its_proportions():
    rng = np.random.default_rng(0)
    maps = map_features(np.cumsum(rng.normal(size=(40, 6)) * [8, 2, 1, 1, 1, 1], axis=0))
    assert maps.shape == (4, 40)
    assert maps.dtype == np.int16
    whole = maps.astype(int)
    for points in (whole[:2], whole[2:]):
        assert np.abs(points).max() == LARGEST
        assert (np.abs(points.max(axis=1) + points.min(axis=1)) <= 1).all()  # centred
    assert np.ptp(whole[1]) < 0.9 * np.ptp(whole[0])  # one scale for both axes


def test_distances_on_the_pca_map_are_those_of_a_plane():
    plane = np.random.default_rng(0).normal(size=(25, 2)) * [3, 1]
    turned = plane @ np.linalg.qr(np.random.default_rng(1).normal(size=(5, 5)))[0][:2]
    shown = distances(map_features(turned)[:2].T.astype(float))
    np.testing.assert_allclose(shown / shown.max(), distances(plane) / distances(plane).max(), atol=1e-3)


def test_tsne_keeps_neighbours_together():
    """Two stretches far apart: each step's nearest five on the map are of its own stretch."""
    rng = np.random.default_rng(0)
    features = np.concatenate([rng.normal(0, 1, (30, 8)), rng.normal(20, 1, (30, 8))])
    apart = distances(map_features(features)[2:].T.astype(float))
    nearest = np.argsort(apart, axis=1)[:, 1:6]
    assert ((nearest >= 30) == (np.arange(60) >= 30)[:, None]).all()


def test_maps_are_the_same_again():
    features = np.cumsum(np.random.default_rng(0).normal(size=(25, 6)), axis=0)
    np.testing.assert_array_equal(map_features(features), map_features(features))


def test_the_shortest_walk_that_is_mapped_can_be():
    maps = map_features(np.cumsum(np.random.default_rng(0).normal(size=(FEWEST_MAPPED, 6)), axis=0))
    assert maps.shape == (4, FEWEST_MAPPED)
    assert len(np.unique(maps[2:], axis=1).T) == FEWEST_MAPPED


def test_features_of_a_single_dimension_lie_on_a_line():
    maps = map_features(np.arange(12.0)[:, None])
    assert not maps[1].any()
    assert (np.diff(maps[0].astype(int)) > 0).all()


def test_features_that_never_change_have_a_map_all_the_same():
    assert map_features(np.ones((20, 4))).shape == (4, 20)
