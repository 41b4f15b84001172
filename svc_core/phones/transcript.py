"""What is sung in a clip, as phones with the times that the labels give them, on the frame grid.

A :class:`Part` is a run of phones of which only the beginning and the end are known: a phone of its
own where phones are labelled, a word or several where words are. Frames: half-open, ``[first, last)``.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np

from svc_core.config import GridConfig
from svc_core.corpora.labels import Labels
from svc_core.phones.inventory import NO_PHONE, Inventory
from svc_core.phones.symbols import SILENCE, is_held, label_phones, spelled_phones

CONSONANT_FRAMES = 8  # 85 ms, about what one takes in sung words; what time is left is the vowels'


@dataclass(frozen=True)
class Part:
    """``words``: phones, word by word; none at all in a part of which nobody knows what is sung in it."""

    words: tuple[tuple[str, ...], ...]
    first: int
    last: int


@dataclass(frozen=True)
class Transcript:
    """Parts in order. ``timed`` says that every phone's own time is known, so that nothing is to be aligned."""

    parts: tuple[Part, ...]
    frames: int
    timed: bool

    @property
    def phones(self) -> set[str]:
        """Every phone that is sung in it."""
        return {phone for part in self.parts for word in part.words for phone in word}


def first_frame(time_s: float, grid: GridConfig) -> int:
    """The first frame that is centred at or after ``time_s``."""
    return max(0, math.ceil((time_s * grid.sample_rate_hz - grid.hop / 2) / grid.hop - 1e-9))


def transcribe(labels: Labels, frames: int, grid: GridConfig) -> Transcript:
    """Labels of a clip of ``frames`` frames -> its transcript; what lies outside the clip is left out."""
    parts = []
    for interval in labels.intervals:
        first = min(first_frame(interval.start_s, grid), frames)
        last = min(first_frame(interval.end_s, grid), frames)
        if labels.kind == "phones":
            phones = label_phones(interval.text)
            words: tuple[tuple[str, ...], ...] = () if phones is None else (phones,)
        else:
            spelled = (spelled_phones(word) for word in re.split(r"[\s_]+", interval.text))
            words = tuple(word for word in spelled if word) or ((SILENCE,),)
        if last > first:
            parts.append(Part(words, first, last))
    return Transcript(tuple(parts), frames, timed=labels.kind == "phones")


def spread_phones(transcript: Transcript, inventory: Inventory) -> np.ndarray:
    """Phone numbers (frame,) int64, NO_PHONE where none is known.

    Within a part the consonants are short and the vowels share the rest. That is the truth where phones are
    timed, and a first guess where words are.
    """
    numbers = np.full(transcript.frames, NO_PHONE, dtype=np.int64)
    for part in transcript.parts:
        phones = [phone for word in part.words for phone in word]
        if not phones:
            continue
        length = part.last - part.first
        held = np.array([is_held(phone) for phone in phones])
        short = min(CONSONANT_FRAMES, length / len(phones))
        shares = np.where(held, (length - short * (~held).sum()) / max(1, held.sum()), short)
        ends = part.first + np.round(np.cumsum(shares) * length / shares.sum()).astype(int)
        for phone, start, end in zip(phones, [part.first, *ends], ends, strict=False):
            numbers[start:end] = inventory.number(phone)
    return numbers
