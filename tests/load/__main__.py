"""Many learners at once, on this machine: python -m tests.load --learners 200 --seconds 300

Starts a server of the app and afterwards one of ``streamlit hello``, each under the same crowd, and prints a table for
each. Of hello only the first page is asked for: its other pages sleep or fetch from elsewhere, and would
flatter ours. ``--url`` and ``--pid`` measure a server that runs already.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from tests.load.crowd import Plan, Used, run_crowd
from tests.load.measured import Measured
from tests.load.report import compared, print_table, rows
from tests.load.server import APP, HELLO, Process, run_server
from tests.support.dashboard import app_python

OURSELVES = ("127.0.0.1", "localhost", "::1")
FILES_EACH = 8  # of a learner: six connections, a WebSocket, one to spare


def read_arguments(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__.splitlines()[0])
    parser.add_argument("--learners", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=300, help="from the first one's coming until all leave")
    parser.add_argument("--arrive", type=float, default=30, help="seconds within which all come")
    parser.add_argument("--rest", type=float, default=180, help="seconds after they left until memory is looked at")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--python", default=app_python())
    parser.add_argument("--url", help="a server that runs already, on this machine")
    parser.add_argument("--pid", type=int, help="its process, for memory and processor time")
    parser.add_argument("--without-hello", action="store_true", help="measure the app alone")
    asked = parser.parse_args(given)
    if asked.url and urlsplit(asked.url).hostname not in OURSELVES:
        parser.error("the crowd visits this machine only")
    return asked


def main() -> None:
    asked = read_arguments(sys.argv[1:])
    _allow_files(asked.learners * FILES_EACH + 256)
    plan = Plan(asked.learners, asked.seconds, min(asked.arrive, asked.seconds / 2), asked.rest, asked.seed)
    if asked.url:
        process = Process(asked.pid) if asked.pid else None
        measured, used = asyncio.run(run_crowd(asked.url.rstrip("/"), plan, process))
        print_table(asked.url, list(rows(plan, measured, used)))
        return
    ours, used = _measure(asked.python, APP, plan)
    print_table("SingSteps", list(rows(plan, ours, used)))
    if not asked.without_hello:
        hello, used = _measure(asked.python, HELLO, plan, only=("",))
        print_table("streamlit hello, its first page", [*rows(plan, hello, used), compared(ours, hello)])


def _measure(
    python: str, what: tuple[str, ...], plan: Plan, only: tuple[str, ...] | None = None
) -> tuple[Measured, Used]:
    with tempfile.TemporaryDirectory() as folder, run_server(python, what, Path(folder) / "log") as (address, process):
        return asyncio.run(run_crowd(address, plan, process, only))


def _allow_files(wanted: int) -> None:
    """As many open connections as the crowd needs; a server that we start inherits it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted <= hard or (soft < wanted and hard == resource.RLIM_INFINITY):
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


if __name__ == "__main__":
    main()
