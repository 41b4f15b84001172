"""Shapley values: numbers worked out by hand, what makes the division fair, and what cannot be divided."""

from itertools import combinations, permutations

import numpy as np
import pytest

from svc_core.traces.shapley import shapley_values, shares


def game(**worths: float) -> dict[frozenset[str], float]:
    """game(none=0, a=1, ab=3): v of each coalition, players being letters."""
    return {frozenset("" if name == "none" else name): worth for name, worth in worths.items()}


def test_two_players_by_hand():
    """a adds 1 first and 6 - 2 = 4 last; b adds 2 first and 6 - 1 = 5 last."""
    values = shapley_values(game(none=0, a=1, b=2, ab=6))
    assert values == {"a": pytest.approx(2.5), "b": pytest.approx(3.5)}


def test_worth_of_nobody_is_not_divided():
    values = shapley_values(game(none=-50, a=-49, b=-48, ab=-44))
    assert values == {"a": pytest.approx(2.5), "b": pytest.approx(3.5)}


def test_three_players_by_hand():
    """The glove game: a has a left glove, b and c a right one each, a pair is worth 1: 2/3, 1/6, 1/6."""
    values = shapley_values(game(none=0, a=0, b=0, c=0, ab=1, ac=1, bc=0, abc=1))
    assert values == {"a": pytest.approx(2 / 3), "b": pytest.approx(1 / 6), "c": pytest.approx(1 / 6)}


def test_four_players_by_hand():
    """Shareholders of 40, 30, 20 and 10 who need more than half, as in textbooks: 5/12, 3/12, 3/12, 1/12."""
    votes = dict(zip("abcd", (40, 30, 20, 10), strict=True))
    worths = {
        frozenset(some): float(sum(votes[each] for each in some) > 50)
        for size in range(5)
        for some in combinations("abcd", size)
    }
    values = shapley_values(worths)
    assert [12 * float(values[each]) for each in "abcd"] == pytest.approx([5, 3, 3, 1])


@pytest.fixture
def pictures() -> dict[frozenset[str], np.ndarray]:
    """Sixteen results of 3 bands and 5 frames."""
    rng = np.random.default_rng(0)
    names = ("content", "loudness", "melody", "singer")
    return {frozenset(some): rng.normal(-50, 20, (3, 5)) for size in range(5) for some in combinations(names, size)}


def test_values_are_means_over_all_orders(pictures):
    """The definition, taken at its word: every order in which four can come in."""
    values = shapley_values(pictures)
    names = sorted(values)
    added = {name: [] for name in names}
    for order in permutations(names):
        for i, name in enumerate(order):
            added[name].append(pictures[frozenset(order[: i + 1])] - pictures[frozenset(order[:i])])
    for name in names:
        assert len(added[name]) == 24
        np.testing.assert_allclose(values[name], np.mean(added[name], axis=0), atol=1e-12)


def test_values_sum_to_all_less_none_everywhere(pictures):
    total = sum(shapley_values(pictures).values())
    np.testing.assert_allclose(total, pictures[max(pictures, key=len)] - pictures[frozenset()], atol=1e-12)


def test_who_adds_nothing_gets_nothing_and_equals_get_the_same():
    values = shapley_values(game(none=0, a=2, b=2, c=0, ab=5, ac=2, bc=2, abc=5))
    assert values == {"a": pytest.approx(2.5), "b": pytest.approx(2.5), "c": pytest.approx(0)}


def test_nobody_at_all_is_a_game_without_values():
    assert shapley_values({frozenset(): 3.0}) == {}


def test_missing_coalitions_are_named():
    with pytest.raises(ValueError, match=r"2 of 8 coalitions are missing: none, a and c\."):
        shapley_values(game(a=0, b=0, c=0, ab=1, bc=0, abc=1))


def test_results_of_different_length_are_refused():
    with pytest.raises(ValueError, match="one length"):
        shapley_values({frozenset(): np.zeros((2, 3)), frozenset("a"): np.zeros((2, 4))})


def test_shares_by_hand():
    values = {"a": np.array([[3.0, -3.0], [0.0, 0.0]]), "b": np.array([[1.0, 1.0], [0.0, 0.0]])}
    assert shares(values) == {"a": pytest.approx(0.75), "b": pytest.approx(0.25)}
    of_bands = shares(values, axis=1)
    assert of_bands["a"].tolist() == [0.75, 0]  # where nothing moves, nobody has a share
    assert of_bands["b"].tolist() == [0.25, 0]
