"""Recordings of strangers: what is read, and one sentence for everything that cannot be."""

import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from svc_core.config import GridConfig
from svc_core.own import recording
from svc_core.own.recording import LONGEST_S, read_recording
from svc_core.sound.audio import AudioError
from tests.conftest import contour, is_sentence, voice

GRID = GridConfig()
needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")


def sung(seconds: float = 2.0) -> np.ndarray:
    return voice(contour(seconds, 220.0))


def write(folder: Path, samples: np.ndarray, rate_hz: int = 24_000, kind: str = "WAV", **how) -> Path:
    """As the server keeps it: under a name that tells nothing."""
    soundfile.write(folder / "sent", samples, rate_hz, format=kind, **how)
    return folder / "sent"


def refusal(path: Path) -> str:
    with pytest.raises(AudioError) as caught:
        read_recording(path, GRID)
    message = str(caught.value)
    assert is_sentence(message) and str(path.parent) not in message  # nobody need know where it lies
    return message


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG", "MP3"])
def test_formats_of_the_library_are_read_whatever_their_name(tmp_path, kind):
    read = read_recording(write(tmp_path, sung(), kind=kind), GRID)
    assert read.dtype == np.float32 and read.shape == (48_000,)


def test_many_channels_of_a_high_rate_become_one(tmp_path):
    many = np.repeat(np.repeat(sung(1.5), 8)[:, None], 8, axis=1)
    read = read_recording(write(tmp_path, many, 192_000, subtype="FLOAT"), GRID)
    assert abs(len(read) - 36_000) <= 1
    loud = slice(6_000, 30_000)
    assert np.corrcoef(read[loud], sung(1.5)[loud])[0, 1] > 0.95


@pytest.mark.parametrize(
    ("samples", "said"),
    [
        (np.zeros(2_400), "lasts 0.1 s"),
        (np.zeros(48_000), "silent"),
        (np.full(48_000, np.nan), "not numbers"),
        (np.concatenate([np.full(47_999, 0.1), [np.inf]]), "not numbers"),
        (np.zeros(0), "lasts 0.0 s"),
    ],
)
def test_what_holds_no_singing_is_refused(tmp_path, samples, said):
    assert said in refusal(write(tmp_path, samples, subtype="FLOAT"))


def test_an_hour_is_refused_before_it_is_decoded(tmp_path, monkeypatch):
    path = write(tmp_path, np.zeros((3600 * 8_000, 1), np.int8).astype("int16"), 8_000, "FLAC")
    monkeypatch.setattr(soundfile.SoundFile, "read", None)
    assert "lasts 60 minutes; choose a part of 15 s at most" in refusal(path)


def test_a_little_more_than_the_longest_is_cut_and_more_is_refused(tmp_path):
    rate_hz = 8_000
    tone = 0.1 * np.sin(np.arange(round((LONGEST_S + 0.2) * rate_hz)))
    assert len(read_recording(write(tmp_path, tone, rate_hz), GRID)) <= (LONGEST_S + 0.25) * GRID.sample_rate_hz
    assert "lasts 16 s" in refusal(write(tmp_path, 0.1 * np.sin(np.arange(16 * rate_hz)), rate_hz))


def test_a_wav_that_promises_gigabytes_is_refused_without_them(tmp_path):
    path = write(tmp_path, sung(1.5))
    data = bytearray(path.read_bytes())
    at = data.index(b"data") + 4
    data[at : at + 4] = struct.pack("<I", 0x7FFFFFFF)
    path.write_bytes(bytes(data))
    try:
        assert len(read_recording(path, GRID)) <= (LONGEST_S + 1) * GRID.sample_rate_hz
    except AudioError as error:
        assert is_sentence(str(error))


@pytest.mark.parametrize(
    ("rate_hz", "channels", "said"), [(1_000, 1, "1000 samples a second"), (8_000, 17, "17 channels")]
)
def test_strange_rates_and_channels_are_refused(tmp_path, rate_hz, channels, said):
    assert said in refusal(write(tmp_path, np.full((2 * rate_hz, channels), 0.1), rate_hz))


@pytest.mark.parametrize(
    "data", [b"", b"RIFF", b"PK\x03\x04" + b"\x00" * 200, b"<script>alert(1)</script>", bytes(range(256)) * 40]
)
def test_what_is_no_sound_is_refused(tmp_path, data):
    (tmp_path / "sent").write_bytes(data)
    assert "no sound file" in refusal(tmp_path / "sent")


@pytest.mark.parametrize("data", [b"PK\x03\x04" + b"\x00" * 200, b"#EXTM3U\n/etc/passwd\n"])
def test_without_ffmpeg_the_library_s_reason_is_told(tmp_path, monkeypatch, data):
    monkeypatch.setattr(recording.shutil, "which", lambda name: None)
    (tmp_path / "sent").write_bytes(data)
    assert "this server can read" in refusal(tmp_path / "sent")


def convert(tmp_path: Path, *how: str, name: str) -> Path:
    """A file that ffmpeg makes of a second and a half of singing."""
    soundfile.write(tmp_path / "sung.wav", sung(1.5), 24_000)
    made = tmp_path / name
    command = ["ffmpeg", "-v", "error", "-i", str(tmp_path / "sung.wav"), *how, str(made)]
    subprocess.run(command, check=True)
    return made.rename(tmp_path / "sent")


@needs_ffmpeg
def test_m4a_is_read(tmp_path):
    assert abs(len(read_recording(convert(tmp_path, name="x.m4a"), GRID)) - 36_000) < 3_000


@needs_ffmpeg
def test_a_video_is_refused(tmp_path):
    path = convert(tmp_path, "-f", "lavfi", "-i", "testsrc=duration=1.5:size=64x64", name="x.mp4")
    assert "is a video" in refusal(path)


@needs_ffmpeg
def test_playlists_lead_nowhere(tmp_path):
    (tmp_path / "sent").write_text("#EXTM3U\n#EXTINF:3,\n/etc/passwd\n")
    assert "no sound file" in refusal(tmp_path / "sent")


def test_a_decoder_that_hangs_is_ended(tmp_path, monkeypatch):
    def hang(command, **how):
        raise subprocess.TimeoutExpired(command, 20)

    monkeypatch.setattr(recording.shutil, "which", lambda name: name)
    monkeypatch.setattr(recording.subprocess, "run", hang)
    (tmp_path / "sent").write_bytes(b"nothing")
    assert "no sound file that can be read" in refusal(tmp_path / "sent")
