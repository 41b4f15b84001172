"""Who is served when: a queue of jobs that is fair among visitors, and what each is told while waiting.

A job belongs to a visitor (a random name that the browser makes up and forgets). Next is always the job after
which its visitor will have been served least, so that one who asks for much waits longer than one who asks for
little, a sound comes before others' figures, and nobody waits for ever (fair queueing by finish times, Demers,
Keshav & Shenker 1989). The desk only keeps order; workers take from it (see crew).
"""

from __future__ import annotations

import math
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from app.own.limits import CONVERSIONS, WARM, Limits

WAITING, RUNNING, DONE, FAILED, CANCELLED = "waiting", "running", "done", "failed", "cancelled"
ENDED = frozenset({DONE, FAILED, CANCELLED})
LEARNT = 0.3  # weight of the latest job in what one of its kind is thought to take
FORGOTTEN_S = 3600.0  # served so long ago, a visitor counts as new
HOUR_S = 3600.0
SERVER = ""  # asks for workers to be made ready; no visitor can have that name


class DeskError(ValueError):
    """A job that cannot be taken on now; the message says why and what to do."""


@dataclass
class Job:
    """``request`` goes to the worker as it is; ``result`` is what came back."""

    kind: str
    visitor: str
    take: str
    folder: Path
    request: dict[str, object]
    id: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    state: str = WAITING
    share: float = 0.0  # done of it, 0 to 1
    words: str = ""  # what is being done
    problem: str = ""
    early: dict[str, object] | None = None  # what can be had of it before it is done
    result: dict[str, object] | None = None
    began_s: float | None = None
    ended_s: float | None = None
    worked_s: float = 0.0  # on it, by workers


@dataclass
class _Served:
    seconds: float = 0.0
    last_s: float = 0.0


class Desk:
    """Thread-safe. ``clock`` gives seconds that never go back."""

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self.limits = limits
        self._clock = clock
        self._usual_s = dict(limits.usual_s)
        self._jobs: dict[str, Job] = {}  # in the order in which they came
        self._served: dict[str, _Served] = {}
        self._asked_s: dict[str, list[float]] = {}  # when a visitor asked for conversions, within the last hour
        self._ready = 0  # workers that run already and wait for a job
        self._changed = threading.Condition()  # its lock may be taken twice by one thread
        self._closed = False

    def submit(self, kind: str, visitor: str, take: str, folder: Path, request: dict[str, object]) -> Job:
        """Raises DeskError where too many wait, or too many of this visitor's."""
        with self._changed:
            open_jobs = [job for job in self._jobs.values() if job.state not in ENDED]
            if sum(job.visitor == visitor for job in open_jobs) >= self.limits.most_each:
                raise DeskError(
                    f"{self.limits.most_each} of your conversions are being made already; wait for one, or cancel it."
                )
            if len(open_jobs) >= self.limits.most_waiting:
                raise DeskError("Too many people are converting just now; please try again in a minute.")
            if kind in CONVERSIONS:
                self._count(visitor)
            job = Job(kind, visitor, take, folder, request)
            self._jobs[job.id] = job
            self._changed.notify_all()
            return job

    def _count(self, visitor: str) -> None:
        now_s = self._clock()
        asked_s = [at_s for at_s in self._asked_s.get(visitor, []) if now_s - at_s < HOUR_S]
        if len(asked_s) >= self.limits.most_an_hour:
            minutes = math.ceil((HOUR_S - (now_s - asked_s[0])) / 60)
            raise DeskError(
                f"{self.limits.most_an_hour} conversions an hour are made for one visitor; "
                f"the next can be made in {minutes} {'minute' if minutes == 1 else 'minutes'}."
            )
        self._asked_s[visitor] = [*asked_s, now_s]

    def warm(self) -> None:
        """Asks for a worker to be made ready, unless one works or is about to; counts for nobody."""
        with self._changed:
            if not self._closed and all(job.state in ENDED for job in self._jobs.values()):
                self.submit(WARM, SERVER, "", Path(), {"do": WARM})

    def next(self, timeout_s: float, is_ready: bool = True) -> Job | None:
        """The job to be done now, as running; None when none has come in time, or the desk is closed.

        ``is_ready``: the worker runs already. One that would have to be started leaves the jobs to those that do,
        as long as there are enough of them.
        """
        end_s = self._clock() + timeout_s
        with self._changed:
            self._ready += is_ready
            try:
                while not self._closed:
                    waiting = self._order()
                    if len(waiting) > (0 if is_ready else self._ready):
                        job = waiting[0]
                        job.state, job.began_s = RUNNING, self._clock()
                        return job
                    left_s = end_s - self._clock()
                    if left_s <= 0:
                        return None
                    self._changed.wait(left_s)
                return None
            finally:
                self._ready -= is_ready

    def _order(self) -> list[Job]:
        """Waiting jobs in the order in which they will be begun."""
        served = {visitor: facts.seconds for visitor, facts in self._served.items()}
        now_s = self._clock()
        for job in self._jobs.values():  # what runs counts from its beginning: a second job does not overtake
            if job.state == RUNNING:
                taken_s = max(now_s - (job.began_s or now_s), self._usual_s[job.kind])
                served[job.visitor] = served.get(job.visitor, 0.0) + taken_s
        left = [job for job in self._jobs.values() if job.state == WAITING]
        order = []
        while left:
            # of equals the one that came first
            job = min(left, key=lambda one: served.get(one.visitor, 0.0) + self._usual_s[one.kind])
            left.remove(job)
            order.append(job)
            served[job.visitor] = served.get(job.visitor, 0.0) + self._usual_s[job.kind]
        return order

    def progress(self, job: Job, share: float, words: str) -> None:
        """How far a running job has come, which never goes back, and what is being done."""
        with self._changed:
            if job.state == RUNNING:
                job.share, job.words = min(max(share, job.share), 1.0), words

    def early(self, job: Job, facts: dict[str, object]) -> None:
        """Something of it can be had already."""
        with self._changed:
            if job.state == RUNNING:
                job.early = facts

    def later(self, job: Job, kind: str, request: dict[str, object]) -> None:
        """What is left of it is a job of another kind, which waits for its turn like all."""
        with self._changed:
            if job.state != RUNNING:
                return
            self._account(job, True)
            job.kind, job.request, job.state, job.began_s = kind, request, WAITING, None
            self._changed.notify_all()

    def finish(self, job: Job, result: dict[str, object]) -> None:
        """The job is done, unless it was cancelled meanwhile."""
        with self._changed:
            self._end(job, DONE)
            if job.state == DONE:
                job.result, job.share = result, 1.0

    def fail(self, job: Job, problem: str) -> None:
        """The job cannot be done, for a reason that its visitor is told; nothing where it has ended already."""
        with self._changed:
            self._end(job, FAILED)
            if job.state == FAILED:
                job.problem = problem

    def cancel(self, job_id: str) -> bool:
        """Whether there was something to cancel. A running job's worker sees it by itself."""
        with self._changed:
            job = self._jobs.get(job_id)
            if job is None or job.state in ENDED:
                return False
            self._end(job, CANCELLED)
            return True

    def _end(self, job: Job, state: str) -> None:
        if job.state in ENDED:  # cancelled while it was being finished
            return
        self._account(job, state == DONE)
        job.state, job.ended_s = state, self._clock()
        self._changed.notify_all()

    def _account(self, job: Job, is_whole: bool) -> None:
        """Puts what was worked on it to its visitor's account; ``is_whole``: all of its kind's work was done."""
        if job.began_s is None:
            return
        now_s = self._clock()
        spent_s = now_s - job.began_s
        job.worked_s += spent_s
        facts = self._served.setdefault(job.visitor, _Served())
        facts.seconds, facts.last_s = facts.seconds + spent_s, now_s
        if is_whole:
            self._usual_s[job.kind] += LEARNT * (spent_s - self._usual_s[job.kind])

    def find(self, job_id: str) -> Job | None:
        """The job of that id; None where there is none (any more)."""
        with self._changed:
            return self._jobs.get(job_id)

    def ahead(self, job: Job) -> tuple[int, float]:
        """How many visitors' jobs come before it, and the seconds until it is done, as far as can be foretold."""
        with self._changed:
            now_s = self._clock()
            if job.state == RUNNING:
                return 0, max(0.0, self._usual_s[job.kind] - (now_s - (job.began_s or now_s)))
            if job.state != WAITING:
                return 0, 0.0
            running = [one for one in self._jobs.values() if one.state == RUNNING]
            order = self._order()
            place = order.index(job)
            free_at = sorted(max(0.0, self._usual_s[one.kind] - (now_s - (one.began_s or now_s))) for one in running)[
                -self.limits.workers :
            ]
            free_at = [0.0] * (self.limits.workers - len(free_at)) + free_at
            for one in order[: place + 1]:  # each is begun by the worker that is free first
                free_at.sort()
                free_at[0] += self._usual_s[one.kind]
                done_s = free_at[0]
            before = [*running, *order[:place]]
            return sum(one.kind != WARM for one in before), done_s

    def usual_s(self, kind: str) -> float:
        """What a job of that kind takes, as far as is known."""
        with self._changed:
            return self._usual_s[kind]

    def counts(self) -> dict[str, int]:
        """How many jobs wait, and how many are being done."""
        with self._changed:
            states = [job.state for job in self._jobs.values()]
            return {state: states.count(state) for state in (WAITING, RUNNING)}

    def forget(self, take: str) -> None:
        """Cancels and drops all jobs of a take."""
        with self._changed:
            for job in [one for one in self._jobs.values() if one.take == take]:
                self._end(job, CANCELLED)
                del self._jobs[job.id]

    def sweep(self) -> None:
        """Drops what ended long ago, and visitors who have not come for long."""
        with self._changed:
            now_s = self._clock()
            for job in list(self._jobs.values()):
                if job.ended_s is not None and now_s - job.ended_s > self.limits.kept_s:
                    del self._jobs[job.id]
            for visitor, facts in list(self._served.items()):
                if now_s - facts.last_s > FORGOTTEN_S:
                    del self._served[visitor]
            for visitor, asked_s in list(self._asked_s.items()):
                if now_s - asked_s[-1] > HOUR_S:
                    del self._asked_s[visitor]

    def close(self) -> None:
        """Cancels everything; whoever waits for a job goes home."""
        with self._changed:
            self._closed = True
            for job in self._jobs.values():
                self._end(job, CANCELLED)
            self._changed.notify_all()
