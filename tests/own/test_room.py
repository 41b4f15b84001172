"""A disk without room, as it is told apart from other errors, and what is left of files that could not be written."""

import errno
import os

import pytest

from svc_core.own import recording
from svc_core.own.room import is_full, whole_or_gone
from svc_core.sound.audio import AudioError
from svc_core.traces.writing import WritingError
from tests.own.conftest import GRID


def raised_from(cause: BaseException) -> BaseException:
    try:
        raise WritingError("trace 'a' could not be written to /tmp/key.") from cause
    except WritingError as error:
        return error


@pytest.mark.parametrize("number, full", [(errno.ENOSPC, True), (errno.EDQUOT, True), (errno.EACCES, False)])
def test_a_full_disk_is_known_by_its_number_and_through_what_was_raised_from_it(number, full):
    error = OSError(number, os.strerror(number))
    assert is_full(error) == is_full(raised_from(error)) == full
    assert not is_full(raised_from(ValueError("No space left on device")))


def test_of_files_that_fail_none_stays_and_others_do(tmp_path):
    half, never, other = (tmp_path / name for name in ("half", "never", "other"))
    other.write_bytes(b"whole")
    with pytest.raises(OSError, match="No space"), whole_or_gone(half, never):
        half.write_bytes(b"hal")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert list(tmp_path.iterdir()) == [other]


def test_files_that_succeed_stay(tmp_path):
    with whole_or_gone(tmp_path / "a"):
        (tmp_path / "a").write_bytes(b"whole")
    assert (tmp_path / "a").read_bytes() == b"whole"


@pytest.mark.parametrize(
    "words, kind", [("av_interleaved_write_frame(): No space left on device", OSError), ("Invalid data", AudioError)]
)
def test_what_ffmpeg_finds_no_room_for_is_no_fault_of_the_recording(tmp_path, monkeypatch, words, kind):
    for name in ("ffmpeg", "ffprobe"):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\necho '{words}' >&2\nexit 1\n", encoding="utf-8")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    sent = tmp_path / "sent"
    sent.write_bytes(b"of a kind that libsndfile does not read")
    with pytest.raises(kind) as caught:
        recording.read_recording(sent, GRID)
    assert is_full(caught.value) == (kind is OSError)
