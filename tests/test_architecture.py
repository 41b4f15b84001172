"""The picture of imports in CONTRIBUTING.md is the code's, and imports run one way between folders."""

import pytest

from tests.support.architecture import GUIDE, box_of, drawn, imports, parted, picture, reduced


def test_the_guide_shows_what_the_code_does():
    """If this fails: python -m tests.support.architecture"""
    assert parted(GUIDE.read_text(encoding="utf-8"))[1] == picture()


def test_the_page_reaches_the_engine_only_where_it_reads():
    graph = imports()
    reached = {target for box, targets in graph.items() if box.startswith("app/") for target in targets}
    assert {target for target in reached if target.startswith("svc_core/")} == {"svc_core/traces"}
    assert not any(target.startswith("app/") for box in graph if box.startswith("svc_core/") for target in graph[box])


@pytest.mark.parametrize(
    ("module", "box"),
    [
        ("svc_core.sound.mel", "svc_core/sound"),
        ("svc_core.train", "svc_core/commands"),
        ("svc_core.config", None),
        ("app.main", "app/site"),
        ("app.own.page", "app/own"),
        ("numpy.linalg", None),
    ],
)
def test_a_module_has_the_box_of_its_folder(module, box):
    assert box_of(module) == box


def test_an_arrow_that_follows_from_others_is_left_out():
    graph = {"app/a": {"app/b", "app/c"}, "app/b": {"app/c"}, "app/c": set()}
    assert reduced(graph) == {"app/a": {"app/b"}, "app/b": {"app/c"}, "app/c": set()}
    text = drawn(reduced(graph))
    assert "app_a --> app_b" in text and "app_a --> app_c" not in text


def test_a_circle_is_refused_by_name():
    with pytest.raises(ValueError, match=r"in a circle: (a → b → a|b → a → b)"):
        reduced({"a": {"b"}, "b": {"a"}})
