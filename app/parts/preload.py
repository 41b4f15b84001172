"""Telling the browser early what a page will want.

Streamlit's own JavaScript takes about a second to start; only then does it learn which figures there
are, which then ask for their modules, then for a manifest, then for arrays. A Link header on the page
itself names all of them at once (RFC 8288, rel=preload and rel=modulepreload), so they are fetched while
Streamlit starts; and a style sheet in the page keeps room for the figures (see figures/room.py). Of
traces on another server only that server is named: to find out more would make the page wait for it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import parse_qs, quote, urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.figures.room import room_style
from app.parts.course import LESSONS
from app.parts.exhibits import WALK, find_conversion
from app.serving.library import TRACES_PATH, library, to_begin_with
from app.serving.served import WEB, WEB_PATH
from svc_core.traces.catalogue import CatalogueError
from svc_core.traces.manifest import MANIFEST
from svc_core.traces.trace import Trace, TraceError

IMPORTS = re.compile(r'^(?:import|export) .*?"\./([a-z_]+\.js)";', re.MULTILINE | re.DOTALL)
HEAD_END = b"</head>"
# what says that the server is gone must be there before it goes; type=module waits for the body; and until Streamlit's
# own JavaScript has come, which takes some twenty seconds at 200 kB/s, the style says that it is on its way
CONNECTION = f'<script type="module" src=".{WEB_PATH}/connection.js"></script>'
CONNECTION_STYLE = """
#connection { position: fixed; z-index: 1000000; inset: 0.5rem 0.5rem auto 3.25rem; width: fit-content; }
#connection { margin: 0 auto; padding: 0.5rem 1rem; max-width: 34rem; box-sizing: border-box; pointer-events: none; }
#connection { background: #1a1323; color: #fff; border: 1px solid #cfc6d4; border-radius: 0.5rem; }
#connection { font: 0.95rem/1.4 "Source Sans", sans-serif; }
#connection[hidden] { display: none; }
#root:empty::before { content: "SingSteps is loading…"; position: fixed; inset: 40% 0 auto; text-align: center; }
#root:empty::before { color: #757575; font: 1rem/1.4 sans-serif; animation: loading 0.2s 1s both; }
@keyframes loading { from { opacity: 0; } }"""
COMPARE = "compare"  # which conversions it shows its own figures find out
COMPARE_FIGURES = ("questions", "explorer", "workbench", "trends", "matrix", "maps", "picks", "explain", "takeaway")
OWN = "own"  # its trace is yet to be made
# by the page's path; other pages have none to speak of
FIGURES = {**{lesson.path: lesson.figures for lesson in LESSONS}, COMPARE: COMPARE_FIGURES, OWN: ("own",)}
FIRST_ARRAYS = (
    "walk.npy.gz",
    "predicted.npy.gz",
    "second.npy.gz",
    "f0.npy.gz",
    "source.npy.gz",
    "target.npy.gz",
    "target_f0.npy.gz",
)


class PreparedPages:
    """Middleware: adds the Link header, the style sheet and connection.js to pages; leaves all other answers alone."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.head = f"<style>\n{room_style()}{CONNECTION_STYLE}\n</style>{CONNECTION}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start: Message | None = None  # of a page: held back until its length is known
        page = b""

        async def send_prepared(message: Message) -> None:
            nonlocal start, page
            if message["type"] == "http.response.start" and _is_page(message):
                start = message
                return
            if start is None or message["type"] != "http.response.body":
                await send(message)
                return
            page += message.get("body", b"")
            if message.get("more_body", False):
                return
            whole = page if scope["method"] == "HEAD" else page.replace(HEAD_END, self.head + HEAD_END, 1)
            await send({**start, "headers": _headers(start, scope, len(whole) - len(page))})
            await send({"type": "http.response.body", "body": whole})

        if scope["type"] != "http" or not _asks_for_page(scope):
            await self.app(scope, receive, send)
            return
        # six kilobytes need no compression, and plain ones can be added to
        plain = [header for header in scope["headers"] if header[0].lower() != b"accept-encoding"]
        await self.app({**scope, "headers": plain}, receive, send_prepared)


def _asks_for_page(scope: Scope) -> bool:
    """Whether a browser goes there: it then wants HTML before all else."""
    return any(name.lower() == b"accept" and value.startswith(b"text/html") for name, value in scope["headers"])


def _headers(start: Message, scope: Scope, longer: int) -> list[tuple[bytes, bytes]]:
    """The page's headers with its new length and the links; no ETag, for it would be that of another page."""
    headers = []
    for name, value in start["headers"]:
        if name.lower() == b"content-length":
            value = str(int(value) + longer).encode()
        if name.lower() != b"etag":
            headers.append((name, value))
    return [*headers, (b"link", ", ".join(links(scope)).encode())]


def _is_page(message: Message) -> bool:
    headers = {name.lower(): value for name, value in message["headers"]}
    return message["status"] == 200 and headers.get(b"content-type", b"").startswith(b"text/html")


def links(scope: Scope) -> list[str]:
    """Values of the Link header for a page; addresses are relative to the page, like the figures' own."""
    page = scope["path"].rsplit("/", 1)[-1]
    figures = FIGURES.get(page, ())
    if not figures:
        return []
    found = [f"<.{WEB_PATH}/{name}>; rel=modulepreload" for name in modules_of(figures)]
    if page in (COMPARE, OWN):
        return found
    if library().is_local:
        return found + _trace_links(parse_qs(scope["query_string"].decode("latin-1")).get("trace", [None])[0])
    if library().public:
        origin = urlsplit(library().public)
        found.append(f"<{origin.scheme}://{origin.netloc}>; rel=preconnect; crossorigin")
    return found


@lru_cache
def modules_of(figures: tuple[str, ...]) -> tuple[str, ...]:
    """Files of the figures' modules and of all that they import, each once."""
    wanted, found = [f"{name}.js" for name in figures], []
    while wanted:
        name = wanted.pop(0)
        if name not in found:
            found.append(name)
            wanted += IMPORTS.findall((WEB / name).read_text(encoding="utf-8"))
    return tuple(found)


def _trace_links(asked: str | None) -> list[str]:
    trace = _first_trace(asked)
    if trace is None:
        return []
    folder = f".{TRACES_PATH}/{quote(trace.id)}"
    names = [MANIFEST] + [_with_version(trace, name) for name in FIRST_ARRAYS if name in trace.manifest.files]
    return [f"<{folder}/{name}>; rel=preload; as=fetch; crossorigin=anonymous" for name in names]


def _with_version(trace: Trace, name: str) -> str:
    return f"{name}?v={trace.manifest.files[name].sha256[:8]}"


def _first_trace(asked: str | None) -> Trace | None:
    """The trace that the page will show: the one asked for, else the lessons' walk; None where it cannot be read."""
    try:
        catalogue = library().catalogue()
        if asked is not None and asked in catalogue:
            return library().open(catalogue.find(asked))
        return library().open(find_conversion(catalogue, WALK) or to_begin_with(catalogue))
    except (CatalogueError, TraceError, IndexError):
        return None  # the page itself says what is wrong
