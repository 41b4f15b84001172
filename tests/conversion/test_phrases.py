"""Which phrases are meant: by name, singer and split, and what there is instead of those that are not."""

from dataclasses import replace

import pytest

from svc_core.conversion.phrases import PhraseError, choose_phrases
from svc_core.corpora.splits import HELD_OUT
from tests.conftest import is_sentence


@pytest.mark.parametrize(
    ("asked", "splits", "chosen"),
    [
        (["*"], HELD_OUT, ["hymn--alto", "hymn--bass", "secret--guest"]),  # what may not be published as well
        (["*"], ["train"], ["scale--alto"]),
        (["hymn"], ["test"], ["hymn--alto", "hymn--bass"]),
        (["hymn:bass"], ["test", "train"], ["hymn--bass"]),
        (["*:alto", "hymn"], ["train", "test"], ["scale--alto", "hymn--alto", "hymn--bass"]),
    ],
)
def test_phrases_are_chosen_by_name_singer_and_split(tiny_corpus, asked, splits, chosen):
    found = choose_phrases(tiny_corpus, asked, splits)
    assert list(found) == chosen
    assert all(name == f"{phrase.name}--{phrase.clip.singer}" for name, phrase in found.items())


def test_a_phrase_sung_twice_and_one_with_an_odd_name_have_names_of_their_own(tiny_corpus):
    first, *_ = tiny_corpus.phrases
    odd = replace(first, name="a/b", start_s=0.5)
    corpus = replace(tiny_corpus, phrases=(first, odd, replace(first, start_s=0.5)))
    names = list(choose_phrases(corpus, ["*"], ["train"]))
    assert (names[0], names[2]) == ("scale--alto", "scale--alto-2")
    assert names[1].startswith("a_b~") and "/" not in names[1]


@pytest.mark.parametrize("asked", ["scale", "hymn:guest", "*:tenor", ""])
def test_a_name_that_means_none_is_refused_with_those_there_are(tiny_corpus, asked):
    with pytest.raises(PhraseError) as caught:
        choose_phrases(tiny_corpus, ["hymn", asked], HELD_OUT)
    assert f"'{asked}' in the split test or unseen" in str(caught.value)
    assert "hymn:alto" in str(caught.value) and is_sentence(str(caught.value))


def test_a_corpus_without_phrases_has_none_to_choose(tiny_corpus):
    with pytest.raises(PhraseError, match="none at all"):
        choose_phrases(replace(tiny_corpus, phrases=()), ["*"], HELD_OUT)
