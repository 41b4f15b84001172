"""What the app hands on of traces at an address: what their manifests name, and nothing else."""

import gzip

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from app.serving.library import Library
from app.serving.relayed import Relay
from app.serving.served import routes
from svc_core.traces.manifest import parse_manifest
from tests.app.conftest import NAMES, show
from tests.support.foreign import serve_folder


@pytest.fixture
def far(own_traces):
    with serve_folder(own_traces, cors=False) as far:
        yield far


@pytest.fixture
def client(far, monkeypatch):
    show(monkeypatch, far.address)
    return TestClient(Starlette(routes=routes()))


def test_files_are_handed_on_as_they_are(client, own_traces):
    manifest = client.get(f"/traces/{NAMES[0]}/trace.json")
    assert manifest.headers["cache-control"] == "no-cache"
    for name, facts in parse_manifest(manifest.content).files.items():
        answer = client.get(f"/traces/{NAMES[0]}/{name}?v={facts.sha256[:8]}")
        assert answer.status_code == 200
        assert answer.content == (own_traces / NAMES[0] / name).read_bytes()
        assert "immutable" in answer.headers["cache-control"]
        assert "content-encoding" not in answer.headers
        assert answer.headers["x-content-type-options"] == "nosniff"
    predicted = client.get(f"/traces/{NAMES[0]}/predicted.npy.gz").content
    assert gzip.decompress(predicted).startswith(b"\x93NUMPY")


def test_list_is_handed_on_as_it_lies_there(client, own_traces):
    answer = client.get("/traces/catalogue.csv")
    assert answer.content == (own_traces / "catalogue.csv").read_bytes()
    assert answer.headers["cache-control"] == "no-cache"
    assert "text/csv" in answer.headers["content-type"]


def test_list_of_a_server_that_is_away_is_a_sentence(own_traces, monkeypatch):
    show(monkeypatch, "http://127.0.0.1:9")
    answer = TestClient(Starlette(routes=routes())).get("/traces/catalogue.csv")
    assert answer.status_code == 503
    assert "cannot be read" in answer.text


def test_what_was_read_is_not_asked_for_again(client, far):
    for _ in range(3):
        client.get(f"/traces/{NAMES[0]}/f0.npy.gz")
    assert sum("f0.npy.gz" in path for path, _ in far.asked) == 1


@pytest.mark.parametrize(
    "path",
    [
        "gloria/trace.json",
        f"{NAMES[0]}/secret.txt",
        f"{NAMES[0]}/sound/../../secret.txt",
        f"{NAMES[0]}/..%2f..%2fsecret.txt",
        "..%2f/trace.json",
        "%2e%2e/secret.txt",
        "/trace.json",
        f"{NAMES[0]}/",
        f"{NAMES[0]}",
    ],
)
def test_nothing_else_is_handed_on(client, far, own_traces, path):
    (own_traces / "secret.txt").write_text("secret")
    (own_traces / NAMES[0] / "secret.txt").write_text("secret")
    client.get(f"/traces/{NAMES[0]}/trace.json")
    before = len(far.asked)
    assert client.get(f"/traces/{path}").status_code == 404
    assert len(far.asked) == before


def test_a_file_that_changed_or_went_is_said(client, own_traces):
    client.get(f"/traces/{NAMES[0]}/trace.json")
    (own_traces / NAMES[0] / "walk.npy.gz").write_bytes(b"short")
    (own_traces / NAMES[0] / "f0.npy.gz").unlink()
    for name in ("walk.npy.gz", "f0.npy.gz"):
        answer = client.get(f"/traces/{NAMES[0]}/{name}")
        assert answer.status_code == 502
        assert name in answer.text


def test_only_what_the_manifest_means_is_handed_on(client, own_traces):
    path, asked = own_traces / NAMES[0] / "walk.npy.gz", f"/traces/{NAMES[0]}/walk.npy.gz"
    wrong = client.get(f"{asked}?v=01234567")
    whole = path.read_bytes()
    path.write_bytes(whole[::-1])  # as long as it was
    damaged = client.get(asked)
    path.write_bytes(whole)
    for answer in (wrong, damaged):
        assert (answer.status_code, answer.headers.get("cache-control")) == (409, None)
        assert "recorded anew" in answer.text
    assert client.get(asked).content == whole  # nothing wrong was kept


def test_an_unreachable_server_answers_not_found():
    relay = Relay(Library("http://127.0.0.1:9/traces"))
    assert relay.library.find("amen") is None
