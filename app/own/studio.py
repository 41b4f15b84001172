"""One's own voice on this server: takes, desk and crew together, opened when the first visitor comes."""

from __future__ import annotations

import atexit
import importlib.util
import sys
import threading
from functools import lru_cache
from pathlib import Path

from app.own.crew import Crew
from app.own.desk import Desk
from app.own.limits import STUDENT, TEACHER, Limits
from app.own.takes import Takes
from app.parts.library import REPOSITORY

SWEPT_EVERY_S = 60.0
MODELS = REPOSITORY / "models"
SOUND = ("soundfile", "librosa", "pyworld")  # what hearing a recording takes, whatever converts it
INSTALL = "pip install -r app/requirements-own.txt"


def methods() -> tuple[str, ...]:
    """What can be converted with here, by the packages that are installed; none of them is imported."""
    if not all(_is_there(name) for name in SOUND):
        return ()
    if _is_there("torch"):
        return (STUDENT, TEACHER)
    return (STUDENT,) if _is_there("onnxruntime") else ()


def _is_there(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


class Studio:
    def __init__(self, limits: Limits, command: list[str], place: Path | None = None) -> None:
        self.limits = limits
        self.takes = Takes(place)
        self.desk = Desk(limits)
        self.crew = Crew(self.desk, command, REPOSITORY)
        self._closed = threading.Event()
        self._sweeper = threading.Thread(target=self._sweep, daemon=True, name="own-sweeper")
        self._sweeper.start()

    def _sweep(self) -> None:
        while not self._closed.wait(SWEPT_EVERY_S):
            for take in self.takes.sweep(self.limits.kept_s):
                self.desk.forget(take)
            self.desk.sweep()

    def forget(self, take: str) -> bool:
        """Stops what is being made of a take and takes its files away; whether there was such a take."""
        self.desk.forget(take)
        return self.takes.forget(take)

    def close(self) -> None:
        self._closed.set()
        self.crew.close()
        self.takes.close()


@lru_cache(maxsize=1)
def studio() -> Studio:
    """This server's."""
    opened = Studio(Limits(), [sys.executable, "-m", "svc_core.own_voice", "--models", str(MODELS)])
    atexit.register(opened.close)
    return opened
