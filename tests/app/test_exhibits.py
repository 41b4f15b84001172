"""Conversions found by what they are; addresses that ask for one."""

import re
from dataclasses import asdict, replace
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app.parts.exhibits import STUDENT, TEACHER, WALK, Exhibit, find_conversion
from svc_core.traces.catalogue import CATALOGUE, Catalogue, entry_of, read_catalogue, write_rows
from tests.app.conftest import NAMES
from tests.app.test_imports import REPOSITORY
from tests.support.hand_traces import hand_manifest


def listed(*changes: dict) -> Catalogue:
    """A catalogue of hand-made entries, each with its changes."""
    first = entry_of(hand_manifest())
    rows = [asdict(replace(first, id=f"t{number}", **change)) for number, change in enumerate(changes)]
    return Catalogue(pd.DataFrame(rows))


AMEN = Exhibit("amen", "bass", "alto", 12, "ddpm", 8, 11)  # the hand-made entry


def test_first_that_fits_is_found():
    catalogue = listed({"steps": 20}, {}, {})
    assert find_conversion(catalogue, AMEN).id == "t1"


@pytest.mark.parametrize(
    "change",
    [
        {"phrase": "x"}, {"source": "x"}, {"target": "x"}, {"key_shift_semitones": 0}, {"sampler": "euler"},
        {"steps": 40}, {"seed": 1}, {"guidance": "singer=2"}, {"without": "melody"}, {"swap": "x"}, {"swap_at": 3},
        {"defect": "clamp"}, {"label": "failure"},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_every_field_counts(change):
    assert find_conversion(listed(change), AMEN) is None
    assert find_conversion(listed(change, {}), AMEN).id == "t1"


def test_none_means_any():
    catalogue = listed({"key_shift_semitones": -5})
    assert find_conversion(catalogue, AMEN) is None
    assert find_conversion(catalogue, replace(AMEN, key_shift_semitones=None)).id == "t0"


def test_empty_catalogue_has_none():
    assert find_conversion(Catalogue(listed({}).table.iloc[:0]), AMEN) is None


@pytest.mark.parametrize(
    ("exhibit", "sampler", "steps"), [(WALK, "ddpm", 1000), (TEACHER, "euler", 40), (STUDENT, "consistency", 1)]
)
def test_what_the_lessons_look_at_is_shipped(exhibit, sampler, steps):
    entry = find_conversion(read_catalogue(REPOSITORY / "precomputed"), exhibit)
    assert (entry.sampler, entry.steps) == (sampler, steps)


# --- what the address asks for


def ask() -> None:
    """A page that tells the walk it was given."""
    import streamlit as st

    from app.parts.exhibits import find_walk
    from app.parts.lesson import listed_conversions

    found = find_walk(listed_conversions())
    st.text(found.id if found else "none")


def given(**query: str) -> AppTest:
    page = AppTest.from_function(ask, default_timeout=30)
    for name, value in query.items():
        page.query_params[name] = value
    return page.run()


def test_address_is_obeyed(own_traces):
    page = given(trace=NAMES[2])
    assert (page.text[0].value, len(page.warning)) == (NAMES[2], 0)


def test_without_one_the_best_there_is_comes(own_traces):
    page = given()
    assert (page.text[0].value, len(page.warning)) == (NAMES[0], 0)


def test_stale_address_is_said_shortly_and_another_comes(own_traces):
    page = given(trace="<img src=x>" * 50)
    assert page.text[0].value == NAMES[0]
    said = page.warning[0].value
    assert "There is no conversion" in said
    assert len(said) < 350
    assert not re.search(r"(?<!\\)<img", said)


def test_no_conversion_at_all_is_said(own_traces: Path):
    path = own_traces / CATALOGUE
    path.write_bytes(write_rows(read_catalogue(own_traces).table.iloc[:0]))
    page = given(trace=NAMES[0])
    assert page.text[0].value == "none"
    assert "are missing" in page.info[0].value
