"""Two deployments over one folder of traces while a third process writes all of them anew, again and again."""

from __future__ import annotations

import hashlib
import http.client
import json
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from pathlib import Path

from app.serving.library import Library
from svc_core.traces.catalogue import parse_rows
from svc_core.traces.writing import sweep_unfinished
from tests.faults.found import Found
from tests.faults.server import Server
from tests.faults.traces import NAMES, make_traces, not_whole
from tests.support.dashboard import REPOSITORY

ASKED_S = 20.0
TRIES, AGAIN_S = 3, 0.3  # as conversion.js
FILES = ("walk.npy.gz", "predicted.npy.gz", "f0.npy.gz", "sound/converted.flac")
HTML = {"Accept": "text/html"}


class Changed(Exception):
    """A trace that is another than a moment ago: to be asked for anew."""


class Asker:
    """Asks one server for all that a page asks for, and counts. ``counts``: requests, again, traces, broken, wrong."""

    def __init__(self, address: str) -> None:
        self.address, self.counts, self.wrong = address, Counter(), []

    def ask(self, until_s: float) -> None:
        turn = 0
        while time.monotonic() < until_s:
            try:
                self.ask_page()
                self.ask_catalogue()
                self.ask_trace(NAMES[turn % len(NAMES)])
            except Exception as error:  # of whatever kind: none may pass unnoticed in a thread
                self.complain(f"{type(error).__name__}: {error}")
            turn += 1

    def get(self, path: str, headers: dict[str, str] | None = None) -> bytes:
        self.counts["requests"] += 1
        try:
            asked = urllib.request.Request(self.address + path, headers=headers or {})
            with urllib.request.urlopen(asked, timeout=20) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            if error.code in (404, 409):
                raise Changed(f"{path}: {error.code}") from error
            self.complain(f"{path}: {error.code}")
        except http.client.HTTPException as error:  # cut short
            raise Changed(f"{path}: {error}") from error
        return b""

    def complain(self, what: str) -> None:
        self.wrong.append(what)

    def ask_page(self) -> None:
        if b"</html>" not in self.get(f"/denoising?trace={NAMES[0]}", HTML):
            self.complain("a page without an end")

    def ask_catalogue(self) -> None:
        table = parse_rows(self.get("/traces/catalogue.csv"))
        if sorted(table["id"]) != sorted(NAMES):
            self.complain(f"listed: {list(table['id'])}")

    def ask_trace(self, name: str) -> None:
        """As a page does: the manifest, its files, and all again where one is another's by then."""
        why = []
        for _ in range(TRIES):
            try:
                files = json.loads(self.get(f"/traces/{name}/trace.json"))["files"]
                for file in FILES:
                    sha256 = files[file]["sha256"]
                    data = self.get(f"/traces/{name}/{file}?v={sha256[:8]}")
                    if hashlib.sha256(data).hexdigest() != sha256:
                        self.counts["mixed"] += 1
                        raise Changed(file)
                self.counts["traces"] += 1
                return
            except Changed as error:
                why.append(str(error))
                self.counts["again"] += 1
                time.sleep(AGAIN_S)
        self.complain(f"{name} was not to be had at {TRIES} tries ({'; '.join(why)})")


def open_all(parent: Path, until_s: float, counts: Counter, wrong: list[str]) -> None:
    """As a page's script does: the catalogue, and a trace of it."""
    library = Library(str(parent))
    while time.monotonic() < until_s:
        try:
            for entry in library.catalogue():
                library.open(entry)
                counts["opened"] += 1
        except Exception as error:  # of whatever kind: none may pass unnoticed in a thread
            wrong.append(f"opened: {type(error).__name__}: {error}")


def update(folder: Path, seconds: float) -> tuple[Counter, list[str], int]:
    """Counts of both servers together, all that was wrong, and how many traces were written meanwhile."""
    traces, opened, wrong = make_traces(folder / "traces"), Counter(), []
    command = [sys.executable, "-m", "tests.faults.rewriting", str(traces)]
    with Server(traces, folder / "one.log") as one, Server(traces, folder / "two.log") as two:
        askers = [Asker(server.address) for server in (one, two)]
        with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE) as writer:
            writer.stdout.readline()
            until_s = time.monotonic() + seconds
            threads = [threading.Thread(target=asker.ask, args=(until_s,)) for asker in askers]
            threads.append(threading.Thread(target=open_all, args=(traces, until_s, opened, wrong)))
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            writer.terminate()
            written = len(writer.stdout.read().splitlines())
        for server in (one, two):
            if not server.says_no_error():
                wrong.append("a server logged an error")
    for asker in askers:
        wrong += asker.wrong
    return askers[0].counts + askers[1].counts + opened, wrong, written


def update_between(folder: Path) -> Found:
    counts, wrong, written = update(folder, ASKED_S)
    happened = (
        f"{counts['requests']} requests and {counts['opened']} opened in {ASKED_S:.0f} s, {written} written meanwhile: "
        f"{counts['traces']} read and verified, {counts['again']} asked for again, {len(wrong)} errors"
    )
    sweep_unfinished(folder / "traces")  # the writer was told to end in the middle
    lost = len(not_whole(folder / "traces")) + counts["mixed"]
    return Found("two servers, one folder", happened, None, lost, "; ".join(wrong[:2]), not wrong)
