"""Files that the browser fetches over plain HTTP: traces, and the page's own JavaScript.

Both answer range requests and carry ETag and Last-Modified (Starlette's StaticFiles); added here is
Cache-Control. A manifest is asked for anew each time (usually answered 304 Not Modified); the files
it names carry their checksum in the address, so they may be kept for good.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

REPOSITORY = Path(__file__).resolve().parents[2]
TRACES = Path(os.environ.get("SINGSTEPS_TRACES") or REPOSITORY / "precomputed")
WEB = REPOSITORY / "app" / "web"
FOR_GOOD = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"


def _version(folder: Path) -> str:
    """Short hash of a folder's files: in the address of the modules, which import one another relatively."""
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:10]


TRACES_PATH = "/traces"
WEB_PATH = f"/web/{_version(WEB)}"


class TraceFiles(StaticFiles):
    """The folder of traces: whole traces only, no hidden files, no listing."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        if any(part.startswith(".") for part in Path(path).parts):
            return Response("not found", status_code=404)
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = FOR_GOOD if b"v=" in scope["query_string"] else ASK_AGAIN
        return response


class WebFiles(StaticFiles):
    """JavaScript under a path that changes with its content."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = FOR_GOOD
        return response


def routes() -> list[Mount]:
    """What the server answers beside Streamlit's own pages."""
    return [
        Mount(TRACES_PATH, TraceFiles(directory=TRACES, check_dir=False)),
        Mount(WEB_PATH, WebFiles(directory=WEB)),
    ]
