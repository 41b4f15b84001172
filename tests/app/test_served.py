"""What the server answers beside the pages: traces and modules, over plain HTTP."""

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from app.parts import served
from app.parts.library import TRACES_PATH
from app.parts.preload import PreloadLinks
from app.parts.served import WEB_PATH, TraceFiles, routes
from tests.app.conftest import NAMES, show


@pytest.fixture
def client(own_traces):
    return TestClient(Starlette(routes=routes()))


@pytest.fixture
def manifest_path(own_traces):
    return f"{TRACES_PATH}/{NAMES[0]}/trace.json"


def test_manifest_is_asked_for_again_and_answered_with_304(client, manifest_path):
    first = client.get(manifest_path)
    assert first.status_code == 200
    assert first.headers["cache-control"] == "no-cache"
    again = client.get(manifest_path, headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""


def test_files_asked_for_by_checksum_may_be_kept_for_good(client, manifest_path):
    answer = client.get(manifest_path.replace("trace.json", "predicted.npy.gz?v=01234567"))
    assert "immutable" in answer.headers["cache-control"]


def test_part_of_a_file_can_be_asked_for(client, manifest_path):
    whole = client.get(manifest_path).content
    part = client.get(manifest_path, headers={"Range": "bytes=10-19"})
    assert part.status_code == 206
    assert part.content == whole[10:20]
    assert part.headers["content-range"] == f"bytes 10-19/{len(whole)}"


def test_modules_have_an_address_that_changes_with_them_and_are_kept(client):
    answer = client.get(f"{WEB_PATH}/scrubber.js")
    assert answer.status_code == 200
    assert "javascript" in answer.headers["content-type"]
    assert "immutable" in answer.headers["cache-control"]


def test_version_changes_with_a_file(tmp_path):
    (tmp_path / "a.js").write_text("1")
    before = served._version(tmp_path)
    (tmp_path / "a.js").write_text("2")
    assert served._version(tmp_path) != before


@pytest.mark.parametrize("path", ["/", "/nothing/trace.json", "/%2e%2e/README.md", "/..%2f..%2fREADME.md"])
def test_nothing_outside_the_traces_is_answered(client, path):
    assert client.get(TRACES_PATH + path).status_code == 404


def test_unfinished_traces_are_hidden(tmp_path):
    (tmp_path / ".partial-x").mkdir()
    (tmp_path / ".partial-x" / "trace.json").write_text("{}")
    client = TestClient(Starlette(routes=[Mount("/traces", TraceFiles(directory=tmp_path))]))
    assert client.get("/traces/.partial-x/trace.json").status_code == 404


def open_client():
    pages = [Route(path, lambda request: HTMLResponse("<p>page</p>")) for path in ("/", "/about")]
    return TestClient(Starlette(routes=[*pages, *routes()], middleware=[Middleware(PreloadLinks)]))


def preloaded_traces(answer):
    found = [part for part in answer.headers["link"].split(", ") if TRACES_PATH in part]
    return {part.split(f"{TRACES_PATH}/")[1].split("/")[0] for part in found}


def test_page_names_what_it_will_fetch_and_all_of_it_is_there(own_traces):
    client = open_client()
    header = client.get("/").headers["link"]
    addresses = [part.split(">")[0].removeprefix("<.") for part in header.split(", ")]
    ours = [address for address in addresses if address.startswith((TRACES_PATH, WEB_PATH))]
    assert any(address.endswith("scrubber.js") for address in ours)
    assert any("predicted.npy.gz" in address for address in ours)
    assert [client.get(address).status_code for address in ours] == [200] * len(ours)


def test_page_of_a_trace_names_that_trace_and_an_unknown_one_the_first(own_traces):
    client = open_client()
    assert preloaded_traces(client.get(f"/?trace={NAMES[1]}")) == {NAMES[1]}
    assert preloaded_traces(client.get("/?trace=../../etc")) == {NAMES[0]}


def test_a_page_without_a_scrubber_names_nothing(own_traces):
    answer = open_client().get("/about")
    assert answer.status_code == 200
    assert "link" not in answer.headers


def test_other_answers_carry_no_links(manifest_path):
    assert "link" not in open_client().get(manifest_path).headers


def test_page_without_traces_still_answers(tmp_path, monkeypatch):
    show(monkeypatch, str(tmp_path))
    assert TRACES_PATH not in open_client().get("/").headers["link"]


def test_page_with_a_broken_first_trace_still_answers(own_traces):
    (own_traces / NAMES[0] / "predicted.npy.gz").unlink()
    assert TRACES_PATH not in open_client().get("/").headers["link"]


def test_page_of_traces_elsewhere_names_their_server_and_does_not_wait_for_it(monkeypatch):
    show(monkeypatch, "https://traces.invalid/all")
    links = open_client().get("/").headers["link"]
    assert "<https://traces.invalid>; rel=preconnect; crossorigin" in links
    assert TRACES_PATH + "/" not in links.replace("https://", "")
