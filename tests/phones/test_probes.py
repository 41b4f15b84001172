"""Probes on codes made by hand: what betrays the singer is found out, and what does not is not."""

from __future__ import annotations

import numpy as np
import pytest

from svc_core.phones.inventory import NO_PHONE
from svc_core.phones.probes import (
    LEAST_LEARNT,
    Sung,
    majority_share,
    probe_phones,
    probe_singer,
    probe_singer_in_parallel,
    probe_singer_within_phones,
    share_right,
)

SINGERS = ("alto", "bass")


def clip(singer: str, seed: int, leak: float = 0.0, crossed: float = 0.0, phrase: str = "", frames: int = 400) -> Sung:
    """Frames of two phones, 1 and 2, and some silence (0). Channel 0 and 1 are the phone.

    ``leak`` adds the singer to channel 2; ``crossed`` adds it with opposite signs in the two phones,
    so that it is gone from every mean and no probe over all phones can find it.
    """
    rng = np.random.default_rng(seed)
    phone = rng.integers(0, 3, frames)
    values = 0.3 * rng.standard_normal((4, frames))
    values[0] += phone == 1
    values[1] += phone == 2
    side = 2 * SINGERS.index(singer) - 1
    values[2] += leak * side
    values[3] += crossed * side * np.where(phone == 1, 1, -1)
    return Sung(values, phone, singer, phrase)


def corpus(seed: int, **leaks: float) -> list[Sung]:
    return [clip(singer, seed + number, **leaks) for number, singer in enumerate(SINGERS * 2)]


def test_a_code_without_the_singer_leaves_the_probe_guessing():
    figure = probe_singer(corpus(0), corpus(10))
    assert figure.chance == 0.5 and figure.value == pytest.approx(0.5, abs=0.06)


def test_a_code_that_names_the_singer_is_found_out():
    figure = probe_singer(corpus(0, leak=1.0), corpus(10, leak=1.0))
    assert figure.value > 0.95 and figure.count.startswith("2 singers, 4 clips")


def test_silence_betrays_nobody():
    """A singer who is to be heard in the room of silent frames alone is not to be found."""

    def hushed(sung: Sung) -> Sung:
        return Sung(np.where(sung.phone == 0, 5.0 * (sung.singer == "alto"), sung.values), sung.phone, sung.singer)

    figure = probe_singer([hushed(c) for c in corpus(0)], [hushed(c) for c in corpus(10)])
    assert figure.value == pytest.approx(0.5, abs=0.06)


def test_a_probe_within_phones_finds_what_one_over_all_phones_cannot():
    learnt, tested = corpus(0, crossed=1.0), corpus(10, crossed=1.0)
    assert probe_singer(learnt, tested).value < 0.65
    within = probe_singer_within_phones(learnt, tested)
    assert within.value > 0.95 and within.chance == 0.5 and within.count.startswith("2 phones")


def test_a_phone_of_too_few_frames_is_not_probed():
    few = [clip(singer, 3, leak=1.0, frames=LEAST_LEARNT) for singer in SINGERS]  # a third of them each phone
    assert probe_singer_within_phones(few, corpus(10, leak=1.0)) is None


def test_a_singer_of_one_split_alone_is_left_out():
    learnt = [*corpus(0, leak=1.0), Sung(np.full((4, 500), 2.0), np.ones(500, dtype=int), "tenor")]
    figure = probe_singer(learnt, corpus(10, leak=1.0))
    assert figure.chance == 0.5 and figure.value > 0.95
    assert probe_singer(learnt, [c for c in corpus(10) if c.singer == "alto"]) is None


def test_one_singers_many_frames_do_not_make_guessing_look_good():
    tested = [clip("alto", 20, frames=3000), clip("bass", 21, frames=60)]
    assert probe_singer(corpus(0), tested).value == pytest.approx(0.5, abs=0.15)


def test_parallel_phrases_are_told_apart_by_what_other_songs_taught():
    phrases = [
        clip("alto", 30, leak=1.0, phrase="one"),
        clip("bass", 31, leak=1.0, phrase="one"),
        clip("alto", 32, leak=1.0, phrase="two"),
    ]
    figure = probe_singer_in_parallel(corpus(0, leak=1.0), phrases)
    assert figure.value > 0.95 and figure.chance == 0.5 and figure.count == "1 pairs of phrases"
    assert probe_singer_in_parallel(corpus(0), phrases[1:]) is None
    assert probe_singer_in_parallel(corpus(0), []) is None


def test_the_phone_probe_reads_phones_off_the_code():
    figure = probe_phones(corpus(0), corpus(10))
    assert figure.value > 0.75
    assert figure.chance == pytest.approx(1 / 3, abs=0.06)
    assert figure.count == "4 clips, 1600 frames"


def test_frames_of_unknown_phones_are_neither_learnt_nor_tested():
    tested = corpus(10)
    tested[0].phone[:] = NO_PHONE
    assert probe_phones(corpus(0), tested).count == "3 clips, 1200 frames"


def test_without_labels_there_is_no_phone_figure():
    unknown = [Sung(c.values, np.full_like(c.phone, NO_PHONE), c.singer) for c in corpus(0)]
    assert probe_phones(unknown, unknown) is None
    assert probe_phones(corpus(0), []) is None


def test_without_labels_singers_are_probed_on_all_frames():
    unknown = [Sung(c.values, np.full_like(c.phone, NO_PHONE), c.singer) for c in corpus(0, leak=1.0)]
    assert probe_singer(unknown, unknown).value > 0.95
    assert probe_singer_within_phones(unknown, unknown) is None


def test_the_most_frequent_phone_is_that_of_the_training_split():
    assert majority_share(np.array([1, 1, 2]), np.array([1, 2, 2, 2])) == 0.25


def test_decisions_are_counted_as_they_stand():
    learnt = [Sung(np.eye(3)[:, [0, 1, 1]], np.array([0, 1, 1]), "alto")]
    decided = Sung(np.eye(3)[:, [0, 1, 2, 2, 1]], np.array([0, 1, 1, NO_PHONE, 2]), "alto")
    figure = share_right(learnt, [decided])
    assert (figure.value, figure.chance, figure.count) == (0.5, 0.5, "1 clips, 4 frames")
    assert share_right(learnt, []) is None
