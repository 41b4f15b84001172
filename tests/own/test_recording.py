"""Recordings of strangers: what is read, and one sentence for everything that cannot be."""

import json
import os
import shutil
import struct
import subprocess
import sys
import time
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from svc_core.own import recording
from svc_core.own.recording import LONGEST_S, Recording, clipped_share, read_recording
from svc_core.sound.audio import AudioError
from tests.conftest import is_sentence
from tests.own.conftest import GRID, REPOSITORY, send, sung

needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
MB = 1 << 20


@pytest.fixture(params=["with ffmpeg", "without ffmpeg"])
def either(request, monkeypatch) -> bool:
    """Both kinds of server; whether ffmpeg is there."""
    if request.param == "without ffmpeg":
        monkeypatch.setattr(recording.shutil, "which", lambda name: None)
        return False
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")
    return True


def refusal(path: Path) -> str:
    """The sentence; nothing but the file itself is left in its folder afterwards."""
    with pytest.raises(AudioError) as caught:
        read_recording(path, GRID)
    message = str(caught.value)
    assert is_sentence(message) and str(path.parent) not in message  # nobody need know where it lies
    assert [found.name for found in path.parent.iterdir()] == [path.name]
    return message


def keep(folder: Path, data: bytes) -> Path:
    (folder / "sent").write_bytes(data)
    return folder / "sent"


# what is read


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG", "MP3"])
def test_formats_of_the_library_are_read_whatever_their_name(tmp_path, kind):
    read = read_recording(send(tmp_path, sung(), kind=kind), GRID)
    assert isinstance(read, Recording) and read.clipped_share == 0
    assert read.samples.dtype == np.float32 and read.samples.shape == (36_000,)
    assert np.corrcoef(read.samples, sung())[0, 1] > 0.99


def test_many_channels_of_a_high_rate_become_one(tmp_path):
    many = np.repeat(np.repeat(sung(), 8)[:, None], 8, axis=1)
    read = read_recording(send(tmp_path, many, 192_000, subtype="FLOAT"), GRID).samples
    assert abs(len(read) - 36_000) <= 1
    loud = slice(6_000, 30_000)
    assert np.corrcoef(read[loud], sung()[loud])[0, 1] > 0.95


def test_channels_are_averaged(tmp_path):
    both = np.stack([sung(), np.zeros(36_000, np.float32)], axis=1)
    np.testing.assert_allclose(read_recording(send(tmp_path, both), GRID).samples, sung() / 2, atol=1e-4)


@pytest.mark.parametrize("seconds", [LONGEST_S, LONGEST_S + 0.1, LONGEST_S + 0.25])
def test_what_a_coder_adds_to_the_longest_is_cut(tmp_path, seconds):
    """The model without torch converts 15 s and not a frame more."""
    tone = 0.1 * np.sin(np.arange(round(seconds * 8_000)))
    assert len(read_recording(send(tmp_path, tone, 8_000), GRID).samples) == LONGEST_S * GRID.sample_rate_hz


NAMES = ["-i", "$(touch x);x.wav", "<script>alert(1)<∕script>", "concat:a|b", "%s%n.wav", "é ü"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_only_a_name(tmp_path, either, name):
    path = send(tmp_path, sung()).rename(tmp_path / name)
    assert len(read_recording(path, GRID).samples) == 36_000
    path.write_bytes(b"no sound at all")
    assert name not in refusal(path)


# clipping, before another rate rounds what was cut off


def test_three_samples_in_a_row_at_the_rim_are_clipped():
    samples = np.zeros((1_000, 2))
    samples[10:12, 0] = 1.0  # two: a peak
    assert clipped_share(samples) == 0
    samples[12, 0] = -1.0
    assert clipped_share(samples) == 3 / 1_000
    samples[100:107, 1] = -0.9995
    assert clipped_share(samples) == 7 / 1_000  # of the worst channel
    samples[997:, 1] = 1.0  # to the very end
    assert clipped_share(samples) == 10 / 1_000


@pytest.mark.parametrize(("peak", "share"), [(0.9989, 0), (0.999, 1)])
def test_the_rim_is_a_thousandth_below_full_scale(peak, share):
    assert clipped_share(np.full((100, 1), peak)) == share


def test_a_sound_that_was_cut_off_is_found_to_be(tmp_path):
    """Half of an overdriven sine's samples stand above sin(45°) of its peak."""
    sine = np.sqrt(2) * np.sin(2 * np.pi * 100 * np.arange(48_000) / 48_000)
    read = read_recording(send(tmp_path, np.clip(sine, -1, 1), 48_000), GRID)
    assert read.clipped_share == pytest.approx(0.5, abs=0.02)
    assert read_recording(send(tmp_path, 0.7 * sine, 48_000), GRID).clipped_share == 0


# too little and too much


@pytest.mark.parametrize(
    ("samples", "said"),
    [
        (np.full(2_400, 0.1), "lasts 0.1 s"),
        (np.full(23_999, 0.1), "sing for 1 s at least"),
        (np.zeros(48_000), "silent"),
        (np.full(48_000, np.nan), "not numbers"),
        (np.concatenate([np.full(47_999, 0.1), [np.inf]]), "1 samples that are not numbers"),
        (np.stack([np.full(48_000, 0.1), np.full(48_000, np.nan)], axis=1), "48000 samples that are not numbers"),
        (np.zeros(0), "lasts 0.0 s"),
        (np.full(48_000, 1e30), "louder than any sound"),
    ],
    ids=["0.1 s", "just too short", "silence", "NaN", "infinite", "NaN in one channel", "empty", "huge"],
)
def test_what_holds_no_singing_is_refused(tmp_path, samples, said):
    assert said in refusal(send(tmp_path, samples, subtype="FLOAT"))


def test_a_file_of_floats_may_go_beyond_full_scale(tmp_path):
    read = read_recording(send(tmp_path, 10 * sung(), subtype="FLOAT"), GRID)
    np.testing.assert_allclose(read.samples, 10 * sung(), rtol=1e-6)


def test_a_second_is_enough(tmp_path):
    assert len(read_recording(send(tmp_path, sung(1.0)), GRID).samples) == 24_000


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(15.3, "lasts more than 15 s"), (16, "lasts 16 s"), (119, "lasts 119 s"), (3600, "lasts 60 minutes")],
)
def test_too_long_is_told_without_decoding(tmp_path, monkeypatch, seconds, said):
    path = send(tmp_path, np.zeros(round(seconds * 8_000), np.int16), 8_000, "FLAC")
    monkeypatch.setattr(soundfile.SoundFile, "read", None)
    assert refusal(path).endswith(f"{said}; choose a part of 15 s at most.")


def lying(path: Path, at: bytes, promised: int) -> Path:
    """The file with another number behind the mark ``at``."""
    data = bytearray(path.read_bytes())
    place = data.index(at) + 4
    data[place : place + 4] = struct.pack("<I", promised)
    path.write_bytes(bytes(data))
    return path


def test_a_wav_that_promises_gigabytes_takes_no_memory_for_them(tmp_path):
    """libsndfile believes the file's own length more than what its header says."""
    path = lying(send(tmp_path, sung()), b"data", 0x7FFFFFFF)
    tracemalloc.start()
    assert len(read_recording(path, GRID).samples) == 36_000
    assert tracemalloc.get_traced_memory()[1] < 4 * MB
    tracemalloc.stop()


@pytest.mark.parametrize(("promised", "said"), [(0, ""), (16_000, "silent"), (1 << 35, "minutes")])
def test_a_header_that_promises_less_or_more_hides_no_hour(tmp_path, promised, said):
    """A FLAC's header may say any number of samples, 0 for not known: no more is decoded than may be."""
    path = send(tmp_path, np.zeros(600 * 8_000, np.int16), 8_000, "FLAC")
    data = bytearray(path.read_bytes())
    assert data[:4] == b"fLaC"
    total = int.from_bytes(data[18:26], "big")  # rate, channels, bits, and 36 bits of samples
    data[18:26] = ((total >> 36 << 36) | promised).to_bytes(8, "big")
    path.write_bytes(bytes(data))
    tracemalloc.start()
    assert said in refusal(path)
    assert tracemalloc.get_traced_memory()[1] < 4 * MB
    tracemalloc.stop()


MEASURED = """
import json, resource, sys
from pathlib import Path
import numpy as np
from svc_core.config import GridConfig
from svc_core.own.recording import AudioError, read_recording
from svc_core.sound.audio import check_audio
check_audio(np.full(48_000, 0.1), 48_000, GridConfig(), "")  # loads the resampler
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    told = len(read_recording(Path(sys.argv[1]), GridConfig()).samples)
except AudioError as error:
    told = str(error)
print(json.dumps([told, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024]))
"""


def measured(path: Path) -> tuple[object, int]:
    """What a process of its own makes of it, and how many MB its memory grew at most."""
    command = [sys.executable, "-c", MEASURED, str(path)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    told, grown_mb = json.loads(done.stdout)
    return told, grown_mb


def test_the_most_that_is_decoded_stays_below_two_hundred_megabytes(tmp_path):
    """Fifteen seconds of eight channels of 192 kHz: a FLAC of few megabytes, 92 MB as numbers."""
    with soundfile.SoundFile(tmp_path / "sent", "w", 192_000, 8, format="FLAC") as file:
        second = 9_000 * np.sin(2 * np.pi * 220 * np.arange(192_000) / 192_000)
        second = np.repeat(second.astype(np.int16)[:, None], 8, axis=1)
        for _ in range(15):
            file.write(second)
    assert (tmp_path / "sent").stat().st_size < 32 * MB
    told, grown_mb = measured(tmp_path / "sent")
    assert told == 15 * 24_000
    assert grown_mb < 200


def test_an_hour_takes_no_memory(tmp_path):
    with soundfile.SoundFile(tmp_path / "sent", "w", 8_000, 1, format="FLAC") as file:
        for _ in range(60):
            file.write(np.zeros(60 * 8_000, np.int16))
    told, grown_mb = measured(tmp_path / "sent")
    assert "lasts 60 minutes" in told
    assert grown_mb < 20


@pytest.mark.parametrize(
    ("rate_hz", "channels", "said"),
    [(1_000, 1, "1000 samples a second"), (384_000, 1, "384000 samples"), (8_000, 9, "9 channels; 8 at most")],
)
def test_strange_rates_and_channels_are_refused(tmp_path, rate_hz, channels, said):
    assert said in refusal(send(tmp_path, np.full((2 * rate_hz, channels), 0.1), rate_hz))


# what is no sound


@pytest.mark.parametrize(
    "data",
    [b"", b"RIFF", b"<script>alert(1)</script>", bytes(range(256)) * 40, b"\x89PNG\r\n\x1a\n" + bytes(100)],
    ids=["nothing", "a header", "a script", "numbers", "a picture"],
)
def test_what_is_no_sound_is_refused(tmp_path, either, data):
    assert ("no sound file that this server can read" in refusal(keep(tmp_path, data))) != either
    assert "is no sound file" in refusal(tmp_path / "sent")


def test_a_zip_bomb_is_not_unpacked(tmp_path, either):
    with zipfile.ZipFile(tmp_path / "sent", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("sound.wav", bytes(64 * MB))
    assert (tmp_path / "sent").stat().st_size < MB // 10
    tracemalloc.start()
    assert "is no sound file" in refusal(tmp_path / "sent")
    assert tracemalloc.get_traced_memory()[1] < MB
    tracemalloc.stop()


def made_by_ffmpeg(folder: Path, name: str, *how: str, seconds: float = 1.5) -> Path:
    """A file that ffmpeg makes of some singing."""
    elsewhere = folder.parent / f"{folder.name}-made"
    elsewhere.mkdir()
    soundfile.write(elsewhere / "sung.wav", sung(seconds), 24_000)
    command = ["ffmpeg", "-v", "error", "-i", str(elsewhere / "sung.wav"), *how, str(elsewhere / name)]
    subprocess.run(command, check=True)
    return (elsewhere / name).rename(folder / "sent")


@needs_ffmpeg
@pytest.mark.parametrize("name", ["x.m4a", "x.webm"])
def test_what_phones_and_browsers_record_is_read(tmp_path, name):
    read = read_recording(made_by_ffmpeg(tmp_path, name), GRID)
    assert abs(len(read.samples) - 36_000) < 3_000
    assert [path.name for path in tmp_path.iterdir()] == ["sent"]


@needs_ffmpeg
def test_a_longer_m4a_is_refused_and_ffmpeg_stops_where_that_is_clear(tmp_path):
    path = made_by_ffmpeg(tmp_path, "x.m4a", "-filter:a", "aloop=loop=-1:size=36000", "-t", "60")
    assert "lasts more than 15 s; choose" in refusal(path)


@needs_ffmpeg
def test_a_video_is_refused(tmp_path):
    path = made_by_ffmpeg(tmp_path, "x.mp4", "-f", "lavfi", "-i", "testsrc=duration=1.5:size=64x64")
    assert "is a video; save its sound alone" in refusal(path)


def test_a_video_without_ffmpeg_is_no_sound_file(tmp_path, monkeypatch):
    monkeypatch.setattr(recording.shutil, "which", lambda name: None)
    video = b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41" + bytes(2_000)
    assert "no sound file that this server can read" in refusal(keep(tmp_path, video))


@needs_ffmpeg
@pytest.mark.parametrize(
    "playlist", ["#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n{}\n", "ffconcat version 1.0\nfile {}\n"]
)
def test_playlists_lead_nowhere(tmp_path, playlist):
    """ffmpeg would read what they name, a recording of somebody else's, say."""
    (tmp_path / "other").mkdir()
    soundfile.write(tmp_path / "other" / "song.mp3", sung(), 24_000)
    (tmp_path / "take").mkdir()
    assert "no sound file" in refusal(
        keep(tmp_path / "take", playlist.format(tmp_path / "other" / "song.mp3").encode())
    )


def test_a_decoder_that_hangs_is_ended(tmp_path, monkeypatch):
    """One that never answers, in place of ffprobe and ffmpeg."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("ffprobe", "ffmpeg"):
        (programs / name).write_text(f"#!/bin/sh\necho $$ > {programs}/pid\nexec sleep 60\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setattr(recording, "FFMPEG_S", 0.5)
    (tmp_path / "take").mkdir()
    began_s = time.monotonic()
    assert "no sound file that can be read" in refusal(keep(tmp_path / "take", b"nothing"))
    assert time.monotonic() - began_s < 10
    with pytest.raises(ProcessLookupError):
        os.kill(int((programs / "pid").read_text()), 0)


def test_a_decoder_that_fails_half_way_leaves_nothing(tmp_path, monkeypatch):
    """ffprobe tells of a sound, ffmpeg writes some of it and ends with an error."""
    programs = tmp_path / "programs"
    programs.mkdir()
    told = json.dumps({"streams": [{"codec_type": "audio"}]})
    (programs / "ffprobe").write_text(f"#!/bin/sh\necho '{told}'\n")
    (programs / "ffmpeg").write_text('#!/bin/sh\nfor last; do :; done\necho half > "$last"\nexit 1\n')
    for name in ("ffprobe", "ffmpeg"):
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    (tmp_path / "take").mkdir()
    assert "no sound file that can be read" in refusal(keep(tmp_path / "take", b"nothing"))


def test_a_cover_s_picture_is_no_video(monkeypatch):
    streams = [
        {"codec_type": "audio", "disposition": {"attached_pic": 0}},
        {"codec_type": "video", "disposition": {"attached_pic": 1}},
    ]
    monkeypatch.setattr(recording, "_run", lambda command: json.dumps({"streams": streams}))
    assert recording._streams(Path("sent")) == {"audio"}
    streams[1]["disposition"]["attached_pic"] = 0
    assert recording._streams(Path("sent")) == {"audio", "video"}
