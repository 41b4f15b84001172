"""The page's JavaScript, kept ready in memory: packed once, and sent without opening the file again.

Two hundred learners who arrive together ask for some twenty thousand of these files. Streamlit opens them anew each
time and sends them unpacked, which took some two fifths of the event loop (see tests/load). What an answer itself
calls immutable has an address with its content's checksum in it, so it can be kept for good.
"""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.serving.kept import Kept
from app.serving.served import WEB_PATH

MOST_KEPT_BYTES = 12 << 20  # all of Streamlit's JavaScript takes 7 MB packed; a class asked for 1.1 MB
MOST_FILE_BYTES = 4 << 20  # larger ones are asked for rarely
WORTH_PACKING_BYTES = 1000
LEVEL = 6  # of gzip: its own default
PACKABLE = re.compile(rb"text/|application/(?:javascript|json)|image/svg")
UNCHANGING = ("/static/", f"{WEB_PATH}/")  # parts of the paths
DEPENDS = (b"range", b"if-none-match", b"if-modified-since")  # requests that want more than the file


@dataclass(frozen=True)
class Ready:
    """An answer: status 200, ``headers`` as they are sent, the whole body."""

    headers: list[tuple[bytes, bytes]]
    body: bytes

    def __len__(self) -> int:
        return len(self.body)


class ReadyAnswers:
    """Middleware, the innermost of ours."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.kept: Kept[Ready] = Kept(MOST_KEPT_BYTES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _is_plain_get(scope):
            await self.app(scope, receive, send)
            return
        key = (scope["path"],)
        ready = self.kept.get(key)
        if ready is None:
            ready = await self._ask(scope, receive, send)
            if ready is None:
                return  # sent as it came
            self.kept.put(key, ready)
        await send({"type": "http.response.start", "status": 200, "headers": ready.headers})
        await send({"type": "http.response.body", "body": ready.body})

    async def _ask(self, scope: Scope, receive: Receive, send: Send) -> Ready | None:
        """The answer where it may be kept; None where it may not, and was sent."""
        start: Message | None = None  # held back until the body is whole
        body = bytearray()

        async def take(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _may_be_kept(message):
                start = message
            elif start is not None and message["type"] == "http.response.body":
                body.extend(message.get("body", b""))
            else:
                await send(message)

        plain = [header for header in scope["headers"] if header[0] != b"accept-encoding"]  # it is packed here, once
        await self.app({**scope, "headers": plain}, receive, take)
        return None if start is None else await run_in_threadpool(_pack, start["headers"], bytes(body))


def _is_plain_get(scope: Scope) -> bool:
    """Whether what never changes is asked for as browsers mostly do: the whole, packed if that pays."""
    if scope["type"] != "http" or scope["method"] != "GET" or not any(part in scope["path"] for part in UNCHANGING):
        return False
    packed = False
    for name, value in scope["headers"]:
        if name in DEPENDS:
            return False
        packed = packed or (name == b"accept-encoding" and b"gzip" in value)
    return packed


def _may_be_kept(start: Message) -> bool:
    headers = dict(start["headers"])
    size = headers.get(b"content-length", b"")
    return (
        start["status"] == 200
        and b"immutable" in headers.get(b"cache-control", b"")
        and b"set-cookie" not in headers
        and size.isdigit()
        and int(size) <= MOST_FILE_BYTES
    )


def _pack(headers: list[tuple[bytes, bytes]], body: bytes) -> Ready:
    kind = dict(headers).get(b"content-type", b"")
    if len(body) < WORTH_PACKING_BYTES or not PACKABLE.match(kind):
        return Ready(headers, body)
    packed = gzip.compress(body, LEVEL, mtime=0)
    # the tag of the unpacked file is another's; a browser needs none for what it keeps for good
    changed = (b"content-length", b"etag", b"accept-ranges", b"vary")
    left = [(name, value) for name, value in headers if name not in changed]
    more = [
        (b"content-length", str(len(packed)).encode()),
        (b"content-encoding", b"gzip"),
        (b"vary", b"Accept-Encoding"),
    ]
    return Ready([*left, *more], packed)
