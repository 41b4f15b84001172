"""The rounds of "find the mistake": what stands beside what, in a fixed order."""

from dataclasses import replace

import pytest

from app.parts.exhibits import TEACHER, WALK
from app.parts.mistakes import FAILURE, MISTAKES, choices, rounds
from app.serving.library import library
from tests.app.test_verdicts import catalogue, row


def test_every_shipped_mistake_has_a_round():
    listed = library().catalogue()
    found = rounds(listed)
    assert [one["mistake"] for one in found] == [mistake.id for mistake in MISTAKES]
    assert {one["broken"] for one in found} == {0, 1}
    for one in found:
        broken, plain = (listed.find(one["cards"][index]) for index in (one["broken"], 1 - one["broken"]))
        assert (broken.defect or broken.label) == one["mistake"]
        assert (plain.defect, plain.label, plain.without, plain.guidance) == ("", "", "", "")
        assert (broken.source, broken.song) == (plain.source, plain.song)


@pytest.mark.parametrize(("defect", "right"), [("clamp", WALK), ("early-f0", WALK), ("sigma-max", TEACHER)])
def test_beside_a_mistake_stands_the_same_without_it(defect, right):
    broken, plain = row("broken", replace(right, defect=defect)), row("plain", right)
    (one,) = rounds(catalogue(broken, plain))
    assert (one["mistake"], one["cards"][one["broken"]], one["cards"][1 - one["broken"]]) == (defect, "broken", "plain")
    assert rounds(catalogue(broken)) == []
    assert rounds(catalogue(plain)) == []


def test_beside_the_failure_stands_the_same_song_in_the_voice_that_was_met_best():
    failure = row("failure", label=FAILURE, similarity_to_target=0.99)
    others = [row(name, similarity_to_target=value) for name, value in (("a", 0.7), ("b", 0.9))]
    others += [row("other singer", source="tenor", similarity_to_target=0.95)]
    others += [row("guided", guidance="singer=2", similarity_to_target=0.96)]
    (one,) = rounds(catalogue(failure, *others))
    assert sorted(one["cards"]) == ["b", "failure"]
    assert rounds(catalogue(failure)) == []


def test_only_the_inaudible_mistake_may_be_called_untellable():
    assert [mistake.id for mistake in MISTAKES if not mistake.shows] == ["sigma-max"]
    assert [choice["id"] for choice in choices()] == [mistake.id for mistake in MISTAKES]


def test_the_shipped_scores_bear_out_what_is_said():
    scores = library().catalogue().table.set_index("id")
    for one in rounds(library().catalogue()):
        broken, plain = (scores.loc[one["cards"][index]] for index in (one["broken"], 1 - one["broken"]))
        if one["mistake"] == "clamp":
            assert broken.level_offset_db < plain.level_offset_db - 10  # "the loud places go under"
            assert broken.rpa > plain.rpa - 0.05  # "sung nearly as well as before"
        if one["mistake"] == "early-f0":
            assert 0.15 < (plain.rpa - broken.rpa) / plain.rpa < 0.25  # "a fifth of the frames"
        if one["mistake"] == "sigma-max":
            assert abs(broken.rpa - plain.rpa) < 0.01
            assert abs(broken.similarity_to_target - plain.similarity_to_target) < 0.01
        if one["mistake"] == FAILURE:
            assert broken.nearest_is_target == 0 and broken.rpa > 0.9
