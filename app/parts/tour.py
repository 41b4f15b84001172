"""The guided tour, read from app/texts/tour.toml: a list of steps, each of which points at a real control.

    [[step]]
    id = "source"
    page = "start"                      # id of the lesson it stands in
    title = "One phrase, one singer"
    content = "Press **Source** ..."    # **bold**, *italic*, terms of the glossary ([[id]] or [[id|words]])
    at = "[data-sound=source]"          # CSS selector; it is looked for in the figures' shadow roots, too
    done = "heard source"               # what the control tells (tellDone in app/web/dom.js); "" for a mere look
    after = "That is the voice ..."     # said when it has been done
    side = "bottom"                     # of the control, where the card stands if there is room

The order is that of the file; a page's steps stand together, for the tour goes from page to page once.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import asdict, dataclass
from functools import cache
from itertools import groupby
from pathlib import Path

from app.figures.component import show_figure
from app.parts.course import BY_ID
from app.parts.glossary import GlossaryError, with_terms
from svc_core.traces.parsing import ParseError, parse

TOUR = Path(__file__).parent.parent / "texts" / "tour.toml"
SIDES = ("top", "right", "bottom", "left")
LONGEST = 320  # signs of a card's text: what is read while one waits to try it

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class TourError(ValueError):
    """A tour that cannot be used; the message names the file, the step and what to do."""


@dataclass(frozen=True)
class Step:
    """One card of the tour; fields as in the file, above."""

    id: str
    page: str
    title: str
    content: str
    at: str
    done: str = ""
    after: str = ""
    side: str = "bottom"


@dataclass(frozen=True)
class Tour:
    """The whole file; its field is named as the tables in it."""

    step: list[Step]


@cache
def tour() -> tuple[Step, ...]:
    """The app's tour. Raises TourError."""
    return read_tour(TOUR)


def read_tour(path: Path) -> tuple[Step, ...]:
    """The steps of a file in their order, all checked. Raises TourError."""
    try:
        steps = parse(Tour, tomllib.loads(path.read_text(encoding="utf-8")), "").step
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ParseError) as error:
        raise TourError(f"{path.name} cannot be used: {error}. Mend it, or fetch it again.") from error
    if not steps:
        raise TourError(f'{path.name}: there is no step; write one below a line "[[step]]".')
    for number, step in enumerate(steps):
        if fault := _fault(step, {before.id for before in steps[:number]}):
            raise TourError(f"{path.name}, step '{step.id}': {fault}.")
    pages = [page for page, _ in groupby(step.page for step in steps)]
    if twice := [page for page in pages if pages.count(page) > 1]:
        raise TourError(f"{path.name}: the tour comes to '{twice[0]}' twice; put that page's steps together.")
    return tuple(steps)


def _fault(step: Step, before: set[str]) -> str | None:
    if not _ID.fullmatch(step.id):
        return "an id has small letters, digits and single hyphens; rename it"
    if step.id in before:
        return "another step has the same id; rename one of them"
    if step.page not in BY_ID:
        return f"there is no lesson '{step.page}'; choose one of {', '.join(BY_ID)}"
    if step.side not in SIDES:
        return f"there is no side '{step.side}'; choose one of {', '.join(SIDES)}"
    for field in ("title", "content", "at"):
        if not getattr(step, field).strip():
            return f'"{field}" is empty; write it'
    for field in ("content", "after"):
        if len(getattr(step, field)) > LONGEST:
            return f'"{field}" has {len(getattr(step, field))} signs; cut it down to {LONGEST}'
        try:
            with_terms(getattr(step, field))
        except GlossaryError as error:
            return str(error).rstrip(".")
    return None


def show_tour(page: str) -> None:
    """The button that begins the tour, or ends it; in a lesson that the tour visits, it goes on by itself.

    Raises TourError.
    """
    steps = [
        {
            **asdict(step),
            "content": with_terms(step.content),
            "after": with_terms(step.after),
            "address": BY_ID[step.page].address,
            "lesson": BY_ID[step.page].title,
        }
        for step in tour()
    ]
    show_figure("tour", {"page": page, "steps": steps})
