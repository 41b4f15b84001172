"""Cutting words into phones: small posteriors by hand, and every path tried where there are few."""

from __future__ import annotations

import numpy as np
import pytest

from svc_core.phones.alignment import SHORTEST_FRAMES, TOLERANCE_FRAMES, State, align_words, chain_of, force_align
from svc_core.phones.inventory import Inventory
from svc_core.phones.transcript import Part, Transcript

INVENTORY = Inventory(("sil", "a", "k"))
SIL, A, K = range(3)


def heard(phones: str, sure: float = 6.0) -> np.ndarray:
    """Log-posteriors (phone, frame) of a recogniser that hears ``phones``, a letter a frame ("-" silence)."""
    scores = np.full((3, len(phones)), -sure)
    scores[["-ak".index(phone) for phone in phones], np.arange(len(phones))] = -0.01
    return scores


def aligned(words: list[str], said: str, first: int, last: int) -> str:
    transcript = Transcript((Part(tuple(map(tuple, words)), first, last),), len(said), timed=False)
    numbers = align_words(transcript, INVENTORY, heard(said), np.zeros(3))
    return "" if numbers is None else "".join("-ak"[n] for n in numbers)


def test_a_word_is_cut_where_the_recogniser_hears_its_phones():
    said = "-----kkkkkaaaaaaaaaaaaaaakkkk-----"
    assert aligned(["kak"], said, 5, 29) == said


def test_the_order_is_the_words_own_however_sure_the_recogniser_is_of_another():
    got = aligned(["ak"], "kkkkkkkkaaaaaaaa", 0, 16)
    assert "".join(dict.fromkeys(got.replace("-", ""))) == "ak"


def test_a_phone_that_is_not_heard_gets_the_least_time_and_no_less():
    got = aligned(["aka"], "a" * 40, 0, 40)
    assert got.count("k") == SHORTEST_FRAMES["consonant"]


def test_silence_between_words_may_be_sung_over_or_not():
    sung_over = "aaaaaaaakkkkaaaaaaaa"
    assert aligned(["a", "ka"], sung_over, 0, 20) == sung_over
    paused = "aaaaaaaa------kkkkaaaaaaaa"
    assert aligned(["a", "ka"], paused, 0, 26) == paused


def test_a_last_vowel_may_ring_into_the_gap_behind_its_word():
    said = "kkkk" + "a" * 60 + "-" * 20
    assert aligned(["ka"], said, 0, 20) == said


def test_a_word_does_not_begin_long_before_its_label():
    said = "kkkk" + "a" * 20 + "kkkk" + "a" * 40
    transcript = Transcript((Part((("k", "a"),), 44, 68),), 68, timed=False)
    numbers = align_words(transcript, INVENTORY, heard(said), np.zeros(3))
    assert (numbers[: 44 - TOLERANCE_FRAMES] == SIL).all()


def test_labels_that_leave_no_room_are_overruled_and_their_order_kept():
    said = "kkkkaaaaa" * 4
    parts = tuple(Part((("k", "a"),), at, at + 1) for at in range(4))  # the third has to end by 3 + TOLERANCE_FRAMES
    numbers = align_words(Transcript(parts, 36, timed=False), INVENTORY, heard(said), np.zeros(3))
    assert "".join("-ak"[n] for n in numbers) == said


def test_more_phones_than_frames_cannot_be_aligned():
    assert aligned(["kakakaka"], "kaka", 0, 4) == ""


def test_a_rare_phone_is_not_swallowed_by_a_frequent_one():
    """Equal posteriors: only the prior, taken off, decides who gets the doubtful frames."""
    scores = np.log(np.full((3, 30), 1 / 3))
    transcript = Transcript((Part((("k", "a"),), 0, 30),), 30, timed=False)
    counts = [
        (align_words(transcript, INVENTORY, scores, np.log(prior)) == K).sum()
        for prior in (np.array([0.2, 0.75, 0.05]), np.array([0.2, 0.05, 0.75]))
    ]
    assert counts[0] > 10 and counts[1] == SHORTEST_FRAMES["consonant"]


def test_the_chain_offers_silence_around_every_word():
    transcript = Transcript((Part((("k", "a"), ("a",)), 20, 60), Part((("sil",),), 60, 90)), 90, timed=False)
    chain = chain_of(transcript, INVENTORY)
    assert [state.phone for state in chain] == [SIL, K, A, SIL, A, SIL]
    assert [state.optional for state in chain] == [True, False, False, True, False, True]
    assert (chain[1].first, chain[1].last) == (20 - TOLERANCE_FRAMES, 90 + TOLERANCE_FRAMES)


def test_the_best_path_is_the_one_that_trying_them_all_finds():
    rng = np.random.default_rng(5)
    states = [State(phone, "consonant", 0, 99) for phone in (A, K, A)]
    least, frames = SHORTEST_FRAMES["consonant"], 14
    leave = least / 10.0
    for _ in range(5):
        scores = rng.standard_normal((3, frames))
        found = {}
        for one in range(least, frames):
            for two in range(one + least, frames - least + 1):
                path = np.repeat([0, 1, 2], [one, two - one, frames - two])
                heard_sum = scores[[states[s].phone for s in path], np.arange(frames)].sum()
                places = 3 * least
                durations = np.log(leave) * (places - 1) + np.log1p(-leave) * (frames - places)
                found[heard_sum + durations] = path
        assert (force_align(scores, states) == found[max(found)]).all()


@pytest.mark.parametrize("said", ["-" * 20])
def test_a_clip_without_words_is_silence(said: str):
    numbers = align_words(Transcript((), len(said), timed=False), INVENTORY, heard(said), np.zeros(3))
    assert (numbers == SIL).all()
