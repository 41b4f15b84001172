"""The cards of models and recordings as they lie in the repository, and the measured table: read, never retold.

A card is Markdown with one title. ``evaluation.csv`` has a line for each system, group and figure
(precomputed/README.md); what a page shows of it is chosen here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from app.serving.library import REPOSITORY

MODEL_CARD = REPOSITORY / "models" / "README.md"
DATA_CARD = REPOSITORY / "precomputed" / "DATA.md"
EVALUATION = REPOSITORY / "precomputed" / "evaluation.csv"
AGAINST_THE_TARGET = {"similarity_to_target": "source_to_target", "nearest_is_target": ""}  # "": nobody measured it
TITLE = re.compile(r"\A# .*\n")
SECTION = re.compile(r"^## (.+)$", re.MULTILINE)
LINK_TO_A_FILE = re.compile(r"\[([^\]]+)\]\((?!https?://)[^)]*\)")


class CardError(ValueError):
    """A card that cannot be shown; the message says which and why."""


@dataclass(frozen=True)
class Question:
    """What is asked of every system, in plain words, and how its answer is written."""

    words: str
    group: str
    figure: str
    unit: str  # "%" shows a share, anything else is written behind the number
    digits: int
    better: str  # "high" or "low"


QUESTIONS = (
    Question("Is the melody right? Frames within half a semitone", "conversion", "rpa", "%", 1, "high"),
    Question("Does the pitch move as asked? Correlation", "conversion", "f0_corr", "", 3, "high"),
    Question("Whose voice is it? Named as the target, of seven", "conversion", "nearest_is_target", "%", 0, "high"),
    Question("Closer to the target than to the source", "conversion", "closer_to_target", "%", 0, "high"),
    Question("How close to the target? Cosine", "conversion", "similarity_to_target", "", 3, "high"),
    Question("Are the words there? Phones heard alike", "conversion", "phone_agreement", "%", 1, "high"),
    Question("Is it loud and soft where the source is?", "conversion", "loudness_rmse_db", "dB", 2, "low"),
    Question("A singer into the own voice: how far off?", "self-conversion", "mcd_db", "dB", 2, "low"),
)


def read_card(path: Path) -> dict[str, str]:
    """The sections of a card by their headings; what comes before the first is under "". Raises CardError.

    The card's title is left out, and so are links to other files of the repository: the page has
    a title of its own, and does not serve those files.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CardError(f"{path.parent.name}/{path.name} cannot be read: fetch the repository again.") from error
    text = LINK_TO_A_FILE.sub(r"\1", TITLE.sub("", text))
    opening, *sections = SECTION.split(text)
    named = zip(sections[::2], sections[1::2], strict=True)
    return {"": opening.strip()} | {heading: section.strip() for heading, section in named}


def measured_table(path: Path = EVALUATION) -> pd.DataFrame:
    """A row for each of QUESTIONS, a column for each system, then the bounds that no vocoder can pass and the source.

    Cells are texts; a figure that a system does not have is "–". Raises CardError.
    """
    try:
        found = pd.read_csv(path)
        keyed = found.set_index(["system", "group", "figure"])["mean"].astype(float)
    except (OSError, ValueError, KeyError) as error:
        raise CardError(f"{path.parent.name}/{path.name} is no table of measured figures.") from error
    systems = list(dict.fromkeys(found["system"]))
    rows = []
    for question in QUESTIONS:
        row = {"": f"{question.words} ({'more' if question.better == 'high' else 'less'} is better)"}
        for system in systems:
            row[system] = _text(keyed.get((system, question.group, question.figure)), question)
        for group, heading in (("copy-synthesis", "real, through the vocoder"), ("source", "the source, unchanged")):
            row[heading] = _text(keyed.get((systems[0], *_bound(question, group))), question)
        rows.append(row)
    return pd.DataFrame(rows).set_index("")


def _bound(question: Question, group: str) -> tuple[str, str]:
    """Group and figure of a bound that answer the same question.

    In the group of the sources everyone is held against the own voice; as the result of doing nothing a
    source is held against the target.
    """
    if group == "source" and question.figure in AGAINST_THE_TARGET:
        return "conversion", AGAINST_THE_TARGET[question.figure]
    return group, question.figure


def _text(value: float | None, question: Question) -> str:
    if value is None or value != value:
        return "–"
    if question.unit == "%":
        return f"{100 * value:.{question.digits}f} %"
    return f"{value:.{question.digits}f} {question.unit}".strip()
