"""The watcher: a sampler callback that keeps what a trace needs.

Nothing is kept of most states x_t: they are replayed from the seed. Of the predictions, those steps
are kept between which linear interpolation stays closest to what was predicted.
"""

from __future__ import annotations

import numpy as np

from svc_core.traces.scale import to_db, to_levels

MOST_KEPT = 72  # 5 s pack into about 1 MB, and replayed states stay within half a decibel of the sampler's own
NEGLIGIBLE = 1e-6  # squared levels: the rounding of interpolation itself
HELD_LEVELS = 1  # half a decibel: less than the picture can show, and a quarter of the bytes less


class Recorder:
    """Pass ``recorder`` as the callback of a sampler; it accepts anything NumPy can turn into an array.

    ``to_mel_db`` turns a normalised mel (mel, frame) into dB. Predictions are held as bytes of the
    fixed scale, states as 16-bit floats: a thousand steps of 5 s take 140 MB until they are packed.
    """

    def __init__(self, to_mel_db) -> None:
        self.to_mel_db = to_mel_db
        self.steps: list[int] = []
        self._predicted: list[np.ndarray] = []
        self._states: list[np.ndarray] = []

    def __call__(self, step: int, sigma: float, state, predicted) -> None:
        self.steps.append(step)
        self._states.append(np.asarray(state, dtype=np.float16).reshape(state.shape[-2:]))
        predicted = np.asarray(predicted, dtype=np.float32).reshape(predicted.shape[-2:])
        self._predicted.append(to_levels(self.to_mel_db(predicted)))

    @property
    def predicted_levels(self) -> np.ndarray:
        """All predictions, (step, mel, frame), in the order in which the sampler made them."""
        return np.stack(self._predicted)

    def state(self, step: int) -> np.ndarray:
        """x_t (mel, frame) as the sampler had it, normalised."""
        return self._states[self.steps.index(step)].astype(np.float32)

    def predicted_db(self, step: int) -> np.ndarray:
        """Predicted clean mel (mel, frame) in dB."""
        return to_db(self._predicted[self.steps.index(step)])


def choose_kept(levels: np.ndarray, most: int = MOST_KEPT) -> list[int]:
    """Indices of the predictions to keep, ascending, first and last among them.

    ``levels`` (step, mel, frame). Greedy, as Ramer, Douglas and Peucker simplify a line: again and
    again the prediction that is worst interpolated from its kept neighbours (in squared error) is kept.
    """
    count = len(levels)
    kept = [0, count - 1] if count > 1 else [0]
    error = np.zeros(count)

    def measure(low: int, high: int) -> None:
        first, last = levels[low].astype(np.float32), levels[high].astype(np.float32)
        for index in range(low + 1, high):
            share = (index - low) / (high - low)
            error[index] = np.mean((levels[index] - ((1 - share) * first + share * last)) ** 2)

    measure(0, count - 1)
    while len(kept) < min(most, count) and error.max() > NEGLIGIBLE:
        worst = int(error.argmax())
        kept = sorted([*kept, worst])
        place = kept.index(worst)
        error[worst] = 0.0
        measure(kept[place - 1], worst)
        measure(worst, kept[place + 1])
    return kept


def hold_still(levels: np.ndarray, by: int = HELD_LEVELS) -> np.ndarray:
    """Kept predictions (kept, mel, frame) in which a value changes only when it moves by more than ``by`` levels.

    No value is further than ``by`` from what it was; what stays put packs into almost nothing.
    """
    held = levels.copy()
    for index in range(1, len(held)):
        moved = np.abs(held[index].astype(np.int16) - held[index - 1]) > by
        held[index] = np.where(moved, held[index], held[index - 1])
    return held
