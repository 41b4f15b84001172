"""Distances of sets: by hand, against the textbook's own formulas, and biased or not as promised."""

import numpy as np
import pytest
from scipy.linalg import sqrtm

from svc_core.metrics.alignment import MetricError
from svc_core.metrics.distribution import frechet_distance, kernel_distance, set_distances
from tests.conftest import is_sentence


def drawn(rows: int, dimensions: int, seed: int, shift: float = 0.0, scale: float = 1.0) -> np.ndarray:
    return shift + scale * np.random.default_rng(seed).standard_normal((rows, dimensions))


def test_frechet_distance_of_two_lines_by_hand():
    # variances 2 and 18, means 1 and 4: (1 - 4)^2 + (sqrt 2 - sqrt 18)^2
    assert frechet_distance(np.array([[0.0], [2]]), np.array([[1.0], [7]])) == pytest.approx(9 + 8)


def test_frechet_distance_is_the_textbooks_with_scipys_matrix_root():
    mixing = np.random.default_rng(9).standard_normal((5, 5))
    reference, estimate = drawn(60, 5, 0) @ mixing, drawn(80, 5, 1, shift=0.3, scale=1.5)
    covariances = [np.cov(rows, rowvar=False) for rows in (reference, estimate)]
    means = reference.mean(axis=0) - estimate.mean(axis=0)
    root = sqrtm(covariances[0] @ covariances[1])
    textbook = means @ means + np.trace(covariances[0]) + np.trace(covariances[1]) - 2 * np.trace(root).real
    assert frechet_distance(reference, estimate) == pytest.approx(textbook, rel=1e-9)
    assert frechet_distance(estimate, reference) == pytest.approx(textbook, rel=1e-9)


def test_frechet_distance_needs_no_full_rank():
    """Three rows in 256 dimensions: covariances of rank two, whose product has no root worth the name."""
    rows = drawn(3, 256, 0)
    assert frechet_distance(rows, rows) == pytest.approx(0, abs=1e-9)
    # the same three points, moved along two axes that neither covariance knows
    plane = np.zeros((3, 256))
    plane[:, :2] = [[0, 0], [1, 0], [0, 1]]
    assert frechet_distance(plane, plane + np.eye(256)[7] * 3) == pytest.approx(9)
    # spread in dimensions that the other lacks: both traces count, nothing is shared
    other = np.roll(plane, 5, axis=1)
    apart = plane.mean(axis=0) - other.mean(axis=0)
    assert frechet_distance(plane, other) == pytest.approx(apart @ apart + 4 / 3)


def test_frechet_distance_of_one_distribution_is_biased_and_kernel_distance_is_not():
    frechet = {n: [frechet_distance(drawn(n, 8, s), drawn(n, 8, s + 500)) for s in range(100)] for n in (10, 160)}
    kernel = [kernel_distance(drawn(10, 8, s), drawn(10, 8, s + 500)) for s in range(400)]
    assert np.mean(frechet[10]) > 3 and 0 < np.mean(frechet[160]) < 0.4
    assert abs(np.mean(kernel)) < 3 * np.std(kernel) / np.sqrt(len(kernel))
    assert min(kernel) < 0 < max(kernel)


def test_kernel_distance_of_two_points_each_by_hand():
    reference, estimate = np.array([[0.0], [2]]), np.array([[0.0], [4]])  # the bandwidth is 2
    within, other = np.exp(-4 / 8), np.exp(-16 / 8)
    between = (1 + np.exp(-16 / 8) + np.exp(-4 / 8) + np.exp(-4 / 8)) / 4
    assert kernel_distance(reference, estimate) == pytest.approx(100 * (within + other - 2 * between))


def test_kernel_distance_is_the_papers_double_sum():
    reference, estimate = drawn(7, 4, 0), drawn(5, 4, 1, shift=1.0)
    apart = [np.linalg.norm(reference[i] - reference[j]) for i in range(7) for j in range(i)]
    bandwidth = np.median(apart)

    def kernel(x, y):
        return np.exp(-np.sum((x - y) ** 2) / (2 * bandwidth**2))

    total = sum(kernel(reference[i], reference[j]) for i in range(7) for j in range(7) if i != j) / (7 * 6)
    total += sum(kernel(estimate[i], estimate[j]) for i in range(5) for j in range(5) if i != j) / (5 * 4)
    total -= 2 * sum(kernel(x, y) for x in reference for y in estimate) / (7 * 5)
    assert kernel_distance(reference, estimate) == pytest.approx(100 * total)


def test_kernel_distance_takes_its_scale_from_the_reference_alone():
    reference, estimate = drawn(20, 3, 0), drawn(20, 3, 1, scale=4.0)
    assert kernel_distance(reference, estimate) != pytest.approx(kernel_distance(estimate, reference), rel=0.05)
    assert kernel_distance(reference, estimate) == pytest.approx(kernel_distance(7 * reference, 7 * estimate))


@pytest.mark.parametrize("distance", [frechet_distance, kernel_distance])
def test_the_further_away_the_larger(distance):
    values = [distance(drawn(40, 6, 0), drawn(40, 6, 1, shift=shift)) for shift in (0, 0.5, 1, 2)]
    assert values == sorted(values)


@pytest.mark.parametrize("distance", [frechet_distance, kernel_distance])
@pytest.mark.parametrize(
    ("reference", "estimate"),
    [
        (drawn(1, 4, 0), drawn(5, 4, 1)),
        (drawn(5, 4, 0), np.zeros((0, 4))),
        (drawn(5, 4, 0), drawn(5, 3, 1)),
        (drawn(5, 4, 0), np.full((5, 4), np.nan)),
        (np.zeros(4), np.zeros(4)),
    ],
    ids=["one row", "no row", "other dimension", "NaN", "vectors"],
)
def test_sets_that_have_no_distance_are_refused_in_a_sentence(distance, reference, estimate):
    with pytest.raises(MetricError) as caught:
        distance(reference, estimate)
    assert is_sentence(str(caught.value))


def test_a_reference_of_one_recording_repeated_gives_no_scale():
    with pytest.raises(MetricError, match="the same") as caught:
        kernel_distance(np.ones((6, 4)), drawn(6, 4, 0))
    assert is_sentence(str(caught.value))
    assert frechet_distance(np.ones((6, 4)), np.ones((3, 4))) == 0


def test_a_result_says_what_it_stands_on_and_warns_of_small_sets():
    small = set_distances(drawn(9, 8, 0), 3, drawn(8, 8, 1), 2, "Resemblyzer")
    assert [found.name for found in small] == ["FAD", "KAD"]
    for found in small:
        assert (found.embedding, found.dimension) == ("Resemblyzer", 8)
        assert (found.reference_rows, found.reference_clips) == (9, 3)
        assert (found.estimate_rows, found.estimate_clips) == (8, 2)
    assert "8 rows of 8 dimensions" in small[0].warning and is_sentence(small[0].warning)
    assert small[1].warning == ""
    assert set_distances(drawn(9, 8, 0), 3, drawn(9, 8, 1), 2, "Resemblyzer")[0].warning == ""
