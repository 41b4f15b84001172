"""Which of many steps to show, to hear or to keep.

Interval clustering centre sampling (SingVisio, Xue et al. 2024, arXiv 2402.12660): the walk is cut
into equal intervals, and of each the step is taken whose feature lies nearest the interval's mean;
that is the centre of k-means with one cluster.
"""

from __future__ import annotations

import numpy as np

NEGLIGIBLE = 1e-6  # squared levels: the rounding of interpolation itself
LEAST_WEIGHT = 0.05  # of a prediction that hardly moves the state: it is still looked at itself


def interval_centres(features: np.ndarray, intervals: int) -> np.ndarray:
    """Indices (intervals,) of the steps nearest their interval's mean; ``features`` (step, dimension).

    Raises ValueError for less than one interval, or more than there are steps.
    """
    features = np.asarray(features, dtype=float)
    if features.ndim != 2 or not 1 <= intervals <= len(features):
        raise ValueError(
            f"{intervals} intervals cannot be made of features of shape {features.shape}: choose 1 to {len(features)}."
        )
    chosen = []
    for part in np.array_split(np.arange(len(features)), intervals):
        inside = features[part]
        chosen.append(part[np.argmin(((inside - inside.mean(axis=0)) ** 2).sum(axis=1))])
    return np.array(chosen)


def spread_places(snr_db: np.ndarray, count: int) -> list[int]:
    """``count`` places of a walk, ascending, first and last among them; all where there are no more.

    Half by steps and half by noise level: steps of DDPM crowd where nothing can be heard yet, and
    decibels crowd where all is over.
    """
    steps = len(snr_db)
    if count >= steps:
        return list(range(steps))
    if count < 2:
        raise ValueError("at least two places are needed, the first and the last.")
    level = (snr_db - snr_db[0]) / (snr_db[-1] - snr_db[0])
    way = (np.arange(steps) / (steps - 1) + level) / 2
    nearest = {int(np.argmin(np.abs(way - share))) for share in np.linspace(0, 1, count)}
    # two shares may have met at one place: the widest gaps are halved instead
    while len(nearest) < count:
        places = sorted(nearest)
        gaps = np.diff(way[places]) * (np.diff(places) > 1)
        widest = int(gaps.argmax())
        nearest.add((places[widest] + places[widest + 1]) // 2)
    return sorted(nearest)


def choose_kept(levels: np.ndarray, weights: np.ndarray, most: int) -> list[int]:
    """Places of the predictions to keep, ascending, first and last among them.

    ``levels`` (step, mel, frame); ``weights`` (step,): the share of each prediction in the state that
    follows. Greedy, as Ramer, Douglas and Peucker simplify a line: again and again the prediction is kept
    that is worst interpolated from its kept neighbours, in squared error times its weight.
    """
    count = len(levels)
    kept = [0, count - 1] if count > 1 else [0]
    error, weights = np.zeros(count), np.maximum(weights, LEAST_WEIGHT)

    def measure(low: int, high: int) -> None:
        first, last = levels[low].astype(np.float32), levels[high].astype(np.float32)
        for index in range(low + 1, high):
            share = (index - low) / (high - low)
            error[index] = weights[index] * np.mean((levels[index] - ((1 - share) * first + share * last)) ** 2)

    measure(0, count - 1)
    while len(kept) < min(most, count) and error.max() > NEGLIGIBLE:
        worst = int(error.argmax())
        kept = sorted([*kept, worst])
        place = kept.index(worst)
        error[worst] = 0.0
        measure(kept[place - 1], worst)
        measure(worst, kept[place + 1])
    return kept
