"""Labels and spellings -> phones."""

from __future__ import annotations

import pytest

from svc_core.phones.symbols import is_held, label_phones, spelled_phones


@pytest.mark.parametrize(
    ("label", "phones"),
    [
        ("a", ("a",)),
        ("my", ("m", "y")),
        ("ky", ("k", "y")),
        ("sh", ("sh",)),
        ("N", ("n",)),
        ("cl", ("cl",)),
        ("pau", ("sil",)),
        ("", ("sil",)),
        ("<SP>", ("sil",)),
        ("AP", ("breath",)),
        ("IY", ("i",)),
        ("CH", ("ch",)),
        ("iang", ("iang",)),
        (" u ", ("u",)),
    ],
)
def test_a_phone_label_becomes_shared_symbols(label: str, phones: tuple[str, ...]):
    assert label_phones(label) == phones


def test_a_label_that_says_nobody_knows_is_no_phone_and_no_silence():
    assert label_phones("xx") is None


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("çare", "ch a r e"),
        ("gece", "g e j e"),
        ("mücrim", "m ue j r i m"),
        ("şikâyet", "sh i k a y e t"),
        ("ağlarım", "a l a r ih m"),
        ("jale", "zh a l e"),
        ("gözlerinin", "g oe z l e r i n i n"),
        ("İhtimal", "i h t i m a l"),
        ("Irmak", "ih r m a k"),
        ("IRMAK", "ih r m a k"),
        ("DİL", "d i l"),
        ("yetiS", "y e t i sh"),
        ("korkarIm", "k o r k a r ih m"),
        ("Gel", "g e l"),
        ("gel!", "g e l"),
        ("ğ", ""),
        ("", ""),
    ],
)
def test_a_turkish_word_is_read_letter_by_letter(word: str, phones: str):
    assert spelled_phones(word) == tuple(phones.split())


def test_the_same_sound_has_one_symbol_in_both_languages():
    assert spelled_phones("ş") == label_phones("sh")
    assert spelled_phones("ç") == label_phones("ch")
    assert spelled_phones("c") == label_phones("j")
    assert spelled_phones("n") == label_phones("N")


def test_vowels_silence_and_finals_are_held_and_consonants_are_not():
    assert all(map(is_held, ("a", "ih", "oe", "ue", "ang", "sil")))
    assert not any(map(is_held, ("k", "sh", "y", "cl", "breath", "n")))
