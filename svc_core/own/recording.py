"""A recording that a stranger sent -> mono samples on the grid, or one sentence about why not.

Nothing is believed that the file says of itself: its name is never used, its length is checked before it is
decoded, and no more of it is decoded than may be. What libsndfile does not read (m4a, webm) goes through ffmpeg
where that is installed, which is told where to stop.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from svc_core.config import GridConfig
from svc_core.sound.audio import AudioError, check_audio

NAME = "Your recording"  # in messages
SHORTEST_S, LONGEST_S = 1.0, 15.0
GRACE_S = 0.25  # beyond the longest: what lossy coders add at both ends
LOWEST_RATE_HZ = 4_000
HIGHEST_RATE_HZ = 192_000  # beyond, nobody records voices; at 384 kHz 15 s of 8 channels took 271 MB
MOST_CHANNELS = 8
LONGEST_READ = f"{LONGEST_S + 2 * GRACE_S}"  # seconds, as ffmpeg is told: enough to see that it is too long
LOUDEST = 1e3  # times full scale: a file of floats may hold more, and squares of it no number can
RIM = 0.999  # of full scale
RUN = 3  # samples in a row at the rim: a single one is a peak, not a clipped one
# no playlists among them: those name other files, and ffmpeg would read them
CONTAINERS = "mov,matroska,avi,flv,mpegts,mpeg,asf,aac,amr,ac3,wv,ape,caf,wav,aiff,mp3,ogg,flac"
SAFE = ["-v", "error", "-protocol_whitelist", "file", "-format_whitelist", CONTAINERS]
FFMPEG_S = 20  # seconds that it may take: what lasts 15 s is read in one


@dataclass(frozen=True)
class Recording:
    """samples (sample,) float32 at the grid's rate, and how many of those that were sent are cut off (0 to 1)."""

    samples: np.ndarray
    clipped_share: float


def read_recording(path: Path, grid: GridConfig) -> Recording:
    """Raises AudioError with a sentence for the one who sent it."""
    try:
        channels, rate_hz = _read(path)
    except soundfile.LibsndfileError as error:
        channels, rate_hz = _read_by_ffmpeg(path, error.error_string)
    samples = channels.mean(axis=1)
    seconds = len(samples) / rate_hz
    if seconds < SHORTEST_S:
        raise AudioError(f"{NAME} lasts {seconds:.1f} s; sing for {SHORTEST_S:g} s at least.")
    if LOUDEST < np.abs(samples).max() < np.inf:
        raise AudioError(f"{NAME} is louder than any sound; export it again, from -1 to 1.")
    clipped = clipped_share(channels)  # before another rate rounds what was cut off
    samples = check_audio(samples[: round(LONGEST_S * rate_hz)], rate_hz, grid, NAME)
    return Recording(samples, clipped)


def clipped_share(channels: np.ndarray) -> float:
    """Share of samples (sample, channel) that stand in runs at the rim of full scale, in the worst channel."""
    shares = []
    for samples in channels.T:  # one at a time: eight of 192 kHz are 94 MB already
        at_rim = np.abs(samples) >= RIM
        in_run = np.zeros(len(samples), bool)
        starts = np.logical_and.reduce([at_rim[shift : len(at_rim) - RUN + 1 + shift] for shift in range(RUN)])
        for shift in range(RUN):
            in_run[shift : shift + len(starts)] |= starts
        shares.append(in_run.mean())
    return float(max(shares))


def _read(path: Path) -> tuple[np.ndarray, int]:
    """Samples (sample, channel) and their rate. Raises soundfile.LibsndfileError for what is none of its formats."""
    with soundfile.SoundFile(path) as file:
        rate_hz, channels = file.samplerate, file.channels
        if not LOWEST_RATE_HZ <= rate_hz <= HIGHEST_RATE_HZ:
            raise AudioError(
                f"{NAME} has {rate_hz} samples a second; {LOWEST_RATE_HZ} to {HIGHEST_RATE_HZ} can be read."
            )
        if channels > MOST_CHANNELS:
            raise AudioError(f"{NAME} has {channels} channels; {MOST_CHANNELS} at most can be read.")
        most = round((LONGEST_S + GRACE_S) * rate_hz)
        if file.frames > most:
            raise AudioError(_too_long(file.frames / rate_hz))
        samples = file.read(most + 1, dtype="float32", always_2d=True)  # a stream may promise less than it has
    if len(samples) > most:
        raise AudioError(_too_long(len(samples) / rate_hz))
    return samples, rate_hz


def _too_long(seconds: float) -> str:
    lasts = f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} minutes"
    if seconds < LONGEST_S + 1:  # or of any length, and ffmpeg stopped there
        lasts = f"more than {LONGEST_S:g} s"
    return f"{NAME} lasts {lasts}; choose a part of {LONGEST_S:g} s at most."


def _read_by_ffmpeg(path: Path, why: str) -> tuple[np.ndarray, int]:
    """As :func:`_read`, of what libsndfile cannot read, for the reason it gives."""
    if shutil.which("ffmpeg") is None or shutil.which("ffprobe") is None:
        raise AudioError(
            f"{NAME} is no sound file that this server can read ({why.rstrip('.')}); use WAV, FLAC, OGG or MP3."
        )
    kinds = _streams(path)
    if "video" in kinds:
        raise AudioError(f"{NAME} is a video; save its sound alone, as WAV or MP3, and choose that.")
    if "audio" not in kinds:
        raise AudioError(f"{NAME} is no sound file; use WAV, FLAC, OGG, MP3 or M4A.")
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        decoded = Path(folder) / "decoded.wav"
        how = ["-vn", "-t", LONGEST_READ, "-ac", "1", "-c:a", "pcm_f32le"]
        _run(["ffmpeg", "-nostdin", *SAFE, "-i", str(path), *how, str(decoded)])
        return _read(decoded)


def _streams(path: Path) -> set[str]:
    """Kinds of the streams in a file: "audio", "video"; a picture of a cover is no video."""
    entries = "stream=codec_type:stream_disposition=attached_pic"
    told = _run(["ffprobe", *SAFE, "-show_entries", entries, "-of", "json", str(path)])
    streams = json.loads(told or "{}").get("streams", [])
    return {stream["codec_type"] for stream in streams if not stream.get("disposition", {}).get("attached_pic", 0)}


def _run(command: list[str]) -> str:
    """What it prints. Raises AudioError where it fails or takes too long, OSError where it finds no room."""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=FFMPEG_S, check=True).stdout
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired, UnicodeDecodeError) as error:
        if os.strerror(errno.ENOSPC) in str(getattr(error, "stderr", "")):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
        raise AudioError(f"{NAME} is no sound file that can be read; use WAV, FLAC, OGG or MP3.") from error
