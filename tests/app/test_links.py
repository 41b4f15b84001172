"""The teacher's plan and its links: read, checked, and led to the right place."""

from dataclasses import replace

import pytest

from app.parts.exhibits import WALK
from app.parts.links import EXHIBITS, PLAN, Demonstration, PlanError, address_of, embedded, read_plan, site_of
from app.serving.library import library
from tests.app.test_verdicts import catalogue, row

GOOD = """
[[part]]
minutes = 5
title = "One"
do = "Hear the [[source]]."
link = [{ words = "Here", lesson = "denoising", shows = "walk", step = 3 }]
[[discussion]]
ask = "Why?"
good = "Because."
[[outcome]]
learnt = "This"
lessons = ["start"]
"""


def test_the_shipped_plan_fills_45_minutes_and_covers_the_course():
    plan = read_plan()
    assert sum(part.minutes for part in plan.part) == 45
    assert len(plan.outcome) == 7
    assert {"start", "noising", "denoising", "conditions", "fewer_steps", "measuring"} <= {
        link.lesson for part in plan.part for link in part.link
    }
    assert len(plan.discussion) >= 5


def test_every_shipped_link_finds_its_conversion_and_a_step_that_it_has():
    listed = library().catalogue()
    for link in (link for part in read_plan().part for link in part.link):
        assert address_of(link, listed)
        if link.shows:
            assert link.step is not None
            assert 0 <= link.step < EXHIBITS[link.shows].steps


@pytest.mark.parametrize(
    ("link", "address"),
    [
        (Demonstration("x", "start"), "./"),
        (Demonstration("x", "denoising", "walk", 700), "denoising?trace=a%26b&step=700"),
        (Demonstration("x", "denoising", "walk", 0), "denoising?trace=a%26b&step=0"),
        (Demonstration("x", "noising", wishes={"t": "300"}), "noising?t=300"),
        (Demonstration("x", "measuring", wishes={"round": "2"}, part="find"), "measuring?round=2#find"),
        (Demonstration("x", "denoising", "clamp", 0), None),
    ],
)
def test_a_link_is_an_address_below_the_site(link, address):
    assert address_of(link, catalogue(row("a&b", WALK), row("b", replace(WALK, seed=1)))) == address


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("minutes = 5", 'minutes = "five"'), "minutes"),
        (('lesson = "denoising"', 'lesson = "cooking"'), "“cooking”, which there is none of"),
        (('lessons = ["start"]', 'lessons = ["end"]'), "“end”, which there is none of"),
        (('shows = "walk"', 'shows = "talk"'), "“talk”; there are walk, teacher"),
        (("[[source]]", "[[sauce]]"), "sauce"),
        (("[[part]]", "[[part"), "cannot be used"),
    ],
)
def test_a_plan_that_is_not_right_is_said(tmp_path, change, message):
    path = tmp_path / "plan.toml"
    path.write_text(GOOD, encoding="utf-8")
    assert read_plan(path).part[0].link[0].step == 3
    path.write_text(GOOD.replace(*change), encoding="utf-8")
    with pytest.raises(PlanError, match="plan") as raised:
        read_plan(path)
    assert message in str(raised.value)


def test_a_plan_that_is_gone_is_said(tmp_path):
    with pytest.raises(PlanError, match="cannot be used"):
        read_plan(tmp_path / PLAN.name)


def test_an_embedded_address_keeps_its_step():
    assert embedded("https://x.org/a/denoising?trace=b&step=7") == (
        "https://x.org/a/denoising?embed=true&trace=b&step=7"
    )
    assert embedded("https://x.org/about#top") == "https://x.org/about?embed=true#top"


@pytest.mark.parametrize(
    ("page", "site"),
    [
        ("http://localhost:8501/teachers", "http://localhost:8501/"),
        ("https://x.org/class/teachers/?embed=true#plan", "https://x.org/class/"),
        (None, "https://your-site.example/"),
    ],
)
def test_the_site_is_known_from_its_page(page, site):
    assert site_of(page, "teachers") == site
