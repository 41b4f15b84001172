"""Questions to begin with: what they open is listed, and answers them."""

from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import pytest

from app.expert.questions import FAILS_BELOW, MOST_COMPARED, questions
from app.expert.selection import facets, fitting
from app.serving.library import REPOSITORY
from svc_core.traces.catalogue import Catalogue, read_catalogue

ANCHORS = {"filter", "side-by-side", "along-the-walks", "inside", "explain"}


@pytest.fixture(scope="module")
def shipped() -> Catalogue:
    return read_catalogue(REPOSITORY / "precomputed")


@pytest.fixture(scope="module")
def asked(shipped):
    return {question.words: question for question in questions(shipped)}


def compared(question, catalogue):
    """Rows of the conversions that a question puts side by side."""
    return catalogue.table.set_index("id").loc[question.state["compare"].split(",")]


def test_shipped_conversions_answer_all_of_them(asked):
    assert len(asked) == 11
    assert {question.part for question in asked.values()} == ANCHORS


def test_what_is_opened_is_listed_and_fits_side_by_side(asked, shipped):
    known = {
        *facets(shipped.table),
        *shipped.scores,
        "sort",
        "compare",
        "mean",
        "by",
        "against",
        "at",
        "measure",
        "explain",
    }
    for question in asked.values():
        assert set(question.state) <= known
        ids = [id for id in question.state.get("compare", "").split(",") if id]
        assert len(set(ids)) == len(ids) <= MOST_COMPARED and set(ids) <= set(shipped.table["id"])
        assert question.state.get("against", ids[0] if ids else "") in [*ids, ""]


def test_failures_are_those_below_and_the_worst_and_the_best_are_shown(asked, shipped):
    question = asked["Which conversions fail on pitch?"]
    fit = shipped.table.iloc[fitting(shipped, question.state)]
    assert 0 < len(fit) < len(shipped) and fit["rpa"].max() <= FAILS_BELOW
    assert (fit[["without", "guidance", "swap", "defect"]] == "").all(axis=None)
    worst, best = compared(question, shipped)["rpa"]
    assert worst == fit["rpa"].min() and best > FAILS_BELOW


@pytest.mark.parametrize(
    ("words", "differs", "alike"),
    [
        ("One phrase, other voices", "target", ["phrase", "source"]),
        ("Other singers, one voice", "source", ["target"]),
        ("Other songs, one pair", "song", ["source", "target"]),
        (
            "What does guidance to the singer do?",
            "guidance",
            ["phrase", "source", "target", "sampler", "steps", "seed"],
        ),
        ("What does one step cost?", "steps", ["phrase", "source", "target", "seed", "guidance"]),
        ("When does a walk become right?", "seed", ["phrase", "source", "target", "sampler", "steps"]),
    ],
)
def test_one_thing_differs(asked, shipped, words, differs, alike):
    rows = compared(asked[words], shipped)
    assert rows[differs].is_unique and len(rows) > 1
    assert (rows[alike].nunique() == 1).all()


def test_address_is_the_state(asked):
    for question in asked.values():
        parts = urlsplit(question.for_browser()["address"])
        assert parts.path == "./compare" and parts.fragment == question.part
        assert dict(parse_qsl(parts.query)) == question.state


def test_what_is_not_listed_is_not_asked(shipped):
    nothing = replace(shipped, table=shipped.table.iloc[:0])
    assert questions(nothing) == []
    students = replace(shipped, table=shipped.table[shipped.table["sampler"] == "consistency"])
    words = [question.words for question in questions(students)]
    assert "What does each condition bring?" in words
    assert not {"What does one step cost?", "Two steps of one walk", "One phrase, other voices"} & set(words)


def test_without_the_measure_of_pitch_nothing_fails_on_it(shipped):
    bare = replace(shipped, table=shipped.table.drop(columns="rpa"))
    assert all(question.part != "filter" or "pitch" not in question.words for question in questions(bare))
