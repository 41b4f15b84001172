"""The teacher's plan (app/texts/plan.toml), and the links in it that open a lesson at the right conversion and step.

Conversions are named by what they show (EXHIBITS) and found among those listed when the page is opened,
so a link never leads to one that is not there.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlencode, urlsplit, urlunsplit

from app.parts.course import BY_ID
from app.parts.exhibits import STUDENT, TEACHER, WALK, Exhibit, find_conversion
from app.parts.glossary import GlossaryError, with_terms
from app.serving.library import REPOSITORY
from svc_core.traces.catalogue import Catalogue
from svc_core.traces.parsing import ParseError, parse

PLAN = REPOSITORY / "app" / "texts" / "plan.toml"
EXHIBITS = {
    "walk": WALK,
    "teacher": TEACHER,
    "student": STUDENT,
    "clamp": replace(WALK, defect="clamp"),
    "failure": Exhibit("caro_vibrato", "vocalset-f1", "makam-f1", -12, label="failure"),
}


class PlanError(ValueError):
    """A plan that cannot be used; the message says what is wrong with it."""


@dataclass(frozen=True)
class Demonstration:
    """A link: to a lesson, there to a conversion and its step (by the sampler's own count), or to what it can show."""

    words: str
    lesson: str  # id
    shows: str = ""  # a name in EXHIBITS; "": what the lesson shows by itself
    step: int | None = None
    wishes: dict[str, str] = field(default_factory=dict)  # parameters of the lesson's own
    part: str = ""  # anchor on the page


@dataclass(frozen=True)
class Part:
    """A part of the lesson hour. ``do`` is Markdown with [[terms]]."""

    minutes: int
    title: str
    do: str
    link: list[Demonstration]


@dataclass(frozen=True)
class Discussion:
    """A question for the class."""

    ask: str
    good: str  # what good answers contain


@dataclass(frozen=True)
class Outcome:
    """What is learnt, and the ids of the lessons that teach it."""

    learnt: str
    lessons: list[str]


@dataclass(frozen=True)
class Plan:
    """The whole file; fields are named as its tables."""

    part: list[Part]
    discussion: list[Discussion]
    outcome: list[Outcome]


def read_plan(path: Path = PLAN) -> Plan:
    """The plan, all its names checked. Raises PlanError."""
    try:
        plan = parse(Plan, tomllib.loads(path.read_text(encoding="utf-8")), "")
        for text in (part.do for part in plan.part):
            with_terms(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ParseError, GlossaryError) as error:
        raise PlanError(f"{path.name} cannot be used: {error}. Mend it, or fetch it again.") from error
    links = [link for part in plan.part for link in part.link]
    named = [link.lesson for link in links] + [id for outcome in plan.outcome for id in outcome.lessons]
    if unknown := sorted(set(named) - set(BY_ID)):
        raise PlanError(f"{path.name} names the lesson “{unknown[0]}”, which there is none of.")
    if unknown := sorted({link.shows for link in links} - {"", *EXHIBITS}):
        raise PlanError(f"{path.name} names “{unknown[0]}”; there are {', '.join(EXHIBITS)}.")
    return plan


def address_of(link: Demonstration, catalogue: Catalogue) -> str | None:
    """Where the link leads, relative to the site; None where its conversion is not among those listed."""
    asked: dict[str, object] = {}
    if link.shows:
        found = find_conversion(catalogue, EXHIBITS[link.shows])
        if found is None:
            return None
        asked["trace"] = found.id
    if link.step is not None:
        asked["step"] = link.step
    query = urlencode(asked | link.wishes)
    return BY_ID[link.lesson].address + (f"?{query}" if query else "") + (f"#{link.part}" if link.part else "")


def embedded(address: str) -> str:
    """The same address without the site's menus, for a frame in another page."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(query=f"embed=true&{parts.query}" if parts.query else "embed=true"))


def site_of(page_address: str | None, page: str) -> str:
    """The site's own address, from that of one of its pages; a stand-in where the server does not know it."""
    if not page_address:
        return "https://your-site.example/"
    parts = urlsplit(page_address)
    return urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/").removesuffix(page), "", ""))
