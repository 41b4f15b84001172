"""A worker of one's own voice, with the shipped models, whose folder is full in the middle of what it makes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import soundfile

from svc_core.own.room import NO_ROOM
from svc_core.own.take import SENT
from svc_core.traces.trace import TraceError, open_trace
from tests.conftest import contour, voice
from tests.faults.found import Found
from tests.faults.full_disk import fill, small_disk
from tests.support.dashboard import REPOSITORY

ENDS = {"done", "problem", "later"}
COMMAND = [sys.executable, "-m", "svc_core.own_voice", "--threads", "1"]


class Worker:
    def __init__(self, process: subprocess.Popen[str], disk: Path) -> None:
        self.process, self.disk = process, disk

    def ask(self, request: dict[str, object]) -> dict[str, object]:
        """The line that ends a request. Raises RuntimeError where the worker ends instead."""
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if ENDS & set(answer := json.loads(line)):
                return answer
        raise RuntimeError("the worker has ended")

    def refused(self, request: dict[str, object]) -> tuple[str, set[Path]]:
        """What is said of a request that finds no room, and the files that it leaves; there is room again after it."""
        before, filling = files_in(self.disk), fill(self.disk)
        answer = self.ask(request)
        filling.unlink()
        return str(answer.get("problem", "")), files_in(self.disk) - before


@contextmanager
def run_worker(disk: Path) -> Iterator[Worker]:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    environment = os.environ | {"TMPDIR": str(disk)}
    with subprocess.Popen(COMMAND, cwd=REPOSITORY, env=environment, text=True, **pipes) as process:
        try:
            yield Worker(process, disk)
        finally:
            process.stdin.close()  # its input's end is its own
            process.wait(timeout=20)


def files_in(disk: Path) -> set[Path]:
    return {path for path in disk.rglob("*") if path.is_file() and path.name != ".lock"}


def send(folder: Path) -> dict[str, object]:
    """A second and a half of singing, as the server keeps it, and the request that looks at it."""
    folder.mkdir()
    soundfile.write(folder / SENT, voice(contour(1.5, 220.0, vibrato_cents=20)), 24_000, format="WAV")
    return {"do": "look", "folder": str(folder), "origin": None}


def convert_into(worker: Worker) -> tuple[list[str], set[Path], dict[str, object]]:
    """What is said while there is no room of a look, a conversion and its figures, each done again with room; all
    files that the three leave behind; and the last answer."""
    said, left = [], set()

    def refuse(request: dict[str, object]) -> None:
        problem, stays = worker.refused(request)
        said.append(problem)
        left.update(stays)

    folder = worker.disk / "take"
    refuse(send(worker.disk / "other"))
    worker.ask(send(folder))
    student = {"do": "student", "folder": str(folder), "target": "makam-f3", "key_shift": None, "seed": 0}
    refuse(student)
    figures = worker.ask(student)["later"]
    refuse(figures)
    return said, left, worker.ask(figures)


def is_whole(disk: Path, answer: dict[str, object]) -> bool:
    """Whether the last answer's files are there, a trace among them where torch is."""
    try:
        made = answer["done"]
        if made["trace"] is not None:
            open_trace(disk / "take" / "traces" / made["trace"]["id"]).verify()
        return all((disk / "take" / made[name]).stat().st_size > 0 for name in ("sound", "mel", "f0"))
    except (KeyError, OSError, TraceError):
        return False


def fill_worker(folder: Path) -> Found:
    with small_disk(folder / "disk") as disk, run_worker(disk) as worker:
        said, left, answer = convert_into(worker)
        again = is_whole(disk, answer)
    happened = f"no look, conversion or figures, and nothing of them stays; with room again they are made: {again}"
    return Found("full disk, its worker", happened, None, len(left), said[0], again and set(said) == {NO_ROOM})
