"""The first lesson: which conversion it opens with, what its sounds are called, and where it leads."""

import shutil
from dataclasses import replace
from functools import partial

import pytest

from app.parts.questions import questions_of
from svc_core.traces.catalogue import CATALOGUE
from svc_core.traces.register import rebuild_catalogue
from svc_core.traces.writing import write_trace
from tests.app.conftest import NAMES
from tests.support.hand_traces import hand_files, hand_manifest
from tests.support.page_runs import figures, open_script, said

WALK = "kimseye_nakarat--makam-f3--makam-m2--keyauto--ddpm--seed0"


open_lesson = partial(open_script, "lessons/start.py")


def test_it_opens_with_the_lessons_walk_and_names_its_voices():
    page = open_lesson()
    assert not page.exception
    assert page.title[0].value == "One voice becomes another"
    assert said(page) == ""
    shown = figures(page)
    assert shown["overture"]["trace"] == shown["stays"]["trace"] == WALK
    assert shown["overture"]["voices"] == {
        "source": "a woman sings (makam-f3)",
        "target": "a man sings (makam-m2)",
        "converted": "her phrase in his voice",
    }
    text = " ".join(element.value for element in page.markdown)
    assert "11 semitones lower" in text


def test_both_ways_on_are_offered():
    labels = [element.proto.label for element in open_lesson().get("page_link")]
    assert sum("Lesson 2" in label for label in labels) == 1
    assert sum("Straight to the comparison" in label for label in labels) == 1


def test_the_address_chooses_the_conversion():
    asked = "olmaz_nakarat--makam-f2--makam-f4--keyauto--ddpm--seed0"
    shown = figures(open_lesson(trace=asked))
    assert shown["overture"]["trace"] == asked
    assert shown["overture"]["voices"]["converted"] == "her phrase in the other woman’s voice"


@pytest.mark.parametrize(
    ("source", "target", "converted"),
    [
        ("s-m1", "s-f1", "his phrase in her voice"),
        ("s-m1", "s-m2", "his phrase in the other man’s voice"),
        ("bass", "s-f1", "the source’s phrase in her voice"),
        ("s-f1", "alto", "her phrase in the other singer’s voice"),
    ],
)
def test_voices_of_other_singers(own_traces, source, target, converted):
    recording = replace(hand_manifest().source, singer=source)
    manifest = hand_manifest("a", source=recording, target=target)
    write_trace(own_traces, manifest, hand_files(manifest))
    rebuild_catalogue(own_traces)
    assert figures(open_lesson(trace="a"))["overture"]["voices"]["converted"] == converted


def test_a_stale_address_is_answered_and_the_lesson_goes_on(own_traces):
    page = open_lesson(trace="gone")
    assert not page.exception
    assert "There is no conversion “gone” here" in said(page)
    assert figures(page)["overture"]["trace"] in NAMES


def test_without_conversions_the_texts_and_questions_stay(own_traces):
    for name in NAMES:
        shutil.rmtree(own_traces / name)
    rebuild_catalogue(own_traces)
    page = open_lesson()
    assert not page.exception
    assert "The conversions of this lesson are missing" in said(page)
    assert {"overture", "stays"} & set(figures(page)) == set()
    assert figures(page)["quiz"]["lesson"] == "start"
    (own_traces / CATALOGUE).write_text("not a catalogue")
    assert not open_lesson().exception


def test_every_question_says_why_of_every_answer():
    for question in questions_of("start"):
        assert sum(answer.right for answer in question.answer) == 1
        assert all(len(answer.because) > 40 for answer in question.answer)
