"""Clocks that jump: a catalogue from the future, one whose time goes back, and what leans on the time of day."""

from __future__ import annotations

import os
import time
from pathlib import Path

from app.serving.library import Library
from tests.faults.found import Found
from tests.faults.traces import NAMES, make_traces, not_whole

YEAR_S = 365 * 24 * 3600
ADDED = ("kyrie", "sanctus", "agnus")


def notice(parent: Path) -> list[int]:
    """How many traces a running server lists, at first and with each list: an hour old, a year ahead, of 1970."""
    make_traces(parent)
    library, now_s = Library(str(parent)), time.time()
    counts = [len(library.catalogue())]
    for added, (name, at_s) in enumerate(zip(ADDED, (now_s - 3600, now_s + YEAR_S, 1_000_000.0), strict=True), start=1):
        make_traces(parent, ADDED[:added])
        os.utime(parent / "catalogue.csv", (at_s, at_s))
        assert (parent / name).is_dir()
        counts.append(len(library.catalogue()))
    return counts


def leaning(*folders: Path) -> list[str]:
    """Lines of Python that ask for the time of day, which may jump."""
    found = []
    for path in sorted(file for folder in folders for file in folder.rglob("*.py")):
        lines = path.read_text(encoding="utf-8").splitlines()
        found += [f"{path.name}: {line.strip()}" for line in lines if "time.time()" in line]
    return found


def move_clock(folder: Path) -> Found:
    counts = notice(folder / "traces")
    happened = f"catalogues of an hour ago, of next year and of 1970 are noticed: {counts} traces listed"
    whole = counts == [len(NAMES) + added for added in range(4)]
    return Found("clock jumps", happened, None, len(not_whole(folder / "traces")), "", whole)
