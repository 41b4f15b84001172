"""A browser's part that fetches over HTTP/1.1: six connections to the server, each file kept once it is there.

httpx spends a millisecond of Python on every answer, the crowd asks for tens of thousands: so plain
asyncio, and bodies that nobody reads are thrown away as they come.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from urllib.parse import urlsplit

from tests.load.measured import Measured

CONNECTIONS = 6  # of a browser to one server
ANSWER_LIMIT_S = 30.0
KEPT_FOR_GOOD = "immutable"


class HttpProblem(Exception):
    """An answer that a page could not use; the message is its kind, the same for all of that kind."""


class Answer:
    """Status, headers (names in lower case) and, where it was asked for, the body."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body


class Browser:
    """The files of one learner: what is kept is not asked for again, or only whether it has changed."""

    def __init__(self, address: str, measured: Measured) -> None:
        parts = urlsplit(address)
        self.host, self.port = parts.hostname or "127.0.0.1", parts.port or 80
        self.measured = measured
        self._tags: dict[str, str] = {}  # ETag by path: asked for again with it
        self._kept: set[str] = set()
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self._turn = asyncio.Semaphore(CONNECTIONS)

    async def fetch(self, paths: Iterable[str]) -> None:
        """All of these, six at a time, as far as they are not kept. Problems are counted, not raised."""
        wanted = [path for path in dict.fromkeys(paths) if path not in self._kept]
        await asyncio.gather(*(self._fetch(path) for path in wanted))

    async def _fetch(self, path: str) -> None:
        try:
            await self.get(path)
        except HttpProblem as problem:
            self.measured.fail(str(problem), path)

    async def get(self, path: str, accept: str = "*/*", body: bool = False) -> Answer:
        """One file. Raises HttpProblem; 304 is an answer like 200."""
        self._kept.add(path)  # two figures that want the same file wait for one request
        async with self._turn:
            began = time.perf_counter()
            try:
                async with asyncio.timeout(ANSWER_LIMIT_S):
                    answer = await self._ask(path, accept, body)
            except TimeoutError:
                raise HttpProblem(f"no answer within {ANSWER_LIMIT_S:.0f} s") from None
            except (OSError, asyncio.IncompleteReadError, ValueError) as error:
                raise HttpProblem(f"HTTP connection: {type(error).__name__}") from error
        self.measured.http_s.append(time.perf_counter() - began)
        if answer.status not in (200, 304):
            raise HttpProblem(f"HTTP {answer.status}")
        if KEPT_FOR_GOOD not in answer.headers.get("cache-control", ""):
            self._kept.discard(path)
        if "etag" in answer.headers:
            self._tags[path] = answer.headers["etag"]
        return answer

    async def _ask(self, path: str, accept: str, keep: bool) -> Answer:
        lines = [f"GET {path} HTTP/1.1", f"Host: {self.host}:{self.port}", f"Accept: {accept}"]
        if not keep:
            lines.append("Accept-Encoding: gzip")
            if path in self._tags:
                lines.append(f"If-None-Match: {self._tags[path]}")
        request = ("\r\n".join(lines) + "\r\n\r\n").encode()
        reader, writer, head = await self._send(request)
        try:
            status, headers = read_head(head)
            body, size = await _read_body(reader, status, headers, keep)
        except BaseException:
            writer.close()
            raise
        self.measured.http_bytes += len(head) + size
        if headers.get("connection", "").lower() == "close":
            writer.close()
        else:
            self._idle.append((reader, writer))
        return Answer(status, headers, body)

    async def _send(self, request: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, bytes]:
        """A connection, and the head of the answer on it. One that the server has closed meanwhile is left for another,
        as browsers do."""
        while True:
            used = bool(self._idle)
            reader, writer = self._idle.pop() if used else await asyncio.open_connection(self.host, self.port)
            try:
                writer.write(request)
                return reader, writer, await reader.readuntil(b"\r\n\r\n")
            except (OSError, asyncio.IncompleteReadError):
                writer.close()
                if not used:
                    raise
            except BaseException:
                writer.close()
                raise

    def close(self) -> None:
        for _, writer in self._idle:
            writer.close()
        self._idle.clear()


def read_head(head: bytes) -> tuple[int, dict[str, str]]:
    """Status and headers of an answer. Raises ValueError where it is none."""
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    version, status = first.split(" ", 2)[:2]
    if not version.startswith("HTTP/1."):
        raise ValueError("no answer of HTTP/1")
    pairs = (line.partition(":") for line in lines)
    return int(status), {name.strip().lower(): value.strip() for name, _, value in pairs}


async def _read_body(
    reader: asyncio.StreamReader, status: int, headers: dict[str, str], keep: bool
) -> tuple[bytes, int]:
    """The body, empty unless it is to be kept, and its size on the wire."""
    if status in (204, 304):
        return b"", 0
    if headers.get("transfer-encoding", "").lower() != "chunked":
        return await _take(reader, int(headers.get("content-length", "0")), keep)
    pieces, size = [], 0
    while True:
        piece = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
        body, taken = await _take(reader, piece, keep)
        await reader.readexactly(2)  # the line's end behind every piece
        pieces.append(body)
        size += taken
        if piece == 0:
            return b"".join(pieces), size


async def _take(reader: asyncio.StreamReader, size: int, keep: bool) -> tuple[bytes, int]:
    if keep:
        return await reader.readexactly(size), size
    left = size
    while left:
        got = len(await reader.read(min(left, 1 << 16)))
        if not got:
            raise asyncio.IncompleteReadError(b"", left)
        left -= got
    return b"", size
