"""A whole trace in a folder of its own, made by hand; and servers of a folder that behave well, or badly."""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from svc_core.traces.trace import Trace
from svc_core.traces.writing import write_trace
from tests.support.hand_traces import hand_files, hand_manifest

Serve = Callable[[type[BaseHTTPRequestHandler]], str]


@pytest.fixture
def hand_trace(tmp_path: Path) -> Trace:
    """A whole trace in a folder of its own, free to be damaged."""
    manifest = hand_manifest()
    return write_trace(tmp_path / "traces", manifest, hand_files(manifest))


class Quiet(SimpleHTTPRequestHandler):
    """Python's own server of files: it knows no ranges."""

    def log_message(self, *said) -> None:
        pass


class Ranged(Quiet):
    """The same with ranges, as most servers have them."""

    def do_GET(self) -> None:
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        path = Path(self.translate_path(self.path))
        if asked is None or not path.is_file():
            return super().do_GET()
        data = path.read_bytes()
        part = data[int(asked[1]) : int(asked[2]) + 1]
        self.send_response(206 if part else 416)
        self.send_header("Content-Range", f"bytes {asked[1]}-{int(asked[1]) + len(part) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        self.wfile.write(part)
        return None


class Answering(BaseHTTPRequestHandler):
    """One answer to everything; a class of its own for each kind of bad server."""

    def log_message(self, *said) -> None:
        pass

    def answer(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()


class NotFound(Answering):
    def do_GET(self) -> None:
        self.answer(404, Content_Length="0")


class Failing(Answering):
    def do_GET(self) -> None:
        self.answer(500, Content_Length="0")


class Forbidding(Answering):
    def do_GET(self) -> None:
        self.answer(403, Content_Length="0")


class Breaking(Answering):
    """Promises a hundred bytes, gives five and hangs up."""

    def do_GET(self) -> None:
        self.answer(200, Content_Length="100")
        self.wfile.write(b"hello")


class Endless(Answering):
    """Sends without end, whatever range was asked for, until nobody listens."""

    sent = 0

    def do_GET(self) -> None:
        self.answer(200)
        with contextlib.suppress(OSError):
            while True:
                type(self).sent += self.wfile.write(bytes(1 << 16))


class Slow(Answering):
    def do_GET(self) -> None:
        time.sleep(0.3)
        self.answer(200, Content_Length="5")
        self.wfile.write(b"hello")


class Redirecting(Answering):
    def do_GET(self) -> None:
        if self.path.startswith("/moved/"):
            self.answer(302, Location="/" + self.path.removeprefix("/moved/"), Content_Length="0")
        else:
            self.answer(200, Content_Length="5")
            self.wfile.write(b"hello")


class Circling(Answering):
    def do_GET(self) -> None:
        self.answer(302, Location=self.path, Content_Length="0")


class Rambling(Answering):
    def do_GET(self) -> None:
        self.wfile.write(b"la la la\r\n\r\n")


BAD = (NotFound, Failing, Forbidding, Breaking, Endless, Circling, Rambling)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a server of that kind on this machine and returns its address; all end with the test."""
    servers = []

    def start(handler) -> str:
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        servers.append(server)
        threading.Thread(target=partial(server.serve_forever, poll_interval=0.01), daemon=True).start()
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(params=[Quiet, Ranged])
def serve_folder(serve: Serve, request: pytest.FixtureRequest) -> Callable[[Path], str]:
    """Serves a folder, by a server without ranges and by one with them."""
    return lambda folder: serve(partial(request.param, directory=str(folder)))
