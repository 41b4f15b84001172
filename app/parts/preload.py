"""Telling the browser early what the first page will want.

Streamlit's own JavaScript takes about a second to start; only then does it learn that there is a
scrubber, which then asks for its modules, then for a manifest, then for arrays. A Link header on the
page itself names all of them at once (RFC 8288, rel=preload and rel=modulepreload), so they are
fetched while Streamlit starts.
"""

from __future__ import annotations

from urllib.parse import parse_qs, quote

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.parts.served import TRACES, TRACES_PATH, WEB, WEB_PATH
from svc_core.traces.catalogue import CatalogueError, read_catalogue
from svc_core.traces.trace import MANIFEST, Trace, TraceError, open_trace

FIRST_ARRAYS = ("predicted.npy.gz", "f0.npy.gz", "source.npy.gz", "target.npy.gz", "target_f0.npy.gz")


class PreloadLinks:
    """Middleware: adds the Link header to pages, and leaves all other answers alone."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_links(message: Message) -> None:
            if message["type"] == "http.response.start" and _is_page(message):
                message["headers"] = [*message["headers"], (b"link", ", ".join(links(scope)).encode())]
            await send(message)

        await self.app(scope, receive, send_with_links if scope["type"] == "http" else send)


def _is_page(message: Message) -> bool:
    kinds = (value for name, value in message["headers"] if name.lower() == b"content-type")
    return message["status"] == 200 and any(kind.startswith(b"text/html") for kind in kinds)


def links(scope: Scope) -> list[str]:
    """Values of the Link header for a page; addresses are relative to the page, like the scrubber's own."""
    modules = [f".{WEB_PATH}/{path.name}" for path in sorted(WEB.glob("*.js")) if "worker" not in path.name]
    found = [f"<{module}>; rel=modulepreload" for module in modules]
    asked = parse_qs(scope["query_string"].decode("latin-1")).get("trace", [None])[0]
    trace = _first_trace(asked)
    if trace is not None:
        folder = f".{TRACES_PATH}/{quote(trace.id)}"
        names = [MANIFEST] + [_with_version(trace, name) for name in FIRST_ARRAYS if name in trace.manifest["files"]]
        found += [f"<{folder}/{name}>; rel=preload; as=fetch; crossorigin=anonymous" for name in names]
    return found


def _with_version(trace: Trace, name: str) -> str:
    return f"{name}?v={trace.manifest['files'][name]['sha256'][:8]}"


def _first_trace(asked: str | None) -> Trace | None:
    """The trace that the page will show: the one asked for, else the first; None where it cannot be read."""
    try:
        listed = [entry.id for entry in read_catalogue(TRACES)]
        return open_trace(TRACES / (asked if asked in listed else listed[0]))
    except (CatalogueError, TraceError, IndexError):
        return None  # the page itself says what is wrong
