"""The one dictionary of terms: it feeds the tooltips of every page, the glossary and the tour.

Its texts are the TOML files of app/texts/glossary, one a topic, one table a term. A term's id is the name
of its table; links to ``glossary#ID`` are what tooltips hang on, so an id is never changed once it is used.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from app.parts.course import BY_ID

FOLDER = Path(__file__).parent.parent / "texts" / "glossary"
TOPICS = {  # files, in the order in which the glossary shows them
    "sound": "Sound and its pictures",
    "voice": "The singing voice",
    "diffusion": "Noise and diffusion",
    "model": "The network and what it is told",
    "metrics": "Measuring",
    "data": "Recordings, rights and files",
}
LONGEST_SHORT = 220  # signs: a tooltip of three lines
LONGEST_MORE = 700

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_MARKUP = re.compile(r"\[\[|\]\]|\$|\*|`|\]\(")
_LINK = re.compile(r"\[\[([^\[\]|]*)(?:\|([^\[\]]*))?\]\]")
_FIELDS = {"term": str, "also": list, "short": str, "more": str, "see": list, "lesson": str}
_OPTIONAL: dict[str, Any] = {"more": "", "also": [], "see": [], "lesson": ""}


class GlossaryError(ValueError):
    """A dictionary, or a text that refers to it, that is not right; the message says where and what to do."""


@dataclass(frozen=True)
class Term:
    """One entry. ``short`` is plain text; ``more`` is Markdown with maths and may be empty."""

    id: str
    term: str
    also: tuple[str, ...]  # other spellings and abbreviations that mean it
    short: str
    more: str
    see: tuple[str, ...]  # ids
    lesson: str  # where it is taught; empty if nowhere
    topic: str  # name of its file


@cache
def glossary() -> dict[str, Term]:
    """The app's terms by id, topic by topic. Raises GlossaryError."""
    return read_glossary(FOLDER)


def read_glossary(folder: Path) -> dict[str, Term]:
    """Terms by id from a folder of TOML files, one of each of TOPICS, all checked. Raises GlossaryError."""
    terms: dict[str, Term] = {}
    for term in (term for topic in TOPICS for term in _terms_of(folder / f"{topic}.toml")):
        if term.id in terms:
            raise _error(term, f"stands in {terms[term.id].topic}.toml already; give one of them another id")
        terms[term.id] = term
    _check_spellings(terms)
    for term in terms.values():
        for other in term.see:
            if other not in terms or other == term.id:
                raise _error(term, f'"see" names "{other}", {_what_is_wrong(other, terms)}')
        for match in _LINK.finditer(term.more):
            if match[1] not in terms or match[1] == term.id:
                raise _error(term, f'"more" links to "{match[1]}", {_what_is_wrong(match[1], terms)}')
    return terms


def with_terms(text: str) -> str:
    """Markdown whose ``[[id]]`` and ``[[id|words]]`` have become links to the glossary.

    Without words, the term itself is written. Raises GlossaryError for an id that there is none of.
    """
    terms = glossary()

    def link(match: re.Match[str]) -> str:
        if match[1] not in terms:
            where = " ".join(text[max(0, match.start() - 30) : match.end() + 10].split())
            raise GlossaryError(f'"…{where}…" links to "{match[1]}", {_what_is_wrong(match[1], terms)}.')
        return f"[{match[2] or terms[match[1]].term}](glossary#{match[1]})"

    return _LINK.sub(link, text)


def dictionary() -> dict[str, dict[str, str]]:
    """What a browser needs for tooltips: id -> term and short text."""
    return {term.id: {"term": term.term, "short": term.short} for term in glossary().values()}


def _terms_of(path: Path) -> Iterator[Term]:
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise GlossaryError(f"{path.name} cannot be read ({error}); mend it.") from error
    for name, fields in tables.items():
        where = f"{path.name}, [{name}]: "
        if not isinstance(fields, dict):
            raise GlossaryError(f'{where}stands outside of any term; put it below a line such as "[mel-band]".')
        if not _ID.fullmatch(name):
            raise GlossaryError(f"{where}an id has small letters, digits and single hyphens; rename it.")
        if strange := sorted(set(fields) - set(_FIELDS)):
            raise GlossaryError(f'{where}has "{strange[0]}"; a term has {", ".join(_FIELDS)} and nothing else.')
        fields = _OPTIONAL | fields
        for field, kind in _FIELDS.items():
            if not _fits(fields.get(field), kind):
                wanted = "a text" if kind is str else "a list of texts"
                raise GlossaryError(f'{where}"{field}" is missing or of another kind; write {wanted}.')
        lists = {field: tuple(fields[field]) for field in ("also", "see")}
        term = Term(id=name, topic=path.stem, **(fields | lists))
        _check_texts(term)
        yield term


def _fits(value: object, kind: type) -> bool:
    if kind is list:
        return isinstance(value, list) and all(isinstance(part, str) and part.strip() for part in value)
    return isinstance(value, kind)


def _check_texts(term: Term) -> None:
    for field, text in (("term", term.term), ("short", term.short)):
        if not text.strip():
            raise _error(term, f'"{field}" is empty; write it')
        if sign := _MARKUP.search(text):
            raise _error(term, f'"{field}" is plain text; take out "{sign[0]}"')
    for field, text, most in (("short", term.short, LONGEST_SHORT), ("more", term.more, LONGEST_MORE)):
        if len(text) > most:
            raise _error(term, f'"{field}" has {len(text)} signs; cut it down to {most}')
    if term.lesson and term.lesson not in BY_ID:
        raise _error(term, f'there is no lesson "{term.lesson}"; choose one of {", ".join(BY_ID)}, or leave it empty')


def _check_spellings(terms: dict[str, Term]) -> None:
    owners: dict[str, Term] = {}
    for term in terms.values():
        for spelling in (term.term, *term.also):
            other = owners.setdefault(spelling, term)
            if other is not term or (term.term, *term.also).count(spelling) > 1:
                raise _error(term, f'the spelling "{spelling}" also belongs to "{other.id}"; leave it to one of them')


def _what_is_wrong(name: str, terms: dict[str, Term]) -> str:
    if name in terms:
        return "which is the term itself; take it out"
    owners = {spelling: term.id for term in terms.values() for spelling in (term.id, term.term, *term.also)}
    near = [owners[name]] if name in owners else [owners[word] for word in get_close_matches(name, owners, n=1)]
    return "which is no id of the glossary; " + (f'did you mean "{near[0]}"?' if near else "add it or mend it")


def _error(term: Term, problem: str) -> GlossaryError:
    return GlossaryError(f"{term.topic}.toml, [{term.id}]: {problem}.")
