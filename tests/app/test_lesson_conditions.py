"""The lesson on conditions: what stands beside what, with shipped traces, with others, with none, by any address."""

from dataclasses import replace
from functools import partial
from itertools import combinations

import pytest
from streamlit.testing.v1 import AppTest

from app.parts.conditions import CONDITIONS, WAYS, chances, coalitions, guided, swapped
from app.parts.exhibits import WALK, find_conversion
from app.parts.questions import questions_of
from app.serving.library import library
from svc_core.traces.catalogue import Entry
from svc_core.traces.register import rebuild_catalogue
from svc_core.traces.writing import write_trace
from tests.app.conftest import show
from tests.support.hand_traces import hand_files, hand_manifest
from tests.support.page_runs import figures, open_script

open_lesson = partial(open_script, "lessons/conditions.py")


def compared(page: AppTest) -> dict:
    return figures(page)["compare"]


def pair(page: AppTest) -> tuple[Entry, Entry]:
    data, catalogue = compared(page), library().catalogue()
    return catalogue.find(data["one"]["trace"]), catalogue.find(data["others"][data["chosen"]]["trace"])


def said(page: AppTest) -> str:
    return " ".join(each.value.replace("\\", "") for kind in (page.error, page.warning, page.info) for each in kind)


def test_opens_with_nothing_taken_away():
    page = open_lesson()
    assert not page.exception
    assert said(page) == ""
    assert page.title[0].value == "Who carries what"
    one, other = pair(page)
    assert one.id == other.id == find_conversion(library().catalogue(), WALK).id


def test_a_thousand_steps_know_each_condition_taken_away_alone():
    data = compared(open_lesson())
    assert sorted(each["address"]["without"] for each in data["others"]) == ["", *sorted(CONDITIONS)]
    assert [axis["values"][1]["value"] for axis in data["axes"]] == list(CONDITIONS)


@pytest.mark.parametrize("way", ["student", "japanese"])
def test_one_step_knows_all_sixteen(way):
    data = compared(open_lesson(by=way))
    subsets = {",".join(sorted(some)) for n in range(5) for some in combinations(CONDITIONS, n)}
    assert {each["address"]["without"] for each in data["others"]} == subsets
    catalogue = library().catalogue()
    for each in data["others"]:
        entry = catalogue.find(each["trace"])
        assert entry.without == each["address"]["without"].replace(",", " ")
        assert (entry.sampler, entry.steps, entry.phrase) == ("consistency", 1, WAYS[way][1].phrase)


@pytest.mark.parametrize(
    ("query", "differs"),
    [
        ({"without": "melody"}, {"without": "melody"}),
        ({"by": "japanese", "without": "singer,loudness"}, {"without": "loudness singer"}),
        ({"look": "guidance", "guide": "singer", "weight": "4"}, {"guidance": "singer=4"}),
        ({"look": "swap", "swap": "850"}, {"swap": "pjs-m1", "swap_at": 850}),
        ({"look": "noise", "other": "seed2"}, {"seed": 2}),
        ({"look": "noise", "other": "key-5"}, {"key_shift_semitones": -5}),
    ],
)
def test_one_thing_is_changed_and_nothing_else(query, differs):
    page = open_lesson(**query)
    assert not page.exception
    assert said(page) == ""
    one, other = pair(page)
    for field in ("phrase", "source", "target", "sampler", "steps", "defect"):
        assert getattr(one, field) == getattr(other, field)
    for field in ("seed", "without", "guidance", "swap", "swap_at", "key_shift_semitones"):
        assert getattr(other, field) == differs.get(field, getattr(one, field))


def test_a_link_to_several_taken_away_means_the_student():
    one, other = pair(open_lesson(without="melody,content"))
    assert (other.sampler, other.without) == ("consistency", "content melody")
    assert one.without == ""


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"look": "<b>x</b>"}, "The address asks for look “<b>x</b>”"),
        ({"by": "moon"}, "The address asks for by “moon”"),
        ({"without": "melodie"}, "without=melodie"),
        ({"by": "walk", "without": "content,melody"}, "without=content,melody"),
        ({"look": "guidance", "guide": "singer", "weight": "3"}, "guide=singer, weight=3"),
        ({"look": "swap", "swap": "-1"}, "swap=-1"),
        ({"look": "noise", "other": "y" * 500}, "other=yyy"),
    ],
)
def test_a_wrong_address_is_answered_and_the_lesson_goes_on(query, words):
    page = open_lesson(**query)
    assert not page.exception
    assert words in said(page)
    assert len(page.warning) == 1
    assert len(said(page)) < 250
    assert compared(page)["chosen"] == 0


def test_a_guess_is_answered_and_leads_to_what_was_asked_about():
    page = open_lesson()
    turn = compared(page)["turn"]
    guess = next(group for group in page.get("button_group") if group.key == "guess_away")
    guess.set_value("The tune").run()
    assert not page.exception
    data = compared(page)
    assert data["others"][data["chosen"]]["address"] == {"without": "melody"}
    assert data["turn"] == turn + 1
    assert any(each.value.startswith("Yes.") for each in page.markdown)


@pytest.mark.parametrize(("look", "judged"), [("away", True), ("guidance", True), ("swap", False), ("noise", False)])
def test_a_change_that_was_wanted_is_not_called_worse(look, judged):
    assert any(number["better"] for number in compared(open_lesson(look=look))["numbers"]) == judged


def test_chance_is_read_from_the_three_seeds():
    catalogue = library().catalogue()
    ids = [find_conversion(catalogue, replace(WALK, seed=seed)).id for seed in range(3)]
    rpa = catalogue.table.set_index("id").loc[ids, "rpa"]
    assert compared(open_lesson())["chance"]["rpa"] == pytest.approx(rpa.max() - rpa.min(), abs=1e-6)
    assert compared(open_lesson(by="japanese"))["chance"] == {}


def test_when_the_singer_is_decided_is_read_from_the_catalogue():
    page = open_lesson(look="swap")
    (line,) = (each.value for each in page.markdown if each.value.startswith("Similar to makam-m2 at the end"))
    scores = library().catalogue().table.set_index("id")["similarity_to_target"]
    for wish in swapped():
        entry = find_conversion(library().catalogue(), wish.exhibit)
        assert f"{wish.at[0]}: **{scores[entry.id]:.3f}**" in line


def test_every_wanted_conversion_is_shipped_and_called_differently():
    catalogue = library().catalogue()
    for wishes in (coalitions(WAYS["student"][1]), coalitions(WAYS["japanese"][1]), guided(), swapped(), chances()):
        assert all(find_conversion(catalogue, wish.exhibit) for wish in wishes)
        assert (
            len({wish.name for wish in wishes}) == len({tuple(wish.address.items()) for wish in wishes}) == len(wishes)
        )


@pytest.mark.parametrize("look", ["away", "guidance", "swap", "noise"])
def test_other_traces_are_said_to_be_missing_and_the_lesson_goes_on(own_traces, look):
    page = open_lesson(look=look)
    assert not page.exception
    assert "cannot be shown: these conversions are not among" in said(page)
    assert page.header[-1].value == "Check yourself"


def test_of_a_set_with_less_what_is_there_is_shown(tmp_path, monkeypatch):
    for name, without in (("plain", []), ("quiet", ["melody"])):
        sampler = replace(hand_manifest(steps=1000, pictures=3).sampler, seed=0, without=without)
        source = replace(hand_manifest().source, singer=WALK.source, phrase=WALK.phrase)
        plain = hand_manifest(name, steps=1000, pictures=3)
        key = WALK.key_shift_semitones
        manifest = replace(plain, sampler=sampler, source=source, target=WALK.target, key_shift_semitones=key)
        write_trace(tmp_path, manifest, hand_files(manifest))
    rebuild_catalogue(tmp_path)
    show(monkeypatch, str(tmp_path))
    page = open_lesson(without="content")
    assert "without=content" in said(page)
    data = compared(page)
    assert [each["trace"] for each in data["others"]] == ["plain", "quiet"]
    assert data["chance"] == {}


def test_without_a_catalogue_the_lesson_goes_on(tmp_path, monkeypatch):
    show(monkeypatch, str(tmp_path))
    page = open_lesson()
    assert not page.exception
    assert page.error
    assert page.header[-1].value == "Check yourself"


def test_its_questions_have_right_answers_and_one_is_on_a_picture():
    questions = questions_of("conditions")
    assert 2 <= len(questions) <= 3
    assert any(question.picture for question in questions)
