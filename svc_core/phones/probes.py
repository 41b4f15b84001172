"""Does the code say what is sung, and does it say who sings? Two linear probes, on the raw cepstra and on the code.

A probe is a logistic regression from single frames, learnt on the training split and read on held-out
clips (Alain & Bengio 2016, arXiv 1610.01644). The phone probe should do far better than always saying
the most frequent phone; the singer probe should do little better than guessing.

The singer figure needs care, for two reasons.

* Cepstra are centred and scaled over their clip, so every singer has the same mean in every
  coefficient, and a plain linear probe fails on them by construction. That is no proof: how the singer
  sings *this* vowel still stands out. A probe of its own for each phone finds it.
* Singers sing different songs, in different languages. Who sings "ts" sings Japanese: *what* is sung
  gives away *who* sings, and a code that keeps the phones cannot reach chance. Within one phone all
  singers sing the same sound, though not with the same neighbours. Parallel phrases leave that out,
  too: two singers sing the same words, and are told apart by what has been learnt from other songs of
  theirs; chance is 50 %.

What is found is a lower bound: a probe that hears nothing proves little about a better listener.
Silent frames are left out of singer probes: they would tell the room.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from svc_core.phones.inventory import NO_PHONE

SILENCE_NUMBER = 0  # in every inventory
FRAMES_A_SINGER = 3_000  # neighbouring frames say the same: more only takes longer
FRAMES_OF_PHONES = 20_000
LEAST_LEARNT = 100  # frames of a phone by one singer, below which a probe within the phone learns noise
LEAST_TESTED = 20


@dataclass(frozen=True)
class Sung:
    """A clip, or a part of one: values (channel, frame); phone (frame,), NO_PHONE where none is known."""

    values: np.ndarray
    phone: np.ndarray
    singer: str
    phrase: str = ""

    @property
    def voice(self) -> np.ndarray:
        """Frames that are not silence, (channel, frame)."""
        return self.values[:, self.phone != SILENCE_NUMBER]


@dataclass(frozen=True)
class Figure:
    """What a probe reached, a share of 1; ``chance`` is what knowing nothing reaches; ``count`` says of what."""

    value: float
    chance: float
    count: str


def probe_singer(learnt: Sequence[Sung], tested: Sequence[Sung]) -> Figure | None:
    """Balanced accuracy of naming the singer of a frame; None where fewer than two singers are in both."""
    singers = sorted({clip.singer for clip in learnt} & {clip.singer for clip in tested})
    if len(singers) < 2:
        return None
    tested = [clip for clip in tested if clip.singer in singers]
    frames, who = _voices(learnt, singers, FRAMES_A_SINGER)
    heard, truth = _voices(tested, singers, None)
    value = balanced_accuracy_score(truth, _fit(frames, who, balanced=True).predict(heard))
    return Figure(value, 1 / len(singers), f"{len(singers)} singers, {len(tested)} clips, {len(truth)} frames")


def probe_singer_within_phones(learnt: Sequence[Sung], tested: Sequence[Sung]) -> Figure | None:
    """Mean over phones of the balanced accuracy of a probe for each phone, and the mean of their chances."""
    values, chances, frames = [], [], 0
    for phone in sorted({int(p) for clip in tested for p in np.unique(clip.phone)} - {NO_PHONE, SILENCE_NUMBER}):
        of_learnt, of_tested = _only(learnt, phone), _only(tested, phone)
        enough = _singers_with(of_learnt, LEAST_LEARNT) & _singers_with(of_tested, LEAST_TESTED)
        figure = probe_singer(
            [clip for clip in of_learnt if clip.singer in enough], [clip for clip in of_tested if clip.singer in enough]
        )
        if figure is not None:
            values.append(figure.value)
            chances.append(figure.chance)
            frames += sum(len(clip.phone) for clip in of_tested if clip.singer in enough)
    if not values:
        return None
    return Figure(float(np.mean(values)), float(np.mean(chances)), f"{len(values)} phones, {frames} frames")


def probe_singer_in_parallel(learnt: Sequence[Sung], phrases: Sequence[Sung]) -> Figure | None:
    """Within phones, a mean over phrases that two singers share; None where there is no such pair."""
    figures = []
    for one, other in combinations(phrases, 2):
        if one.phrase == other.phrase and one.singer != other.singer:
            of_two = [clip for clip in learnt if clip.singer in (one.singer, other.singer)]
            figures.append(probe_singer_within_phones(of_two, [one, other]))
    values = [figure.value for figure in figures if figure is not None]
    return Figure(float(np.mean(values)), 0.5, f"{len(values)} pairs of phrases") if values else None


def probe_phones(learnt: Sequence[Sung], tested: Sequence[Sung]) -> Figure | None:
    """Share of frames whose phone is named; chance is the most frequent phone's share. None without labels."""
    frames, phones = _labelled(learnt)
    heard, truth = _labelled(tested)
    if len(np.unique(phones)) < 2 or len(truth) == 0:
        return None
    keep = np.random.default_rng(0).permutation(len(phones))[:FRAMES_OF_PHONES]
    said = _fit(frames[keep], phones[keep], balanced=False).predict(heard)
    count = f"{sum((clip.phone != NO_PHONE).any() for clip in tested)} clips, {len(truth)} frames"
    return Figure(float(np.mean(said == truth)), majority_share(phones, truth), count)


def share_right(learnt: Sequence[Sung], tested: Sequence[Sung]) -> Figure | None:
    """The same of values that are decisions, (phone, frame) with 1 at the phone that was heard: nothing is learnt."""
    heard, truth = _labelled(tested)
    _, phones = _labelled(learnt)
    if len(np.unique(phones)) < 2 or len(truth) == 0:
        return None
    count = f"{sum((clip.phone != NO_PHONE).any() for clip in tested)} clips, {len(truth)} frames"
    return Figure(float(np.mean(heard.argmax(axis=1) == truth)), majority_share(phones, truth), count)


def majority_share(learnt: np.ndarray, tested: np.ndarray) -> float:
    """What always saying the most frequent phone of ``learnt`` reaches on ``tested``."""
    return float(np.mean(tested == np.bincount(learnt).argmax()))


def _fit(frames: np.ndarray, classes: np.ndarray, balanced: bool) -> Pipeline:
    probe = make_pipeline(
        StandardScaler(), LogisticRegression(max_iter=300, class_weight="balanced" if balanced else None)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the third digit is not what is looked at
        return probe.fit(frames, classes)


def _voices(clips: Sequence[Sung], singers: Sequence[str], most: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Sung frames (frame, channel) and their singers (frame,), at most ``most`` of each singer."""
    rng, frames, who = np.random.default_rng(0), [], []
    for singer in singers:
        of_singer = np.concatenate([clip.voice for clip in clips if clip.singer == singer], axis=1).T
        if most is not None:
            of_singer = of_singer[rng.permutation(len(of_singer))[:most]]
        frames.append(of_singer)
        who += [singer] * len(of_singer)
    return np.concatenate(frames), np.array(who)


def _labelled(clips: Sequence[Sung]) -> tuple[np.ndarray, np.ndarray]:
    frames = [clip.values[:, clip.phone != NO_PHONE].T for clip in clips]
    phones = [clip.phone[clip.phone != NO_PHONE] for clip in clips]
    return (np.concatenate(frames), np.concatenate(phones)) if frames else (np.empty((0, 0)), np.empty(0, dtype=int))


def _only(clips: Sequence[Sung], phone: int) -> list[Sung]:
    parts = [replace(c, values=c.values[:, c.phone == phone], phone=c.phone[c.phone == phone]) for c in clips]
    return [part for part in parts if len(part.phone) > 0]


def _singers_with(clips: Sequence[Sung], least: int) -> set[str]:
    singers = {clip.singer for clip in clips}
    return {s for s in singers if sum(len(clip.phone) for clip in clips if clip.singer == s) >= least}
