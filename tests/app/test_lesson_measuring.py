"""The lesson on measuring: what its figures are told, with the shipped traces, with others, and with none."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

from app.parts.questions import questions_of
from app.parts.verdicts import MEASURES
from app.serving.library import library
from svc_core.traces.catalogue import CATALOGUE, read_catalogue, write_rows
from svc_core.traces.trace import open_trace
from tests.app.conftest import NAMES
from tests.support.page_runs import figures, open_script

open_lesson = partial(open_script, "lessons/measuring.py")


def test_the_shipped_traces_fill_all_figures():
    page = open_lesson()
    assert not page.exception and not page.warning and not page.info
    assert page.title[0].value == "How good is it?"
    shown = figures(page)
    assert [measure["id"] for measure in shown["verdicts"]["measures"]] == [measure.id for measure in MEASURES]
    assert shown["verdicts"]["chosen"] == "rpa"
    assert len(shown["mistake"]["rounds"]) == 4
    assert shown["mistake"]["chosen"] == 0
    assert "hertz" in shown
    assert list(page.table[0].value.columns)[-2:] == ["real, through the vocoder", "the source, unchanged"]


def test_two_songs_that_do_not_correlate_are_stretched():
    shown = figures(open_lesson())["stretch"]
    assert shown["names"] == ["kimseye", "caro mio ben"]
    assert shown["frame_s"] == pytest.approx(4 * 256 / 24_000)
    assert len(shown["one"]) == len(shown["other"]) > 100

    def cents(f0_hz):
        voiced = np.flatnonzero(f0_hz)
        return 1200 * np.log2(f0_hz[voiced])[np.searchsorted(voiced, np.arange(len(f0_hz))).clip(0, len(voiced) - 1)]

    one, other = (cents(np.array(shown[name])) for name in ("one", "other"))
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.15
    trace = open_trace(library().place.path / shown_trace("kimseye_nakarat"))
    assert shown["one"][:40] == pytest.approx(trace.f0_hz()["source"][:160:4].tolist(), abs=0.06)


def shown_trace(phrase: str) -> str:
    return next(entry.id for entry in library().catalogue() if entry.phrase == phrase and entry.source == "makam-f3")


def test_the_address_chooses_what_to_judge_by_and_the_round():
    shown = figures(open_lesson(metric="loudness", round="3"))
    assert (shown["verdicts"]["chosen"], shown["mistake"]["chosen"]) == ("loudness", 2)


def test_a_stale_address_is_said_and_the_first_is_shown():
    page = open_lesson(metric="<b>taste</b>" * 20, round="99")
    assert not page.exception
    first, second = (warning.value for warning in page.warning)
    assert "There is no metric" in first and len(first) < 300
    assert "There is no round “99”" in second
    shown = figures(page)
    assert (shown["verdicts"]["chosen"], shown["mistake"]["chosen"]) == ("rpa", 0)


def test_other_traces_are_judged_by_the_scores_that_they_have(own_traces):
    rows = read_catalogue(own_traces).table
    rows["rpa"] = [0.7, 0.9, 0.8]
    (own_traces / CATALOGUE).write_bytes(write_rows(pd.DataFrame(rows)))
    page = open_lesson()
    assert not page.exception
    (measure,) = figures(page)["verdicts"]["measures"]
    best = measure["cards"][measure["best"]]
    assert (best["trace"], best["number"]) == (NAMES[1], "90.0 %")
    said = " ".join(info.value for info in page.info)
    assert "Two unrelated melodies cannot be shown" in said
    assert "The conversions with a mistake in them cannot be shown" in said


def test_without_any_trace_the_words_the_tones_and_the_questions_stay(own_traces):
    (own_traces / CATALOGUE).unlink()
    page = open_lesson(metric="rpa")
    assert not page.exception
    assert "goes on without its conversions" in page.error[0].value
    assert "The two sounds to be judged cannot be shown" in page.info[0].value
    assert {"hertz", "quiz"} <= set(figures(page))
    assert page.header[-1].value == "Check yourself"


def test_every_answer_of_the_questions_explains():
    questions = questions_of("measuring")
    assert 2 <= len(questions) <= 3
    assert any(question.picture for question in questions)
    for question in questions:
        assert sum(answer.right for answer in question.answer) == 1
        assert all(len(answer.because) > 40 for answer in question.answer)


def test_the_letters_of_the_question_on_a_picture_stand_on_the_notes_they_speak_of():
    (question,) = [one for one in questions_of("measuring") if one.picture]
    f0_hz = open_trace(library().place.path / shown_trace("kimseye_nakarat")).f0_hz()["source"]
    errors = []
    for answer in question.answer:
        assert f0_hz[round(answer.at_s * 24_000 / 256)] == pytest.approx(answer.hz, rel=0.03)
        errors.append(1200 * np.log2(1 + 5 / answer.hz))
    assert [answer.right for answer in question.answer] == [error == max(errors) for error in errors]
    assert [round(error) for error in errors] == [19, 22, 33]
