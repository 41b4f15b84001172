"""Phones and their numbers."""

from __future__ import annotations

import pytest

from svc_core.phones.inventory import Inventory, inventory_of
from tests.conftest import is_sentence


def test_silence_is_number_0_and_the_order_of_the_labels_does_not_matter():
    assert inventory_of(["k", "sil", "a", "k"]).symbols == ("sil", "a", "k")
    assert inventory_of(["a", "k"]) == inventory_of(["k", "a", "sil"])


def test_a_corpus_without_labels_has_silence_alone():
    assert len(inventory_of([])) == 1


def test_an_unknown_phone_is_refused_with_the_phones_there_are():
    with pytest.raises(ValueError, match="'zh' is none of sil a k") as caught:
        Inventory(("sil", "a", "k")).number("zh")
    assert is_sentence(str(caught.value))


@pytest.mark.parametrize("symbols", [(), ("a", "sil"), ("sil", "a", "a")])
def test_an_inventory_must_begin_with_silence_and_name_each_phone_once(symbols: tuple[str, ...]):
    with pytest.raises(ValueError, match="begins with"):
        Inventory(symbols)
