"""Telling the browser early what the first page will want.

Streamlit's own JavaScript takes about a second to start; only then does it learn that there is a
scrubber, which then asks for its modules, then for a manifest, then for arrays. A Link header on the
page itself names all of them at once (RFC 8288, rel=preload and rel=modulepreload), so they are
fetched while Streamlit starts. Of traces on another server only that server is named: to find out more
would make the page wait for it.
"""

from __future__ import annotations

from urllib.parse import parse_qs, quote, urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.parts.library import TRACES_PATH, library, to_begin_with
from app.parts.served import WEB, WEB_PATH
from svc_core.traces.catalogue import CatalogueError
from svc_core.traces.manifest import MANIFEST
from svc_core.traces.trace import Trace, TraceError

FIRST_ARRAYS = (
    "walk.npy.gz",
    "predicted.npy.gz",
    "second.npy.gz",
    "f0.npy.gz",
    "source.npy.gz",
    "target.npy.gz",
    "target_f0.npy.gz",
)


class PreloadLinks:
    """Middleware: adds the Link header to pages with a scrubber, and leaves all other answers alone."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_links(message: Message) -> None:
            if message["type"] == "http.response.start" and _has_scrubber(scope) and _is_page(message):
                message["headers"] = [*message["headers"], (b"link", ", ".join(links(scope)).encode())]
            await send(message)

        await self.app(scope, receive, send_with_links if scope["type"] == "http" else send)


def _has_scrubber(scope: Scope) -> bool:
    """The first page alone has one, and its address alone ends with a slash."""
    return scope["path"].endswith("/")


def _is_page(message: Message) -> bool:
    kinds = (value for name, value in message["headers"] if name.lower() == b"content-type")
    return message["status"] == 200 and any(kind.startswith(b"text/html") for kind in kinds)


def links(scope: Scope) -> list[str]:
    """Values of the Link header for a page; addresses are relative to the page, like the scrubber's own."""
    modules = [f".{WEB_PATH}/{path.name}" for path in sorted(WEB.glob("*.js")) if "worker" not in path.name]
    found = [f"<{module}>; rel=modulepreload" for module in modules]
    if library().is_local:
        return found + _trace_links(parse_qs(scope["query_string"].decode("latin-1")).get("trace", [None])[0])
    if library().public:
        origin = urlsplit(library().public)
        found.append(f"<{origin.scheme}://{origin.netloc}>; rel=preconnect; crossorigin")
    return found


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
    """The trace that the page will show: the one asked for, else that to begin with; None where it cannot be read."""
    try:
        catalogue = library().catalogue()
        return library().open(catalogue.find(asked) if asked in catalogue else to_begin_with(catalogue))
    except (CatalogueError, TraceError, IndexError):
        return None  # the page itself says what is wrong
