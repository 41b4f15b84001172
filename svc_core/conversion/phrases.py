"""Which phrases of a corpus are meant, by name and split.

Here everything may be chosen, what may not be published too: to convert a phrase and measure what came
of it publishes nothing. (What becomes a trace is chosen by job.find_phrases, which looks at may_ship.)
"""

from __future__ import annotations

from collections.abc import Sequence

from svc_core.conversion.job import is_meant, offer, safe_name
from svc_core.corpora.corpus import Corpus, Phrase


class PhraseError(ValueError):
    """Phrases that are not there; the message says which, and which there are."""


def choose_phrases(corpus: Corpus, asked: Sequence[str], splits: Sequence[str]) -> dict[str, Phrase]:
    """Phrases of these splits by a file name that no two share, each once, in the order of phrases.csv.

    A phrase is named as in phrases.csv, with ``:singer`` behind it where only one singer's is meant; ``*``
    stands for all. Raises PhraseError where a name means none.
    """
    there = [phrase for phrase in corpus.phrases if phrase.clip.split in splits]
    known = sorted({f"{phrase.name}:{phrase.clip.singer}" for phrase in there})
    for name in asked:
        if not any(is_meant(phrase, name) for phrase in there):
            raise PhraseError(f"there is no phrase '{name}' in the split {' or '.join(splits)}; {offer(name, known)}.")
    named: dict[str, Phrase] = {}
    for phrase in there:
        if any(is_meant(phrase, name) for name in asked):
            plain = f"{safe_name(phrase.name)}--{safe_name(phrase.clip.singer)}"
            number, unique = 2, plain
            while unique in named:  # a singer may have sung a phrase twice
                unique, number = f"{plain}-{number}", number + 1
            named[unique] = phrase
    return named
