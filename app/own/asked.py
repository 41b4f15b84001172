"""What a browser asks for, every value checked before anything believes it. All of it raises RequestError."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from urllib.parse import unquote

from starlette.requests import Request

from app.serving.library import library
from svc_core.traces.manifest import SAFE_ID
from svc_core.traces.trace import TraceError

VISITOR = re.compile(r"[A-Za-z0-9_-]{16,64}")
LENGTH = re.compile(r"[0-9]{1,18}")
MOST_JSON = 4096  # bytes of a request
LONGEST_TARGET = 100  # characters
WIDEST_SHIFT = 36  # semitones
NO_JSON = "The request is no JSON object of at most 4 kB."


class RequestError(ValueError):
    """What was asked cannot be understood or done; the message says why."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Conversion:
    """As it is asked for; ``key_shift`` in semitones, None: from the medians."""

    method: str
    target: str
    key_shift: int | None
    seed: int


def visitor_of(request: Request) -> str:
    """The random name under which a browser asks."""
    visitor = request.headers.get("x-visitor", "")
    if not VISITOR.fullmatch(visitor):
        raise RequestError(400, "The request does not say whose it is; please load the page anew.")
    return visitor


def origin_of(request: Request) -> dict[str, str] | None:
    """Who sang the example that is sent, and whose it is, as its trace says; None for a visitor's own recording.

    Reads the list of traces, which may be at an address: not for the thread that answers all.
    """
    example = request.headers.get("x-example")
    if example is None:
        return None
    trace = unquote(example)  # a header holds no letters beyond Latin ones
    entry = library().find(trace) if SAFE_ID.fullmatch(trace) else None
    if entry is None:
        raise RequestError(400, "There is no such example here (any more); please load the page anew.")
    try:
        source = library().open(entry).manifest.source
    except TraceError as error:
        raise RequestError(503, str(error)) from error
    return {name: getattr(source, name) for name in ("singer", "phrase", "song", "licence", "attribution")}


async def body_of(request: Request, most: int, too_long: RequestError) -> AsyncIterator[bytes]:
    """The body, part by part, until it is longer than ``most`` bytes, whatever length was announced."""
    announced = request.headers.get("content-length")
    if announced is not None and not LENGTH.fullmatch(announced):
        raise RequestError(400, "The length of what is sent is no number.")
    size = int(announced or 0)
    if size > most:
        raise too_long
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise too_long
        yield part


async def conversion_of(request: Request, methods: Collection[str]) -> Conversion:
    """The conversion that the body asks for, by one of ``methods``."""
    body = b"".join([part async for part in body_of(request, MOST_JSON, RequestError(400, NO_JSON))])
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        asked = None
    if not isinstance(asked, dict):
        raise RequestError(400, NO_JSON)
    method, target, shift, seed = (asked.get(name) for name in ("method", "target", "key_shift", "seed"))
    if not (isinstance(method, str) and method in methods):
        raise RequestError(400, f"This server does not convert so; it has {', '.join(methods) or 'no method'}.")
    # isprintable: what could not be written back to the browser is no name
    if not (isinstance(target, str) and 0 < len(target) <= LONGEST_TARGET and target.isprintable()):
        raise RequestError(400, "The request names no target singer.")
    if shift is not None and not (_is_whole(shift) and abs(shift) <= WIDEST_SHIFT):
        raise RequestError(400, f"A key shift is whole semitones, from -{WIDEST_SHIFT} to {WIDEST_SHIFT}.")
    if seed is not None and not (_is_whole(seed) and 0 <= seed < 1 << 31):
        raise RequestError(400, "A seed is a whole number from 0 to 2147483647.")
    return Conversion(method, target, shift, seed or 0)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
