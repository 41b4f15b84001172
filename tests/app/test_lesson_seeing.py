"""The lesson on seeing: which phrases its figure offers, and that its question's letters stand where it says."""

import shutil
from dataclasses import replace
from functools import partial

import numpy as np

from app.parts.questions import questions_of
from app.serving.library import REPOSITORY, library
from svc_core.traces.register import rebuild_catalogue
from svc_core.traces.trace import open_trace
from svc_core.traces.writing import write_trace
from tests.app.conftest import NAMES
from tests.support.hand_traces import hand_files, hand_manifest
from tests.support.page_runs import figures, open_script, said

WALK = "kimseye_nakarat--makam-f3--makam-m2--keyauto--ddpm--seed0"
FRAMES_A_SECOND = 24_000 / 256


open_lesson = partial(open_script, "lessons/seeing.py")


def test_four_phrases_are_offered_the_walks_first():
    page = open_lesson()
    assert not page.exception
    assert page.title[0].value == "How a computer sees singing"
    assert said(page) == ""
    phrases = figures(page)["layers"]["phrases"]
    assert [each["id"] for each in phrases] == ["phrase", "japanese", "straight", "vibrato"]
    assert phrases[0]["trace"] == WALK
    sources = [library().catalogue().find(each["trace"]) for each in phrases]
    assert [(each.source, each.phrase) for each in sources] == [
        ("makam-f3", "kimseye_nakarat"),
        ("pjs-m1", "pjs042"),
        ("vocalset-f1", "caro_straight"),
        ("vocalset-f1", "caro_vibrato"),
    ]
    assert [each["about"] for each in phrases][1] == "man pjs-m1"


def test_of_other_traces_what_is_missing_is_said(own_traces):
    page = open_lesson()
    assert not page.exception
    phrases = figures(page)["layers"]["phrases"]
    assert [(each["id"], each["label"]) for each in phrases] == [("phrase", "The phrase")]
    assert phrases[0]["trace"] in NAMES
    assert "One of the phrases to compare with" in said(page)


def test_any_conversion_of_a_phrase_will_do(own_traces):
    recording = replace(hand_manifest().source, singer="pjs-m1", phrase="pjs042")
    manifest = hand_manifest("a", "euler", 8, source=recording, label="odd", key_shift_semitones=3)
    write_trace(own_traces, manifest, hand_files(manifest))
    rebuild_catalogue(own_traces)
    phrases = figures(open_lesson())["layers"]["phrases"]
    assert ("japanese", "a") in [(each["id"], each["trace"]) for each in phrases]


def test_a_stale_address_is_answered_and_the_lesson_goes_on(own_traces):
    page = open_lesson(trace="gone", phrase="gone", layer="9")
    assert not page.exception
    assert "There is no conversion “gone” here" in said(page)
    assert "layers" in figures(page)


def test_without_conversions_the_texts_and_questions_stay(own_traces):
    for name in NAMES:
        shutil.rmtree(own_traces / name)
    rebuild_catalogue(own_traces)
    page = open_lesson()
    assert not page.exception
    assert "The conversions of this lesson are missing" in said(page)
    assert "layers" not in figures(page)
    assert figures(page)["quiz"]["lesson"] == "seeing"


def test_the_letters_of_the_question_stand_on_what_its_answers_say():
    f0_hz = open_trace(REPOSITORY / "precomputed" / WALK).f0_hz()["source"]
    held = next(question for question in questions_of("seeing") if question.id == "held")

    def cents_around(at_s: float, half_s: float) -> np.ndarray:
        near = f0_hz[int((at_s - half_s) * FRAMES_A_SECOND) : int((at_s + half_s) * FRAMES_A_SECOND)]
        assert (near > 0).all()
        return 1200 * np.log2(near / 440)

    swing, level, cloud = (answer.at_s for answer in held.answer)
    assert np.ptp(cents_around(swing, 0.2)) > 90  # of vibrato
    assert np.ptp(cents_around(level, 0.6)) < 70
    assert 6.02 < cloud < 6.18
    assert (f0_hz[int(6.02 * FRAMES_A_SECOND) : int(6.18 * FRAMES_A_SECOND)] == 0).any()
    assert [answer.right for answer in held.answer] == [False, True, False]
