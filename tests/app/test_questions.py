"""Questions: their files are checked, and what is shipped asks what a lesson should leave behind."""

import json
from dataclasses import asdict

import pytest

from app.parts import questions as sheets
from app.parts.course import LESSONS
from app.parts.exhibits import WALK, find_conversion
from app.parts.questions import QuestionError, ask, questions_of
from svc_core.traces.catalogue import read_catalogue
from svc_core.traces.trace import open_trace
from tests.app.conftest import show
from tests.app.test_imports import REPOSITORY
from tests.conftest import is_sentence

GOOD = """
[[question]]
id = "stays"
ask = "What stays?"
[[question.answer]]
text = "The words"
right = true
because = "They come from the [[source]]."
[[question.answer]]
text = "The voice"
because = "It is the target's."
"""
PICTURE = 'picture = { shows = "source", alt = "A mel spectrogram" }\n'
PLACED = "at_s = 1.0\nhz = 400\n"


@pytest.fixture
def read(tmp_path):
    """Reads a file of questions of that text."""

    def read(text: str):
        questions_of.cache_clear()
        (tmp_path / "songs.toml").write_text(text, encoding="utf-8")
        return questions_of("songs", tmp_path)

    return read


def test_lesson_without_a_file_asks_nothing(tmp_path):
    assert questions_of("nothing", tmp_path) == ()


def test_question_is_read(read):
    (question,) = read(GOOD)
    assert (question.id, question.ask, question.picture) == ("stays", "What stays?", None)
    assert [(answer.text, answer.right) for answer in question.answer] == [("The words", True), ("The voice", False)]


def test_question_on_a_picture_is_read(read):
    text = GOOD.replace("[[question.answer]]", PICTURE + "[[question.answer]]", 1)
    text = text.replace("because", PLACED + "because")
    (question,) = read(text)
    assert question.picture.shows == "source"
    assert [(answer.at_s, answer.hz) for answer in question.answer] == [(1.0, 400.0)] * 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD.replace("right = true\n", ""), "some of its answers must be right, and some wrong"),
        (
            GOOD.replace('because = "It', 'right = true\nbecause = "It'),
            "some of its answers must be right, and some wrong",
        ),
        (GOOD.replace("[[source]]", "[[no-such-term]]"), "no-such-term"),
        (GOOD.replace("What stays?", "What is [[no-such-term]]?"), "no-such-term"),
        (GOOD + GOOD, "two questions have the same id"),
        (GOOD.replace("[[question.answer]]", PICTURE + "[[question.answer]]", 1), "every answer needs at_s and hz"),
        (
            GOOD.replace("[[question.answer]]", PICTURE.replace('"source"', '"cat"') + "[[question.answer]]", 1),
            "its picture must show one of source, target, predicted, state",
        ),
        ("[[question]", "cannot be used"),
        ('[[question]]\nid = "x"\n', "cannot be used"),
        (GOOD.replace("right = true", 'right = "yes"'), "right"),
    ],
)
def test_what_is_wrong_is_said_with_the_file(read, text, words):
    with pytest.raises(QuestionError) as raised:
        read(text)
    assert words in str(raised.value)
    assert "songs.toml" in str(raised.value)
    assert is_sentence(str(raised.value))


# --- what the browser is given


@pytest.fixture
def shown(monkeypatch):
    found = []
    monkeypatch.setattr(sheets, "show_figure", lambda name, data: found.append((name, data)))
    return found


def test_browser_gets_terms_as_links_and_no_trace_that_it_does_not_need(read, shown):
    ask("songs", read(GOOD))
    ((name, data),) = shown
    assert (name, data["lesson"], data["trace"]) == ("quiz", "songs", None)
    assert "(glossary#source)" in data["questions"][0]["answer"][0]["because"]
    json.dumps(data)


def test_picture_s_conversion_is_named_and_where_there_is_none_the_question_goes_on(own_traces, read, shown, tmp_path):
    text = GOOD.replace("[[question.answer]]", PICTURE + "[[question.answer]]", 1).replace(
        "because", PLACED + "because"
    )
    questions = read(text)
    ask("songs", questions)
    assert shown[-1][1]["trace"] is None  # the walk of the lessons is not among the hand-made ones
    (own_traces / "catalogue.csv").unlink()
    ask("songs", questions)
    assert shown[-1][1]["trace"] is None


def test_picture_s_conversion_is_the_lessons_walk(read, shown, monkeypatch):
    show(monkeypatch, str(REPOSITORY / "precomputed"))
    text = GOOD.replace("[[question.answer]]", PICTURE + "[[question.answer]]", 1).replace(
        "because", PLACED + "because"
    )
    ask("songs", read(text))
    assert shown[-1][1]["trace"] == find_conversion(read_catalogue(REPOSITORY / "precomputed"), WALK).id


# --- the questions that are shipped


EACH = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.id)


@EACH
def test_every_lesson_asks_a_few_and_explains_each_answer(lesson):
    questions = questions_of(lesson.id)
    assert 2 <= len(questions) <= 4
    for question in questions:
        assert question.ask.endswith("?")
        assert 2 <= len(question.answer) <= 4
        reasons = [answer.because for answer in question.answer]
        assert len(set(reasons)) == len(reasons)  # each wrong answer is wrong in its own way
        assert all(len(reason) >= 25 and reason.endswith((".", "!", "?", ")")) for reason in reasons)
        assert len({answer.text for answer in question.answer}) == len(question.answer)


def test_ids_are_kept_apart_by_lesson_and_readable():
    for lesson in LESSONS:
        for question in questions_of(lesson.id):
            assert set(question.id) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_right_answers_do_not_always_stand_at_one_place():
    firsts = [question.answer[0].right for lesson in LESSONS for question in questions_of(lesson.id)]
    assert 0 < sum(firsts) < len(firsts)


@EACH
def test_letters_stand_on_the_picture(lesson):
    trace = open_trace(
        REPOSITORY / "precomputed" / find_conversion(read_catalogue(REPOSITORY / "precomputed"), WALK).id
    )
    grid = trace.manifest.grid
    frame_s = grid.hop / grid.sample_rate_hz
    for question in questions_of(lesson.id):
        if question.picture is None:
            continue
        frames = trace.manifest.reference_frames if question.picture.shows == "target" else trace.manifest.frames
        for answer in question.answer:
            assert 0 < answer.at_s < frames * frame_s, asdict(answer)
            assert grid.mel_low_hz < answer.hz < grid.mel_high_hz, asdict(answer)
        assert len(question.picture.alt) >= 20
        if question.picture.shows in ("predicted", "state"):
            assert 0 <= question.picture.step < trace.manifest.sampler.steps


def test_several_questions_are_asked_on_a_picture():
    assert sum(question.picture is not None for lesson in LESSONS for question in questions_of(lesson.id)) >= 3
