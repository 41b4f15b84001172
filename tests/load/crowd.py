"""Many learners at once, and what the server uses before, while they are there, and after."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field

from tests.load.learner import Learner, Pace
from tests.load.measured import Measured
from tests.load.server import Process
from tests.load.survey import survey

LOOK_S = 0.5


@dataclass(frozen=True)
class Plan:
    """All come within ``arrive_s`` and leave after ``seconds``; the server is looked at again after ``rest_s`` more."""

    learners: int
    seconds: float
    arrive_s: float
    rest_s: float
    seed: int = 0
    pace: Pace = field(default_factory=Pace)


@dataclass
class Used:
    """Of the server's process: memory in MB (NaN where it is not ours to look at), processor time in seconds."""

    started_mb: float = float("nan")
    warm_mb: float = float("nan")  # after the survey: every page has been shown once
    peak_mb: float = float("nan")
    left_mb: float = float("nan")  # at the moment they have left
    rested_mb: float = float("nan")
    cpu_s: float = float("nan")
    client_cpu_s: float = 0.0
    threads: int = 0  # at most


async def run_crowd(
    address: str, plan: Plan, server: Process | None, only: tuple[str, ...] | None = None
) -> tuple[Measured, Used]:
    """Survey the site (or some pages), let the learners come, wait until the server has had time to forget them."""
    measured, used = Measured(), Used()
    if server:
        used.started_mb = server.memory_mb()
    site = await survey(address, only)
    if server:
        await asyncio.sleep(2)
        used.warm_mb = used.peak_mb = server.memory_mb()
    cpu_s, client_cpu_s = server.cpu_s() if server else float("nan"), time.process_time()
    looking = asyncio.create_task(_look(server, used, measured))
    began, understood, chance = time.perf_counter(), {}, random.Random(plan.seed)

    async def visit(number: int, after_s: float) -> None:
        await asyncio.sleep(after_s)
        learner = Learner(site, measured, understood, random.Random(f"{plan.seed}-{number}"), plan.pace)
        await learner.stay(began + plan.seconds)

    comings_s = sorted(chance.uniform(0, plan.arrive_s) for _ in range(plan.learners))
    await asyncio.gather(*(visit(number, after_s) for number, after_s in enumerate(comings_s)))
    looking.cancel()
    used.client_cpu_s = time.process_time() - client_cpu_s
    if server:
        used.cpu_s, used.left_mb = server.cpu_s() - cpu_s, server.memory_mb()
        await asyncio.sleep(plan.rest_s)
        used.rested_mb = server.memory_mb()
    return measured, used


async def _look(server: Process | None, used: Used, measured: Measured) -> None:
    """Every half second, and how late we are ourselves: a late client would measure itself."""
    due = time.perf_counter()
    while True:
        due += LOOK_S
        await asyncio.sleep(max(due - time.perf_counter(), 0))
        measured.client_late_s.append(time.perf_counter() - due)
        if server:
            used.peak_mb, used.threads = max(used.peak_mb, server.memory_mb()), max(used.threads, server.threads())
