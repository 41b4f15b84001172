"""The lesson on denoising: what its figures are told, with the shipped traces, with others, and with none."""

from dataclasses import replace
from functools import partial

import pytest

from app.parts.exhibits import WALK, find_conversion
from app.parts.questions import questions_of
from app.serving.library import library
from tests.app.conftest import NAMES
from tests.support.page_runs import figures, open_script

open_lesson = partial(open_script, "lessons/denoising.py")


def test_the_shipped_traces_fill_all_figures():
    page = open_lesson()
    assert not page.exception
    assert page.title[0].value == "Taking noise away"
    shown = figures(page)
    first = next(box.value for box in page.selectbox if box.key == "trace")
    assert {shown[name]["trace"] for name in ("scrubber", "curves", "matrix")} == {first}
    assert {shown[name]["group"] for name in ("scrubber", "curves", "matrix")} == {"denoising"}
    seeds = [library().catalogue().find(trace).seed for trace in shown["guesses"]["traces"]]
    assert seeds == [0, 1, 2]


def test_conversions_of_other_noise_differ_in_nothing_else():
    catalogue = library().catalogue()
    first, *others = [find_conversion(catalogue, replace(WALK, seed=seed)) for seed in (0, 1, 2)]
    for other in others:
        for field in ("phrase", "source", "target", "sampler", "steps", "key_shift_semitones", "guidance", "without"):
            assert getattr(other, field) == getattr(first, field)


def test_other_traces_leave_out_what_they_lack_and_the_lesson_goes_on(own_traces):
    page = open_lesson()
    assert not page.exception
    assert set(figures(page)) >= {"scrubber", "curves", "matrix", "quiz"}
    assert "guesses" not in figures(page)
    assert "Conversions that differ only in their noise cannot be shown" in page.info[0].value
    assert page.header[-1].value == "Check yourself"


def test_without_any_trace_the_words_and_questions_stay(own_traces):
    (own_traces / "catalogue.csv").unlink()
    page = open_lesson()
    assert not page.exception
    assert "goes on without its conversions" in page.error[0].value
    assert set(figures(page)) & {"scrubber", "curves", "matrix", "guesses"} == set()
    assert "quiz" in figures(page)


def test_a_stale_address_is_said(own_traces):
    page = open_lesson(trace="gone-long-ago")
    assert not page.exception
    assert "There is no conversion" in page.warning[0].value
    assert figures(page)["curves"]["trace"] == NAMES[0]


@pytest.mark.parametrize("lesson", ["denoising", "network"])
def test_every_answer_of_the_questions_explains(lesson):
    questions = questions_of(lesson)
    assert 2 <= len(questions) <= 3
    for question in questions:
        assert sum(answer.right for answer in question.answer) == 1
        assert all(len(answer.because) > 40 for answer in question.answer)
