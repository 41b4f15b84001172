"""Numbers about the server: pages, errors, slow ones; and none about people."""

import json
import logging
import time

import pytest
from streamlit.runtime.scriptrunner import StopException

from app.host import counted
from app.host.counted import REGISTRY, as_text, counted_page


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_a_run_is_counted_by_its_page():
    before = value("singsteps_page_seconds_count", page="seeing")
    with counted_page("seeing"):
        pass
    assert value("singsteps_page_seconds_count", page="seeing") == before + 1
    assert b'singsteps_page_seconds_count{page="seeing"}' in as_text()


def test_an_error_is_counted_told_by_its_kind_and_goes_on(caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("app"), "propagate", True)
    before = value("singsteps_page_errors_total", page="compare")
    with pytest.raises(KeyError), counted_page("compare"):
        raise KeyError("what somebody typed")
    assert value("singsteps_page_errors_total", page="compare") == before + 1
    (record,) = caplog.records
    assert record.facts == {"page": "compare", "error": "KeyError"}
    assert "typed" not in json.dumps(record.facts) + record.getMessage()


def test_a_script_that_streamlit_stops_is_no_error():
    before = value("singsteps_page_errors_total", page="about")
    with pytest.raises(StopException), counted_page("about"):
        raise StopException
    assert value("singsteps_page_errors_total", page="about") == before


def test_a_slow_page_is_told(caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("app"), "propagate", True)
    monkeypatch.setattr(counted, "SLOW_S", 0.01)
    with counted_page("glossary"):
        time.sleep(0.02)
    (record,) = caplog.records
    assert record.getMessage() == "slow page" and record.facts["seconds"] >= 0.02
