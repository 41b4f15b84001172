"""One's own voice on a real server, on loopback: how long a learner waits, what it costs, and what others notice."""

from __future__ import annotations

import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import torch

from app.own.limits import STUDENT, TEACHER
from tests.bench.own_crowd import measure_crowd
from tests.bench.own_process import grown, heavy_libraries, own_mb, peak_mb, resident_mb, workers_of
from tests.bench.own_singer import measure_singer
from tests.bench.own_spread import spread
from tests.bench.own_visitor import Visitor, sing
from tests.bench.page import shipped_traces
from tests.bench.scrubbing import Row
from tests.support.chromium import open_browser
from tests.support.dashboard import REPOSITORY, Dashboard, run_dashboard

CLIPS = 20
WALKS = 5  # of the teacher
STEPS = 40
QUICK_S = 2.0  # a look at five seconds by a worker that is ready
LOOKS = 5  # until then, at most
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
        grown("the server's memory: before the first visitor, after the conversions", started_mb, converted_mb),
        grown(
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
    """Raises RuntimeError where that Python has torch after all."""
    started_mb = resident_mb(site.process.pid)
    rows = [_warming(site, sound)]
    with Visitor(site.address) as visitor:
        if visitor.methods != [STUDENT]:
            raise RuntimeError(f"without torch a server offers the student alone, not {visitor.methods}")
    first = workers_of(site.process.pid)
    rows += [*_clips(site, sound), *_worker(site, first, "ONNX Runtime")]
    rows.append(grown("the server's memory: before and after", started_mb, resident_mb(site.process.pid)))
    return [(f"without torch: {what}", measured, goal) for what, measured, goal in rows]


def _warming(site: Dashboard, sound: bytes) -> Row:
    """The first visitor, who sends at once; leaves when a worker is ready."""
    began_s = time.perf_counter()
    with Visitor(site.address) as visitor:
        visitor.look(sound)
    waited_s = time.perf_counter() - began_s
    for _ in range(LOOKS):
        if _look_s(site, sound) < QUICK_S:
            break
    return ("the first visitor, no worker running yet: from opening the page to its look", f"{waited_s:.1f} s", "-")


def _look_s(site: Dashboard, sound: bytes) -> float:
    with Visitor(site.address) as visitor:
        began_s = time.perf_counter()
        visitor.look(sound)
        return time.perf_counter() - began_s


def _clips(site: Dashboard, sound: bytes) -> list[Row]:
    clips = [_clip(site, sound) for _ in range(CLIPS)]
    return [
        (
            "5 s recorded to conversion heard, one step",
            spread([one.look_s + one.sound_s for one in clips], "s"),
            "2 s p95",
        ),
        ("of that, until it is seen (sent, measured, drawn from)", spread([one.look_s for one in clips], "s"), "-"),
        ("of that, from then until it is heard", spread([one.sound_s for one in clips], "s"), "-"),
        ("5 s recorded to conversion with its figures", spread([one.all_s for one in clips], "s"), "-"),
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
        (
            f"the teacher's {STEPS} steps as a trace",
            spread([walk.done_s - walk.asked_s for walk in walks], "s"),
            "10 s",
        ),
        ("of that, until its sound is heard", spread([walk.heard_s - walk.asked_s for walk in walks], "s"), "-"),
    ]


def _worker(site: Dashboard, first: list[int], packages: str) -> list[Row]:
    """What the largest worker took; ``first``: those that ran when all began."""
    workers = workers_of(site.process.pid)
    same = "the same process throughout" if workers == first else f"{len(workers)} processes, not those of the start"
    return [
        (f"worker's memory at its peak ({packages})", f"{max(map(peak_mb, workers)):.0f} MB, {same}", "1000 MB"),
        ("worker's memory afterwards, shared parts divided (PSS)", f"{max(map(own_mb, workers)):.0f} MB", "1000 MB"),
    ]
