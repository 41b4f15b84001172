"""The app's own log: one JSON object a line on standard error, with facts about the server and none about people.

Neither addresses of visitors nor what they ask for, sing or type is ever given to it; an error is told by its kind
and place in the code, never by its message, which may quote what somebody sent.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path

from app.serving.library import REPOSITORY

LOGGER = logging.getLogger("app")
FACTS = "facts"  # of a record


def note(message: str, **facts: str | float | int) -> None:
    """Write a line: what happened, and plain facts of it."""
    LOGGER.warning(message, extra={FACTS: facts})


class AsJson(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            "message": record.getMessage(),
            **getattr(record, FACTS, {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            told["error"] = type(record.exc_info[1]).__name__
            told["at"] = _places(record.exc_info[1])
        return json.dumps(told, ensure_ascii=False)


def _places(error: BaseException) -> list[str]:
    """File and line of every frame of ours, the innermost last."""
    frames = traceback.extract_tb(error.__traceback__)
    paths = [(Path(frame.filename), frame.lineno) for frame in frames]
    return [f"{path.relative_to(REPOSITORY)}:{line}" for path, line in paths if path.is_relative_to(REPOSITORY)]


def log_as_json() -> None:
    """Have everything that the app's modules log written so. Doing it again changes nothing."""
    if not any(isinstance(handler.formatter, AsJson) for handler in LOGGER.handlers):
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(AsJson())
        LOGGER.addHandler(handler)
        LOGGER.setLevel(logging.INFO)
        LOGGER.propagate = False
