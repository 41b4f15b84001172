"""One's own voice on this server: takes, desk and crew together, opened when the first visitor comes."""

from __future__ import annotations

import atexit
import importlib.util
import os
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache
from pathlib import Path

from app.own.crew import Crew
from app.own.desk import Desk
from app.own.limits import STUDENT, TEACHER, Limits
from app.own.takes import Takes
from app.serving.library import REPOSITORY, Library, library

SWEPT_EVERY_S = 15.0
MODELS = REPOSITORY / "models"
SOUND = ("soundfile", "librosa", "pyworld")  # what hearing a recording takes, whatever converts it
INSTALL = "pip install -r app/requirements-own.txt"
CREDITS = "credits.csv"  # beside the traces: whose the voices are
# A worker makes its own use of two cores. Threads of OpenMP's beside that, on cores where others work too, wait for
# one another: a walk that takes 2 s took 156 s. And each arena of malloc's keeps what another could use.
THRIFTY = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
}


def methods() -> tuple[str, ...]:
    """What can be converted with here, by the packages that are installed; none of them is imported."""
    if not all(_is_there(name) for name in SOUND):
        return ()
    if _is_there("torch"):
        return (STUDENT, TEACHER)
    return (STUDENT,) if _is_there("onnxruntime") else ()


def _is_there(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


_opening = threading.Lock()


class Studio:
    """All of it for one server. ``command`` starts a worker; takes lie in ``place``, else among temporary files."""

    def __init__(self, limits: Limits, command: list[str], place: Path | None = None) -> None:
        self.limits = limits
        self.takes = Takes(limits, place)
        self.desk = Desk(limits)
        # what a worker that was killed left in its folder for temporary files goes with the takes
        environment = {**os.environ, **THRIFTY, "TMPDIR": str(self.takes.root)}
        self.crew = Crew(self.desk, command, REPOSITORY, environment)
        self._closed = threading.Event()
        self._sweeper = threading.Thread(target=self._sweep, daemon=True, name="own-sweeper")
        self._sweeper.start()

    def _sweep(self) -> None:
        while not self._closed.wait(SWEPT_EVERY_S):
            for take in self.takes.sweep():
                self.desk.forget(take)
            self.desk.sweep()

    def wake(self) -> None:
        """Have a worker ready before somebody has sung; returns at once."""
        self.crew.wake()

    def forget(self, take: str) -> bool:
        """Stops what is being made of a take and takes its files away; whether there was such a take."""
        self.desk.forget(take)
        return self.takes.forget(take)

    def close(self) -> None:
        """End the work and take all recordings away."""
        self._closed.set()
        self.crew.close()
        self.takes.close()


def command_with(shown: Library) -> list[str]:
    """Starts a worker that knows the voices from the traces which the app shows; from the repository's own where
    those are at an address, or do not say whose the voices are."""
    command = [sys.executable, "-m", "svc_core.own_voice", "--models", str(MODELS)]
    path = shown.place.path
    if path is not None and (path / CREDITS).is_file():
        command += ["--traces", str(path.resolve())]
    return command


def studio() -> Studio:
    """This server's, for the pages' threads too."""
    with _opening:
        return _opened()


@lru_cache(maxsize=1)
def _opened() -> Studio:
    opened = Studio(Limits(), command_with(library()))
    atexit.register(opened.close)
    return opened


def opened_studio() -> Studio | None:
    """This server's, where somebody has come yet."""
    return _opened() if _opened.cache_info().currsize else None


@asynccontextmanager
async def closed_in_the_end(_: object) -> AsyncIterator[None]:
    """The server's life: one that is told to end (SIGTERM) runs no exit handlers, but this."""
    yield
    if (opened := opened_studio()) is not None:
        opened.close()
