"""The processes that do the work: each takes one job after another, so that nobody's page waits for arithmetic.

A worker is a program that reads one request a line, JSON, and answers in lines: {"share": 0.4, "words": "..."}
while it works, and {"done": {...}} or {"problem": "a sentence"} at the end. It is started with the first job,
ended when there has been none for a while, and killed where a job is cancelled, hangs or takes too much memory;
the job is then told of, and the next begins in a new process.
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
from pathlib import Path

from app.own.desk import CANCELLED, Desk, Job

LOOK_EVERY_S = 0.1  # for a cancelled job
ENDED = None  # in a worker's lines: it has gone
GONE = "The program that converts ended unexpectedly, perhaps because memory ran out. Please try again."
HANGS = "This took more than {seconds:.0f} s and was stopped. Please try a shorter part."

log = logging.getLogger(__name__)


class Worker:
    """One process and the lines it answers."""

    def __init__(self, command: list[str], folder: Path) -> None:
        # a session of its own: what it starts itself (ffmpeg) ends with it
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # of a library it may name a file, which nobody should keep
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )
        self.lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put(ENDED)

    def ask(self, request: dict[str, object]) -> None:
        """Raises OSError where the worker has gone."""
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):  # what was still to be written has no reader
                pipe.close()


class Crew:
    """As many threads as there may be workers, each with one at most. Daemons: they end with the server."""

    def __init__(self, desk: Desk, command: list[str], folder: Path) -> None:
        self.desk, self.command, self.folder = desk, command, folder
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
            job = self.desk.next(self.desk.limits.idle_s)
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
            self._dismiss(number)
            self.desk.fail(job, GONE)
            return
        while True:
            if job.state == CANCELLED:
                self._dismiss(number)
                return
            if time.monotonic() > end_s:
                self._dismiss(number)
                self.desk.fail(job, HANGS.format(seconds=self.desk.limits.allowed_s[job.kind]))
                return
            try:
                line = worker.lines.get(timeout=LOOK_EVERY_S)
            except queue.Empty:
                continue
            if line is ENDED:
                self._dismiss(number)
                self.desk.fail(job, GONE)
                return
            answer = json.loads(line)
            if "share" in answer:
                self.desk.progress(job, float(answer["share"]), str(answer["words"]))
            elif "done" in answer:
                self.desk.finish(job, answer["done"])
                return
            else:
                self.desk.fail(job, str(answer["problem"]))
                return

    def _worker(self, number: int) -> Worker:
        worker = self._workers.get(number)
        if worker is None or not worker.is_alive:
            self._dismiss(number)
            worker = self._workers[number] = Worker(self.command, self.folder)
        return worker

    def _dismiss(self, number: int) -> None:
        worker = self._workers.pop(number, None)
        if worker is not None:
            worker.kill()

    @property
    def pids(self) -> list[int]:
        """Of the workers that run now."""
        return [worker.process.pid for worker in list(self._workers.values()) if worker.is_alive]

    def close(self) -> None:
        self._closed.set()
        self.desk.close()
        for number in list(self._workers):
            self._dismiss(number)
        for thread in self._threads:
            thread.join(timeout=5)
