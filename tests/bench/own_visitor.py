"""One who has a recording converted over HTTP as the page does it: the same requests, and the same pauses between them
(app/web/own_server.js)."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

import soundfile
from scipy.signal import resample_poly

from app.own.desk import DONE, RUNNING, WAITING
from app.own.routes import OWN_PATH
from tests.support.singing import sung_phrase

ASK_FIRST_S, ASK_LAST_S, SLOWER = 0.1, 0.5, 0.1  # as in own_server.js
ANSWER_LIMIT_S = 60.0
JOB_LIMIT_S = 600.0
CLIP_S = 5.0
FINER = 2  # 48 kHz, as a browser's microphone gives it, of the traces' 24


class VisitorProblem(Exception):
    """What the visitor would read instead of hearing something."""


@dataclass(frozen=True)
class Conversion:
    """Seconds by time.perf_counter(): when it was asked for, when the sound's last byte had come, and when its figures
    and pictures had; ``steps`` of its trace, 0 where it has none."""

    asked_s: float
    heard_s: float
    done_s: float
    steps: int


def sing(folder: Path) -> bytes:
    """Five seconds of a shipped phrase, as the page would send them."""
    samples, rate_hz = soundfile.read(sung_phrase(folder / "phrase.wav", CLIP_S), dtype="float32")
    path = folder / "sung.wav"
    soundfile.write(path, resample_poly(samples, FINER, 1), FINER * rate_hz, subtype="PCM_16")
    return path.read_bytes()


class Visitor:
    """On the page with the context; leaves with it, and has the recording forgotten."""

    def __init__(self, address: str) -> None:
        self.name = secrets.token_hex(16)
        self.take: str | None = None
        self._connection = HTTPConnection(urlsplit(address).netloc, timeout=ANSWER_LIMIT_S)

    def __enter__(self) -> Visitor:
        self.methods: list[str] = self._ask("GET", "/able")["methods"]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.take and error is None:
            self._fetch("DELETE", f"/takes/{self.take}")
        self._connection.close()

    def look(self, sound: bytes) -> None:
        """Send a recording, and wait for its pictures and the keys proposed. Raises VisitorProblem."""
        sent = self._ask("POST", "/takes", sound)
        self.take = sent["take"]
        *_, told = self._answers(sent["job"])
        able = [target for target in told["result"]["targets"] if not target["problem"]]
        self._nearest = min(able, key=lambda target: abs(target["key_shift"]))  # the page proposes it
        self._take_file("mel.bin")
        self._take_file("f0.bin")

    def convert(self, method: str) -> Conversion:
        """Into the voice and the key that the page proposes. Raises VisitorProblem."""
        asked = {"method": method, "target": self._nearest["name"], "key_shift": self._nearest["key_shift"], "seed": 0}
        asked_s, heard_s = time.perf_counter(), None
        job = self._ask("POST", f"/takes/{self.take}/conversions", json.dumps(asked).encode())["job"]
        for told in self._answers(job):
            found = told.get("early") or told.get("result")
            if found and heard_s is None:
                self._take_file(found["sound"])
                heard_s = time.perf_counter()
        result = told["result"]
        self._take_file(result["mel"])
        self._take_file(result["f0"])
        steps = result["trace"]["steps"] if result["trace"] else 0
        return Conversion(asked_s, heard_s, time.perf_counter(), steps)

    def _answers(self, job: str) -> Iterator[dict]:
        """What the server says of a job, time after time, until it is done."""
        began_s = time.perf_counter()
        while (waited_s := time.perf_counter() - began_s) < JOB_LIMIT_S:
            told = self._ask("GET", f"/jobs/{job}")
            if told["state"] not in (WAITING, RUNNING, DONE):
                raise VisitorProblem(told.get("problem", told["state"]))
            yield told
            if told["state"] == DONE:
                return
            time.sleep(min(ASK_LAST_S, ASK_FIRST_S + SLOWER * waited_s))
        raise VisitorProblem(f"not done within {JOB_LIMIT_S:.0f} s")

    def _take_file(self, name: str) -> None:
        self._fetch("GET", f"/takes/{self.take}/files/{name}")

    def _ask(self, method: str, path: str, body: bytes | None = None) -> dict:
        return json.loads(self._fetch(method, path, body))

    def _fetch(self, method: str, path: str, body: bytes | None = None) -> bytes:
        self._connection.request(method, OWN_PATH + path, body, {"X-Visitor": self.name})
        answer = self._connection.getresponse()
        data = answer.read()
        if answer.status >= 400:
            raise VisitorProblem(f"{answer.status}: {data.decode(errors='replace')}")
        return data
