"""Places: the same bytes from a folder and from an address, and one sentence for each way to fail."""

import importlib
import os
import threading
import tracemalloc
from pathlib import Path

import pytest

from svc_core.traces.place import Place, PlaceError, place_of
from tests.conftest import is_sentence
from tests.traces.conftest import BAD, Endless, Redirecting, Slow

fsspec = pytest.importorskip("fsspec")
pytest.importorskip("aiohttp")
BYTES = bytes(range(256)) * 40


def refusal(place: Place, name: str = "file.bin", most: int = 1_000_000) -> str:
    with pytest.raises(PlaceError) as caught:
        place.read(name, most)
    message = str(caught.value)
    assert is_sentence(message)
    assert name in message
    return message


@pytest.fixture
def memory():
    """A folder of fsspec's memory, as an object store has them."""
    files = fsspec.filesystem("memory")
    files.pipe("/place-test/file.bin", BYTES)
    yield files
    files.rm("/place-test", recursive=True)


def test_a_path_is_of_this_machine_and_an_address_is_not():
    assert place_of("/a/b").path == Path("/a/b")
    assert place_of(Path("a/b")).path == Path("a/b")
    assert place_of("https://host/a").path is None
    assert place_of("s3://bucket/a").path is None
    assert place_of(place_of("/a/b")) == place_of("/a/b")


@pytest.mark.parametrize(
    "given", ["/a/b", "/a/b/", "https://host/a/b", "https://host/a/b/", "s3://bucket/b", Path("b")]
)
def test_a_place_has_the_name_of_its_folder(given):
    assert place_of(given).name == "b"


def test_children_lie_below():
    assert place_of("https://host/a/").child("b").address == "https://host/a/b"
    assert place_of("/a").child("b").path == Path("/a/b")
    assert place_of("/a").child("b/c").name == "c"


# reading


def test_a_folder_and_both_servers_and_memory_give_the_same_bytes(tmp_path, serve_folder, memory):
    (tmp_path / "deep").mkdir()
    for name in ("file.bin", "deep/file.bin"):
        (tmp_path / name).write_bytes(BYTES)
    memory.pipe("/place-test/deep/file.bin", BYTES)
    for place in (place_of(tmp_path), place_of(serve_folder(tmp_path)), place_of("memory://place-test")):
        assert place.read("file.bin", 1_000_000) == BYTES
        assert place.read("deep/file.bin", len(BYTES)) == BYTES
        assert place.child("deep").read("file.bin", len(BYTES)) == BYTES


def test_an_empty_file_is_no_byte_everywhere(tmp_path, serve_folder, memory):
    (tmp_path / "empty").touch()
    memory.pipe("/place-test/empty", b"")
    for place in (place_of(tmp_path), place_of(serve_folder(tmp_path)), place_of("memory://place-test")):
        assert place.read("empty", 10) == b""
        assert place.read("empty", 0) == b""


def test_a_file_longer_than_it_may_be_is_refused_everywhere(tmp_path, serve_folder, memory):
    (tmp_path / "file.bin").write_bytes(BYTES)
    for place in (place_of(tmp_path), place_of(serve_folder(tmp_path)), place_of("memory://place-test")):
        assert place.read("file.bin", len(BYTES)) == BYTES
        assert f"longer than the {len(BYTES) - 1} bytes" in refusal(place, most=len(BYTES) - 1)


def test_a_missing_file_is_named_everywhere(tmp_path, serve_folder, memory):
    for place in (place_of(tmp_path), place_of(serve_folder(tmp_path)), place_of("memory://place-test")):
        assert "absent.bin is missing" in refusal(place, "absent.bin")


def test_a_folder_is_no_file(tmp_path):
    (tmp_path / "file.bin").mkdir()
    refusal(place_of(tmp_path))


def test_names_beyond_ascii_are_found_everywhere(tmp_path, serve_folder):
    (tmp_path / "şarkı @+~").mkdir()
    (tmp_path / "şarkı @+~" / "ağır.bin").write_bytes(BYTES)
    for parent in (place_of(tmp_path), place_of(serve_folder(tmp_path))):
        assert parent.child("şarkı @+~").read("ağır.bin", len(BYTES)) == BYTES


@pytest.mark.parametrize("handler", BAD)
def test_a_bad_server_is_told_in_a_sentence(serve, handler):
    place = place_of(serve(handler))
    refusal(place)
    assert place.changed("file.bin") is None or isinstance(place.changed("file.bin"), str)


def test_no_server_is_told_in_a_sentence(serve):
    refusal(place_of("http://127.0.0.1:1"))


@pytest.mark.parametrize("address", ["nonsense://host/a", "http://", "http://[::bad/a", "http://host:port/a", "s3://"])
def test_an_address_that_is_none_is_told_in_a_sentence(address):
    refusal(place_of(address))


def test_a_package_that_is_missing_is_named(monkeypatch):
    known = importlib.import_module("fsspec.registry").known_implementations
    monkeypatch.setitem(known, "far", {"class": "no_such_package.Far", "err": "get the package far"})
    with pytest.raises(PlaceError, match="far://host/a cannot be opened: get the package far") as caught:
        place_of("far://host/a").read("file.bin", 10)
    assert is_sentence(str(caught.value))


def test_a_server_that_sends_without_end_is_heard_as_far_as_it_may_speak(serve):
    """Neither memory nor time: no more is held than was asked for."""
    Endless.sent = 0
    place = place_of(serve(Endless))
    tracemalloc.start()
    refusal(place, most=100_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30 << 20  # a first import of aiohttp is among it
    assert Endless.sent < 30 << 20


def test_a_slow_server_is_waited_for(serve):
    assert place_of(serve(Slow)).read("file.bin", 5) == b"hello"


def test_a_file_that_has_moved_is_followed(serve):
    assert place_of(serve(Redirecting)).child("moved").read("file.bin", 5) == b"hello"


def test_a_server_is_asked_from_several_threads_at_once(tmp_path, serve_folder):
    """A page has as many visitors as it has."""
    for number in range(8):
        (tmp_path / f"{number}.bin").write_bytes(BYTES * (number + 1))
    place, got = place_of(serve_folder(tmp_path)), {}

    def fetch(number: int) -> None:
        got[number] = place.read(f"{number}.bin", 1_000_000)

    threads = [threading.Thread(target=fetch, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == {number: BYTES * (number + 1) for number in range(8)}


# what has changed


def test_a_mark_stays_while_the_file_does(tmp_path, serve_folder, memory):
    (tmp_path / "file.bin").write_bytes(BYTES)
    for place in (place_of(tmp_path), place_of(serve_folder(tmp_path)), place_of("memory://place-test")):
        first = place.changed("file.bin")
        assert first
        assert place.changed("file.bin") == first


def test_a_mark_changes_with_the_file_though_its_length_does_not(tmp_path, serve_folder, memory):
    (tmp_path / "file.bin").write_bytes(BYTES)
    places = [place_of(tmp_path), place_of(serve_folder(tmp_path)), place_of(f"file://{tmp_path}")]
    places.append(place_of("memory://place-test"))
    before = [place.changed("file.bin") for place in places]
    (tmp_path / "file.bin").write_bytes(BYTES[::-1])
    now_ns = (tmp_path / "file.bin").stat().st_mtime_ns
    os.utime(tmp_path / "file.bin", ns=(now_ns, now_ns + 2 * 10**9))  # servers tell time in seconds
    memory.pipe("/place-test/file.bin", BYTES[::-1])
    for place, mark in zip(places, before, strict=True):
        assert place.changed("file.bin") not in (None, mark)


def test_a_mark_changes_with_the_length(tmp_path, serve_folder):
    (tmp_path / "file.bin").write_bytes(BYTES)
    places = [place_of(tmp_path), place_of(serve_folder(tmp_path))]
    before = [place.changed("file.bin") for place in places]
    times = (tmp_path / "file.bin").stat()
    (tmp_path / "file.bin").write_bytes(BYTES + b"!")
    os.utime(tmp_path / "file.bin", ns=(times.st_atime_ns, times.st_mtime_ns))
    for place, mark in zip(places, before, strict=True):
        assert place.changed("file.bin") not in (None, mark)


def test_where_a_server_sends_one_on_to_is_no_change(monkeypatch):
    """Stores sign the address of a file anew at each asking."""
    monkeypatch.setattr("svc_core.traces.place._files", lambda address: Signing())
    place = place_of("https://host/a")
    assert place.changed("file.bin") == place.changed("file.bin") == "ETag: 7, size: 3"


class Signing:
    asked = 0

    def info(self, address: str) -> dict:
        Signing.asked += 1
        return {"size": 3, "url": f"{address}?signed={Signing.asked}", "ETag": "7"}


def test_no_file_has_no_mark(tmp_path, serve_folder, memory):
    for place in (place_of(tmp_path), place_of(serve_folder(tmp_path)), place_of("memory://place-test")):
        assert place.changed("absent.bin") is None
    assert place_of("http://127.0.0.1:1").changed("file.bin") is None
    assert place_of("nonsense://host").changed("file.bin") is None


def test_a_local_place_does_without_fsspec(tmp_path, monkeypatch):
    monkeypatch.setattr("svc_core.traces.place._files", None)
    (tmp_path / "file.bin").write_bytes(BYTES)
    assert place_of(tmp_path).read("file.bin", len(BYTES)) == BYTES
    assert place_of(tmp_path).changed("file.bin")


@pytest.mark.parametrize("name", ["a #1 50%", "what?", "a+b&c", "şarkı~1"])
def test_a_name_of_any_letters_is_found_on_a_web_server(serve_folder, tmp_path, name):
    """What means something else in an address is written as its number, and read back as the name."""
    (tmp_path / name).mkdir()
    (tmp_path / name / "trace.json").write_bytes(b"{}")
    place = place_of(serve_folder(tmp_path)).child(name)
    assert place.name == name
    assert place.read("trace.json", 10) == b"{}"
    assert place.changed("trace.json") is not None
