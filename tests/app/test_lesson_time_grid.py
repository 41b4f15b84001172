"""The lesson on the time grid: opens whatever traces there are, and names the right conversions to its figures."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from app.parts.questions import questions_of
from app.serving.library import REPOSITORY
from svc_core.traces.register import rebuild_catalogue
from svc_core.traces.writing import write_trace
from tests.app.conftest import show
from tests.support.hand_traces import hand_files, hand_manifest
from tests.support.page_runs import figures, open_script, said

PLAIN = "kimseye_nakarat--makam-f3--makam-m2--keyauto--ddpm--seed0"


open_lesson = partial(open_script, "lessons/time_grid.py")


def write_pair(parent: Path) -> None:
    """The walk that lessons show and its early melody, by hand and under other names."""
    for name, defect in (("walk", ""), ("early", "early-f0")):
        recording = replace(hand_manifest().source, singer="makam-f3", phrase="kimseye_nakarat")
        plain = hand_manifest(name, steps=1000, source=recording, target="makam-m2", key_shift_semitones=-11)
        manifest = replace(plain, sampler=replace(plain.sampler, seed=0, defect=defect))
        write_trace(parent, manifest, hand_files(manifest))
    rebuild_catalogue(parent)


def test_it_opens_with_the_shipped_traces(monkeypatch):
    show(monkeypatch, str(REPOSITORY / "precomputed"))
    page = open_lesson()
    assert not page.exception
    assert page.title[0].value == "Everything on one time grid"
    assert said(page) == ""
    shown = figures(page)
    assert shown["timegrid"]["trace"] == PLAIN
    assert shown["timegrid_early"]["plain"] == PLAIN
    assert shown["timegrid_early"]["early"] == f"{PLAIN}--defect-early-f0"
    assert "timegrid_hops" in shown


def test_conversions_are_found_by_what_they_are_not_by_name(own_traces):
    write_pair(own_traces)
    page = open_lesson()
    assert not page.exception
    shown = figures(page)
    assert shown["timegrid"]["trace"] == "walk"
    assert (shown["timegrid_early"]["plain"], shown["timegrid_early"]["early"]) == ("walk", "early")


def test_without_its_conversions_the_grid_is_shown_and_what_is_missing_is_said(own_traces):
    page = open_lesson()
    assert not page.exception
    assert "The melody that came early cannot be shown" in said(page)
    shown = figures(page)
    assert shown["timegrid"]["trace"] is None
    assert "timegrid_early" not in shown


def test_without_any_traces_it_says_so_and_goes_on(monkeypatch, tmp_path):
    show(monkeypatch, str(tmp_path))
    page = open_lesson()
    assert not page.exception
    assert "The lesson goes on" in said(page)
    assert {"timegrid", "timegrid_hops", "quiz"} <= set(figures(page))


def test_a_stale_address_does_no_harm(own_traces):
    page = open_lesson(trace="gone", frame="-4")
    assert not page.exception
    assert figures(page)["timegrid"]["trace"] is None


@pytest.mark.parametrize("lesson", ["time_grid", "noising"])
def test_every_question_explains_every_answer(lesson):
    questions = questions_of(lesson)
    assert len(questions) == 3
    assert sum(question.picture is not None for question in questions) == 1
    for question in questions:
        assert sum(answer.right for answer in question.answer) == 1
        assert all(len(answer.because) > 60 for answer in question.answer)
