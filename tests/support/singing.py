"""A phrase of the shipped traces, sung into Chromium's microphone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import soundfile
from playwright.sync_api import Browser

from app.parts.exhibits import WALK, find_conversion
from app.serving.library import library
from tests.support.chromium import launch


def sung_phrase(path: Path, seconds: float | None = None) -> Path:
    """Write the source of the lessons' walk, or its beginning, as WAV; returns ``path``."""
    trace = library().open(find_conversion(library().catalogue(), WALK))
    samples, rate_hz = soundfile.read(trace.folder / "sound" / "source.flac", dtype="float32")
    soundfile.write(path, samples[: None if seconds is None else round(seconds * rate_hz)], rate_hz, subtype="PCM_16")
    return path


@contextmanager
def singing_browser(other: Browser, phrase: Path) -> Iterator[Browser]:
    """A browser beside another (Playwright starts once a process), whose microphone hears ``phrase``, a WAV file, over
    and over, and which is allowed to listen."""
    microphone = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
    browser = launch(other.browser_type, *microphone, f"--use-file-for-fake-audio-capture={phrase}")
    yield browser
    browser.close()
