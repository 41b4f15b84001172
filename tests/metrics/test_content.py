"""Phones in agreement: by hand, at their edges, and the mistake that the docstring warns of."""

import functools

import numpy as np
import pytest

from svc_core.metrics.alignment import MetricError
from svc_core.metrics.content import (
    content_scores,
    edit_distance,
    phone_sequence,
    posterior_distance_bits,
)
from tests.conftest import is_sentence

SILENCE = 0


def test_agreement_and_errors_of_ten_frames_by_hand():
    sung = np.array([0, 0, 1, 1, 1, 2, 2, 3, 3, 0])
    heard = np.array([0, 0, 1, 1, 2, 2, 2, 4, 4, 5])
    scores = content_scores(sung, heard, "a recogniser", {SILENCE})
    assert scores.counted_frames == 8  # both are silent in two
    assert scores.phone_agreement == 4 / 8
    assert scores.reference_phones == 3
    assert scores.phone_error_rate == pytest.approx(2 / 3)  # 3 became 4, 5 was put in; the early 2 is no error
    assert scores.recogniser == "a recogniser"


@pytest.mark.parametrize(
    ("reference", "estimate", "edits"),
    [
        ("kitten", "sitting", 3),
        ("abc", "abc", 0),
        ("abc", "", 3),
        ("", "ab", 2),
        ("abc", "bcd", 2),
        ("aab", "ab", 1),
        ("", "", 0),
    ],
)
def test_edit_distances_by_hand(reference, estimate, edits):
    assert edit_distance([ord(c) for c in reference], [ord(c) for c in estimate]) == edits


def test_edit_distance_is_the_recursions():
    @functools.cache
    def recursion(one, other):
        if not one or not other:
            return len(one) + len(other)
        same = recursion(one[1:], other[1:]) + (one[0] != other[0])
        return min(same, recursion(one[1:], other) + 1, recursion(one, other[1:]) + 1)

    draw = np.random.default_rng(0)
    for _ in range(30):
        one, other = (tuple(draw.integers(0, 4, draw.integers(0, 9)).tolist()) for _ in range(2))
        assert edit_distance(one, other) == recursion(one, other) == edit_distance(other, one)


def test_repetitions_are_one_phone_and_a_phone_on_both_sides_of_a_silence_is_two():
    assert phone_sequence(np.array([1, 1, 0, 0, 1, 2, 2, 1]), {SILENCE}) == [1, 1, 2, 1]
    assert phone_sequence(np.array([1, 1, 0, 0, 1])) == [1, 0, 1]
    assert phone_sequence(np.array([-1, -1, 3])) == [-1, 3]
    assert phone_sequence(np.zeros(0, dtype=int)) == []


def test_errors_can_outnumber_the_phones_that_were_sung():
    assert content_scores(np.array([1, 1, 1, 1]), np.array([2, 3, 2, 3]), "x").phone_error_rate == 4


def test_a_reference_without_phones_leaves_nothing_to_agree_on():
    scores = content_scores(np.zeros(5, dtype=int), np.ones(5, dtype=int), "x", {SILENCE})
    assert np.isnan(scores.phone_agreement) and np.isnan(scores.phone_error_rate) and scores.reference_phones == 0


def test_a_conversion_that_says_nothing_loses_every_phone():
    scores = content_scores(np.array([1, 2, 3]), np.zeros(3, dtype=int), "x", {SILENCE})
    assert scores.phone_agreement == 0 and scores.phone_error_rate == 1


def test_a_degraded_sound_as_its_own_reference_always_agrees():
    """Why the reference must be what was sung: this says 1 and 0 of a conversion that lost half its phones."""
    sung, heard = np.arange(1, 9), np.array([1, 9, 3, 9, 5, 9, 7, 9])
    assert content_scores(sung, heard, "x").phone_error_rate == 0.5
    own = content_scores(heard, heard, "x")
    assert (own.phone_agreement, own.phone_error_rate) == (1, 0)


def test_of_posteriors_the_likeliest_phones_are_compared_and_their_distance_given():
    sung = np.log(np.array([[0.7, 0.2, 0.1], [0.2, 0.5, 0.1], [0.1, 0.3, 0.8]]))
    heard = np.log(np.array([[0.6, 0.6, 0.1], [0.2, 0.2, 0.1], [0.2, 0.2, 0.8]]))
    scores = content_scores(sung, heard, "x")
    assert scores.phone_agreement == pytest.approx(2 / 3)
    assert scores.posterior_distance_bits == pytest.approx(posterior_distance_bits(sung, heard)) != 0
    assert np.isnan(content_scores(np.array([0, 1]), np.array([0, 1]), "x").posterior_distance_bits)


def test_posterior_distance_by_hand():
    sure = np.log(np.array([[1 - 1e-12, 0.5], [1e-12, 0.5]]))
    other = np.log(np.array([[1e-12, 0.5], [1 - 1e-12, 0.5]]))
    assert posterior_distance_bits(sure, sure) == pytest.approx(0, abs=1e-12)
    assert posterior_distance_bits(sure, other) == pytest.approx(0.5)  # 1 bit in the first frame, 0 in the second
    mixed = np.log(np.array([[0.5], [0.5]]))
    # middle (3/4, 1/4): half of log2(4/3) + half of (log2(2/3) + log2(2)) / 2
    by_hand = 0.5 * np.log2(4 / 3) + 0.25 * (np.log2(2 / 3) + 1)
    assert posterior_distance_bits(sure[:, :1], mixed) == pytest.approx(by_hand, abs=1e-9)


@pytest.mark.parametrize(
    ("sung", "heard"),
    [
        (np.zeros(0, dtype=int), np.zeros(0, dtype=int)),
        (np.ones(5, dtype=int), np.ones(7, dtype=int)),
        (np.ones(5), np.ones(5)),
        (np.ones((5, 2, 2), dtype=int), np.ones((5, 2, 2), dtype=int)),
    ],
    ids=["empty", "two frames apart", "not whole numbers", "three axes"],
)
def test_bad_ids_are_refused_in_a_sentence(sung, heard):
    with pytest.raises(MetricError) as caught:
        content_scores(sung, heard, "x")
    assert is_sentence(str(caught.value))


def test_lengths_may_differ_by_a_frame():
    assert content_scores(np.array([1, 2, 3]), np.array([1, 2, 3, 3]), "x").phone_agreement == 1


@pytest.mark.parametrize(
    "rows", [np.zeros((2, 3)), np.full((2, 3), np.nan), np.zeros(3)], ids=["sum 2", "NaN", "vector"]
)
def test_posteriors_that_are_none_are_refused_in_a_sentence(rows):
    with pytest.raises(MetricError) as caught:
        posterior_distance_bits(rows, rows)
    assert is_sentence(str(caught.value))
