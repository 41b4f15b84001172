"""Twenty people who convert at once, and what those who only learn notice of it."""

from __future__ import annotations

import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPException

from playwright.sync_api import Browser

from app.own.limits import STUDENT, TEACHER
from tests.bench.own_bystanders import Waits, bystanders
from tests.bench.own_process import grown, resident_mb
from tests.bench.own_spread import spread
from tests.bench.own_visitor import ANSWER_LIMIT_S, Conversion, Visitor, VisitorProblem
from tests.bench.scrubbing import Row
from tests.support.dashboard import Dashboard

PEOPLE = 20
EVERY = 4  # of them, one wants the teacher's steps as well
QUIET_S = 20.0  # bystanders alone, before the people come


@dataclass
class Walk:
    """What one of the people has got; ``done``: how many jobs."""

    began_s: float = 0.0
    student: Conversion | None = None
    teacher: Conversion | None = None
    done: int = 0
    problem: str = ""


def measure_crowd(browser: Browser, site: Dashboard, sound: bytes) -> list[Row]:
    """Rows (what, measured, goal)."""
    with bystanders(browser, site) as others:
        until_s = time.monotonic() + QUIET_S
        quiet = others.stay(lambda: time.monotonic() < until_s)
        before_mb = resident_mb(site.process.pid)
        with ThreadPoolExecutor(PEOPLE) as people:
            together = threading.Barrier(PEOPLE)
            coming = [
                people.submit(_walk, site.address, sound, together, number % EVERY == 0) for number in range(PEOPLE)
            ]
            busy = others.stay(lambda: not all(one.done() for one in coming))
        walks = [one.result() for one in coming]
        after_mb = resident_mb(site.process.pid)
    memory = grown(
        f"the server's memory: before the {PEOPLE} came, and after, pages looked at all along", before_mb, after_mb
    )
    return [*_served(walks), *_beside(quiet, busy), memory]


def _walk(address: str, sound: bytes, together: threading.Barrier, wants_steps: bool) -> Walk:
    """Send, look, convert, wait for the figures, perhaps watch the steps; leave."""
    walk = Walk()
    try:
        with Visitor(address) as visitor:
            together.wait(ANSWER_LIMIT_S)
            walk.began_s = time.perf_counter()
            visitor.look(sound)
            walk.done += 1
            walk.student = visitor.convert(STUDENT)
            walk.done += 1
            if wants_steps:
                walk.teacher = visitor.convert(TEACHER)
                walk.done += 1
    except (VisitorProblem, OSError, HTTPException) as problem:
        walk.problem = str(problem)
    return walk


def _served(walks: list[Walk]) -> list[Row]:
    wanted = PEOPLE * 2 + len(range(0, PEOPLE, EVERY))  # jobs
    problems = "".join(f"; {walk.problem}" for walk in walks if walk.problem)
    lost = f"{sum(walk.done for walk in walks)} of {wanted} ended in done"
    rows = [(f"{PEOPLE} at once: nothing lost", lost + problems, "all")]
    heard = [walk for walk in walks if walk.student]
    if not heard:
        return rows
    taught = [walk for walk in walks if walk.teacher]
    heard_s = [walk.student.heard_s - walk.began_s for walk in heard]
    figures_s = [walk.student.done_s - walk.began_s for walk in heard]
    taught_s = [walk.teacher.done_s - walk.began_s for walk in taught]
    rows += [
        (f"{PEOPLE} at once: heard after sending", spread(heard_s, "s"), "-"),
        (f"{PEOPLE} at once: figures after sending", spread(figures_s, "s"), "-"),
    ]
    if taught:
        rows.append((f"{PEOPLE} at once: the teacher's steps after sending", spread(taught_s, "s"), "-"))
    share = max(heard_s) / statistics.median(heard_s)
    in_turn = PEOPLE / statistics.median(range(1, PEOPLE + 1))
    last_s = max(walk.student.heard_s for walk in heard)
    second = sum(walk.teacher.heard_s < last_s for walk in taught)
    return [
        *rows,
        (
            f"{PEOPLE} at once: longest wait for a sound over the median",
            f"{share:.1f} times (in turn, one after another: {in_turn:.1f})",
            "-",
        ),
        (f"{PEOPLE} at once: second sounds before everybody had the first", str(second), "0"),
    ]


def _beside(quiet: Waits, busy: Waits) -> list[Row]:
    scrubbing = f"{busy.scrubbing()}; p95 {busy.scrub_p95_ms / quiet.scrub_p95_ms:.2f} times that of nobody converting"
    rerunning = f"{busy.rerunning()}; p95 {busy.rerun_p95_ms / quiet.rerun_p95_ms:.2f} times that of nobody converting"
    return [
        ("denoising: scrubbing by drag while nobody converts", quiet.scrubbing(), "-"),
        (f"denoising: scrubbing by drag while {PEOPLE} convert", scrubbing, "16.7 ms p95"),
        ("page reruns while nobody converts", quiet.rerunning(), "-"),
        (f"page reruns while {PEOPLE} convert", rerunning, "300 ms p95"),
    ]
