"""Folders of visitors' recordings: unguessable, contained, and gone in time."""

import os
import subprocess
import sys

import pytest

from app.own.takes import KEY, PREFIX, Takes, sweep_left_behind


@pytest.fixture
def takes(tmp_path):
    takes = Takes(tmp_path, clock=lambda: takes.now_s if hasattr(takes, "now_s") else 0.0)
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
    for name in ("../secret", "walk", "", "link", "/etc/passwd", "walk/../../secret", "gone"):
        assert takes.file(key, name) is None


def test_forgotten_takes_leave_nothing(takes):
    key, folder = takes.create()
    (folder / "sound.wav").write_bytes(b"x")
    assert takes.forget(key) and not folder.exists()
    assert takes.folder(key) is None and not takes.forget(key)


def test_what_nobody_looks_at_goes_and_a_look_keeps_it(tmp_path):
    now_s = [0.0]
    takes = Takes(tmp_path, clock=lambda: now_s[0])
    old, kept = takes.create()[0], takes.create()[0]
    now_s[0] = 50.0
    takes.folder(kept)
    now_s[0] = 101.0
    assert takes.sweep(100.0) == [old]
    assert takes.folder(kept) is not None and not (takes.root / old).exists()
    takes.close()
    assert list(tmp_path.iterdir()) == []


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
