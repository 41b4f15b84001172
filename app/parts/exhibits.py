"""The conversions that lessons show, found by what they are, not by name: any set of traces may hold them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import streamlit as st

from app.parts.names import as_text
from app.parts.remembered import once_a_catalogue
from app.serving.library import to_begin_with
from svc_core.traces.catalogue import Catalogue, Entry

ASKED_SHOWN = 80  # characters of what an address asks for in vain that are repeated to the reader
WALK_KEY_SEMITONES = -11  # from the singers' medians


@dataclass(frozen=True)
class Exhibit:
    """What a conversion must be; every field as in the catalogue (see Entry). No key shift: any."""

    phrase: str = "kimseye_nakarat"
    source: str = "makam-f3"
    target: str = "makam-m2"
    key_shift_semitones: int | None = WALK_KEY_SEMITONES
    sampler: str = "ddpm"
    steps: int = 1000
    seed: int = 0
    guidance: str = ""
    without: str = ""
    swap: str = ""
    swap_at: int = 0
    defect: str = ""
    label: str = ""


ASKED = tuple(field.name for field in fields(Exhibit))
WALK = Exhibit()  # a woman's phrase into a man's voice, every step kept: most lessons look at it
TEACHER = replace(WALK, sampler="euler", steps=40)
STUDENT = replace(WALK, sampler="consistency", steps=1)
JAPANESE = Exhibit("pjs091", "pjs-m1", "makam-f4", 9, "consistency", 1)


def find_conversion(catalogue: Catalogue, exhibit: Exhibit) -> Entry | None:
    """The first listed conversion that is what the exhibit says; None where there is none."""
    return find_like(catalogue, vars(exhibit))


def find_like(catalogue: Catalogue, wanted: Mapping[str, object]) -> Entry | None:
    """The same with some of an exhibit's fields alone; one that is None may be any."""
    asked = [(ASKED.index(name), value) for name, value in wanted.items() if value is not None]
    for row, facts in enumerate(_facts(catalogue)):
        if all(facts[place] == value for place, value in asked):
            return catalogue.entry(row)
    return None


@once_a_catalogue
def _facts(catalogue: Catalogue) -> list[tuple[object, ...]]:
    """Of every listed conversion what an exhibit may ask for, in the order of ASKED; a table's own cells are slow."""
    return list(zip(*(catalogue.table[name].tolist() for name in ASKED), strict=True))


def find_walk(catalogue: Catalogue) -> Entry | None:
    """The conversion to look at: the one that the address asks for as ``trace``, else WALK, else the best there is.

    None, said to the reader, where there is no conversion at all. An address that asks for one that
    is not there is answered with a warning.
    """
    asked = st.query_params.get("trace")
    if asked is not None and asked in catalogue:
        return catalogue.find(asked)
    if len(catalogue) == 0:
        st.info(
            "The conversions of this lesson are missing; its pictures stay empty. Run svc_core.precompute to make "
            "some, or fetch the repository again (see README.md).",
            icon=":material/folder_off:",
        )
        return None
    if asked is not None:
        say_unknown(asked)
    return find_conversion(catalogue, WALK) or to_begin_with(catalogue)


def say_unknown(trace: str) -> None:
    """Where the address asks for a conversion that is not listed: a warning, and another one is shown."""
    st.warning(
        f"There is no conversion “{as_text(trace[:ASKED_SHOWN])}” here (the address may be old or mistyped); "
        "another one is shown instead.",
        icon=":material/link_off:",
    )


def say_missing(what: str) -> None:
    """Where a figure's conversions are not among those listed: the lesson says so and goes on."""
    st.info(
        f"{what} cannot be shown: these conversions are not among the ones listed here. The lesson goes on without.",
        icon=":material/hide_image:",
    )
