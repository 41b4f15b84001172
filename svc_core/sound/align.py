"""Labels of a content encoder, at whatever rate they come, brought to the mel frames of the one time grid.

Whisper speaks every 20 ms, HuBERT too but 12.5 ms later, Encodec every 13.3 ms; a mel frame comes
every 10.7 ms. For each mel frame an alignment says which labels it draws from and with which
weights (a :class:`Draw`). There are two:

* ``linear`` interpolates between the labels' true centres; before the first and behind the last, that
  one is held. Every stream is then heard at the time it speaks of.
* ``box`` is Amphion's "resolution transformation", kept to show and to compare. With the label's hop
  and the mel hop both in samples of the project's rate, reduced by their greatest common divisor (50
  labels a second and a hop of 256 at 24 kHz: 480 : 256 = 15 : 8), each label is repeated 15 times and
  each 8 are averaged. It takes label i to speak of the time from i hops to i + 1 hops, so a stream
  whose first centre is not half a hop is heard too early or too late, by 10 ms for Whisper.

Conventions: times in seconds from the clip's first sample; values (channel, label), result (channel,
frame) float32; frame i stands at GridConfig.frame_centre_s(i).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from svc_core.config import GridConfig

ALIGNMENTS = ("linear", "box")
FINEST_SHARE = 1000  # of a sample: a hop such as 512 at 44.1 kHz, 278.64 at 24 kHz, is kept as the fraction it is


class AlignmentError(ValueError):
    """Labels that cannot belong to the clip they came with; the message names the file, both lengths and the rate."""


class Stream(NamedTuple):
    """What an encoder says of a clip: values (channel, label); label j is centred on first_centre_s + j hop_s."""

    values: np.ndarray
    first_centre_s: float
    hop_s: float

    @property
    def labels(self) -> int:
        return self.values.shape[1]

    @property
    def centres_s(self) -> np.ndarray:
        """Centre of every label, shape (label,)."""
        return self.first_centre_s + self.hop_s * np.arange(self.labels)


@dataclass(frozen=True)
class Draw:
    """Where each mel frame takes its value from: labels (frame, drawn) are numbers of labels, weights (frame, drawn)
    sum to one in every frame. A weight may be zero."""

    labels: np.ndarray
    weights: np.ndarray

    def of(self, values: np.ndarray) -> np.ndarray:
        """Weighted sum of the drawn labels: (channel, label) -> (channel, frame) float32."""
        total = np.zeros((len(values), len(self.labels)))
        for labels, weights in zip(self.labels.T, self.weights.T, strict=True):
            total += values[:, labels] * weights
        return total.astype(np.float32)


def strided_hop_s(strides: Sequence[int], rate_hz: int) -> float:
    """Hop in seconds of an encoder that reduces the rate by ``strides``, one after another.

    A codec's hop is the product of its strides: Encodec's 2, 4, 5, 8 at 24 kHz make 320 samples.
    """
    return math.prod(strides) / rate_hz


def linear_draw(centres_s: np.ndarray, frames: int, grid: GridConfig) -> Draw:
    """Interpolation between labels centred on ``centres_s`` (label,), ascending; the ends are held."""
    times_s = grid.frame_centre_s(np.arange(frames))
    right = np.clip(np.searchsorted(centres_s, times_s), min(1, len(centres_s) - 1), len(centres_s) - 1)
    left = np.maximum(right - 1, 0)
    distance_s = np.where(right > left, centres_s[right] - centres_s[left], 1.0)
    share = np.clip((times_s - centres_s[left]) / distance_s, 0.0, 1.0)
    return Draw(np.stack([left, right], axis=1), np.stack([1 - share, share], axis=1))


def box_ratio(hop_s: float, grid: GridConfig) -> tuple[int, int]:
    """How often a label is repeated, and how many of the repeated are averaged: 50 labels a second -> (15, 8)."""
    hop = Fraction(hop_s * grid.sample_rate_hz).limit_denominator(FINEST_SHARE)
    ratio = hop / grid.hop
    return ratio.numerator, ratio.denominator


def box_draw(labels: int, hop_s: float, frames: int, grid: GridConfig) -> Draw:
    """Amphion's repeat and average: of labels that are too few the last mean is held, too many are cut.

    Raises AlignmentError where the labels do not suffice for a single mean.
    """
    repeats, averaged = box_ratio(hop_s, grid)
    used = min(frames * averaged // repeats + 1, labels)
    means = used * repeats // averaged
    if means == 0:
        raise AlignmentError(f"{labels} labels are not enough for one mean of {averaged} after {repeats} repetitions.")
    first = np.minimum(np.arange(frames), means - 1) * averaged  # of the repeated labels
    drawn = first[:, None] // repeats + np.arange((averaged - 1) // repeats + 2)
    starts, ends = drawn * repeats, (drawn + 1) * repeats
    overlap = np.minimum(ends, first[:, None] + averaged) - np.maximum(starts, first[:, None])
    return Draw(np.minimum(drawn, labels - 1), np.maximum(overlap, 0) / averaged)


def align_stream(
    stream: Stream, frames: int, grid: GridConfig, alignment: str = "linear", tolerance: float = 2.0, name: str = "clip"
) -> np.ndarray:
    """Labels of a clip at its ``frames`` mel frames: -> (channel, frame) float32.

    ``tolerance`` is by how many labels the encoder's count may differ from the clip's length: what
    its windows lose at the ends, and what rounding does. Raises AlignmentError, with ``name`` for the
    file, beyond it: the rate is then wrong, or padding was not removed, and nothing would be aligned.
    """
    if alignment not in ALIGNMENTS:
        raise AlignmentError(f"there is no alignment '{alignment}'; choose {' or '.join(ALIGNMENTS)}.")
    clip_s = frames * grid.hop / grid.sample_rate_hz
    if stream.labels == 0 or abs(stream.labels - clip_s / stream.hop_s) > tolerance:
        raise AlignmentError(
            f"{name}: {stream.labels} labels at {1 / stream.hop_s:.4g} Hz are {stream.labels * stream.hop_s:.3f} s, "
            f"but its {frames} mel frames are {clip_s:.3f} s; the rate is wrong, or padding was left in or cut off."
        )
    if alignment == "box":
        return box_draw(stream.labels, stream.hop_s, frames, grid).of(stream.values)
    return linear_draw(stream.centres_s, frames, grid).of(stream.values)
