"""One's own voice over plain HTTP: the browser sends a recording, asks for conversions, and fetches what comes of it.

    GET    /own/able                             what can be done here; asking has a worker made ready
    POST   /own/takes                            a recording, any format -> its key, and the job that looks at it
    POST   /own/takes/{take}/conversions         {"method", "target", "key_shift", "seed"} -> a job
    GET    /own/takes/{take}/files/{name}        what was made of it
    GET    /own/takes/{take}/packed/{trace}.zip  a conversion's whole trace
    DELETE /own/takes/{take}                     forget it (POST .../forget too: a page that is closed cannot DELETE)
    GET    /own/jobs/{job}                       where it stands
    DELETE /own/jobs/{job}                       cancel it

Who knows the key of a take may do all of this with it, and nobody else anything. Nothing is kept by a cache.
A header X-Visitor says who asks; X-Example, with a recording, names the trace whose source it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from urllib.parse import quote

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from app.expert.downloads import as_file, pack
from app.own.asked import RequestError, body_of, conversion_of, origin_of, visitor_of
from app.own.desk import RUNNING, WAITING, DeskError, Job
from app.own.files import find_shown, find_trace, kind_of
from app.own.limits import LOOK
from app.own.studio import INSTALL, Studio, methods, studio
from app.own.takes import TakesError
from svc_core.traces.trace import TraceError, open_trace

OWN_PATH = "/own"
SENT = "sent"  # the recording as it came, whatever its name was: a name is never used
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
NO_FILE = "There is no such file here (any more)."
NO_ROOM = "This server could not keep the recording; please try again later."


def own_routes(open_studio: Callable[[], Studio] = studio) -> list[BaseRoute]:
    """What the server answers; the studio is opened with the first visitor."""
    answers = _Answers(open_studio)

    def route(path: str, method: str, answer: Callable) -> Route:
        async def told(request: Request) -> Response:
            try:
                return await answer(request)
            except RequestError as error:
                return _json({"problem": str(error)}, error.status)
            except TakesError as error:
                return _json({"problem": str(error)}, 503)
            except OSError:  # a full disk has no room for a folder either
                return _json({"problem": NO_ROOM}, 503)
            except ClientDisconnect:
                return Response(status_code=400, headers=HEADERS)  # nobody reads it

        return Route(f"{OWN_PATH}{path}", told, methods=[method])

    return [
        route("/able", "GET", answers.able),
        route("/takes", "POST", answers.receive),
        route("/takes/{take}/conversions", "POST", answers.convert),
        route("/takes/{take}/files/{name:path}", "GET", answers.file),
        route("/takes/{take}/packed/{trace}.zip", "GET", answers.packed),
        route("/takes/{take}", "DELETE", answers.forget),
        route("/takes/{take}/forget", "POST", answers.forget),
        route("/jobs/{job}", "GET", answers.tell),
        route("/jobs/{job}", "DELETE", answers.cancel),
    ]


class _Answers:
    def __init__(self, open_studio: Callable[[], Studio]) -> None:
        self.studio = open_studio

    async def able(self, request: Request) -> Response:
        """A worker is made ready after this was answered."""
        found = methods()
        told = _json({"methods": found, "install": INSTALL})
        if found:
            told.background = BackgroundTask(self._wake)
        return told

    def _wake(self) -> None:
        self.studio().wake()

    async def receive(self, request: Request) -> Response:
        """The recording goes to its file as it comes, so that the size of the largest costs no memory."""
        if not methods():
            raise RequestError(503, f"This server cannot convert; whoever runs it may install that: {INSTALL}")
        visitor, studio = visitor_of(request), self.studio()
        origin = await run_in_threadpool(origin_of, request)
        take, folder = studio.takes.create()
        try:
            await _keep(request, folder / SENT, studio.limits.most_bytes)
            await run_in_threadpool(studio.takes.weigh, take)
            job = self._submit(LOOK, visitor, take, folder, {"origin": origin})
        except BaseException:  # the server's own end among them
            studio.takes.forget(take)
            raise
        return _json({"take": take, "job": job.id}, 201)

    async def convert(self, request: Request) -> Response:
        visitor = visitor_of(request)
        take, folder = self._take(request)
        asked = asdict(await conversion_of(request, methods()))
        await run_in_threadpool(self.studio().takes.weigh, take)
        return _json({"job": self._submit(asked.pop("method"), visitor, take, folder, asked).id}, 201)

    def _submit(self, kind: str, visitor: str, take: str, folder: Path, asked: dict[str, object]) -> Job:
        try:
            return self.studio().desk.submit(kind, visitor, take, folder, {"do": kind, "folder": str(folder), **asked})
        except DeskError as error:
            raise RequestError(429, str(error)) from error

    async def file(self, request: Request) -> Response:
        path = find_shown(self.studio().takes, request.path_params["take"], request.path_params["name"])
        if path is None:
            raise RequestError(404, NO_FILE)
        try:
            data = await run_in_threadpool(path.read_bytes)
        except OSError as error:  # forgotten meanwhile
            raise RequestError(404, NO_FILE) from error
        return Response(data, media_type=kind_of(path), headers=HEADERS)

    async def packed(self, request: Request) -> Response:
        folder = find_trace(self.studio().takes, request.path_params["take"], request.path_params["trace"])
        if folder is None:
            raise RequestError(404, NO_FILE)
        try:
            data = await run_in_threadpool(lambda: pack(open_trace(folder)))
        except TraceError as error:
            raise RequestError(404, NO_FILE) from error
        told = as_file(data, "application/zip", f"{folder.name}.zip")
        told.headers.update(HEADERS)
        return told

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
        if job.early is not None:
            told["early"] = job.early
        if job.problem:
            told["problem"] = job.problem
        if job.result is not None:
            told["result"] = _result(job, job.result)
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


async def _keep(request: Request, path: Path, most: int) -> None:
    """Write what is sent into a new file. Raises RequestError where it is empty, too much, or finds no room."""
    too_large = RequestError(413, f"The recording is larger than {most >> 20} MB; send a shorter part of it.")
    try:
        with path.open("xb") as file:
            async for part in body_of(request, most, too_large):
                file.write(part)
            if file.tell() == 0:
                raise RequestError(400, "The recording is empty; record again, or choose another file.")
    except OSError as error:
        raise RequestError(503, NO_ROOM) from error


def _result(job: Job, result: dict[str, object]) -> dict[str, object]:
    """As the worker gave it; of a conversion also how long it took, and where its trace can be had as a file."""
    if job.kind == LOOK:
        return result
    trace, packed = result.get("trace"), None
    if isinstance(trace, dict):
        packed = f".{OWN_PATH}/takes/{job.take}/packed/{quote(trace['id'], safe='')}.zip"
    return result | {"packed": packed, "seconds": round(job.worked_s, 2)}


def _json(data: object, status: int = 200) -> JSONResponse:
    return JSONResponse(data, status_code=status, headers=HEADERS)
