"""The lesson on the network's inside: what its figures are told, with the shipped traces, with others, with none."""

from functools import partial

from app.parts.exhibits import WALK, find_conversion
from app.serving.library import library
from tests.app.conftest import NAMES
from tests.support.page_runs import figures, open_script

LINKED = ("scrubber", "maps", "picks")


open_lesson = partial(open_script, "lessons/network.py")


def test_the_walk_is_shown_in_all_linked_figures():
    page = open_lesson()
    assert not page.exception
    walk = find_conversion(library().catalogue(), WALK)
    shown = figures(page)
    assert {(shown[name]["trace"], shown[name]["group"]) for name in LINKED} == {(walk.id, "network")}
    assert shown["scrubber"]["references"] is False


def test_the_walk_of_the_lesson_keeps_its_inside():
    trace = library().open(find_conversion(library().catalogue(), WALK))
    assert len(trace.manifest.hidden.names) == 7
    assert len(trace.hidden_places()) == 1000


def test_the_address_chooses_the_conversion(own_traces):
    assert figures(open_lesson(trace=NAMES[2]))["maps"]["trace"] == NAMES[2]


def test_other_traces_are_shown_instead(own_traces):
    page = open_lesson()
    assert not page.exception
    assert figures(page)["picks"]["trace"] == NAMES[0]


def test_a_stale_address_is_said(own_traces):
    page = open_lesson(trace="gone-long-ago")
    assert not page.exception
    assert "There is no conversion" in page.warning[0].value
    assert figures(page)["maps"]["trace"] == NAMES[0]


def test_without_any_trace_the_words_and_questions_stay(own_traces):
    (own_traces / "catalogue.csv").unlink()
    page = open_lesson()
    assert not page.exception
    assert "goes on without its conversions" in page.error[0].value
    assert set(figures(page)) & set(LINKED) == set()
    assert page.header[-1].value == "Check yourself"
