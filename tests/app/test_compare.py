"""Two conversions beside each other: what the figure is told, what the address asks for, what chance makes."""

import json
from dataclasses import replace

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app.parts.compare import Choice, Number, Wanted, listed, spread_of_seeds
from app.parts.exhibits import Exhibit
from svc_core.traces.catalogue import Catalogue, Entry

HAND = Exhibit("amen", "bass", "alto", 12, "ddpm", 8)


def entry(id: str, **changes) -> Entry:
    plain = Entry(
        id, "light", "Hymn", "amen", "bass", "alto", 12, "ddpm", 8, 0, "", "", "", 0, "", "", "", 1.0, 1, "f" * 12
    )
    return replace(plain, **changes)


def catalogue(entries: list[Entry], **scores: list[float]) -> Catalogue:
    return Catalogue(pd.DataFrame([vars(each) for each in entries]).assign(**scores))


def test_spread_is_that_of_the_seeds_alone():
    entries = [entry("a"), entry("b", seed=1), entry("c", seed=2), entry("d", seed=3), entry("e", without="melody")]
    scores = catalogue(entries, rpa=[0.9, 0.95, 0.92, 0.1, 0.0], mcd_db=[9.0, 9.0, 9.0, 1.0, 2.0])
    numbers = [Number("rpa", "notes"), Number("mcd_db", "timbre"), Number("vr", "not in the table")]
    assert spread_of_seeds(scores, HAND, numbers) == {"rpa": pytest.approx(0.05), "mcd_db": 0.0}


def test_one_seed_says_nothing_of_chance():
    assert spread_of_seeds(catalogue([entry("a")], rpa=[0.9]), HAND, [Number("rpa", "notes")]) == {}
    assert spread_of_seeds(catalogue([entry("a", phrase="kyrie")], rpa=[0.9]), HAND, [Number("rpa", "notes")]) == {}


def test_a_score_that_is_missing_or_a_yes_has_no_spread():
    scores = catalogue([entry("a"), entry("b", seed=1)], rpa=[float("nan")] * 2, nearest_is_target=[0.0, 1.0])
    assert spread_of_seeds(scores, HAND, [Number("rpa", "notes"), Number("nearest_is_target", "own", yes=True)]) == {}


def test_only_listed_ones_can_be_chosen():
    wanted = [
        Wanted(("",), HAND, "Plain", "cue", {}),
        Wanted(("melody",), replace(HAND, without="melody"), "Without", "cue", {"without": "melody"}),
    ]
    assert listed(catalogue([entry("a")]), wanted) == [Choice(("",), "a", "Plain", "cue", {})]


def script(others):
    import streamlit as st

    from app.parts.compare import asked_choice

    st.write(asked_choice(others))


@pytest.mark.parametrize(
    ("query", "index", "said"),
    [
        ({}, 0, ""),
        ({"without": "melody"}, 1, ""),
        ({"without": " melody,content "}, 2, ""),
        ({"without": ""}, 0, ""),
        ({"without": "melody", "seed": "1"}, 3, ""),
        ({"without": "content", "seed": "1"}, 0, "seed=1, without=content"),
        ({"without": "<b>melodie</b>"}, 0, "melodie"),
        ({"without": "x" * 500}, 0, "x" * 60),
        ({"step": "5"}, 0, ""),
    ],
)
def test_the_address_chooses(query, index, said):
    others = [
        Choice((), "a", "", "", {"without": ""}),
        Choice((), "b", "", "", {"without": "melody"}),
        Choice((), "c", "", "", {"without": "content,melody"}),
        Choice((), "d", "", "", {"without": "melody", "seed": "1"}),
    ]
    page = AppTest.from_function(script, args=(others,))
    for name, value in query.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    assert page.markdown[0].value == f"`{index}`"
    warnings = " ".join(warning.value.replace("\\", "") for warning in page.warning)
    assert said in warnings
    assert bool(said) == bool(warnings)
    assert len(warnings) < 250


def test_the_figure_is_told_all_as_data():
    def show():
        from app.parts.compare import Axis, Choice, Sound, show_compare

        others = [Choice(("x",), "b", "B", "See [[f0]].", {"with": "x"})]
        axes, more = [Axis((("x", "an x"),), "Which")], [Sound("S", "c", "target")]
        show_compare(("a", "A"), others, axes, 0, 2, {"rpa": 0.1}, more)

    page = AppTest.from_function(show).run()
    assert not page.exception
    (figure,) = page.get("bidi_component")
    data = json.loads(figure.proto.json)
    assert data["one"] == {"trace": "a", "name": "A"}
    assert data["others"][0]["trace"] == "b"
    assert "(glossary#f0)" in data["others"][0]["cue"]
    assert data["axes"] == [{"label": "Which", "switches": False, "values": [{"value": "x", "label": "an x"}]}]
    assert data["chance"] == {"rpa": 0.1}
    assert data["more"] == [{"label": "S", "trace": "c", "kind": "target"}]
    assert (data["chosen"], data["turn"]) == (0, 2)
    assert {number["score"] for number in data["numbers"]} >= {"rpa", "loudness_rmse_db", "similarity_to_target"}
