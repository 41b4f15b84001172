"""A real browser for tests and benchmarks: the system's Chromium, or the one Playwright installed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserType, sync_playwright

# the first has no window to draw around its pages: a page takes it two thirds of the time
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    "--no-sandbox",  # containers and CI run as root
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--autoplay-policy=no-user-gesture-required",  # a test has no hand to make the gesture with
)
MISSING = (
    "No browser for the tests was found. Install Chromium (Debian: apt-get install chromium-headless-shell), or run "
    "'python -m playwright install chromium'."
)


class NoBrowserError(RuntimeError):
    """Neither a system's Chromium nor Playwright's is there."""


def find_chromium(chromium: BrowserType) -> str:
    """Path of a Chromium. Raises NoBrowserError with a sentence that says what to install."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    own = Path(chromium.executable_path)
    if own.is_file():
        return str(own)
    raise NoBrowserError(MISSING)


@contextmanager
def open_browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright.chromium)
        yield browser
        browser.close()


def launch(chromium: BrowserType, *flags: str) -> Browser:
    """A new browser process; ``flags`` are further ones of its command line."""
    return chromium.launch(executable_path=find_chromium(chromium), args=[*FLAGS, *flags])
