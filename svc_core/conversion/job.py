"""One conversion to be made: which recording, into which singer, how; its name, and who is to be thanked for it.

A job's ``id`` is the name of its trace's folder and part of its address. A name of a phrase, singer or
label that would not be safe there (on Linux, macOS or Windows, or in a URL) is written with ``_`` for
what is not, and six digits of its SHA-256 behind ``~``, so that two names never become one.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from svc_core.corpora.corpus import Corpus, Phrase
from svc_core.model.weights import Guidance
from svc_core.rows import TableError, read_rows

EDITION = 1  # of recording: raise it when the same job would come out as another trace than before
DETAILS = ("full", "light")  # how much of a walk is kept
LONGEST_ID = 200  # bytes: file systems take 255, and an unfinished trace's folder has a longer name
MOST_OFFERED = 30  # names in one sentence
CREDIT_COLUMNS = ("singer", "licence", "attribution")
# Hyphens stand alone, for two of them part an id. "guide-", "without-", "swap3-" and "defect-" begin parts of
# an id, and on Windows "con." and its like begin the name of a device.
SAFE_NAME = re.compile(
    r"(?!guide-|without-|swap\d+-|defect-|(?i:con|prn|aux|nul|com\d|lpt\d)\.)\w[\w@+.]*(-[\w@+.]+)*-?(?<!\.)", re.ASCII
)


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
class Swap:
    """From place ``at`` of the walk on (0 is the noisiest) the sampler is told this singer instead of the target."""

    singer: str
    at: int


@dataclass(frozen=True)
class Job:
    """One conversion, and how much of it is kept.

    ``key_shift`` None means: from the medians of source and target; ``steps`` None: the sampler's usual
    number. ``without`` are the conditions taken away, in the order of CONDITION_NAMES; ``defect`` is one
    of defects.DEFECTS, put in on purpose. ``label`` tells apart what would else have one name: the same
    conversion by two models. ``note`` is a sentence that readers are shown.
    """

    source: Excerpt
    target: str
    reference: Excerpt | None
    key_shift: int | None
    seed: int
    sampler: str = "ddpm"
    steps: int | None = None
    guidance: Guidance = field(default_factory=Guidance)
    without: tuple[str, ...] = ()
    detail: str = "full"
    model: str = ""
    label: str = ""
    swap: Swap | None = None
    defect: str = ""
    note: str = ""

    @property
    def id(self) -> str:
        """Name of the trace's folder: phrase, source, target, key, sampler and seed, then what is out of the ordinary.

        ``--without-melody-singer`` names the conditions taken away, ``--guide-singer2`` and
        ``--guide-content-1-singer1.5`` each guided condition with its weight (here -1 and 1.5);
        ``--swap300-makam-m2`` the singer from place 300 on, ``--defect-clamp`` what is broken on purpose.
        Detail, model and note are no part of it.
        """
        key = "auto" if self.key_shift is None else f"{self.key_shift:+d}"
        names = [safe_name(name) for name in (self.source.phrase, self.source.singer, self.target)]
        parts = [*names, f"key{key}", f"{self.sampler}{'' if self.steps is None else self.steps}", f"seed{self.seed}"]
        if self.without:
            parts.append("-".join(("without", *self.without)))
        if weights := self.guidance.weights():
            parts.append("-".join(("guide", *(f"{name}{weight:g}" for name, weight in weights.items()))))
        if self.swap is not None:
            parts.append(f"swap{self.swap.at}-{safe_name(self.swap.singer)}")
        if self.defect:
            parts.append(f"defect-{self.defect}")
        if self.label:
            parts.append(safe_name(self.label))
        whole = "--".join(parts)
        return whole if len(whole) <= LONGEST_ID else f"{whole[: LONGEST_ID - 9]}~{_digest(whole)[:8]}"

    def fingerprint(self, model_hash: str, vocoder: str) -> str:
        """12 hex digits over all that decides what the trace holds: is a trace of this name this very one?

        Recordings count by their file's name, part, singer and credit, not by their folder; the model by
        its hash, not by its path; the vocoder by its name.
        """
        facts = asdict(self) | {"edition": EDITION, "model": model_hash, "vocoder": vocoder}
        del facts["label"]
        for name in ("swap", "defect", "note"):  # a trace without them is that of before there were any
            if not facts[name]:
                del facts[name]
        for recording in (facts["source"], facts["reference"]):
            if recording is not None:
                recording["path"] = recording["path"].name
        return _digest(json.dumps(facts, sort_keys=True))[:12]


def safe_name(name: str) -> str:
    """``name`` as a part of an id: itself where it is safe, else what can be read of it and a hash (ASCII)."""
    if SAFE_NAME.fullmatch(name):
        return name
    letters = (letter for letter in unicodedata.normalize("NFKD", name) if not unicodedata.combining(letter))
    plain = re.sub(r"[^A-Za-z0-9_@+-]+|--+", "_", "".join(letters)).lstrip("-@+")
    return f"{plain}~{_digest(unicodedata.normalize('NFC', name))[:6]}"  # macOS hands out names decomposed


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def read_credits(path: str | Path) -> dict[str, Credit]:
    """A credits.csv (singer, licence, attribution), by singer. Raises JobError."""
    path = Path(path)
    if not path.is_file():
        raise JobError(f"{path}: there is no such file; it must say whose recordings these are.")
    try:
        rows = [row for _, row in read_rows(path, CREDIT_COLUMNS)]
    except TableError as error:
        raise JobError(f"{path}: {error}") from error
    credits_of = {row["singer"]: Credit(**row) for row in rows}
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
    """Every named phrase into every target but its own singer, as full DDPM traces by whichever model.

    Raises JobError listing everything that is unknown or may not be published.
    """
    chosen, problems = find_phrases(corpus, phrases)
    problems += uncredited([*targets, *(p.clip.singer for p in chosen)], credits_of)
    if problems:
        raise JobError("\n".join(problems))
    return [
        Job(excerpt_of(p, credits_of), target, reference_of(corpus, p, target, credits_of), key_shift, seed)
        for p in chosen
        for target in targets
        if target != p.clip.singer
    ]


def find_phrases(corpus: Corpus, asked: Sequence[str]) -> tuple[list[Phrase], list[str]]:
    """The phrases meant, each once, and a sentence for each that is unknown or may not be published.

    A phrase is named as in phrases.csv, with ``:singer`` behind it where only one singer's is meant;
    ``*`` names all those that may be published.
    """
    found: dict[Phrase, None] = {}
    problems = []
    for name in asked:
        meant = [p for p in corpus.phrases if is_meant(p, name) and (p.clip.may_ship or not name.startswith("*"))]
        if not meant:
            known = sorted({f"{p.name}:{p.clip.singer}" for p in corpus.phrases})
            problems.append(f"there is no phrase '{name}'{' to publish' * name.startswith('*')}; {offer(name, known)}.")
        found |= dict.fromkeys(meant)
    for phrase in found:
        if not phrase.clip.may_ship:
            problems.append(f"'{phrase.name}' of {phrase.clip.singer} may not be published (may_ship = no).")
    return list(found), problems


def is_meant(phrase: Phrase, name: str) -> bool:
    """Whether ``name`` is the phrase's, ``*`` for any phrase, or one of the two with ``:singer`` behind it."""
    return name in (f"{what}{whose}" for what in (phrase.name, "*") for whose in ("", f":{phrase.clip.singer}"))


def offer(asked: str, known: Sequence[str]) -> str:
    """The end of a sentence that begins with what there is not."""
    if len(known) > MOST_OFFERED:
        return f"of {len(known)}, the nearest are {', '.join(difflib.get_close_matches(asked, known, 3, 0.0))}"
    return f"there are {', '.join(known) or 'none at all'}"


def uncredited(singers: Iterable[str], credits_of: dict[str, Credit]) -> list[str]:
    """A sentence for each singer whom no line of credits.csv names."""
    return [
        f"nobody is credited for '{singer}': add a line to credits.csv."
        for singer in sorted(set(singers))
        if singer not in credits_of
    ]


def excerpt_of(phrase: Phrase, credits_of: dict[str, Credit]) -> Excerpt:
    """A phrase of a corpus, with its credit. Raises KeyError for a singer whom nobody credits."""
    clip = phrase.clip
    return Excerpt(
        clip.path, phrase.start_s, phrase.end_s, clip.singer, phrase.name, clip.song, credits_of[clip.singer]
    )


def reference_of(corpus: Corpus, phrase: Phrase, target: str, credits_of: dict[str, Credit]) -> Excerpt | None:
    """The target's own recording: of the same phrase where there is one, else the first that may be published."""
    own = [p for p in corpus.phrases if p.clip.singer == target and p.clip.may_ship]
    own.sort(key=lambda p: p.name != phrase.name)
    return excerpt_of(own[0], credits_of) if own else None
