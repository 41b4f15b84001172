"""Labels -> which phones are sung in which frames."""

from __future__ import annotations

import numpy as np

from svc_core.config import GridConfig
from svc_core.corpora.labels import Interval, Labels
from svc_core.phones.inventory import NO_PHONE, inventory_of
from svc_core.phones.transcript import first_frame, spread_phones, transcribe

GRID = GridConfig()
HOP_S = 256 / 24_000


def labels(kind: str, *intervals: tuple[float, float, str]) -> Labels:
    """Intervals in frames, so that hand-counted numbers stay readable."""
    return Labels(kind, tuple(Interval(start * HOP_S, end * HOP_S, text) for start, end, text in intervals))


def numbers(made: Labels, frames: int) -> list[str]:
    transcript = transcribe(made, frames, GRID)
    inventory = inventory_of(transcript.phones)
    return [inventory.symbols[n] if n != NO_PHONE else "?" for n in spread_phones(transcript, inventory)]


def test_a_time_belongs_to_the_first_frame_that_is_centred_at_or_after_it():
    assert first_frame(0.0, GRID) == 0
    assert first_frame(0.5 * HOP_S, GRID) == 0
    assert first_frame(0.51 * HOP_S, GRID) == 1
    assert first_frame(10 * HOP_S, GRID) == 10
    assert first_frame(1e-9, GRID) == 0


def test_phone_labels_are_taken_as_they_are_timed():
    made = labels("phones", (0, 2, "pau"), (2, 3, "k"), (3, 6, "a"))
    assert numbers(made, 7) == ["sil", "sil", "k", "a", "a", "a", "?"]


def test_a_palatalised_consonant_gives_half_its_time_to_the_glide():
    assert numbers(labels("phones", (0, 4, "my"), (4, 6, "o")), 6) == ["m", "m", "y", "y", "o", "o"]


def test_what_nobody_could_tell_stays_unknown():
    assert numbers(labels("phones", (0, 2, "xx"), (2, 4, "a")), 4) == ["?", "?", "a", "a"]


def test_labels_beyond_the_end_of_the_clip_are_cut():
    assert numbers(labels("phones", (0, 3, "a"), (3, 9, "k"), (9, 12, "e")), 4) == ["a", "a", "a", "k"]


def test_a_held_word_stretches_its_vowels_and_not_its_consonants():
    said = numbers(labels("words", (0, 100, "gel")), 100)
    assert said.count("g") == 8 and said.count("l") == 8 and said.count("e") == 84
    assert said == sorted(said, key=["g", "e", "l"].index)


def test_a_word_in_a_hurry_shares_its_time_evenly():
    assert numbers(labels("words", (0, 6, "gel")), 6) == ["g", "g", "e", "e", "l", "l"]


def test_a_word_of_consonants_alone_fills_its_time():
    assert "?" not in numbers(labels("words", (0, 50, "şş")), 50)


def test_a_word_with_more_phones_than_frames_loses_phones_and_no_frames():
    said = numbers(labels("words", (0, 3, "güzelim")), 3)
    assert len(said) == 3 and "?" not in said


def test_several_words_in_one_interval_are_kept_apart():
    transcript = transcribe(labels("words", (0, 40, "bu gece"), (40, 50, ""), (50, 60, " ")), 60, GRID)
    assert transcript.parts[0].words == (("b", "u"), ("g", "e", "j", "e"))
    assert transcript.parts[1].words == transcript.parts[2].words == (("sil",),)
    assert not transcript.timed


def test_a_clip_without_any_interval_is_unknown_throughout():
    assert numbers(labels("words"), 3) == ["?"] * 3
    assert spread_phones(transcribe(labels("phones"), 3, GRID), inventory_of([])).dtype == np.int64
