"""The sets of conversions that Explain finds, in the shipped catalogue and in small ones made by hand."""

from dataclasses import replace
from itertools import combinations

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app.expert.explain import MOST_OFFERED, explained
from app.parts.lesson import NOTHING
from app.serving.library import library
from svc_core.traces.catalogue import NAMES, Catalogue, Entry
from tests.app.conftest import show

CONDITIONS = ("content", "loudness", "melody", "singer")
SUBSETS = [" ".join(some) for size in range(5) for some in combinations(CONDITIONS, size)]
PLAIN = Entry(
    id="plain", detail="light", song="Hymn 7", phrase="amen", source="bass", target="alto", key_shift_semitones=12,
    sampler="ddpm", steps=8, seed=0, guidance="", without="", swap="", swap_at=0, defect="", label="", note="",
    seconds=1.0, bytes=9, fingerprint="0" * 16,
)  # fmt: skip


def catalogue_of(*entries: Entry) -> Catalogue:
    return Catalogue(pd.DataFrame([vars(entry) for entry in entries], columns=list(NAMES)))


def coalitions(*leave_out: str, **changes) -> list[Entry]:
    start = replace(PLAIN, **changes)
    kept = [away for away in SUBSETS if away not in leave_out]
    return [replace(start, id=f"{start.phrase}-{away.replace(' ', '-')}", without=away) for away in kept]


# shipped


@pytest.fixture(scope="module")
def shipped():
    return explained(library().catalogue())


def test_both_shipped_sets_of_sixteen_coalitions_are_found(shipped):
    catalogue = library().catalogue()
    assert len(shipped["shares"]) == 2
    for found in shipped["shares"]:
        assert sorted(found["ids"]) == sorted(SUBSETS)
        for away, trace in found["ids"].items():
            entry = catalogue.find(trace)
            assert (entry.without, entry.sampler, entry.steps, entry.seed) == (away, "consistency", 1, 0)
        assert len({catalogue.find(trace).phrase for trace in found["ids"].values()}) == 1


def test_shipped_swaps_come_with_what_they_are_compared_to(shipped):
    catalogue = library().catalogue()
    (found,) = shipped["swap"]
    assert [catalogue.find(trace).swap_at for trace in found["swapped"]] == [500, 700, 850, 950]
    assert {catalogue.find(trace).swap for trace in found["swapped"]} == {found["singer"]} == {"pjs-m1"}
    plain = catalogue.find(found["plain"])
    assert (plain.swap, plain.without, plain.seed, plain.sampler) == ("", "", 0, "ddpm")
    assert [catalogue.find(trace).seed for trace in found["seeds"]] == [0, 1, 2]


def test_shipped_seeds_are_found_in_order(shipped):
    catalogue = library().catalogue()
    (found,) = shipped["seeds"]
    assert found["seeds"] == [catalogue.find(trace).seed for trace in found["ids"]] == [0, 1, 2]


def test_walks_of_several_steps_are_offered(shipped):
    catalogue = library().catalogue()
    assert 2 <= len(shipped["snr"]) <= MOST_OFFERED
    assert all(catalogue.find(found["id"]).steps > 1 for found in shipped["snr"])
    assert len({found["name"] for found in shipped["snr"]}) == len(shipped["snr"])


# by hand


def test_nothing_listed_is_nothing_found():
    assert explained(NOTHING) == {"shares": [], "swap": [], "seeds": [], "snr": []}


def test_a_set_that_lacks_some_coalitions_is_still_offered_after_whole_ones():
    found = explained(catalogue_of(*coalitions("melody singer", phrase="kyrie"), *coalitions()))["shares"]
    assert [len(one["ids"]) for one in found] == [16, 15]
    assert "melody singer" not in found[1]["ids"]


def test_single_ablations_are_no_set_of_coalitions():
    several = [away for away in SUBSETS if " " in away]
    assert explained(catalogue_of(*coalitions(*several)))["shares"] == []


def test_guidance_defects_and_unknown_conditions_are_left_out():
    entries = coalitions("content", "melody")
    entries.append(replace(PLAIN, id="guided", without="content", guidance="singer=2"))
    entries.append(replace(PLAIN, id="broken", without="melody", defect="clamp"))
    entries.append(replace(PLAIN, id="foreign", without="vibrato"))
    (found,) = explained(catalogue_of(*entries))["shares"]
    assert len(found["ids"]) == 14
    assert not {"guided", "broken", "foreign"} & set(found["ids"].values())


def test_a_swap_without_its_plain_conversion_says_so():
    swapped = replace(PLAIN, id="late", swap="tenor", swap_at=6)
    early = replace(swapped, id="early", swap_at=2)
    other_seed = replace(PLAIN, id="seed-1", seed=1)
    (found,) = explained(catalogue_of(swapped, early, other_seed))["swap"]
    assert (found["plain"], found["swapped"], found["seeds"]) == (None, ["early", "late"], ["seed-1"])
    (found,) = explained(catalogue_of(swapped, early, other_seed, PLAIN))["swap"]
    assert (found["plain"], found["seeds"]) == ("plain", ["seed-1", "plain"])


def test_other_samplers_and_keys_are_no_other_seed():
    alone = [replace(PLAIN, id="a", sampler="euler", seed=1), replace(PLAIN, id="b", key_shift_semitones=0, seed=2)]
    assert explained(catalogue_of(PLAIN, *alone))["seeds"] == []
    (found,) = explained(catalogue_of(replace(PLAIN, id="two", seed=2), *alone, PLAIN))["seeds"]
    assert (found["seeds"], found["ids"]) == ([0, 2], ["plain", "two"])


def test_of_two_rows_of_one_kind_the_first_counts_and_lists_stay_short():
    twice = [replace(PLAIN, id=f"{seed}-{copy}", seed=seed) for copy in "ab" for seed in (0, 1)]
    (found,) = explained(catalogue_of(*twice))["seeds"]
    assert found["ids"] == ["0-a", "1-a"]
    many = [replace(PLAIN, id=f"{n}-{seed}", phrase=f"p{n}", seed=seed) for n in range(30) for seed in (0, 1)]
    assert len(explained(catalogue_of(*many))["seeds"]) == MOST_OFFERED


def test_everything_found_is_plain_json(shipped):
    def kinds(value):
        if isinstance(value, dict):
            return {kind for one in value.values() for kind in kinds(one)} | {type(key) for key in value}
        return {kind for one in value for kind in kinds(one)} if isinstance(value, list) else {type(value)}

    assert kinds(shipped) <= {str, int, type(None)}


# the section of the page


def section() -> None:
    from app.expert.explain import explained, show_explain
    from app.parts.lesson import listed_conversions

    show_explain(explained(listed_conversions()))


@pytest.mark.parametrize("traces", ["shipped", "own", "none"])
def test_section_opens(traces, request, tmp_path, monkeypatch):
    if traces == "own":
        request.getfixturevalue("own_traces")
    if traces == "none":
        show(monkeypatch, str(tmp_path))
    page = AppTest.from_function(section, default_timeout=60).run()
    assert not page.exception
    assert page.header[0].value == "Explain"
    assert len(page.error) == (traces == "none")
