"""What the server answers beside the pages: traces and modules, over plain HTTP."""

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse, StreamingResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from app.figures.room import room_style
from app.parts.course import BY_ID, LESSONS
from app.parts.preload import (
    COMPARE_FIGURES,
    CONNECTION,
    CONNECTION_STYLE,
    FIRST_ARRAYS,
    PreparedPages,
    modules_of,
)
from app.serving import served
from app.serving.library import TRACES_PATH
from app.serving.served import WEB_PATH, TraceFiles, routes
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
    version = client.get(manifest_path).json()["files"]["predicted.npy.gz"]["sha256"][:8]
    answer = client.get(manifest_path.replace("trace.json", f"predicted.npy.gz?v={version}"))
    assert "immutable" in answer.headers["cache-control"]


def test_a_file_that_is_not_the_one_asked_for_is_refused_and_kept_nowhere(client, manifest_path):
    """Its trace was recorded anew after its manifest had been read: the new file would be kept as the old one."""
    answer = client.get(manifest_path.replace("trace.json", "predicted.npy.gz?v=01234567"))
    assert (answer.status_code, answer.headers["cache-control"]) == (409, "no-cache")
    assert "recorded anew" in answer.text


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


def test_a_module_that_is_not_there_is_not_missing_for_good(client):
    answer = client.get(f"{WEB_PATH}/gone.js")
    assert (answer.status_code, answer.headers.get("cache-control")) == (404, None)


def test_folder_that_is_not_there_has_no_files(monkeypatch, tmp_path):
    show(monkeypatch, str(tmp_path / "none"))
    assert TestClient(Starlette(routes=routes())).get(f"{TRACES_PATH}/catalogue.csv").status_code == 404


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


# --- pages as they are sent

PAGE = "<html><head><title>é</title></head><body>page</body></html>"
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
ADDED = f"<style>\n{room_style()}{CONNECTION_STYLE}\n</style>{CONNECTION}"


def in_pieces(request):
    """A page that is sent in parts."""
    whole = PAGE.encode()
    return StreamingResponse(
        iter([whole[:9], whole[9:20], whole[20:]]), headers={"content-length": str(len(whole))}, media_type="text/html"
    )


def open_client(*inner: Middleware) -> TestClient:
    def page(request):
        return HTMLResponse(PAGE, headers={"etag": '"of the page as it was"', "cache-control": "no-cache"})

    own = [
        Route(path, page)
        for path in ("/", "/about", "/compare", "/own", *(f"/{lesson.path}" for lesson in LESSONS[1:]))
    ]
    own += [Route("/pieces", in_pieces), Route("/gone", lambda request: HTMLResponse("no", status_code=404))]
    prepared = [Middleware(PreparedPages), *inner]
    return TestClient(Starlette(routes=[*own, *routes()], middleware=prepared), headers=BROWSER)


def links_of(answer) -> list[str]:
    return answer.headers["link"].split(", ")


def preloaded_traces(answer) -> set[str]:
    found = [part for part in links_of(answer) if TRACES_PATH in part]
    return {part.split(f"{TRACES_PATH}/")[1].split("/")[0] for part in found}


def test_page_keeps_room_for_its_figures_and_its_length_is_right(own_traces):
    answer = open_client().get("/")
    assert answer.text == PAGE.replace("</head>", ADDED + "</head>")
    assert int(answer.headers["content-length"]) == len(answer.content) == len((PAGE + ADDED).encode())
    assert answer.headers["cache-control"] == "no-cache"
    assert "etag" not in answer.headers  # it was that of another page


def test_page_in_pieces_is_put_together(own_traces):
    answer = open_client().get("/pieces")
    assert answer.text == PAGE.replace("</head>", ADDED + "</head>")
    assert int(answer.headers["content-length"]) == len(answer.content)


def test_page_is_not_packed_before_it_is_added_to(own_traces):
    client = open_client(Middleware(GZipMiddleware, minimum_size=1))
    answer = client.get("/", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in answer.headers
    assert ADDED in answer.text


def test_head_is_answered_with_the_links_and_no_body(own_traces):
    client = open_client()
    answer = client.head("/")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["link"] == client.get("/").headers["link"]


@pytest.mark.parametrize("accept", ["*/*", "application/json", "image/avif,text/html"])
def test_who_does_not_ask_for_a_page_first_gets_it_as_it_is(own_traces, accept):
    answer = open_client().get("/", headers={"Accept": accept})
    assert answer.text == PAGE
    assert "link" not in answer.headers
    assert answer.headers["etag"] == '"of the page as it was"'


@pytest.mark.parametrize(
    "path", [f"{TRACES_PATH}/{NAMES[0]}/trace.json", f"{WEB_PATH}/scrubber.js", "/gone", "/nowhere"]
)
def test_other_answers_are_left_alone(own_traces, path):
    bare = TestClient(
        Starlette(routes=[*routes(), Route("/gone", lambda request: HTMLResponse("no", status_code=404))])
    )
    answer, plain = open_client().get(path), bare.get(path)
    assert (answer.status_code, answer.content) == (plain.status_code, plain.content)
    assert "link" not in answer.headers
    assert answer.headers.get("etag") == plain.headers.get("etag")


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.id)
def test_page_names_what_it_will_fetch_and_all_of_it_is_there(own_traces, lesson):
    client = open_client()
    addresses = [part.split(">")[0].removeprefix("<.") for part in links_of(client.get(f"/{lesson.path}"))]
    for figure in lesson.figures:
        assert f"{WEB_PATH}/{figure}.js" in addresses
    assert any("predicted.npy.gz?v=" in address for address in addresses)
    assert len(set(addresses)) == len(addresses)
    assert [client.get(address).status_code for address in addresses] == [200] * len(addresses)


@pytest.mark.parametrize(("path", "figures"), [("/compare", COMPARE_FIGURES), ("/own", ("own",))])
def test_pages_whose_conversions_are_not_known_yet_name_their_modules_alone(own_traces, path, figures):
    client = open_client()
    answer = client.get(path)
    addresses = [part.split(">")[0].removeprefix("<.") for part in links_of(answer)]
    assert {f"{WEB_PATH}/{figure}.js" for figure in figures} <= set(addresses)
    assert preloaded_traces(answer) == set()
    assert [client.get(address).status_code for address in addresses] == [200] * len(addresses)


def test_modules_are_named_with_all_that_they_import():
    modules = modules_of(("scrubber", "quiz"))
    assert modules[:2] == ("scrubber.js", "quiz.js")
    assert {"trace.js", "npy.js", "picture.js", "memory.js"} <= set(modules)
    assert len(set(modules)) == len(modules)


def test_arrays_named_ahead_are_those_that_the_page_reads_first():
    reader = (served.WEB / "trace.js").read_text(encoding="utf-8")
    assert all(f'"{name}"' in reader for name in FIRST_ARRAYS)


def test_page_of_a_trace_names_that_trace_and_an_unknown_one_the_first(own_traces):
    client = open_client()
    path = f"/{BY_ID['denoising'].path}"
    assert preloaded_traces(client.get(f"{path}?trace={NAMES[1]}")) == {NAMES[1]}
    assert preloaded_traces(client.get(f"{path}?trace=../../etc")) == {NAMES[0]}


def test_a_page_that_is_no_lesson_names_nothing(own_traces):
    answer = open_client().get("/about")
    assert answer.status_code == 200
    assert answer.headers.get("link", "") == ""
    assert ADDED in answer.text


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


def test_arrays_are_sent_as_what_they_are_so_that_nobody_packs_them_again(own_traces):
    answer = open_client().get(f"{TRACES_PATH}/{NAMES[0]}/walk.npy.gz")
    assert answer.headers["content-type"] == "application/gzip"
    assert answer.content == (own_traces / NAMES[0] / "walk.npy.gz").read_bytes()
