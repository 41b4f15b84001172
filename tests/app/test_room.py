"""Room that the page keeps for its figures."""

import re

import pytest

from app.figures.room import HERE, NARROW_PX, reserved_px, room_style

UNSEEN = {"terms"}  # makes other figures' links show something, and takes no room itself
FIGURES = sorted(HERE.glob("*.html"))


def test_heights_are_those_that_the_figure_names():
    assert reserved_px('<section class="figure x" data-reserve="640 880" aria-label="">') == {"": (640, 880)}


def test_keys_that_end_so_have_heights_of_their_own():
    html = '<section data-reserve="760 1000" data-reserve-compact="531 824">'
    assert reserved_px(html) == {"": (760, 1000), "-compact": (531, 824)}


@pytest.mark.parametrize(
    "html", ["", "<section>", '<i data-reserve="640">', '<i data-reserve="a b">', '<i data-reserve="-1 2">']
)
def test_no_or_damaged_heights_keep_no_room(html):
    assert reserved_px(html) == {"": (0, 0)}


def test_style_has_a_rule_for_wide_and_one_for_narrow_screens(tmp_path):
    (tmp_path / "walk.html").write_text('<div data-reserve="300 420"></div>')
    (tmp_path / "walk.css").write_text("no figure")
    rules = room_style(tmp_path).splitlines()
    assert rules[-2:] == [
        '[class*="st-key-walk"] { min-height: 300px }',
        f'@media (max-width: {NARROW_PX}px) {{ [class*="st-key-walk"] {{ min-height: 420px }} }}',
    ]


def test_a_figure_whose_name_begins_like_another_s_has_its_own_room(tmp_path):
    """Both rules fit the longer name; of rules as strong the later one holds."""
    (tmp_path / "grid_early.html").write_text('<div data-reserve="100 110"></div>')
    (tmp_path / "grid.html").write_text('<div data-reserve="500 510"></div>')
    rules = [rule for rule in room_style(tmp_path).splitlines() if "st-key-grid" in rule]
    assert [re.search(r"st-key-(\w+)", rule)[1] for rule in rules] == ["grid", "grid", "grid_early", "grid_early"]


def test_braces_of_the_style_are_closed():
    assert room_style().count("{") == room_style().count("}")


@pytest.mark.parametrize("path", FIGURES, ids=lambda path: path.stem)
def test_every_figure_keeps_room(path):
    html = path.read_text(encoding="utf-8")
    wide_px, narrow_px = reserved_px(html)[""]
    if path.stem not in UNSEEN:
        assert wide_px >= 40
        assert narrow_px >= 40
    assert re.search(rf'class="figure {path.stem}[" ]', html)
