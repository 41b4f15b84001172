"""Cold start: from the command until the server says that it is healthy, with few traces and with ten thousand."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from svc_core.traces.catalogue import CATALOGUE, read_catalogue
from tests.bench.page import Row, shipped_traces
from tests.bench.traces import ROWS, many_rows
from tests.support.dashboard import app_python, run_dashboard

STARTS = 10
HEALTH = "/health"  # 200 only when the catalogue is read


def measure_start() -> list[Row]:
    """Rows (what, measured, goal)."""
    shipped = shipped_traces()
    with tempfile.TemporaryDirectory() as name:
        many = Path(name) / "many"
        many.mkdir()
        (many / CATALOGUE).write_bytes(many_rows())
        return [
            _row(f"the command to healthy, {len(read_catalogue(shipped))} traces", shipped, "3 s"),
            _row(f"the command to healthy, {ROWS:,} traces", many, "5 s"),
        ]


def _row(what: str, traces: Path, goal: str) -> Row:
    times_s = [_start_s(app_python(), traces) for _ in range(STARTS)]
    told = f"median {statistics.median(times_s):.2f} s, max {max(times_s):.2f} s (n = {STARTS})"
    return what, told, goal


def _start_s(python: str, traces: Path) -> float:
    with tempfile.TemporaryDirectory() as name:
        began = time.perf_counter()
        with run_dashboard(traces, Path(name) / "log", python, healthy=HEALTH):
            return time.perf_counter() - began
