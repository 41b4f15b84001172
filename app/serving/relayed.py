"""Handing on traces that lie at an address and that the browser cannot fetch from there itself.

Only traces of the catalogue, only files that their manifests name, each with the checksum named there; what
was read last is kept in memory, up to a limit.
"""

from __future__ import annotations

import hashlib
import mimetypes

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from app.serving.kept import Kept
from app.serving.library import Library
from svc_core.traces.manifest import MANIFEST
from svc_core.traces.trace import TraceError

MOST_KEPT_BYTES = 64 << 20  # some thirty traces as far as a page reads them
MOST_FILE_BYTES = 32 << 20  # a phrase's largest file has 2 MB
FOR_GOOD = "public, max-age=31536000, immutable"
ANOTHER = "This file is damaged, or was recorded anew; ask for its trace.json again."


class Relay:
    """Answers for the files of traces; each answer is made in a thread of its own, as reading may take long."""

    def __init__(self, library: Library, most_bytes: int = MOST_KEPT_BYTES) -> None:
        self.library = library
        self.kept: Kept[bytes] = Kept(most_bytes)

    def answer(self, request: Request) -> Response:
        """No coroutine: Starlette runs it in a thread."""
        trace, name = request.path_params["trace"], request.path_params["name"]
        entry = self.library.find(trace)
        if entry is None:
            return Response("not found", status_code=404)
        try:
            opened = self.library.open(entry)
            if name == MANIFEST:
                return self._of(opened.manifest.to_json().encode(), name, "no-cache")
            facts = opened.manifest.files.get(name)
            if facts is None or facts.bytes > MOST_FILE_BYTES:
                return Response("not found", status_code=404)
            version = request.query_params.get("v", "")
            if not facts.sha256.startswith(version):
                return PlainTextResponse(ANOTHER, status_code=409)  # the browser would keep it for good
            key = (trace, name, facts.sha256)
            data = self.kept.get(key)
            if data is None:
                data = opened.read(name)
                if hashlib.sha256(data).hexdigest() != facts.sha256:
                    return PlainTextResponse(ANOTHER, status_code=409)
                self.kept.put(key, data)
        except TraceError as error:
            return Response(str(error), status_code=502, media_type="text/plain")
        return self._of(data, name, FOR_GOOD if version else "no-cache")

    @staticmethod
    def _of(data: bytes, name: str, cached: str) -> Response:
        # a .npy.gz is handed on as it is: with Content-Encoding the browser would unpack it itself
        kind = mimetypes.guess_type(name)[0] if not name.endswith(".gz") else "application/gzip"
        headers = {"Cache-Control": cached, "X-Content-Type-Options": "nosniff"}
        return Response(data, media_type=kind or "application/octet-stream", headers=headers)
