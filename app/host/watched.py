"""Middleware that counts requests and open pages, and the two addresses at which whoever hosts the site looks."""

from __future__ import annotations

import time

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.host.counted import JOBS, OPEN, REQUESTS, TAKES, as_text
from app.own.studio import methods, opened_studio
from app.serving.library import library
from svc_core.traces.catalogue import CatalogueError

KINDS = ("traces", "web", "material", "own", "table", "static", "_stcore", "health", "metrics")
PAGE, OTHER = "page", "other"
LEFT, FAILED = "left", "500"  # the visitor, before there was an answer; the server
HEADERS = {"Cache-Control": "no-store"}


class Watched:
    """Middleware, the outermost: what it measures is what the visitor waited for."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            with OPEN.track_inprogress():
                await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status, kind = time.perf_counter(), LEFT, kind_of(scope)  # what is mounted changes the scope's path

        async def send_counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        try:
            await self.app(scope, receive, send_counted)
        except Exception:
            status = FAILED
            raise
        finally:
            REQUESTS.labels(kind, status).observe(time.perf_counter() - began)


def kind_of(scope: Scope) -> str:
    """What is asked for, one of few: an address itself may hold what somebody chose."""
    first = scope["path"].removeprefix(scope.get("root_path", "")).strip("/").split("/", 1)[0]
    if first in KINDS and not _is_page_of(scope, first):
        return first
    wants_page = any(name == b"accept" and value.startswith(b"text/html") for name, value in scope["headers"])
    return PAGE if wants_page else OTHER


def _is_page_of(scope: Scope, first: str) -> bool:
    """The page of one's own voice has its files below its own address."""
    return first == "own" and scope["path"].rstrip("/").endswith("/own")


def host_routes() -> list[BaseRoute]:
    return [Route("/health", _health, methods=["GET"]), Route("/metrics", _metrics, methods=["GET"])]


async def _health(request: Request) -> Response:
    """Whether pages can be shown: the catalogue is read, or was. 503 where it cannot be."""
    try:
        catalogue = await run_in_threadpool(library().catalogue)
    except CatalogueError:
        return JSONResponse({"status": "no catalogue"}, status_code=503, headers=HEADERS)
    return JSONResponse({"status": "ok", "traces": len(catalogue), "converts": methods()}, headers=HEADERS)


async def _metrics(request: Request) -> Response:
    studio = opened_studio()
    if studio is not None:
        for state, count in studio.desk.counts().items():
            JOBS.labels(state).set(count)
        TAKES.set(len(studio.takes))
    return Response(as_text(), media_type="text/plain; version=0.0.4", headers=HEADERS)
