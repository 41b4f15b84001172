"""What is taken away from the expert page: the table that fits, and a whole trace as one file."""

from __future__ import annotations

import io
import zipfile

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from app.expert.selection import fitting
from app.serving.library import library
from svc_core.traces.catalogue import CatalogueError
from svc_core.traces.manifest import MANIFEST
from svc_core.traces.trace import Trace, TraceError

TABLE_PATH = "/table.parquet"
PACKED_PATH = "/packed"


def download_routes() -> list[BaseRoute]:
    """What the server answers for files to keep."""
    return [
        Route(TABLE_PATH, _table, methods=["GET"]),
        Route(f"{PACKED_PATH}/{{trace}}.zip", _packed, methods=["GET"]),
    ]


def _table(request: Request) -> Response:
    """The rows of the catalogue that fit the address's filters, as Parquet. No coroutine: it runs in a thread."""
    try:
        data = table_as_parquet(dict(request.query_params))
    except CatalogueError as error:
        return PlainTextResponse(str(error), status_code=503)
    return as_file(data, "application/vnd.apache.parquet", "singsteps-conversions.parquet")


def table_as_parquet(state: dict[str, str]) -> bytes:
    """The rows that fit a state (see selection.fitting). Raises CatalogueError."""
    catalogue = library().catalogue()
    buffer = io.BytesIO()
    catalogue.table.iloc[fitting(catalogue, state)].to_parquet(buffer, index=False)
    return buffer.getvalue()


def _packed(request: Request) -> Response:
    """A trace's folder as a zip, nothing of it compressed twice."""
    entry = library().find(request.path_params["trace"])
    if entry is None:
        return PlainTextResponse("There is no such conversion here.", status_code=404)
    try:
        data = pack(library().open(entry))
    except TraceError as error:
        return PlainTextResponse(str(error), status_code=503)
    return as_file(data, "application/zip", f"{entry.id}.zip")


def pack(trace: Trace) -> bytes:
    """The files of a trace in a folder of its name, zipped. Raises TraceError."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as packed:
        packed.writestr(f"{trace.id}/{MANIFEST}", trace.manifest.to_json())
        for name in sorted(trace.manifest.files):
            packed.writestr(f"{trace.id}/{name}", trace.read(name))
    return buffer.getvalue()


def as_file(data: bytes, kind: str, name: str) -> Response:
    """To be kept under that name."""
    # names of traces hold no quote and no control character (see svc_core.traces.manifest.SAFE_ID)
    safe = name.encode("ascii", "replace").decode()
    headers = {"Content-Disposition": f'attachment; filename="{safe}"', "X-Content-Type-Options": "nosniff"}
    return Response(data, media_type=kind, headers=headers)
