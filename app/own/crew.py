"""The processes that do the work: each takes one job after another, so that nobody's page waits for arithmetic.

A worker is a program that reads one request a line, JSON, and answers in lines: {"share": 0.4, "words": "..."}
while it works, {"early": {...}} when there is something already, and {"done": {...}} or {"problem": "a sentence"} at
the end, or {"later": a request} where what is left of the job may wait for others. It is started with the first
job, ended when there has been none for a while, and killed where a job hangs, where its answers cannot be understood,
or where a cancelled job would go on for long; the next job then begins in a new process.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from app.own.desk import CANCELLED, Desk, Job
from app.own.limits import WARM

LOOK_EVERY_S = 0.1  # for a cancelled job
ENDED = None  # in a worker's lines: it has gone
GONE = "The program that converts ended unexpectedly, perhaps because memory ran out. Please try again."
# nothing of whose it was; what the program says of itself is not read, for it may name a visitor's file
ENDED_AT = (
    "The program that converts ended at a job of kind %s. If it does so always, ask it why: "
    'echo \'{"do": "warm"}\' | python -m svc_core.own_voice'
)
HANGS = "This took more than {seconds:.0f} s and was stopped. Please try a shorter part."

log = logging.getLogger(__name__)


class Worker:
    """One process and the lines it answers."""

    def __init__(self, command: list[str], folder: Path, environment: Mapping[str, str] | None) -> None:
        # a session of its own: what it starts itself (ffmpeg) ends with it
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # of a library it may name a file, which nobody should keep
            text=True,
            encoding="utf-8",
            errors="replace",  # what is no text is no answer either
            start_new_session=True,
        )
        assert self.process.stdin is not None and self.process.stdout is not None  # each is a PIPE
        self._asked, self._answered = self.process.stdin, self.process.stdout
        self.lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        with contextlib.suppress(ValueError, OSError):  # closed by kill
            for line in self._answered:
                self.lines.put(line)
        self.lines.put(ENDED)

    def ask(self, request: dict[str, object]) -> None:
        """Raises OSError where the worker has gone."""
        self._asked.write(json.dumps(request) + "\n")
        self._asked.flush()

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self.process.poll() is None

    def kill(self) -> None:
        """End the process and all that it started, and wait until it is gone."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for pipe in (self._asked, self._answered):
            with contextlib.suppress(OSError):  # what was still to be written has no reader
                pipe.close()


def _understood(line: str) -> object:
    """What a line says; an empty object where it is no JSON, or has numbers that JSON has not."""
    try:
        return json.loads(line, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return {}


def _refuse(constant: str) -> None:
    raise ValueError(constant)


class Crew:
    """As many threads as there may be workers, each with one at most. Daemons: they end with the server."""

    def __init__(
        self, desk: Desk, command: list[str], folder: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self.desk, self.command, self.folder, self.environment = desk, command, folder, environment
        self._workers: dict[int, Worker] = {}
        self._closed = threading.Event()
        self._threads = [
            threading.Thread(target=self._serve, args=(number,), daemon=True, name=f"own-{number}")
            for number in range(desk.limits.workers)
        ]
        for thread in self._threads:
            thread.start()

    def _serve(self, number: int) -> None:
        while not self._closed.is_set():
            worker = self._workers.get(number)
            job = self.desk.next(self.desk.limits.idle_s, worker is not None and worker.is_alive)
            if job is None:
                self._dismiss(number)
                continue
            try:
                self._do(job, number)
            except Exception:  # the thread must outlive whatever goes wrong with one job
                log.exception("a job of kind %s could not be done", job.kind)
                self._dismiss(number)
                self.desk.fail(job, GONE)

    def _do(self, job: Job, number: int) -> None:
        worker = self._worker(number)
        end_s = time.monotonic() + self.desk.limits.allowed_s[job.kind]
        try:
            worker.ask(job.request)
        except OSError:
            self._give_up(job, number)
            return
        while True:
            if job.state == CANCELLED:
                end_s = min(end_s, time.monotonic() + self._grace_s(job))
            if time.monotonic() >= end_s:
                self._dismiss(number)
                if job.state == CANCELLED:
                    self.wake()  # whoever cancels often asks for another
                self.desk.fail(job, HANGS.format(seconds=self.desk.limits.allowed_s[job.kind]))
                return
            try:
                line = worker.lines.get(timeout=LOOK_EVERY_S)
            except queue.Empty:
                continue
            answer = {} if line is ENDED else _understood(line)
            match answer:
                case {"share": int() | float() as share, "words": str() as words}:
                    self.desk.progress(job, share, words)
                case {"early": dict() as facts}:
                    self.desk.early(job, facts)
                case {"later": {"do": str() as kind} as request} if kind in self.desk.limits.usual_s:
                    self.desk.later(job, kind, request)
                    return
                case {"done": dict() as result}:
                    self.desk.finish(job, result)
                    return
                case {"problem": str() as problem}:
                    self.desk.fail(job, problem)
                    return
                case _:
                    self._give_up(job, number)
                    return

    def _grace_s(self, job: Job) -> float:
        """A cancelled job may end by itself where another worker would take longer to be ready."""
        usual_s = self.desk.usual_s(job.kind)
        return usual_s if usual_s < self.desk.usual_s(WARM) else 0.0

    def _give_up(self, job: Job, number: int) -> None:
        """The worker has gone, or cannot be understood."""
        self._dismiss(number)
        if job.state != CANCELLED:  # the server's end ends the worker too
            log.warning(ENDED_AT, job.kind)
        self.desk.fail(job, GONE)

    def _worker(self, number: int) -> Worker:
        worker = self._workers.get(number)
        if worker is None or not worker.is_alive:
            self._dismiss(number)
            worker = self._workers[number] = Worker(self.command, self.folder, self.environment)
        return worker

    def _dismiss(self, number: int) -> None:
        worker = self._workers.pop(number, None)
        if worker is not None:
            worker.kill()

    def wake(self) -> None:
        """Have a worker ready before it is needed, unless there is one."""
        if not self.pids:
            self.desk.warm()

    @property
    def pids(self) -> list[int]:
        """Of the workers that run now."""
        return [worker.process.pid for worker in list(self._workers.values()) if worker.is_alive]

    def close(self) -> None:
        """End all work and all workers, for good."""
        self._closed.set()
        self.desk.close()
        for number in list(self._workers):
            self._dismiss(number)
        for thread in self._threads:
            thread.join(timeout=5)
