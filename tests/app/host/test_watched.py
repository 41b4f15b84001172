"""Requests and open pages are counted, and whoever hosts the site can look."""

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.testclient import TestClient

from app.host.counted import REGISTRY
from app.host.watched import FAILED, Watched, host_routes, kind_of
from app.own import studio as studios
from tests.app.conftest import show


def count(kind: str, status: str) -> float:
    return REGISTRY.get_sample_value("singsteps_request_seconds_count", {"kind": kind, "status": status}) or 0.0


def fine(request):
    return PlainTextResponse("fine")


def broken(request):
    raise RuntimeError("of the server")


async def talk(socket):
    await socket.accept()
    await socket.send_text(str(REGISTRY.get_sample_value("singsteps_open_pages")))
    await socket.close()


@pytest.fixture
def client():
    routes = [
        *host_routes(),
        Mount("/web", routes=[Route("/{name}", fine)]),
        Route("/broken", broken),
        WebSocketRoute("/_stcore/stream", talk),
    ]
    app = Starlette(routes=routes, middleware=[Middleware(Watched)])
    return TestClient(app, raise_server_exceptions=False)


@pytest.mark.parametrize(
    ("path", "accept", "kind"),
    [
        ("/", "text/html,*/*", "page"),
        ("/seeing", "text/html", "page"),
        ("/own", "text/html", "page"),
        ("/own/jobs/abc", "*/*", "own"),
        ("/web/1/own.js", "*/*", "web"),
        ("/traces/a/b.gz", "*/*", "traces"),
        ("/_stcore/health", "*/*", "_stcore"),
        ("/somebody's-secret", "*/*", "other"),
    ],
)
def test_what_is_asked_for_is_one_of_few_kinds(path, accept, kind):
    assert kind_of({"path": path, "headers": [(b"accept", accept.encode())]}) == kind


def test_below_a_base_path_the_kinds_are_the_same():
    assert kind_of({"path": "/sing/web/1/a.js", "root_path": "/sing", "headers": []}) == "web"


def test_answers_are_counted_by_kind_and_status(client):
    before = count("web", "200"), count("other", FAILED), count("web", "404")
    assert client.get("/web/a.js").text == "fine"
    assert client.get("/web/a/b.js").status_code == 404
    assert client.get("/broken").status_code == 500
    assert (count("web", "200"), count("other", FAILED), count("web", "404")) == tuple(one + 1 for one in before)


def test_open_pages_are_counted_while_they_are(client):
    with client.websocket_connect("/_stcore/stream") as socket:
        assert float(socket.receive_text()) == 1.0
    assert REGISTRY.get_sample_value("singsteps_open_pages") == 0.0


def test_health_says_how_many_conversions_can_be_shown(client, own_traces):
    answer = client.get("/health")
    assert answer.status_code == 200 and answer.json()["status"] == "ok" and answer.json()["traces"] == 3
    assert answer.headers["cache-control"] == "no-store"


def test_health_says_when_there_is_no_catalogue(client, tmp_path, monkeypatch):
    show(monkeypatch, str(tmp_path))
    answer = client.get("/health")
    assert (answer.status_code, answer.json()) == (503, {"status": "no catalogue"})


def test_metrics_are_prometheus_own_format(client, monkeypatch):
    monkeypatch.setattr("app.host.watched.opened_studio", lambda: None)
    client.get("/web/a.js")
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert 'singsteps_request_seconds_count{kind="web",status="200"}' in answer.text


def test_metrics_of_ones_own_voice_are_counts_alone(client, monkeypatch):
    class Desk:
        def counts(self):
            return {"waiting": 2, "running": 1}

    class Studio:
        desk, takes = Desk(), [1, 2, 3]

    monkeypatch.setattr("app.host.watched.opened_studio", Studio)
    text = client.get("/metrics").text
    assert 'singsteps_own_jobs{state="waiting"} 2.0' in text and "singsteps_own_takes 3.0" in text


def test_looking_does_not_open_a_studio(client, own_traces):
    studios._opened.cache_clear()
    client.get("/metrics")
    assert studios._opened.cache_info().currsize == 0
