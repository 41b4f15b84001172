"""The expert page: what its figures are told, with the shipped traces, with others, with none."""

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.parts.course import LESSONS
from app.parts.exhibits import STUDENT, TEACHER, WALK, find_conversion
from app.parts.preload import COMPARE_FIGURES
from app.parts.scores import scores
from app.serving.library import REPOSITORY, library
from tests.app.conftest import show
from tests.support.page_runs import figures

PAGE = str(Path(REPOSITORY) / "app" / "expert" / "compare.py")
FIGURES = {"explorer", "workbench", "trends", "matrix", "maps", "picks", "takeaway"}


def open_page() -> AppTest:
    return AppTest.from_file(PAGE, default_timeout=60).run()


def test_shipped_traces_give_an_example_of_three_ways():
    page = open_page()
    assert not page.exception
    catalogue = library().catalogue()
    wanted = [find_conversion(catalogue, exhibit).id for exhibit in (WALK, TEACHER, STUDENT)]
    assert figures(page)["workbench"]["example"] == wanted
    assert set(figures(page)["explorer"]["scores"]) == set(scores())


def test_figures_named_ahead_are_those_of_the_page():
    assert set(figures(open_page())) == {*COMPARE_FIGURES, "terms"}


def test_figures_that_look_inside_share_the_group_and_are_told_no_trace():
    shown = figures(open_page())
    group = shown["workbench"]["group"]
    assert [(shown[name]["trace"], shown[name]["group"]) for name in ("matrix", "maps", "picks")] == [(None, group)] * 3


@pytest.mark.parametrize("traces", ["own", "none"])
def test_page_opens_without_the_example(traces, request, tmp_path, monkeypatch):
    if traces == "own":
        request.getfixturevalue("own_traces")
    else:
        show(monkeypatch, str(tmp_path))
    page = open_page()
    assert not page.exception
    assert set(figures(page)) >= FIGURES
    assert figures(page)["workbench"]["example"] == []


def test_every_part_has_an_address_of_its_own():
    anchors = [header.proto.anchor for header in open_page().header]
    assert anchors == list(dict.fromkeys(anchors))
    assert {"filter", "side-by-side", "along-the-walks", "inside", "take-it-with-you"} <= set(anchors)


def test_every_part_leads_to_the_lessons_that_explain_it():
    """In the order of the page: what is linked between one header and the next."""
    page, part, linked = open_page(), "", {}
    for element in page.main:
        if element.type in ("header", "title"):
            part = element.proto.anchor
        elif element.type == "markdown":
            linked.setdefault(part, set()).update(re.findall(r"\]\(([a-z-]+)(?:#[a-z-]+)?\)", element.value))
    paths = {lesson.path for lesson in LESSONS}
    for part in ("filter", "side-by-side", "along-the-walks", "inside"):
        assert linked[part] & paths and linked[part] <= paths | {"glossary"}, part
