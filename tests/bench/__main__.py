"""Speed, memory and exactness, as measured on this machine: python -m tests.bench [PART ...], parts as in PARTS"""

from __future__ import annotations

import os
import platform
import subprocess
import sys

from tests.bench.batches import measure_batches
from tests.bench.compare import measure_compare
from tests.bench.engine import measure_engine
from tests.bench.forms import measure_forms
from tests.bench.own import measure_own
from tests.bench.page import Row, measure_page, shipped_traces
from tests.bench.resume import measure_resume
from tests.bench.start import measure_start
from tests.bench.traces import measure_traces
from tests.support.dashboard import REPOSITORY, app_python

PARTS = ("forms", "resume", "engine", "batches", "traces", "start", "page", "compare", "own")
HEAVY = ("torch", "sklearn", "librosa", "pyworld")


def measure_imports(python: str) -> list[Row]:
    code = (
        "import sys, app.main, app.parts.scrubber, app.parts.choice, app.serving.library; "
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    loaded = subprocess.run([python, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    return [("heavy modules that importing the app loads", loaded.stdout.strip(), "[]")]


def measure(part: str) -> list[Row]:
    """Rows of one part; each may be asked for alone: python -m tests.bench engine."""
    if part == "page":
        return measure_imports(app_python()) + measure_page(app_python(), shipped_traces())
    if part == "compare":
        return measure_compare()
    if part == "own":
        return measure_own()
    if part == "start":
        return measure_start()
    if part == "traces":
        return measure_traces()
    if part == "batches":
        return measure_batches()
    if part == "forms":
        return measure_forms()
    if part == "resume":
        return measure_resume()
    return measure_engine()


def main() -> None:
    for part in sys.argv[1:] or PARTS:
        rows = measure(part)
        machine = (
            f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
        )
        print(f"\n## {part} ({machine})\n")
        print("| what | measured | goal |\n|---|---|---|")
        for row in rows:
            print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
