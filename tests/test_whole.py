"""A file is there as a whole, or as it was before; nothing is left beside it."""

import pytest

from svc_core.whole import write_whole


def test_a_file_takes_the_place_of_the_one_before(tmp_path):
    path = tmp_path / "one.txt"
    path.write_bytes(b"before")
    write_whole(path, b"after")
    assert path.read_bytes() == b"after"
    assert [left.name for left in tmp_path.iterdir()] == ["one.txt"]


def test_what_cannot_be_put_in_place_leaves_nothing_behind(tmp_path):
    taken = tmp_path / "taken"
    taken.mkdir()  # no file can take a folder's place
    with pytest.raises(OSError):
        write_whole(taken, b"data")
    assert [left.name for left in tmp_path.iterdir()] == ["taken"]
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "missing" / "one.txt", b"data")


def test_a_write_that_fails_halfway_keeps_the_file_before(tmp_path, monkeypatch):
    path = tmp_path / "one.txt"
    path.write_bytes(b"before")

    def fill_up(partial, data):
        partial.open("wb").close()
        raise OSError("No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", fill_up)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, b"after")
    assert path.read_bytes() == b"before"
    assert [left.name for left in tmp_path.iterdir()] == ["one.txt"]
