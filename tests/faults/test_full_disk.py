"""A disk that is full: a small one where one may be mounted."""

import errno

import pytest

from svc_core.own.room import NO_ROOM
from svc_core.traces.catalogue import CATALOGUE
from svc_core.traces.register import rebuild_catalogue
from svc_core.traces.writing import WritingError
from tests.conftest import is_sentence
from tests.faults.full_disk import send_into, small_disk, write_on
from tests.faults.full_worker import convert_into, is_whole, run_worker
from tests.faults.traces import make_traces, not_whole


@pytest.fixture
def disk(tmp_path):
    try:
        with small_disk(tmp_path / "disk") as place:
            yield place
    except PermissionError as error:
        pytest.skip(str(error))


def test_what_finds_no_room_is_said_and_nothing_is_half_written(disk):
    for said in write_on(disk):
        assert is_sentence(said)
        assert "No space left on device" in said
    assert not_whole(disk) == []


def test_a_recording_that_finds_no_room_is_answered_in_a_sentence(disk):
    status, said, left, again = send_into(disk)
    assert (status, left, again) == (503, 0, 201)
    assert is_sentence(said)


def test_a_worker_that_finds_no_room_says_so_and_works_on_when_there_is_some(disk):
    with run_worker(disk) as worker:
        said, left, answer = convert_into(worker)
        assert is_sentence(NO_ROOM) and said == [NO_ROOM] * 3
        assert left == set()
        assert is_whole(disk, answer)


def test_a_catalogue_that_finds_no_room_leaves_the_old_one_and_nothing_beside(tmp_path, monkeypatch):
    """Where nothing can be mounted, too: the first half is written, then the disk is full."""
    make_traces(tmp_path)
    before = (tmp_path / CATALOGUE).read_bytes()

    def half(path, data):
        with path.open("wb") as file:
            file.write(data[: len(data) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", half)
    with pytest.raises(WritingError, match="No space left"):
        rebuild_catalogue(tmp_path)
    assert (tmp_path / CATALOGUE).read_bytes() == before
    assert not_whole(tmp_path) == []
