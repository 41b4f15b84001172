"""Who deserves the credit: Shapley values of a model's conditions, from one result for each coalition.

A game has players, here conditions such as melody and singer, and a worth v(S) for every set S of them, a
coalition: here the result in dB when the model is told S and nothing else. Player i's value is what i adds,
averaged over all orders in which the n players can come in (Shapley 1953, "A value for n-person games"):

    phi_i = sum over S without i of |S|! (n - |S| - 1)! / n! (v(S and i) - v(S)).

It is the only division that is complete (the values sum to v(all) - v(none)), symmetric (players who always
add the same get the same), gives nothing to who never adds anything, and is linear. With arrays as worths,
each band and frame is a game of its own.

What to keep in mind: the values depend on what "taken away" means. For these models it is a learned vector
that stands for "not told", which they met in training; silence, an average or another singer in its place
would give other values. Credit is of the model's result, not of the physics of singing; and what two
conditions only do together is shared between them, however it came about.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from math import factorial

import numpy as np


def shapley_values(worths: Mapping[frozenset[str], np.ndarray | float]) -> dict[str, np.ndarray]:
    """Exact values, by player in the order of names; each of the shape of a worth, float64.

    ``worths``: v(S) of every coalition of the players, from none of them to all, all of one shape.
    Raises ValueError that names what is missing.
    """
    players = sorted(frozenset().union(*worths))
    coalitions = [frozenset(some) for size in range(len(players) + 1) for some in combinations(players, size)]
    missing = [" and ".join(sorted(some)) or "none" for some in coalitions if some not in worths]
    if missing:
        raise ValueError(f"{len(missing)} of {len(coalitions)} coalitions are missing: {', '.join(missing)}.")
    whole = {some: np.asarray(worths[some], dtype=float) for some in coalitions}
    if len({worth.shape for worth in whole.values()}) > 1:
        raise ValueError("the worths have different shapes: only results of one length can be compared.")
    n = len(players)
    values = {}
    for player in players:
        values[player] = np.zeros_like(whole[frozenset()])
        for some in coalitions:
            if player not in some:
                orders = factorial(len(some)) * factorial(n - len(some) - 1)
                values[player] += orders / factorial(n) * (whole[some | {player}] - whole[some])
    return values


def shares(values: Mapping[str, np.ndarray], axis: int | None = None) -> dict[str, np.ndarray]:
    """Each player's part of all that is moved: mean of abs(phi) along ``axis`` (None: over all), of the sum of those.

    Between 0 and 1, and 1 in sum; 0 for all where nothing moves. Signs do not matter here: what a player
    adds in one place and takes away in another does not cancel.
    """
    sizes = {player: np.abs(value).mean(axis=axis) for player, value in values.items()}
    total = np.sum(list(sizes.values()), axis=0)
    safe = np.where(total > 0, total, 1.0)
    return {player: size / safe for player, size in sizes.items()}
