"""A slow connection (200 kB/s, 300 ms), and one that is away for 5 s, as Chromium's own emulation makes them."""

from __future__ import annotations

import time
from pathlib import Path

from playwright.sync_api import Page

from tests.faults.found import Found
from tests.faults.pages import connection, heard, listen, open_lesson, problem, scrubs
from tests.faults.server import Server
from tests.faults.traces import lesson, make_traces, not_whole
from tests.support.chromium import open_browser

SLOW = {"offline": False, "latency": 300, "downloadThroughput": 200_000, "uploadThroughput": 200_000}
SAYS_LOADING = """() => {
    const said = getComputedStyle(document.querySelector("#root:empty"), "::before");
    return said.content.includes("is loading") && said.opacity === "1";
}"""
AWAY_S = 5.0
SETTLED_S = 60
SAID = "SingSteps is loading…, and then: Loading the conversion…"


def slow_down(folder: Path) -> Found:
    """The shipped site's own weight: a page of it from an empty cache."""
    traces = make_traces(folder / "traces")
    with Server(traces, folder / "log") as server, open_browser() as browser:
        page = browser.new_context(viewport={"width": 1200, "height": 900}, reduced_motion="reduce").new_page()
        page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", SLOW)
        began_s = time.monotonic()
        page.goto(lesson(server.address), timeout=SETTLED_S * 1000, wait_until="commit")
        page.wait_for_function(SAYS_LOADING, timeout=5_000)
        page.wait_for_selector(".scrubber[data-step]", timeout=SETTLED_S * 1000)
        took_s = time.monotonic() - began_s
        goes_on = scrubs(page)
        listen(page, "converted")
        heard(page, "converted")
    happened = f"a first visit shows its conversion after {took_s:.1f} s; then steps at once, sounds when pressed"
    return Found("slow connection", happened, None, len(not_whole(traces)), SAID, goes_on)


def drop(folder: Path) -> Found:
    traces = make_traces(folder / "traces")
    with Server(traces, folder / "log") as server, open_browser() as browser:
        page = open_lesson(browser, server.address)
        listen(page, "source")
        heard(page, "source")
        page.context.set_offline(True)
        said = connection(page, "offline", within_s=4)
        goes_on = scrubs(page)
        listen(page, "converted")
        unheard = problem(page)
        listen(page, "source")
        heard(page, "source")  # was heard before
        time.sleep(AWAY_S)
        page.context.set_offline(False)
        online_s = time.monotonic()
        connection(page, "back")
        back_s = time.monotonic() - online_s
        goes_on &= sounds_again(page)
    happened = f"steps and sounds heard before go on; a new one: “{unheard}”"
    return Found("dropped connection, 5 s", happened, back_s, len(not_whole(traces)), said, goes_on)


def sounds_again(page: Page) -> bool:
    listen(page, "converted")
    heard(page, "converted")
    return page.locator(".scrubber .problem:not([hidden])").count() == 0
