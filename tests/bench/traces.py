"""What reading costs: a trace from a warm disk, a step of its replay, a catalogue of ten thousand rows in the app."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import pandas as pd

from svc_core.traces.catalogue import CATALOGUE, entry_of, read_catalogue, write_rows
from svc_core.traces.register import rebuild_catalogue
from svc_core.traces.replay import replay_of
from svc_core.traces.trace import open_trace
from svc_core.traces.writing import write_trace
from tests.bench.page import Row, shipped_traces
from tests.support.dashboard import REPOSITORY
from tests.support.hand_traces import hand_files, hand_manifest

TIMES = 20
ROWS, SCORES = 10_000, 25
# a process of its own: its memory, with few rows first, is what the many add to
APP = """
import json, os, sys, time
from pathlib import Path
from streamlit.testing.v1 import AppTest
from tests.support.memory import resident_mib
few, many = sys.argv[1:]

def timed(act):
    start = time.perf_counter()
    done = act()
    return time.perf_counter() - start, done

def opened(folder):
    os.environ["SINGSTEPS_TRACES"] = folder
    return AppTest.from_file("app/site.py", default_timeout=60).run()

opened(few), opened(few)
before = resident_mib(os.getpid())
open_few, _ = timed(lambda: opened(few))
first, page = timed(lambda: opened(many))
again, page = timed(lambda: opened(many))
box = next(box for box in page.selectbox if box.label == "Source")
filtering, page = timed(lambda: box.select("singer-3").run())
assert not page.exception and "250 of" in next(box.label for box in page.selectbox if box.key == "trace")
more_mb = resident_mib(os.getpid()) - before
found = {"few": open_few, "first": first, "again": again, "filtering": filtering, "mb": more_mb}
print(json.dumps(found))
"""


def measure_traces() -> list[Row]:
    rows = []
    for folder in sorted(path.parent for path in shipped_traces().glob("*/trace.json")):
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        rows.append((f"on disk: {folder.name}", f"{size / 1e6:.2f} MB", "10 MB"))
    return rows + _reading() + _catalogue()


def _median_ms(act: Callable[[], object]) -> str:
    times_ms = []
    for _ in range(TIMES):
        start = time.perf_counter()
        act()
        times_ms.append(1000 * (time.perf_counter() - start))
    return f"median {statistics.median(times_ms):.1f} ms, max {max(times_ms):.1f} ms (n = {TIMES})"


def _reading() -> list[Row]:
    folder = shipped_traces() / read_catalogue(shipped_traces()).entry(0).id
    replay = replay_of(open_trace(folder))
    state, middle = replay.start(), len(replay.walk) // 2
    what = f"{state.shape[1]} frames"
    return [
        (f"a trace's first picture, from a warm disk ({what})", _median_ms(open_trace(folder).result_levels), "30 ms"),
        ("the same with opening and checking the trace", _median_ms(lambda: open_trace(folder).result_levels()), "-"),
        ("all of its pictures", _median_ms(open_trace(folder).predicted_levels), "-"),
        (f"one step of the replay in Python ({what})", _median_ms(lambda: replay.advance(state, middle)), "5 ms"),
    ]


def _catalogue() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        few, many = (Path(folder) / name for name in ("few", "many"))
        manifest = hand_manifest("t00000")
        for parent in (few, many):
            write_trace(parent, manifest, hand_files(manifest))
        rebuild_catalogue(few)
        (many / CATALOGUE).write_bytes(many_rows())
        reading = _median_ms(lambda: read_catalogue(many))
        command = [sys.executable, "-c", APP, str(few), str(many)]
        done = subprocess.run(command, cwd=REPOSITORY, env=os.environ, capture_output=True, text=True, check=True)
        measured = json.loads(done.stdout.strip().splitlines()[-1])
    ms = {name: f"{1000 * value:.0f} ms" for name, value in measured.items() if name != "mb"}
    return [
        (f"catalogue of {ROWS:,} rows: reading and checking", reading, "-"),
        ("opening a page over it, first of all", ms["first"], "300 ms"),
        ("opening a page over it, afterwards", f"{ms['again']} (over one row: {ms['few']})", "300 ms"),
        ("filtering it on the page", ms["filtering"], "300 ms"),
        ("the app's memory grows by", f"{measured['mb']:.1f} MB", "50 MB"),
    ]


def many_rows() -> bytes:
    """A catalogue of ten thousand conversions with scores of all kinds."""
    entry = entry_of(hand_manifest())
    rows = [
        asdict(
            replace(
                entry,
                id=f"t{n:05d}",
                source=f"singer-{n % 40}",
                target=f"singer-{n % 37}",
                phrase=f"phrase {n % 300}",
                song=f"song {n % 60}",
            )
        )
        | {f"score_{k}": (n * k % 97) / 97 for k in range(SCORES)}
        for n in range(ROWS)
    ]
    return write_rows(pd.DataFrame(rows))
