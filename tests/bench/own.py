"""One's own voice on a real server, on loopback: how long a learner waits, what it costs, and what others notice."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import torch

from app.own.limits import STUDENT, TEACHER
from tests.bench.own_crowd import measure_crowd
from tests.bench.own_process import heavy_libraries, own_mb, peak_mb, resident_mb, workers_of
from tests.bench.own_singer import measure_singer
from tests.bench.own_visitor import Visitor, sing
from tests.bench.page import shipped_traces
from tests.bench.scrubbing import Row, p95
from tests.support.chromium import open_browser
from tests.support.dashboard import REPOSITORY, Dashboard, run_dashboard

CLIPS = 20
WALKS = 5  # of the teacher
STEPS = 40
QUICK_S = 2.0  # a look at five seconds by a worker that is ready
LOOKS = 10  # until then, at most
LIGHT = "SINGSTEPS_OWN_PYTHON"  # names a Python without torch
LIGHT_PYTHON = REPOSITORY / ".venv-own" / "bin" / "python"
LEFT_OUT = f"left out: there is no Python without torch (`make own` makes one; or name it by {LIGHT})"


@dataclass(frozen=True)
class Clip:
    """Seconds that one clip took: until it was seen; from then until heard; from sending until all was there."""

    look_s: float
    sound_s: float
    all_s: float


def measure_own() -> list[Row]:
    """Rows (what, measured, goal)."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sound = sing(folder)
        with run_dashboard(shipped_traces(), folder / "log") as site:
            rows = _with_torch(site, sound, folder)
        light = os.environ.get(LIGHT) or (str(LIGHT_PYTHON) if LIGHT_PYTHON.is_file() else None)
        if light is None:
            return [*rows, ("without torch", LEFT_OUT, "-")]
        with run_dashboard(shipped_traces(), folder / "light log", light) as site:
            return rows + _without_torch(site, sound)


def _with_torch(site: Dashboard, sound: bytes, folder: Path) -> list[Row]:
    server = site.process.pid
    started_mb = resident_mb(server)
    rows = [_warming(site, sound)]
    first = workers_of(server)
    rows += [*_clips(site, sound), *_walks(site, sound)]
    converted_mb = resident_mb(server)
    with open_browser() as browser:
        rows += measure_crowd(browser, site, sound)
        rows += measure_singer(browser, site, folder)
    build = f"CUDA {torch.version.cuda} build" if torch.version.cuda else "CPU build"
    return [
        *rows,
        *_worker(site, first, f"torch {torch.__version__}, {build}"),
        _server("the server's memory: before the first visitor, after the conversions", started_mb, converted_mb),
        _server(
            "the server's memory: before the first visitor, after all, the pages looked at among it",
            started_mb,
            resident_mb(server),
        ),
        (
            "heavy libraries that the server's process has loaded after all (/proc/PID/maps)",
            ", ".join(heavy_libraries(server)) or "none: no libtorch, libsndfile, llvmlite, pyworld or sklearn",
            "none",
        ),
    ]


def _without_torch(site: Dashboard, sound: bytes) -> list[Row]:
    with Visitor(site.address) as visitor:
        if visitor.methods != [STUDENT]:
            raise RuntimeError(f"without torch a server offers the student alone, not {visitor.methods}")
    started_mb = resident_mb(site.process.pid)
    rows = [_warming(site, sound)]
    first = workers_of(site.process.pid)
    rows += [*_clips(site, sound), *_worker(site, first, "ONNX Runtime")]
    rows.append(_server("the server's memory: before and after", started_mb, resident_mb(site.process.pid)))
    return [(f"without torch: {what}", measured, goal) for what, measured, goal in rows]


def _warming(site: Dashboard, sound: bytes) -> Row:
    """The first visitor, who sends at once; leaves when the worker is ready. Raises RuntimeError where it never is."""
    began_s = time.perf_counter()
    with Visitor(site.address) as visitor:
        visitor.look(sound)
    waited_s = time.perf_counter() - began_s
    for _ in range(LOOKS):
        if _look_s(site, sound) < QUICK_S:
            return (
                "the first visitor, no worker running yet: from opening the page to its look",
                f"{waited_s:.1f} s",
                "-",
            )
    raise RuntimeError(f"no look takes less than {QUICK_S} s")


def _look_s(site: Dashboard, sound: bytes) -> float:
    with Visitor(site.address) as visitor:
        began_s = time.perf_counter()
        visitor.look(sound)
        return time.perf_counter() - began_s


def _clips(site: Dashboard, sound: bytes) -> list[Row]:
    clips = [_clip(site, sound) for _ in range(CLIPS)]
    return [
        ("5 s recorded to conversion heard, one step", _spread([one.look_s + one.sound_s for one in clips]), "2 s p95"),
        ("of that, until it is seen (sent, measured, drawn from)", _spread([one.look_s for one in clips]), "-"),
        ("of that, from then until it is heard", _spread([one.sound_s for one in clips]), "-"),
        ("5 s recorded to conversion with its figures", _spread([one.all_s for one in clips]), "-"),
    ]


def _clip(site: Dashboard, sound: bytes) -> Clip:
    with Visitor(site.address) as visitor:
        began_s = time.perf_counter()
        visitor.look(sound)
        conversion = visitor.convert(STUDENT)
    look_s = conversion.asked_s - began_s
    return Clip(look_s, conversion.heard_s - conversion.asked_s, conversion.done_s - began_s)


def _walks(site: Dashboard, sound: bytes) -> list[Row]:
    """Raises RuntimeError where a teacher's trace is no walk of as many steps as it should be."""
    walks = []
    for _ in range(WALKS):
        with Visitor(site.address) as visitor:
            visitor.look(sound)
            walks.append(visitor.convert(TEACHER))
    if any(walk.steps != STEPS for walk in walks):
        raise RuntimeError(f"traces have {[walk.steps for walk in walks]} steps")
    return [
        (f"the teacher's {STEPS} steps as a trace", _spread([walk.done_s - walk.asked_s for walk in walks]), "10 s"),
        ("of that, until its sound is heard", _spread([walk.heard_s - walk.asked_s for walk in walks]), "-"),
    ]


def _worker(site: Dashboard, first: list[int], packages: str) -> list[Row]:
    """What the largest worker took; ``first``: those that ran when all began."""
    workers = workers_of(site.process.pid)
    same = "the same process throughout" if workers == first else f"{len(workers)} processes, not those of the start"
    return [
        (f"worker's memory at its peak ({packages})", f"{max(map(peak_mb, workers)):.0f} MB, {same}", "1000 MB"),
        ("worker's memory afterwards, shared parts divided (PSS)", f"{max(map(own_mb, workers)):.0f} MB", "1000 MB"),
    ]


def _server(what: str, before_mb: float, after_mb: float) -> Row:
    told = f"{before_mb:.0f} MB, {after_mb:.0f} MB: {after_mb - before_mb:+.0f} MB"
    return (what, told, "unchanged")


def _spread(times_s: list[float]) -> str:
    middle, most = statistics.median(times_s), max(times_s)
    return f"p95 {p95(times_s):.2f} s, median {middle:.2f} s, max {most:.2f} s (n = {len(times_s)})"
