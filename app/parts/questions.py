"""The questions at the end of a lesson, read from app/texts/questions/LESSON.toml.

    [[question]]
    id = "what-stays"
    ask = "What stays as it was in a conversion?"

    [[question.answer]]
    text = "The words and the melody"
    right = true
    because = "Content and melody are taken from the source ..."

Texts may hold **bold**, *italic* and terms of the glossary ([[id]] or [[id|words]]). A question on a
picture has also ``[question.picture]`` (see Picture), and each of its answers ``at_s`` and ``hz``, where its
letter stands on it.
"""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

from app.figures.component import show_figure
from app.parts.exhibits import WALK, find_conversion
from app.parts.glossary import GlossaryError, with_terms
from app.serving.library import REPOSITORY, library
from svc_core.traces.catalogue import CatalogueError
from svc_core.traces.parsing import ParseError, parse

QUESTIONS = REPOSITORY / "app" / "texts" / "questions"
SHOWN = ("source", "target", "predicted", "state")


class QuestionError(ValueError):
    """A file of questions that cannot be used; the message names the file, the question and what is wrong."""


@dataclass(frozen=True)
class Answer:
    """``because`` is said when it is chosen, right or wrong; ``at_s`` and ``hz`` place its letter on a picture."""

    text: str
    because: str
    right: bool = False
    at_s: float | None = None
    hz: float | None = None


@dataclass(frozen=True)
class Picture:
    """A mel spectrogram of the lessons' walk (exhibits.WALK): the source, the target's recording, or a step."""

    shows: str
    alt: str  # what is seen, for those who cannot see it, without giving the answer away
    step: int = 0  # of predicted and state, by the sampler's own count
    f0: bool = False  # draw the contour as well


@dataclass(frozen=True)
class Question:
    """Asked on a picture where there is one; at least one answer is right, and one wrong."""

    id: str
    ask: str
    answer: list[Answer]
    picture: Picture | None = None


@dataclass(frozen=True)
class Sheet:
    """A whole file; its field is named as the tables in it."""

    question: list[Question]


@lru_cache
def questions_of(lesson: str, folder: Path = QUESTIONS) -> tuple[Question, ...]:
    """The questions of a lesson, none where it has no file. Raises QuestionError."""
    path = folder / f"{lesson}.toml"
    if not path.exists():
        return ()
    try:
        sheet = parse(Sheet, tomllib.loads(path.read_text(encoding="utf-8")), "")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ParseError) as error:
        raise QuestionError(f"{path.name} cannot be used: {error}. Mend it, or fetch it again.") from error
    for question in sheet.question:
        if fault := _fault(question):
            raise QuestionError(f"{path.name}, question '{question.id}': {fault}.")
    if len({question.id for question in sheet.question}) < len(sheet.question):
        raise QuestionError(f"{path.name}: two questions have the same id.")
    return tuple(sheet.question)


def _fault(question: Question) -> str | None:
    placed = [answer.at_s is not None and answer.hz is not None for answer in question.answer]
    if not any(answer.right for answer in question.answer) or all(answer.right for answer in question.answer):
        return "some of its answers must be right, and some wrong"
    if question.picture and question.picture.shows not in SHOWN:
        return f"its picture must show one of {', '.join(SHOWN)}"
    if question.picture and not all(placed):
        return "on a picture every answer needs at_s and hz"
    try:
        for text in (question.ask, *(answer.because for answer in question.answer)):
            with_terms(text)
    except GlossaryError as error:
        return str(error).rstrip(".")
    return None


def ask(lesson: str, questions: tuple[Question, ...]) -> None:
    """Show the questions; the browser judges and remembers."""
    walk = None
    if any(question.picture for question in questions):
        try:
            walk = find_conversion(library().catalogue(), WALK)
        except CatalogueError:
            walk = None  # the lesson has said so; the questions go on without their picture
    sheet = [_for_browser(question) for question in questions]
    show_figure("quiz", {"lesson": lesson, "questions": sheet, "trace": walk.id if walk else None})


def _for_browser(question: Question) -> dict[str, object]:
    plain = asdict(question)
    plain["ask"] = with_terms(question.ask)
    plain["answer"] = [
        asdict(answer) | {"text": with_terms(answer.text), "because": with_terms(answer.because)}
        for answer in question.answer
    ]
    return plain
