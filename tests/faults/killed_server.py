"""kill -9 of a server whose page is in use and which keeps a recording; it is started again after 1 s."""

from __future__ import annotations

import time
import urllib.request
from pathlib import Path

from app.own.takes import PREFIX
from tests.faults.found import Found
from tests.faults.pages import connection, open_lesson, scrubs
from tests.faults.server import Server
from tests.faults.traces import make_traces, not_whole
from tests.support.chromium import open_browser
from tests.support.pages import step

AGAIN_S = 1.0  # RestartSec of the unit


def kill_server(folder: Path) -> Found:
    traces, temporary = make_traces(folder / "traces"), folder / "tmp"
    temporary.mkdir()
    with (
        Server(traces, folder / "log", TMPDIR=str(temporary)) as server,
        open_browser() as browser,
    ):
        page = open_lesson(browser, server.address, step=3)
        before, address = step(page), page.url
        send_recording(server.address)
        left = set(temporary.glob(f"{PREFIX}*"))
        server.kill()
        killed_s = time.monotonic()
        said = connection(page, "lost")
        goes_on = scrubs(page)
        time.sleep(max(0.0, AGAIN_S - (time.monotonic() - killed_s)))
        server.start()
        connection(page, "back")
        back_s = time.monotonic() - killed_s
        goes_on &= (step(page), page.url) == (before, address) and scrubs(page)
        page.locator(".course a:not([aria-current])").first.click()  # the next page comes from the new server
        page.wait_for_url(lambda url: "/denoising" not in url, timeout=10_000)
        page.locator("h1").first.wait_for(timeout=10_000)
        send_recording(server.address)  # opens the studio of the new server, which sweeps
        swept = not any(each.exists() for each in left)
    happened = f"steps go on meanwhile; step and address kept: {goes_on}; its recording swept: {bool(left) and swept}"
    return Found("server killed", happened, back_s, len(not_whole(traces)), said, goes_on and bool(left) and swept)


def send_recording(address: str) -> None:
    """Bytes that are no sound: they are kept, and looked at in vain."""
    asked = urllib.request.Request(f"{address}/own/takes", b"no sound at all", {"X-Visitor": "a" * 22})
    with urllib.request.urlopen(asked, timeout=20) as answer:
        answer.read()
