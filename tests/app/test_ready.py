"""JavaScript is packed once and sent from memory; everything else passes as it is."""

import gzip

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from app.serving.ready import ReadyAnswers
from app.serving.served import FOR_GOOD, WEB_PATH

CODE = b"export const long = 1;" * 100
TAG = '"1"'


class Site:
    """Answers as Streamlit's static files do, and counts."""

    def __init__(self):
        self.asked = []
        paths = ("/static/js/a.js", f"{WEB_PATH}/own.js", "/base/static/b.js", "/static/short.js", "/static/font.woff2")
        routes = [Route(path, self.answer) for path in (*paths, "/static/manifest.json", "/traces/a.npy.gz")]
        self.client = TestClient(Starlette(routes=routes, middleware=[Middleware(ReadyAnswers)]))

    async def answer(self, request: Request) -> Response:
        self.asked.append((request.url.path, request.headers.get("accept-encoding")))
        path = request.url.path
        body = b"x" if "short" in path else CODE
        kind = {"woff2": "font/woff2", "json": "application/json"}.get(path.rpartition(".")[2], "text/javascript")
        cached = "no-cache" if path.endswith("manifest.json") else FOR_GOOD
        return Response(body, media_type=kind, headers={"Cache-Control": cached, "ETag": TAG})

    def get(self, path, **headers):
        return self.client.get(path, headers={"Accept-Encoding": "gzip, br", **headers})


@pytest.fixture
def site():
    return Site()


@pytest.mark.parametrize("path", ["/static/js/a.js", f"{WEB_PATH}/own.js", "/base/static/b.js"])
def test_javascript_is_asked_for_once_and_sent_packed(site, path):
    answers = [site.get(path) for _ in range(3)]
    assert site.asked == [(path, None)]
    for answer in answers:
        assert answer.content == CODE  # unpacked by the client
        assert answer.headers["content-encoding"] == "gzip"
        assert int(answer.headers["content-length"]) == len(gzip.compress(CODE, 6, mtime=0)) < len(CODE)
        assert answer.headers["vary"] == "Accept-Encoding"
        assert answer.headers["cache-control"] == FOR_GOOD
        assert "etag" not in answer.headers


@pytest.mark.parametrize("path", ["/static/short.js", "/static/font.woff2"])
def test_what_packing_does_not_shorten_is_kept_as_it_is(site, path):
    answers = [site.get(path) for _ in range(2)]
    assert len(site.asked) == 1
    assert all("content-encoding" not in answer.headers and answer.headers["etag"] == TAG for answer in answers)


@pytest.mark.parametrize("path", ["/static/manifest.json", "/traces/a.npy.gz"])
def test_what_may_change_is_asked_for_each_time(site, path):
    assert [site.get(path).content for _ in range(2)] == [CODE, CODE]
    assert len(site.asked) == 2


@pytest.mark.parametrize(
    "headers",
    [{"Accept-Encoding": "identity"}, {"Range": "bytes=0-3"}, {"If-None-Match": TAG}],
    ids=["unpacked", "a part", "again"],
)
def test_who_wants_something_else_is_answered_by_the_site_itself(site, headers):
    site.get("/static/js/a.js")
    answer = site.get("/static/js/a.js", **headers)
    assert len(site.asked) == 2
    assert "content-encoding" not in answer.headers


def test_a_missing_file_is_not_remembered(site):
    assert [site.get("/static/none.js").status_code for _ in range(2)] == [404, 404]
    site.client.app.router.routes.append(Route("/static/none.js", site.answer))
    assert site.get("/static/none.js").status_code == 200


def test_the_head_alone_passes(site):
    assert site.client.head("/static/js/a.js", headers={"Accept-Encoding": "gzip"}).content == b""
    assert "content-encoding" in site.get("/static/js/a.js").headers
