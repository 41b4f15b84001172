"""Every page opened, with good and with broken traces."""

import json
import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.parts import traces
from app.parts.served import TRACES

SITE = str(Path(__file__).resolve().parents[2] / "app" / "site.py")


def open_page(**query: str) -> AppTest:
    page = AppTest.from_file(SITE, default_timeout=20)
    for name, value in query.items():
        page.query_params[name] = value
    return page.run()


@pytest.fixture
def own_traces(tmp_path, monkeypatch):
    """A copy of the shipped traces that a test may damage."""
    shutil.copytree(TRACES, tmp_path / "traces")
    monkeypatch.setattr(traces, "TRACES", tmp_path / "traces")
    return tmp_path / "traces"


def folders(parent: Path) -> list[Path]:
    return sorted(path.parent for path in parent.glob("*/trace.json"))


def said(page: AppTest) -> str:
    return " ".join(element.value for kind in (page.error, page.warning, page.info) for element in kind)


def test_denoising_opens_and_offers_every_trace():
    page = open_page()
    assert not page.exception
    assert page.title[0].value == "Taking noise away"
    assert len(page.selectbox[0].options) == len(folders(TRACES))
    assert said(page) == ""


def test_address_chooses_the_trace():
    wanted = folders(TRACES)[1].name
    assert open_page(trace=wanted).selectbox[0].value == wanted


def test_wrong_address_is_said_and_the_first_trace_shown():
    page = open_page(trace="<b>no</b>" * 30)
    assert not page.exception
    assert "There is no conversion" in said(page)
    assert len(said(page)) < 250
    assert page.selectbox[0].value == folders(TRACES)[0].name


def test_choosing_another_trace_shows_its_facts():
    page = open_page()
    for option in [folder.name for folder in folders(TRACES)]:
        page.selectbox[0].select(option).run()
        manifest = json.loads((TRACES / option / "trace.json").read_text())
        text = " ".join(element.value for element in page.markdown)
        assert manifest["licence"] in text
        assert all(line in text for line in manifest["attribution"])


def missing(folder: Path) -> None:
    (folder / "predicted.npy.gz").unlink()


def truncated(folder: Path) -> None:
    path = folder / "predicted.npy.gz"
    path.write_bytes(path.read_bytes()[:1000])


def damaged_manifest(folder: Path) -> None:
    (folder / "trace.json").write_text('{"format": "singsteps-tr')


def future_format(folder: Path) -> None:
    (folder / "trace.json").write_text('{"format": "singsteps-trace-99"}')


def foreign_folder(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()
    (folder / "holiday.jpg").write_bytes(b"not a trace")


@pytest.mark.parametrize("damage", [missing, truncated, damaged_manifest, future_format, foreign_folder])
def test_broken_trace_is_said_in_a_sentence_and_the_others_work(own_traces, damage):
    broken, whole = folders(own_traces)[:2]
    damage(broken)
    page = open_page(trace=broken.name)
    assert not page.exception
    assert "This conversion cannot be shown" in said(page)
    assert broken.name in said(page)
    page.selectbox[0].select(whole.name).run()
    assert not page.exception
    assert said(page) == ""


def test_no_catalogue_is_said(own_traces):
    (own_traces / "catalogue.csv").unlink()
    page = open_page()
    assert not page.exception
    assert "There are no traces here" in said(page)


def test_damaged_catalogue_is_said(own_traces):
    (own_traces / "catalogue.csv").write_text("id,seed\nx,one\n")
    page = open_page()
    assert not page.exception
    assert "is damaged" in said(page)


def test_empty_catalogue_is_said(own_traces):
    path = own_traces / "catalogue.csv"
    path.write_text(path.read_text().splitlines()[0] + "\n")
    assert "No conversion has been recorded yet" in said(open_page())


def test_changed_catalogue_is_seen_at_the_next_run(own_traces):
    page = open_page()
    path = own_traces / "catalogue.csv"
    path.write_text("\n".join(path.read_text().splitlines()[:2]) + "\n")
    page.run()
    assert len(page.selectbox[0].options) == 1
