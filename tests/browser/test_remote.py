"""Traces on another server: the browser fetches them from there where it may, and through the app where not."""

import pytest

from svc_core.traces.register import rebuild_catalogue
from svc_core.traces.writing import write_trace
from tests.support.dashboard import run_dashboard
from tests.support.foreign import serve_folder
from tests.support.hand_traces import hand_files, hand_manifest

FETCHED = ("trace.json", "walk.npy.gz", "predicted.npy.gz", "f0.npy.gz", "source.npy.gz", "target.npy.gz")


@pytest.fixture(scope="module")
def traces(tmp_path_factory):
    parent = tmp_path_factory.mktemp("far")
    for name in ("amen", "şarkı 1"):
        manifest = hand_manifest(name, bands=20, frames=40)
        write_trace(parent, manifest, hand_files(manifest))
    rebuild_catalogue(parent)
    return parent


def files_of(requests: list[str], address: str) -> set[str]:
    return {url.split("?")[0].rsplit("/", 1)[1] for url in requests if url.startswith(address)}


def open_watched(open_page, address, query="", allowed=()):
    """The page of a trace with its sound heard, and the addresses that it asked for."""
    page = open_page(address=address, path=f"/denoising?{query}", drawn=False, allowed=allowed)
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    page.reload()
    page.wait_for_selector(".scrubber[data-step]", timeout=30_000)
    page.get_by_role("button", name="Converted").click()
    page.locator("[data-sound='converted'][aria-pressed='true']").wait_for()
    assert page.locator(".problem:not([hidden])").count() == 0
    page.close()  # before its servers end: it would miss them
    return requests


@pytest.mark.every_time
def test_browser_fetches_traces_from_their_own_server(open_page, traces, tmp_path):
    with serve_folder(traces, cors=True) as far, run_dashboard(far.address, tmp_path / "log") as site:
        requests = open_watched(open_page, site.address)
        assert {*FETCHED, "converted.flac"} <= files_of(requests, far.address)
        assert not [url for url in requests if url.startswith(f"{site.address}/traces/")]
        assert len(far.by_browser()) >= len(FETCHED) + 1
        assert "Traceback" not in site.log.read_text()


def test_app_hands_on_what_the_server_keeps_from_the_browser(open_page, traces, tmp_path):
    blocked = ("blocked by CORS policy", "net::ERR_FAILED")
    with serve_folder(traces, cors=False) as far, run_dashboard(far.address, tmp_path / "log") as site:
        requests = open_watched(open_page, site.address, query="trace=şarkı%201", allowed=blocked)
        assert {*FETCHED, "converted.flac"} <= files_of(requests, f"{site.address}/traces/")
        assert files_of(requests, far.address) == {"trace.json"}  # refused once, and then no more asked
        assert "Traceback" not in site.log.read_text()


def test_traces_of_a_server_that_is_away_are_said_and_the_page_works(open_page, tmp_path):
    with run_dashboard("http://127.0.0.1:9", tmp_path / "log") as site:
        page = open_page("/denoising", address=site.address, drawn=False)
        page.get_by_text("The list of traces cannot be read").wait_for(timeout=30_000)
        page.close()
        assert "Traceback" not in site.log.read_text()
