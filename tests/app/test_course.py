"""The course: what it lists is there, and it can be walked from end to end."""

import re

import pytest

from app.parts.course import BY_ID, LESSONS, neighbours
from tests.app.test_imports import REPOSITORY, imported

APP = REPOSITORY / "app"
EACH = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.id)
SHOWN = re.compile(r'show_figure\(\s*"([a-z_]+)"')


@EACH
def test_script_of_a_lesson_is_there_and_opens_its_own_frame(lesson):
    text = (APP / lesson.script).read_text(encoding="utf-8")
    assert re.findall(r"^with lesson\((\w+|\"\w+\")\)", text, re.MULTILINE) in ([f'"{lesson.id}"'], ["GROUP"])
    assert f'"{lesson.id}"' in text


@EACH
def test_figures_are_files(lesson):
    assert len(set(lesson.figures)) == len(lesson.figures)
    for name in lesson.figures:
        assert (APP / "figures" / f"{name}.html").is_file()
        assert (APP / "web" / f"{name}.js").is_file()


@EACH
def test_figures_shown_by_the_script_are_fetched_ahead(lesson):
    script = APP / lesson.script
    parts = [APP / "parts" / f"{name.split('.')[-1]}.py" for name in imported(script) if name.startswith("app.parts.")]
    shown = {name for path in (script, *parts) for name in SHOWN.findall(path.read_text(encoding="utf-8"))}
    assert shown <= set(lesson.figures)
    assert {"course", "quiz"} <= set(lesson.figures)  # every lesson's frame has these


@EACH
def test_goal_is_one_line_and_minutes_are_few(lesson):
    assert lesson.goal.endswith(".")
    assert len(lesson.goal) <= 110
    assert 1 <= lesson.minutes <= 5


def test_half_an_hour_is_enough_for_all():
    assert sum(lesson.minutes for lesson in LESSONS) <= 35


def test_ids_paths_titles_and_icons_are_each_one_lesson_s():
    for field in ("id", "path", "title", "icon", "goal"):
        values = [getattr(lesson, field) for lesson in LESSONS]
        assert len(set(values)) == len(values), field
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", lesson.id) for lesson in LESSONS)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", lesson.path) for lesson in LESSONS[1:])


def test_only_the_first_lesson_is_at_the_root():
    assert [lesson.id for lesson in LESSONS if not lesson.path] == [LESSONS[0].id]
    assert LESSONS[0].address == "./"
    assert BY_ID["time_grid"].address == "time-grid"


def test_neighbours_at_the_ends_and_between():
    assert neighbours(LESSONS[0]) == (None, LESSONS[1])
    assert neighbours(LESSONS[-1]) == (LESSONS[-2], None)
    assert neighbours(LESSONS[3]) == (LESSONS[2], LESSONS[4])


def test_no_figure_lies_unused():
    """Each is shown by a page, or by a part that pages share."""
    texts = " ".join(path.read_text(encoding="utf-8") for path in APP.rglob("*.py"))
    used = set(SHOWN.findall(texts))
    assert {path.stem for path in (APP / "figures").glob("*.html")} <= used
