"""kill -9 of a command that records traces, in the middle of writing them; the same command goes on.

Here a writer of hand-made traces is killed at many moments; that the real command goes on is tested with a model,
in tests/test_precompute.py.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

from svc_core.traces.catalogue import read_catalogue
from svc_core.traces.register import rebuild_catalogue
from svc_core.traces.writing import sweep_unfinished
from tests.faults.found import Found
from tests.faults.traces import NAMES, make_traces, not_whole
from tests.support.dashboard import REPOSITORY

KILLS = 12
MOST_S = 0.3  # of writing, before the kill
FIRST = b"first\n"


def kill_writers(parent: Path, kills: int) -> tuple[int, list[str]]:
    """How many traces were replaced between the kills, and what was wrong after any of them."""
    make_traces(parent)
    chance, problems, written = random.Random(0), [], 0
    for _ in range(kills):
        command = [sys.executable, "-m", "tests.faults.rewriting", str(parent)]
        with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE) as writer:
            assert writer.stdout.readline() == FIRST
            time.sleep(chance.uniform(0, MOST_S))
            writer.kill()
            written += 1 + len(writer.stdout.read().splitlines())
        read_catalogue(parent)  # raises where it is torn
        sweep_unfinished(parent)  # as the command does when it begins
        listed, broken = rebuild_catalogue(parent)
        problems += broken + not_whole(parent)
        if sorted(entry.id for entry in listed) != sorted(NAMES):
            problems.append(f"listed: {[entry.id for entry in listed]}")
    return written, problems


def kill_precompute(folder: Path) -> Found:
    began_s = time.monotonic()
    written, problems = kill_writers(folder / "traces", KILLS)
    each_s = (time.monotonic() - began_s) / KILLS
    happened = f"{KILLS} kills among {written} traces replaced; the next run sweeps and goes on"
    return Found("writer of traces killed", happened, each_s, len(problems), "; ".join(problems[:2]))
