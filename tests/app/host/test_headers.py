"""What browsers are told to refuse."""

import base64
import hashlib

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from app.host.headers import ALWAYS, FRAMED_BY, SafeHeaders, policy

SCRIPT = "\n  window.ready = false\n"
PAGE = f'<html><head><script>{SCRIPT}</script><script type="module" src="./a.js"></script></head></html>'
HASH = f"'sha256-{base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()}'"


async def pieces():
    for start in range(0, len(PAGE), 7):
        yield PAGE[start : start + 7].encode()


def open_client(public="") -> TestClient:
    answers = {
        "/": lambda request: HTMLResponse(PAGE),
        "/pieces": lambda request: StreamingResponse(pieces(), media_type="text/html"),
        "/data": lambda request: JSONResponse({}, headers={"X-Content-Type-Options": "sniff", "ETag": '"a"'}),
        "/none": lambda request: Response(status_code=304),
    }
    routes = [Route(path, answer) for path, answer in answers.items()]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(SafeHeaders, public=public)]))


def rules(answer) -> dict[str, list[str]]:
    parts = [rule.split() for rule in answer.headers["content-security-policy"].split("; ")]
    return {name: sources for name, *sources in parts}


@pytest.mark.parametrize("path", ["/", "/pieces", "/data", "/none"])
def test_every_answer_carries_them_once(path):
    headers = open_client().get(path).headers
    for name, value in ALWAYS.items():
        assert headers.get_list(name.decode()) == [value.decode()]


@pytest.mark.parametrize("path", ["/", "/pieces"])
def test_a_page_runs_its_own_scripts_and_no_others(path):
    answer = open_client().get(path)
    assert answer.text == PAGE
    found = rules(answer)
    assert found["default-src"] == ["'self'"]
    assert found["script-src"] == ["'self'", "blob:", "'wasm-unsafe-eval'", HASH]
    assert "'unsafe-inline'" not in found["script-src"] and "'unsafe-eval'" not in found["script-src"]
    assert found["object-src"] == ["'none'"]


def test_what_is_no_page_has_no_policy_and_keeps_its_headers():
    answer = open_client().get("/data")
    assert "content-security-policy" not in answer.headers and answer.headers["etag"] == '"a"'


def test_traces_of_another_server_may_be_fetched_from_there_alone():
    found = rules(open_client("https://traces.example/a/b").get("/"))
    assert found["connect-src"] == ["'self'", "https://traces.example"]
    assert "https://traces.example" in found["media-src"] and "https://traces.example" not in found["script-src"]


def test_a_class_may_embed_a_lesson_and_a_host_may_say_who(monkeypatch):
    assert rules(open_client().get("/"))["frame-ancestors"] == ["*"]
    monkeypatch.setenv(FRAMED_BY, "'self' https://school.example")
    assert rules(open_client().get("/"))["frame-ancestors"] == ["'self'", "https://school.example"]


def test_a_policy_is_one_line():
    assert "\n" not in policy(PAGE.encode()) and policy(b"").count("script-src") == 1
