"""The lesson on adding noise: opens whatever traces there are, and obeys the address."""

from functools import partial
from itertools import pairwise

from streamlit.testing.v1 import AppTest

from app.serving.library import REPOSITORY
from app.serving.served import MATERIAL, MATERIAL_PATH
from svc_core.traces.catalogue import read_catalogue
from svc_core.traces.noised import read_noising
from tests.app.conftest import NAMES, show
from tests.support.page_runs import figures, open_script, said

TRACES = REPOSITORY / "precomputed"


open_lesson = partial(open_script, "lessons/noising.py")


def figure(page: AppTest) -> dict:
    return figures(page)["noising"]


def test_it_opens_on_the_recording_whose_noisy_sounds_are_shipped(monkeypatch):
    show(monkeypatch, str(TRACES))
    page = open_lesson()
    assert not page.exception
    assert page.title[0].value == "Adding noise"
    assert said(page) == ""
    assert figure(page)["trace"] == read_noising(str(MATERIAL / "noising")).trace
    assert figure(page)["material"] == f".{MATERIAL_PATH}/"


def test_the_address_chooses_another_recording(monkeypatch):
    show(monkeypatch, str(TRACES))
    other = next(entry.id for entry in read_catalogue(TRACES) if entry.source == "pjs-m1")
    assert figure(open_lesson(trace=other))["trace"] == other


def test_a_stale_address_is_said_and_another_recording_shown(own_traces):
    page = open_lesson(trace="gone", t="5000")
    assert not page.exception
    assert "There is no conversion" in said(page)
    assert figure(page)["trace"] in NAMES


def test_without_any_traces_it_says_so_and_goes_on(monkeypatch, tmp_path):
    show(monkeypatch, str(tmp_path))
    page = open_lesson()
    assert not page.exception
    assert said(page) != ""
    assert figure(page)["trace"] is None


def test_figures_in_its_text_are_those_of_the_schedule_and_of_the_sounds():
    noising = read_noising(str(MATERIAL / "noising"))
    snr_db = noising.schedule.schedule().snr_db
    assert round(float(snr_db[0])) == 40
    assert round(float(snr_db[-1])) == -44
    assert abs(float(snr_db[260])) < 0.15  # "0 dB ... near t = 260", in a question
    assert len(noising.sounds) == 12
    heard_db = [sound.snr_db for sound in noising.sounds]
    apart_db = [before - after for before, after in pairwise(heard_db)]
    assert min(apart_db) > 7
    assert max(apart_db) < 8.1
