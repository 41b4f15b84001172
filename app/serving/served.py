"""Files that the browser fetches over plain HTTP: traces, the lessons' own material, and the page's JavaScript.

Traces in a folder, and the modules, are Starlette's StaticFiles: range requests, ETag, Last-Modified.
Traces at an address the browser fetches from there itself; where it cannot, they are handed on here
(see relayed). A manifest is asked for anew each time (usually answered 304 Not Modified); the files
it names carry their checksum in the address, so they may be kept for good, and are sent only while it is theirs.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from app.serving.library import REPOSITORY, TRACES_PATH, Library, library
from app.serving.relayed import ANOTHER, FOR_GOOD, Relay
from svc_core.traces.catalogue import CATALOGUE, CatalogueError, write_rows

WEB = REPOSITORY / "app" / "web"
MATERIAL = REPOSITORY / "precomputed" / "lessons"  # goes with the lessons' texts, whatever traces are shown
MATERIAL_PATH = "/material"
ASK_AGAIN = "no-cache"
TRIES = 3  # of a file that is being replaced
MOST_AT_ONCE = 8 << 20  # bytes; a trace's largest file has 2 MB


def _version(folder: Path) -> str:
    """Short hash of a folder's files: in the address of the modules, which import one another relatively."""
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:10]


WEB_PATH = f"/web/{_version(WEB)}"


class TraceFiles(StaticFiles):
    """A folder of traces or of lessons' material: no hidden files, no listing."""

    async def check_config(self) -> None:
        """A folder that is not there has no files, which is no error of the server."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        if any(part.startswith(".") for part in Path(path).parts):
            return Response("not found", status_code=404)
        version = parse_qs(scope["query_string"].decode("latin-1")).get("v", [""])[0]
        response = await self._whole(path, scope, version)
        response.headers["Cache-Control"] = FOR_GOOD if version and response.status_code < 400 else ASK_AGAIN
        if path.endswith(".gz") and "content-type" in response.headers:
            response.headers["Content-Type"] = "application/gzip"  # the server would pack it a second time
        return response

    async def _whole(self, path: str, scope: Scope, version: str) -> Response:
        """A file from one moment; what is replaced while it is read is read again."""
        for _ in range(TRIES):
            response = await super().get_response(path, scope)
            if not (isinstance(response, FileResponse) and _wants_all(scope)):
                return response
            told = response.stat_result
            if told is None or told.st_size > MOST_AT_ONCE:
                return response
            data = await run_in_threadpool(_read, Path(response.path), told, version)
            if data is not None:
                return Response(data, headers=dict(response.headers), media_type=response.media_type)
        return PlainTextResponse(ANOTHER, status_code=409)


def _wants_all(scope: Scope) -> bool:
    return scope["method"] == "GET" and all(name != b"range" for name, _ in scope["headers"])


def _read(path: Path, told: os.stat_result, version: str) -> bytes | None:
    """A file, read in one go: it may be replaced at any moment, and half of each would be sent.

    None where it no longer is the one that ``told`` and the answer's headers are of, or not the one whose checksum
    begins with ``version``: browsers will keep it under that for good.
    """
    try:
        with path.open("rb") as file:
            data, stat = file.read(), os.fstat(file.fileno())
    except OSError:
        return None
    same = (stat.st_ino, stat.st_mtime_ns, len(data)) == (told.st_ino, told.st_mtime_ns, told.st_size)
    return data if same and (not version or hashlib.sha256(data).hexdigest().startswith(version)) else None


class WebFiles(StaticFiles):
    """JavaScript under a path that changes with its content."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = FOR_GOOD
        return response


def routes() -> list[BaseRoute]:
    """What the server answers beside Streamlit's own pages."""
    return [
        *_traces(library()),
        Mount(MATERIAL_PATH, TraceFiles(directory=MATERIAL, check_dir=False)),
        Mount(WEB_PATH, WebFiles(directory=WEB)),
    ]


def _traces(shown: Library) -> list[BaseRoute]:
    if shown.is_local:
        return [Mount(TRACES_PATH, TraceFiles(directory=shown.place.path, check_dir=False))]
    relay = Relay(shown)
    return [
        Route(f"{TRACES_PATH}/{CATALOGUE}", _listed, methods=["GET"]),
        Route(f"{TRACES_PATH}/{{trace}}/{{name:path}}", relay.answer, methods=["GET"]),
    ]


def _listed(request: Request) -> Response:
    """The list of traces at an address, as far as it has been understood. No coroutine: it runs in a thread."""
    try:
        data = write_rows(library().catalogue().table)
    except CatalogueError as error:
        return PlainTextResponse(str(error), status_code=503)
    return Response(data, media_type="text/csv", headers={"Cache-Control": ASK_AGAIN})
