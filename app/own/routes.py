"""One's own voice over plain HTTP: the browser sends a recording, asks for conversions, and fetches what comes of it.

    GET    /own/able                          what can be done here, and the limits
    POST   /own/takes                         a recording, any format -> its key, and the job that looks at it
    POST   /own/takes/{take}/conversions      {"method", "target", "key_shift", "start_s", "end_s", "seed"} -> a job
    GET    /own/takes/{take}/files/{name}     what was made of it
    DELETE /own/takes/{take}                  forget it (POST .../forget too: a page that is closed can send no DELETE)
    GET    /own/jobs/{job}                    where it stands
    DELETE /own/jobs/{job}                    cancel it

Who knows the key of a take may do all of this with it, and nobody else anything. Nothing is kept by a cache.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from pathlib import Path

from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from app.own.desk import RUNNING, WAITING, DeskError, Job
from app.own.limits import LOOK
from app.own.studio import INSTALL, Studio, methods, studio

OWN_PATH = "/own"
SENT = "sent"  # the recording as it came, whatever its name was: a name is never used
VISITOR = re.compile(r"[A-Za-z0-9_-]{16,64}")
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
MOST_JSON = 4096  # bytes of a request
WIDEST_SHIFT = 36  # semitones


class RequestError(ValueError):
    """What was asked cannot be understood or done; the message says why."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def own_routes(open_studio: Callable[[], Studio] = studio) -> list[BaseRoute]:
    """What the server answers; the studio is opened with the first recording."""
    answers = _Answers(open_studio)

    def route(path: str, method: str, answer: Callable) -> Route:
        async def told(request: Request) -> Response:
            try:
                return await answer(request)
            except RequestError as error:
                return _json({"problem": str(error)}, error.status)

        return Route(f"{OWN_PATH}{path}", told, methods=[method])

    return [
        route("/able", "GET", answers.able),
        route("/takes", "POST", answers.receive),
        route("/takes/{take}/conversions", "POST", answers.convert),
        route("/takes/{take}/files/{name:path}", "GET", answers.file),
        route("/takes/{take}", "DELETE", answers.forget),
        route("/takes/{take}/forget", "POST", answers.forget),
        route("/jobs/{job}", "GET", answers.tell),
        route("/jobs/{job}", "DELETE", answers.cancel),
    ]


class _Answers:
    def __init__(self, open_studio: Callable[[], Studio]) -> None:
        self.studio = open_studio

    async def able(self, request: Request) -> Response:
        return _json({"methods": methods(), "install": INSTALL})

    async def receive(self, request: Request) -> Response:
        """The recording goes to its file as it comes, so that the size of the largest costs no memory."""
        if not methods():
            raise RequestError(503, f"This server cannot convert; whoever runs it may install that: {INSTALL}")
        visitor, studio = _visitor(request), self.studio()
        most = studio.limits.most_bytes
        if int(request.headers.get("content-length") or 0) > most:
            raise RequestError(413, _too_large(most))
        take, folder = studio.takes.create()
        try:
            size = await _write(request, folder / SENT, most)
            if size == 0:
                raise RequestError(400, "The recording is empty; record again, or choose another file.")
            job = self._submit(LOOK, visitor, take, folder, {})
        except (RequestError, ClientDisconnect):
            studio.takes.forget(take)
            raise
        return _json({"take": take, "job": job.id}, 201)

    async def convert(self, request: Request) -> Response:
        visitor = _visitor(request)
        take, folder = self._take(request)
        asked = await _asked(request)
        return _json({"job": self._submit(asked.pop("method"), visitor, take, folder, asked).id}, 201)

    def _submit(self, kind: str, visitor: str, take: str, folder: Path, asked: dict[str, object]) -> Job:
        try:
            return self.studio().desk.submit(kind, visitor, take, folder, {"do": kind, "folder": str(folder), **asked})
        except DeskError as error:
            raise RequestError(429, str(error)) from error

    async def file(self, request: Request) -> Response:
        path = self.studio().takes.file(request.path_params["take"], request.path_params["name"])
        if path is None or path.name == SENT:
            raise RequestError(404, "There is no such file here (any more).")
        return FileResponse(path, headers=HEADERS)

    async def forget(self, request: Request) -> Response:
        known = self.studio().forget(request.path_params["take"])
        return Response(status_code=204 if known else 404, headers=HEADERS)

    async def tell(self, request: Request) -> Response:
        job = self._job(request)
        self.studio().takes.folder(job.take)  # whoever waits still looks
        ahead, left_s = self.studio().desk.ahead(job)
        told: dict[str, object] = {"state": job.state}
        if job.state in (WAITING, RUNNING):
            told |= {"ahead": ahead, "left_s": round(left_s, 1), "share": round(job.share, 3), "words": job.words}
        if job.problem:
            told["problem"] = job.problem
        if job.result is not None:
            told["result"] = job.result
        return _json(told)

    async def cancel(self, request: Request) -> Response:
        self.studio().desk.cancel(self._job(request).id)
        return Response(status_code=204, headers=HEADERS)

    def _take(self, request: Request) -> tuple[str, Path]:
        take = request.path_params["take"]
        folder = self.studio().takes.folder(take)
        if folder is None:
            raise RequestError(404, "This recording is no longer here; please record again.")
        return take, folder

    def _job(self, request: Request) -> Job:
        job = self.studio().desk.find(request.path_params["job"])
        if job is None:
            raise RequestError(404, "There is no such conversion here (any more).")
        return job


def _visitor(request: Request) -> str:
    visitor = request.headers.get("x-visitor", "")
    if not VISITOR.fullmatch(visitor):
        raise RequestError(400, "The request does not say whose it is; please load the page anew.")
    return visitor


async def _write(request: Request, path: Path, most: int) -> int:
    """Bytes of the request into a file; raises RequestError where they are too many, whatever was announced."""
    size = 0
    with path.open("xb") as file:
        async for part in request.stream():
            size += len(part)
            if size > most:
                raise RequestError(413, _too_large(most))
            file.write(part)
    return size


def _too_large(most: int) -> str:
    return f"The recording is larger than {most >> 20} MB; send a shorter part, or a compressed file."


async def _asked(request: Request) -> dict[str, object]:
    """A conversion as it is asked for, every value checked. Raises RequestError."""
    body = await request.body()
    try:
        asked = json.loads(body) if len(body) <= MOST_JSON else None
    except ValueError:
        asked = None
    if not isinstance(asked, dict):
        raise RequestError(400, "The request is no JSON object of at most 4 kB.")
    method, target, shift, seed = (asked.get(name) for name in ("method", "target", "key_shift", "seed"))
    start_s, end_s = asked.get("start_s", 0.0), asked.get("end_s")
    if method not in methods():
        raise RequestError(400, f"This server has no method '{str(method)[:20]}'; it has {', '.join(methods())}.")
    if not isinstance(target, str) or not 0 < len(target) <= 100:
        raise RequestError(400, "The request names no target singer.")
    if shift is not None and not (_is_whole(shift) and abs(shift) <= WIDEST_SHIFT):
        raise RequestError(400, f"A key shift is whole semitones, from -{WIDEST_SHIFT} to {WIDEST_SHIFT}.")
    if not (_is_number(start_s) and start_s >= 0 and (end_s is None or (_is_number(end_s) and end_s > start_s))):
        raise RequestError(400, "A part of the recording begins at 0 s or later, and ends after it begins.")
    if seed is not None and not (_is_whole(seed) and 0 <= seed < 1 << 31):
        raise RequestError(400, "A seed is a whole number from 0 to 2147483647.")
    return {
        "method": method, "target": target, "key_shift": shift, "seed": seed or 0, "start_s": start_s, "end_s": end_s,
    }  # fmt: skip


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _json(data: object, status: int = 200) -> JSONResponse:
    return JSONResponse(data, status_code=status, headers=HEADERS)
