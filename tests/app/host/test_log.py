"""The log: one line of JSON each, nothing that somebody sent."""

import io
import json
import logging
import sys

import pytest

from app.host.log import LOGGER, AsJson, log_as_json, note


@pytest.fixture
def written():
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(AsJson())
    LOGGER.addHandler(handler)
    level, LOGGER.level = LOGGER.level, logging.INFO
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    LOGGER.removeHandler(handler)
    LOGGER.level = level


def test_a_note_is_a_line_with_its_facts(written):
    note("slow page", page="compare", seconds=1.25)
    (told,) = written()
    assert {name: told[name] for name in ("level", "from", "message", "page", "seconds")} == {
        "level": "warning",
        "from": "app",
        "message": "slow page",
        "page": "compare",
        "seconds": 1.25,
    }
    assert told["time"].endswith("+00:00") and len(told["time"]) == len("2026-01-02T03:04:05.678+00:00")


def test_an_error_is_told_by_kind_and_place_not_by_its_message(written):
    try:
        json.loads("somebody's words")
    except ValueError:
        logging.getLogger("app.own.crew").exception("a job could not be done")
    (told,) = written()
    assert told["error"] == "JSONDecodeError" and told["from"] == "app.own.crew"
    assert told["at"] == [f"tests/app/host/test_log.py:{told['at'][0].rsplit(':', 1)[1]}"]
    assert "somebody" not in json.dumps(told)


def test_a_message_with_line_breaks_stays_one_line(written):
    note("a\nb", page='"}\n{')
    assert [told["message"] for told in written()] == ["a\nb"]


def test_turned_on_twice_it_writes_once(monkeypatch):
    monkeypatch.setattr(LOGGER, "handlers", [])
    log_as_json()
    log_as_json()
    (handler,) = LOGGER.handlers
    assert handler.stream is sys.stderr and not LOGGER.propagate
