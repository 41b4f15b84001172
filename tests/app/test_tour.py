"""The tour's steps: read, checked, and pointing at what the figures tell."""

import json
import re
from pathlib import Path

import pytest

from app.parts import tour as tours
from app.parts.course import BY_ID
from app.parts.glossary import glossary
from app.parts.tour import LONGEST, Step, TourError, read_tour, tour
from tests.app.test_imports import REPOSITORY
from tests.conftest import is_sentence
from tests.support.page_runs import open_script

GOOD = {"id": "one", "page": "start", "title": "Listen", "content": "Press **it**.", "at": ".play"}
WATCHED = {"looked up"}  # what the tour sees by itself


def write(path: Path, *steps: dict[str, str]) -> Path:
    """TOML's basic strings are written as JSON's are."""
    tables = [
        "\n".join(["[[step]]", *(f"{key} = {json.dumps(value)}" for key, value in step.items())]) for step in steps
    ]
    path.write_text("\n\n".join(tables) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def path(tmp_path):
    return tmp_path / "tour.toml"


def test_a_step_needs_no_more_than_five_fields(path):
    assert read_tour(write(path, GOOD)) == (Step("one", "start", "Listen", "Press **it**.", ".play", "", "", "bottom"),)


def test_steps_keep_their_order(path):
    steps = read_tour(write(path, {**GOOD, "id": "b"}, {**GOOD, "id": "a"}, {**GOOD, "id": "c", "page": "denoising"}))
    assert [step.id for step in steps] == ["b", "a", "c"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"id": "No good"}, "small letters"),
        ({"page": "nowhere"}, "no lesson 'nowhere'"),
        ({"side": "under"}, "no side 'under'; choose one of top, right, bottom, left"),
        ({"title": " "}, '"title" is empty'),
        ({"at": ""}, '"at" is empty'),
        ({"content": "x" * (LONGEST + 1)}, f"has {LONGEST + 1} signs; cut it down to {LONGEST}"),
        ({"content": "See [[nothing-of-the-kind]]."}, "nothing-of-the-kind"),
        ({"after": "See [[nothing-of-the-kind]]."}, "nothing-of-the-kind"),
        ({"done": 3}, "done"),
    ],
)
def test_what_is_wrong_with_a_step_is_said_in_a_sentence(path, change, words):
    with pytest.raises(TourError) as raised:
        read_tour(write(path, {**GOOD, **change}))
    assert words in str(raised.value)
    assert "tour.toml" in str(raised.value)
    assert is_sentence(str(raised.value))


def test_two_steps_of_one_id_are_refused(path):
    with pytest.raises(TourError, match="step 'one': another step has the same id"):
        read_tour(write(path, GOOD, GOOD))


def test_a_tour_that_comes_to_a_page_twice_is_refused(path):
    pages = ("start", "denoising", "start")
    with pytest.raises(TourError, match="comes to 'start' twice"):
        read_tour(write(path, *({**GOOD, "id": f"s{n}", "page": page} for n, page in enumerate(pages))))


@pytest.mark.parametrize("text", ["", "[[step]", "[[step]]\nid = 1\n", "\xff"])
def test_a_file_that_is_none_is_refused(path, text):
    path.write_text(text, encoding="latin-1")
    with pytest.raises(TourError) as raised:
        read_tour(path)
    assert is_sentence(str(raised.value))


def test_a_missing_file_is_said(path):
    with pytest.raises(TourError, match=r"tour\.toml cannot be used"):
        read_tour(path)


# --- the tour that is shipped


def told() -> list[re.Pattern[str]]:
    """What the figures' modules tell with tellDone; a template's gaps fit anything."""
    patterns = []
    for module in (REPOSITORY / "app" / "web").glob("*.js"):
        for quoted in re.findall(r'tellDone\(["`]([^"`]+)["`]\)', module.read_text(encoding="utf-8")):
            parts = (re.escape(part) for part in re.split(r"\$\{[^}]*\}", quoted))
            patterns.append(re.compile(".+".join(parts)))
    return patterns


@pytest.mark.parametrize("step", tour(), ids=lambda step: step.id)
def test_every_step_waits_for_something_that_is_told(step):
    assert step.done == "" or step.done in WATCHED or any(pattern.fullmatch(step.done) for pattern in told())
    assert bool(step.after) == bool(step.done)


def test_the_tour_is_short_and_begins_at_the_start():
    assert 6 <= len(tour()) <= 10
    assert tour()[0].page == "start"
    words = sum(len(f"{step.title} {step.content}".split()) for step in tour())
    assert words < 320  # two minutes of reading leave time to try things


def test_the_browser_is_given_steps_with_links_and_addresses(monkeypatch):
    shown = []
    monkeypatch.setattr(tours, "show_figure", lambda name, data: shown.append((name, data)))
    tours.show_tour("denoising")
    ((name, data),) = shown
    assert (name, data["page"]) == ("tour", "denoising")
    assert [step["id"] for step in data["steps"]] == [step.id for step in tour()]
    assert "[[" not in json.dumps(data)
    sampler = next(step for step in data["steps"] if step["id"] == "slider")
    assert "[Sampler](glossary#sampler)".casefold() in sampler["content"].casefold()
    assert "sampler" in glossary()
    assert {(step["page"], step["address"]) for step in data["steps"]} == {
        (page, BY_ID[page].address) for page in ("start", "denoising")
    }


@pytest.mark.parametrize("page", sorted({step.page for step in tour()}))
def test_every_page_of_the_tour_lets_it_begin(page, monkeypatch):
    """A step on a page without the tour's figure would never come."""
    text = (REPOSITORY / "app" / BY_ID[page].script).read_text(encoding="utf-8")
    assert f'show_tour("{page}")' in text or ("show_tour(GROUP)" in text and f'GROUP = "{page}"' in text)
    assert not open_script(BY_ID[page].script).exception
