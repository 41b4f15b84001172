"""Folders of visitors' recordings: unguessable, contained, and gone in time."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from app.own.limits import Limits
from app.own.takes import KEY, PREFIX, Takes, TakesError, sweep_left_behind

LIMITS = replace(Limits(), kept_s=100.0)


@pytest.fixture
def takes(tmp_path):
    takes = Takes(LIMITS, tmp_path, clock=lambda: 0.0)
    yield takes
    takes.close()


def test_each_has_a_folder_that_its_key_alone_opens(takes):
    keys = {takes.create()[0] for _ in range(50)}
    assert len(keys) == 50 and all(KEY.fullmatch(key) for key in keys)
    key, folder = takes.create()
    assert takes.folder(key) == folder and folder.is_dir()
    assert folder.stat().st_mode & 0o077 == 0 and takes.root.stat().st_mode & 0o077 == 0
    assert takes.folder("A" * 22) is None and takes.folder("..") is None and takes.folder("") is None


def test_files_of_a_take_and_nothing_else_are_found(takes, tmp_path):
    key, folder = takes.create()
    (folder / "mel.bin").write_bytes(b"mel")
    (folder / "walk").mkdir()
    (folder / "walk" / "trace.json").write_text("{}")
    (takes.root / "secret").write_text("no")
    (folder / "link").symlink_to(takes.root / "secret")
    assert takes.file(key, "mel.bin") == (folder / "mel.bin").resolve()
    assert takes.file(key, "walk/trace.json").read_text() == "{}"
    outside = ("../secret", "walk", "", "link", "/etc/passwd", "walk/../../secret", "gone")
    strange = ("\0", "a" * 5000, "é" * 200, "\ud800")
    for name in (*outside, *strange):
        assert takes.file(key, name) is None


def test_forgotten_takes_leave_nothing(takes):
    key, folder = takes.create()
    (folder / "sound.wav").write_bytes(b"x")
    assert takes.forget(key) and not folder.exists()
    assert takes.folder(key) is None and not takes.forget(key)


def test_what_nobody_looks_at_goes_and_a_look_keeps_it(tmp_path):
    now_s = [0.0]
    takes = Takes(LIMITS, tmp_path, clock=lambda: now_s[0])
    old, kept = takes.create()[0], takes.create()[0]
    now_s[0] = 50.0
    takes.folder(kept)
    now_s[0] = 101.0
    assert takes.sweep() == [old]
    assert takes.folder(kept) is not None and not (takes.root / old).exists()
    takes.close()
    assert list(tmp_path.iterdir()) == []


def test_so_many_takes_have_room_and_no_more(tmp_path):
    takes = Takes(replace(LIMITS, most_takes=2), tmp_path)
    first = takes.create()[0]
    takes.create()
    with pytest.raises(TakesError, match="Too many recordings"):
        takes.create()
    assert len(list(takes.root.iterdir())) == 2
    takes.forget(first)
    takes.create()
    takes.close()


def test_so_many_bytes_have_room_and_no_more(tmp_path):
    takes = Takes(replace(LIMITS, most_stored_bytes=20_000), tmp_path)
    (key, folder), (other, _) = takes.create(), takes.create()
    (folder / "made").mkdir()
    (folder / "made" / "sound").write_bytes(b"x" * 10_000)
    takes.weigh(key)
    takes.weigh(key)  # the same bytes, not more
    (folder / "made" / "another").write_bytes(b"x" * 10_001)
    for refused in (lambda: takes.weigh(key), lambda: takes.weigh(other), takes.create):
        with pytest.raises(TakesError, match="Too many recordings"):
            refused()
    takes.forget(key)
    takes.weigh(other)
    takes.weigh(key)  # forgotten meanwhile: it counts no more
    takes.create()
    takes.close()


def test_what_is_written_into_a_forgotten_take_goes_too(tmp_path):
    takes = Takes(LIMITS, tmp_path)
    (forgotten, folder), (kept, kept_folder) = takes.create(), takes.create()
    temporary = takes.root / "tmp12345678"  # a worker's own
    temporary.mkdir()
    takes.forget(forgotten)
    (folder / "made").mkdir(parents=True)  # by a worker that has not yet been ended
    assert takes.sweep() == []
    assert not folder.exists() and kept_folder.exists() and temporary.exists()
    assert takes.folder(kept) == kept_folder
    takes.close()


def test_a_folder_that_was_cleared_away_is_made_anew(tmp_path):
    takes = Takes(LIMITS, tmp_path)
    takes.root.rmdir()
    takes.sweep()
    assert takes.create()[1].is_dir() and takes.root.stat().st_mode & 0o077 == 0
    takes.close()


def test_what_a_killed_server_left_behind_is_swept(tmp_path):
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True)
    left = tmp_path / f"{PREFIX}{gone.stdout.strip()}-abc"
    (left / "key").mkdir(parents=True)
    (left / "key" / "sound.wav").write_bytes(b"x")
    running = tmp_path / f"{PREFIX}{os.getpid()}-abc"
    running.mkdir()
    (tmp_path / "other").mkdir()
    linked = tmp_path / f"{PREFIX}{gone.stdout.strip()}-link"
    linked.symlink_to(tmp_path / "other")
    sweep_left_behind(tmp_path)
    assert not left.exists() and running.exists() and (tmp_path / "other").exists()
