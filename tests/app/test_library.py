"""Where traces come from: what is read again and when, and where the browser is sent."""

import threading

import pytest

from app.serving import library as libraries
from app.serving.library import Library
from svc_core.traces.catalogue import CATALOGUE, CatalogueError
from svc_core.traces.register import rebuild_catalogue
from tests.app.conftest import NAMES, show
from tests.support.foreign import serve_folder


@pytest.mark.parametrize(
    ("address", "public", "roots"),
    [
        ("/data/traces", "", ["./traces/"]),
        ("/data/traces", "https://cdn.org/t", ["./traces/"]),  # a folder is served by the app itself
        ("https://cdn.org/t", "", ["https://cdn.org/t/", "./traces/"]),
        ("https://cdn.org/t/", "", ["https://cdn.org/t/", "./traces/"]),
        ("https://inside:9000/t", "https://cdn.org/t/", ["https://cdn.org/t/", "./traces/"]),
        ("s3://bucket/t", "", ["./traces/"]),
        ("s3://bucket/t", "https://cdn.org/t", ["https://cdn.org/t/", "./traces/"]),
        ("https://me:secret@cdn.org/t", "", ["./traces/"]),
        ("https://cdn.org/t?key=secret", "", ["./traces/"]),
    ],
)
def test_browser_is_sent_where_traces_are_public_and_never_shown_a_secret(address, public, roots):
    assert Library(address, public).roots == roots


def test_catalogue_is_read_once_and_again_when_it_changes(own_traces, monkeypatch):
    shown, read = show(monkeypatch, str(own_traces)), []
    original = libraries.read_catalogue
    monkeypatch.setattr(libraries, "read_catalogue", lambda place: read.append(place) or original(place))
    assert [entry.id for entry in shown.catalogue()] == list(NAMES)
    assert shown.catalogue() is shown.catalogue()
    assert len(read) == 1
    path = own_traces / CATALOGUE
    path.write_text("\n".join(path.read_text().splitlines()[:2]) + "\n")
    assert len(shown.catalogue()) == 1
    path.unlink()
    with pytest.raises(CatalogueError):
        shown.catalogue()


def test_many_threads_read_the_catalogue_once(own_traces, monkeypatch):
    shown, read = show(monkeypatch, str(own_traces)), []
    original = libraries.read_catalogue
    monkeypatch.setattr(libraries, "read_catalogue", lambda place: read.append(place) or original(place))
    threads = [threading.Thread(target=shown.catalogue) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read) == 1


def test_another_machine_is_asked_now_and_then_and_may_be_away_for_a_while(own_traces, monkeypatch):
    with serve_folder(own_traces, cors=False) as far:
        shown = Library(far.address)
        assert len(shown.catalogue()) == 3
        assert shown.open(shown.find(NAMES[0])).id == NAMES[0]
        asked = len(far.asked)
        shown.catalogue()
        shown.open(shown.find(NAMES[0]))
        assert len(far.asked) == asked
        (own_traces / NAMES[0]).rename(own_traces / ".gone")
        rebuild_catalogue(own_traces)
        monkeypatch.setattr(libraries, "ASK_AGAIN_S", 0.0)
        assert len(shown.catalogue()) == 2
    assert len(shown.catalogue()) == 2  # the server has ended; what it said last still holds
