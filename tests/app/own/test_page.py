"""The page of one's own voice: what its figure is given, and what it makes of what the figure tells it."""

import pytest
from streamlit.testing.v1 import AppTest

from app.own import page as script
from app.own.material import MOST_EXAMPLES
from app.parts.scores import scores
from app.serving.library import REPOSITORY, library
from svc_core.own.recording import LONGEST_S, SHORTEST_S
from tests.app.conftest import show
from tests.support.page_runs import figures

PAGE = str(REPOSITORY / "app" / "own" / "page.py")
KEY = "A" * 21 + "_"


def open_page() -> AppTest:
    return AppTest.from_file(PAGE, default_timeout=60).run()


def test_the_figure_is_given_voices_examples_and_scores():
    page = open_page()
    assert not page.exception
    given = figures(page)["own"]
    assert set(given["voices"]) >= {"makam-f1", "makam-m2", "pjs-m1"}
    assert len(given["examples"]) == MOST_EXAMPLES
    assert set(given["scores"]) == set(scores())
    assert (given["longest_s"], given["shortest_s"]) == (LONGEST_S, SHORTEST_S)
    assert "scrubber" not in figures(page)  # nothing has been made yet


def test_page_opens_without_any_conversion(tmp_path, monkeypatch):
    show(monkeypatch, str(tmp_path))
    page = open_page()
    assert not page.exception
    given = figures(page)["own"]
    assert (given["voices"], given["examples"]) == ({}, [])
    assert "catalogue" in page.error[0].value


def test_page_opens_with_conversions_of_singers_that_nobody_knows(own_traces):
    page = open_page()
    assert not page.exception
    given = figures(page)["own"]
    assert set(given["voices"]) == {"alto", "bass"}
    assert [voice["range"] for voice in given["voices"].values()] == [None, None]
    assert all(example["id"] in library().catalogue() for example in given["examples"])


@pytest.mark.parametrize(
    "told",
    [
        None,
        "trace",
        {},
        {"take": KEY},
        {"take": KEY, "trace": 3},
        {"take": KEY, "trace": "../secret"},
        {"take": KEY, "trace": "a/b"},
        {"take": "../../" + KEY, "trace": "a"},
        {"take": f"{KEY}\n", "trace": "a"},
        {"take": KEY, "trace": "x" * 300},
    ],
)
def test_what_the_browser_tells_is_believed_only_where_it_can_be(told):
    assert script.made_trace(told) is None


def test_a_trace_that_was_made_is_shown():
    assert script.made_trace({"take": KEY, "trace": "own--you--makam-f3--seed0"}) == (KEY, "own--you--makam-f3--seed0")
