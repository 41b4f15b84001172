"""What to convert: which phrase, into which singer, and who is to be thanked for it."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from svc_core.corpora.corpus import Corpus, Phrase


class JobError(ValueError):
    """A conversion that cannot be asked for like this; the message says why and what to do."""


@dataclass(frozen=True)
class Credit:
    """Where a singer's recordings come from: carried by everything that is made from them."""

    singer: str
    licence: str
    attribution: str


@dataclass(frozen=True)
class Excerpt:
    """A part of a recording, with what a trace says about it."""

    path: Path
    start_s: float
    end_s: float | None
    singer: str
    phrase: str
    song: str
    credit: Credit


@dataclass(frozen=True)
class Job:
    """One conversion. ``key_shift`` None means: from the medians of both singers."""

    source: Excerpt
    target: str
    reference: Excerpt | None
    key_shift: int | None
    seed: int

    @property
    def id(self) -> str:
        """Name of the trace's folder: phrase, source, target, key and seed."""
        key = "auto" if self.key_shift is None else f"{self.key_shift:+d}"
        return f"{self.source.phrase}--{self.source.singer}--{self.target}--key{key}--ddpm--seed{self.seed}"


def read_credits(path: str | Path) -> dict[str, Credit]:
    """A credits.csv (singer, licence, attribution), by singer. Raises JobError."""
    path = Path(path)
    if not path.is_file():
        raise JobError(f"{path}: there is no such file; it must say whose recordings these are.")
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        credits_of = {row["singer"]: Credit(row["singer"], row["licence"], row["attribution"]) for row in rows}
    except KeyError as error:
        raise JobError(f"{path}: the column {error} is missing.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise JobError(f"{path}: not a table of comma-separated values ({error}).") from error
    for credit in credits_of.values():
        if not (credit.singer and credit.licence and credit.attribution):
            raise JobError(f"{path}: the line of '{credit.singer}' lacks a licence or an attribution.")
    return credits_of


def corpus_jobs(
    corpus: Corpus,
    credits_of: dict[str, Credit],
    phrases: Sequence[str],
    targets: Sequence[str],
    key_shift: int | None,
    seed: int,
) -> list[Job]:
    """Every named phrase into every target but its own singer.

    A phrase is named as in phrases.csv, with ``:singer`` behind it where only one singer's is meant.
    Raises JobError listing everything that is unknown or may not be published.
    """
    problems = []
    chosen: list[Phrase] = []
    for asked in phrases:
        name, _, singer = asked.partition(":")
        found = [p for p in corpus.phrases if p.name == name and singer in ("", p.clip.singer)]
        if not found:
            known = ", ".join(sorted({f"{p.name}:{p.clip.singer}" for p in corpus.phrases})) or "none at all"
            problems.append(f"there is no phrase '{asked}'; there are {known}.")
        chosen += found
    for phrase in chosen:
        if not phrase.clip.may_ship:
            problems.append(f"'{phrase.name}' of {phrase.clip.singer} may not be published (may_ship = no).")
    for singer in sorted({*targets, *(p.clip.singer for p in chosen)}):
        if singer not in credits_of:
            problems.append(f"nobody is credited for '{singer}': add a line to credits.csv.")
    if problems:
        raise JobError("\n".join(problems))
    return [
        Job(_excerpt(phrase, credits_of), target, _reference(corpus, phrase, target, credits_of), key_shift, seed)
        for phrase in chosen
        for target in targets
        if target != phrase.clip.singer
    ]


def _excerpt(phrase: Phrase, credits_of: dict[str, Credit]) -> Excerpt:
    clip = phrase.clip
    return Excerpt(
        clip.path, phrase.start_s, phrase.end_s, clip.singer, phrase.name, clip.song, credits_of[clip.singer]
    )


def _reference(corpus: Corpus, phrase: Phrase, target: str, credits_of: dict[str, Credit]) -> Excerpt | None:
    """The target's own recording: of the same phrase where there is one, else the first that may be published."""
    own = [p for p in corpus.phrases if p.clip.singer == target and p.clip.may_ship]
    own.sort(key=lambda p: p.name != phrase.name)
    return _excerpt(own[0], credits_of) if own else None
