"""The lesson on fewer steps: it finds its conversions by what they are, and its sentences fit what was measured."""

import math
import tomllib
from dataclasses import replace
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app.parts import speed
from app.parts.cards import EVALUATION
from app.serving.library import REPOSITORY
from svc_core.traces.arrays import unpack_array
from svc_core.traces.coding import decode_pictures
from svc_core.traces.register import rebuild_catalogue
from svc_core.traces.replay import replay_of
from svc_core.traces.scale import to_db
from svc_core.traces.trace import open_trace
from svc_core.traces.writing import write_trace
from tests.app.conftest import show
from tests.support.hand_traces import hand_files, hand_manifest
from tests.support.page_runs import figures, open_script, said

SHIPPED = REPOSITORY / "precomputed"
KIMSEYE = "kimseye_nakarat--makam-f3--makam-m2--keyauto--"
OLMAZ = "olmaz_nakarat--makam-f2--makam-f4--keyauto--"
SAMPLERS = ("ddpm", "euler40", "consistency4", "consistency2", "consistency1")


open_lesson = partial(open_script, "lessons/fewer_steps.py")


def shown_traces(page: AppTest) -> list[str]:
    return [row["trace"] for row in figures(page)["noise_levels"]["rows"]]


@pytest.fixture
def shipped(monkeypatch):
    show(monkeypatch, str(SHIPPED))


def test_it_opens_with_the_shipped_traces(shipped):
    page = open_lesson()
    assert not page.exception
    assert page.title[0].value == "From a thousand steps to one"
    assert said(page) == ""
    assert shown_traces(page) == [f"{KIMSEYE}{sampler}--seed0" for sampler in SAMPLERS]
    shown = figures(page)
    assert [walk["sampler"] for walk in shown["paths"]["walks"]] == ["ddpm", "euler", "consistency"]
    assert shown["draft"]["teacher"] == f"{KIMSEYE}euler40--seed0"
    assert shown["draft"]["student"] == f"{KIMSEYE}consistency1--seed0"
    assert len(shown["timing"]["lanes"]) == 7
    assert len(page.table) == 1


def test_four_phrases_are_offered_and_every_figure_follows(shipped):
    page = open_lesson()
    (box,) = page.selectbox
    assert len(box.options) == 4
    box.select_index(2).run()
    assert not page.exception
    assert shown_traces(page) == [f"{OLMAZ}{sampler}--seed0" for sampler in SAMPLERS]
    assert figures(page)["draft"]["teacher"] == f"{OLMAZ}euler40--seed0"
    assert page.query_params["trace"] == f"{OLMAZ}ddpm--seed0"
    page.selectbox[0].select_index(0).run()
    assert page.query_params["trace"] == f"{KIMSEYE}ddpm--seed0"


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_address_chooses_the_phrase_by_any_of_its_conversions(shipped, sampler):
    page = open_lesson(trace=f"{OLMAZ}{sampler}--seed0")
    assert said(page) == ""
    assert shown_traces(page)[0] == f"{OLMAZ}ddpm--seed0"


@pytest.mark.parametrize("asked", ["nothing", "<b>no</b>" * 60, "gel_zemin--makam-m1--makam-f3--keyauto--ddpm--seed0"])
def test_a_stale_address_is_answered_and_the_lesson_goes_on(shipped, asked):
    page = open_lesson(trace=asked)
    assert not page.exception
    assert "The address asks for" in said(page)
    assert len(said(page)) < 500
    assert shown_traces(page)[0] == f"{KIMSEYE}ddpm--seed0"


def test_it_opens_with_traces_of_something_else(own_traces):
    page = open_lesson()
    assert not page.exception
    assert "cannot be shown" in said(page)
    assert not {"noise_levels", "paths", "draft"} & figures(page).keys()
    assert "timing" in figures(page)


def write_walk(parent: Path, name: str, sampler: str, steps: int) -> None:
    recording = replace(hand_manifest().source, singer="makam-f3", phrase="kimseye_nakarat")
    plain = hand_manifest(name, sampler, steps, source=recording, target="makam-m2", key_shift_semitones=-11)
    manifest = replace(plain, sampler=replace(plain.sampler, seed=0))
    write_trace(parent, manifest, hand_files(manifest))


def test_what_there_is_is_shown_under_any_name_and_what_is_missing_is_said(own_traces):
    write_walk(own_traces, "forty", "euler", 40)
    write_walk(own_traces, "one", "consistency", 1)
    rebuild_catalogue(own_traces)
    page = open_lesson()
    assert not page.exception
    assert shown_traces(page) == ["forty", "one"]
    assert "Some of the five samplers" in said(page)
    assert [walk["trace"] for walk in figures(page)["paths"]["walks"]] == ["forty", "one"]


def test_it_opens_without_any_trace(monkeypatch, tmp_path):
    show(monkeypatch, str(tmp_path / "nothing"))
    page = open_lesson()
    assert not page.exception
    assert said(page) != ""
    assert "timing" in figures(page)


def test_it_opens_without_its_times(shipped, monkeypatch, tmp_path):
    monkeypatch.setattr(speed.read_speed, "__defaults__", (tmp_path / "speed.csv",))
    page = open_lesson()
    assert not page.exception
    assert "times cannot be shown" in said(page)
    assert "timing" not in figures(page)


def test_what_one_step_gives_up_is_what_was_measured():
    table = pd.read_csv(EVALUATION).query("group == 'conversion'").set_index(["system", "figure"])["mean"]
    teacher, one, four = (
        table[name][["rpa", "phone_agreement", "loudness_rmse_db"]]
        for name in ("teacher, 40 steps", "student, 1 step", "student, 4 steps")
    )
    assert 0.005 < teacher["phone_agreement"] - one["phone_agreement"] < 0.015  # "one phone in a hundred"
    assert one["loudness_rmse_db"] - teacher["loudness_rmse_db"] == pytest.approx(1 / 6, abs=0.02)
    assert abs(teacher["rpa"] - one["rpa"]) < 0.001
    assert one["rpa"] - four["rpa"] > 0.005  # "loses a little more of melody and words"
    assert one["phone_agreement"] - four["phone_agreement"] > 0.01


def test_the_draft_alone_scores_as_the_model_card_says():
    card = (REPOSITORY / "models" / "README.md").read_text(encoding="utf-8")
    assert "| none: the draft alone | .970 | .982 | .864 | .798 |" in card
    assert "the shipped teacher | .963 | .981 | .863 | .777 |" in card


def test_the_question_on_the_picture_tells_measured_distances():
    sheet = tomllib.loads((REPOSITORY / "app" / "texts" / "questions" / "fewer_steps.toml").read_text("utf-8"))
    (question,) = (one for one in sheet["question"] if "picture" in one)
    result_db = replay_of(open_trace(SHIPPED / f"{KIMSEYE}ddpm--seed0")).predicted_db[-1]
    packed = (SHIPPED / "lessons" / "draft" / f"{KIMSEYE}euler40--seed0.npy.gz").read_bytes()
    draft_db = to_db(decode_pictures(unpack_array(packed, "|u1", (1, *result_db.shape)), [0], 1))[0]
    missed_db = {}
    for answer in question["answer"]:
        band = round(slaney(answer["hz"]) / slaney(12_000) * (len(result_db) + 1) - 1)
        frame = int(answer["at_s"] * 24_000 / 256)
        near = (slice(band - 3, band + 4), slice(frame - 7, frame + 8))
        missed_db[answer["hz"], answer["at_s"]] = float(((result_db - draft_db)[near] ** 2).mean() ** 0.5)
        assert f"{missed_db[answer['hz'], answer['at_s']]:.1f} dB" in answer["because"]
        assert answer.get("right", False) == (missed_db[answer["hz"], answer["at_s"]] > 4)


def slaney(hz: float) -> float:
    """Slaney's mel scale."""
    return 3 * hz / 200 if hz < 1000 else 15 + 27 * math.log(hz / 1000) / math.log(6.4)
