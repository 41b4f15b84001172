"""Two conversions beside each other: the first stays, of the second there may be a choice.

Nothing here knows what is compared: names, sentences, axes of choice and numbers are data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

import streamlit as st

from app.figures.component import show_figure
from app.parts.exhibits import ASKED_SHOWN, Exhibit, find_conversion
from app.parts.glossary import with_terms
from app.parts.names import as_text
from svc_core.traces.catalogue import Catalogue

SEEDS = 3  # the shipped ones that tell what chance alone makes


@dataclass(frozen=True)
class Axis:
    """One row of buttons, or one on/off switch. ``values``: (value, label), the usual one first.

    A switch has two values: the usual one, which is on, and the other. Switches without a label join the
    group of the one before.
    """

    values: tuple[tuple[str, str], ...]
    label: str | None = None
    switches: bool = False


@dataclass(frozen=True)
class Choice:
    """A second conversion: where it stands on each axis, what it is called, what to listen for (Markdown with
    terms), and the parameters of the page's address that lead to it."""

    at: tuple[str, ...]
    trace: str
    name: str
    cue: str
    address: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Wanted:
    """A choice by what it is, before it is looked for in the catalogue; otherwise as Choice."""

    at: tuple[str, ...]
    exhibit: Exhibit
    name: str
    cue: str
    address: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Number:
    """A score to show of both. ``better``: "high", "low", or ""; ``yes``: 1 is shown as yes, 0 as no."""

    score: str
    label: str  # Markdown with terms
    digits: int = 0
    percent: bool = False
    unit: str = ""
    better: str = ""
    yes: bool = False


@dataclass(frozen=True)
class Sound:
    """One more button to listen with: "source", "target" or "converted" of any trace."""

    label: str
    trace: str
    kind: str


NUMBERS = (
    Number("rpa", "notes right ([[rpa|RPA]])", digits=1, percent=True, better="high"),
    Number("vr", "sung where the source sings ([[vr|voiced]])", digits=1, percent=True, better="high"),
    Number("loudness_rmse_db", "[[loudness-rmse|loudness]] is off by", digits=1, unit="dB", better="low"),
    Number("similarity_to_target", "[[cosine-similarity|similar]] to the target", digits=3, better="high"),
    Number("similarity_to_source", "similar to the source’s singer", digits=3),
    Number("nearest_is_target", "of all singers the target is nearest", yes=True),
)
UNJUDGED = tuple(replace(number, better="") for number in NUMBERS)  # where a change is what was wanted


def show_compare(
    one: tuple[str, str],
    others: Sequence[Choice],
    axes: Sequence[Axis],
    chosen: int = 0,
    turn: int = 0,
    chance: Mapping[str, float] | None = None,
    more: Sequence[Sound] = (),
    numbers: Sequence[Number] = NUMBERS,
    group: str = "compare",
    key: str = "compare",
) -> None:
    """Show ``one`` (trace, name) beside one of ``others``, of which the reader may choose another.

    ``chosen`` is an index; the reader may choose another since, and a new ``turn`` takes them back to it.
    ``chance`` says what mere chance changes a score by (see spread_of_seeds). The step is kept in the page's
    address as ``step``, the choice as its own parameters.
    """
    show_figure(
        "compare",
        {
            "group": group,
            "one": {"trace": one[0], "name": one[1]},
            "others": [asdict(choice) | {"cue": with_terms(choice.cue)} for choice in others],
            "axes": [
                {
                    "label": axis.label,
                    "switches": axis.switches,
                    "values": [{"value": value, "label": label} for value, label in axis.values],
                }
                for axis in axes
            ],
            "chosen": chosen,
            "turn": turn,
            "numbers": [asdict(number) | {"label": with_terms(number.label)} for number in numbers],
            "chance": dict(chance or {}),
            "more": [asdict(sound) for sound in more],
        },
        key,
    )


def listed(catalogue: Catalogue, wanted: Sequence[Wanted]) -> list[Choice]:
    """Those that the catalogue has."""
    found = [(wish, find_conversion(catalogue, wish.exhibit)) for wish in wanted]
    return [Choice(wish.at, entry.id, wish.name, wish.cue, wish.address) for wish, entry in found if entry]


def spread_of_seeds(catalogue: Catalogue, exhibit: Exhibit, numbers: Sequence[Number] = NUMBERS) -> dict[str, float]:
    """By how much each score differs at most between conversions that differ in their noise alone.

    Empty where fewer than two of the seeds 0, 1, 2 are listed: then nothing is known of chance.
    """
    found = [find_conversion(catalogue, replace(exhibit, seed=seed)) for seed in range(SEEDS)]
    rows = catalogue.table.set_index("id").loc[[entry.id for entry in found if entry]]
    if len(rows) < 2:
        return {}
    scores = [number.score for number in numbers if number.score in rows and not number.yes]
    spread = rows[scores].max() - rows[scores].min()
    return {score: round(float(value), 6) for score, value in spread.items() if value == value}


def asked_choice(others: Sequence[Choice], first: int = 0) -> int:
    """Index of the choice that the page's address asks for; ``first`` where it asks for none.

    A parameter that none of the choices has is answered with a warning.
    """
    names = {name for choice in others for name in choice.address}
    asked = {name: st.query_params[name] for name in sorted(names) if name in st.query_params}
    if not asked:
        return first
    wanted = dict(others[first].address) | {name: _in_order(text) for name, text in asked.items()}
    for index, choice in enumerate(others):
        if all(choice.address.get(name, "") == wanted.get(name, "") for name in names):
            return index
    wish = ", ".join(f"{name}={text}" for name, text in asked.items())
    st.warning(
        f"The address asks for “{as_text(wish[:ASKED_SHOWN])}”, and there is no such conversion here (it may be "
        "old or mistyped); another one is shown instead.",
        icon=":material/link_off:",
    )
    return first


def _in_order(text: str) -> str:
    """'melody, content' -> 'content,melody'."""
    return ",".join(sorted(part.strip() for part in text.split(",") if part.strip()))
