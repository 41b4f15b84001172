"""The frame of a lesson: what stands around it, and that it goes on without conversions."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.parts import lesson as frames
from app.parts.course import LESSONS
from app.parts.glossary import glossary
from app.parts.lesson import show_course
from app.parts.questions import questions_of
from svc_core.traces.catalogue import CATALOGUE
from tests.app.conftest import NAMES
from tests.support.page_runs import open_script


def frame() -> None:
    """A lesson with nothing of its own but what it was given."""
    import streamlit as st

    from app.parts.lesson import lesson, say

    with lesson("noising") as catalogue:
        say("A [[snr|ratio]] and a [[vocoder]].")
        st.text(f"{len(catalogue)} conversions")


def opened() -> AppTest:
    """The frame, without the links to other pages: they need the whole site."""
    return AppTest.from_function(frame, default_timeout=30).run()


@pytest.fixture(autouse=True)
def no_way_on(monkeypatch):
    monkeypatch.setattr(frames, "_show_way_on", lambda this: None)


def test_title_goal_and_questions_stand_around_the_lesson(own_traces):
    page = opened()
    assert not page.exception
    assert [title.value for title in page.title] == ["Adding noise"]
    goal, text = (element.value for element in page.markdown[:2])
    assert goal.startswith("**Your goal:** Say what a thousand steps of noise do")
    assert text == f"A [ratio](glossary#snr) and a [{glossary()['vocoder'].term}](glossary#vocoder)."
    assert [header.value for header in page.header] == ["Check yourself"]
    assert page.text[0].value == f"{len(NAMES)} conversions"
    assert not page.error


def test_without_a_catalogue_it_is_said_and_the_lesson_goes_on(own_traces):
    (own_traces / CATALOGUE).unlink()
    page = opened()
    assert not page.exception
    assert page.error[0].value.endswith("This page goes on without its conversions.")
    assert page.text[0].value == "0 conversions"
    assert [header.value for header in page.header] == ["Check yourself"]


def test_with_a_damaged_catalogue_it_is_said_and_the_lesson_goes_on(own_traces):
    (own_traces / CATALOGUE).write_text("id,seed\nx,one\n")
    page = opened()
    assert "is damaged" in page.error[0].value.replace("\\", "")
    assert page.text[0].value == "0 conversions"


def test_an_empty_catalogue_is_no_error(own_traces: Path):
    path = own_traces / CATALOGUE
    path.write_text(path.read_text().splitlines()[0] + "\n")
    page = opened()
    assert not page.exception
    assert not page.error
    assert page.text[0].value == "0 conversions"


def test_there_is_no_lesson_of_another_name():
    with pytest.raises(KeyError), frames.lesson("singing"):
        pass


def test_strip_is_given_every_lesson_with_its_questions(monkeypatch):
    shown = []
    monkeypatch.setattr(frames, "show_figure", lambda name, data: shown.append((name, data)))
    show_course(None)
    show_course(LESSONS[2])
    (name, nowhere), (_, third) = shown
    assert (name, nowhere["present"], third["present"]) == ("course", None, "time_grid")
    assert [stop["id"] for stop in third["lessons"]] == [each.id for each in LESSONS]
    assert third["lessons"][0]["address"] == "./"
    assert third["lessons"][4]["questions"] == [question.id for question in questions_of("denoising")]


@pytest.mark.parametrize("each", LESSONS, ids=lambda each: each.id)
def test_every_lesson_stands_in_the_frame_with_no_conversions(own_traces, each):
    path = own_traces / CATALOGUE
    path.write_text(path.read_text().splitlines()[0] + "\n")
    page = open_script(each.script)
    assert not page.exception
    assert page.title[0].value == each.title
    assert page.header[-1].value == "Check yourself"
