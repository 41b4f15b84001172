"""The page in a real browser: opening it cold, bytes on the wire, and one step of the scrubber."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.support.chromium import open_browser
from tests.support.dashboard import REPOSITORY, Dashboard, run_dashboard
from tests.support.pages import FIND

COLD_OPENINGS = 5
KEY_STEPS = 200
DRAG_MOVES = 200
SESSIONS = 10
OURS = ("/traces/", "/web/")
BARE_PAGE = "import streamlit as st\n\nst.title('Nothing but a title')\n"

Row = tuple[str, str, str]


def measure_page(python: str, traces: Path) -> list[Row]:
    """Rows (what, measured, goal) of the page served by ``python``'s Streamlit."""
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "bare.py"
        bare.write_text(BARE_PAGE)
        with (
            run_dashboard(traces, Path(folder) / "log", python) as site,
            run_dashboard(traces, Path(folder) / "bare.log", python, bare) as bare_site,
            open_browser() as browser,
        ):
            rows = _opening(browser, site, bare_site)
            rows += _scrubbing(browser, site)
            rows += _memory(browser, site)
    return rows


def _opening(browser: Browser, site: Dashboard, bare_site: Dashboard) -> list[Row]:
    """Cold: a new browser profile each time, so nothing is cached; ours and the bare page in turn."""
    ours, bare, traffic = [], [], {}
    for _ in range(COLD_OPENINGS):
        seconds, traffic = _open_cold(browser, site.address, ".scrubber[data-step]")
        ours.append(seconds)
        bare.append(_open_cold(browser, bare_site.address, "h1")[0])
    own = sum(size for path, size in traffic.items() if path.startswith(OURS))
    rest = sum(traffic.values()) - own
    n = f"n = {COLD_OPENINGS}"
    return [
        (
            "first conversion drawn, cold",
            f"median {statistics.median(ours):.2f} s, max {max(ours):.2f} s ({n})",
            "1.5 s",
        ),
        ("a bare Streamlit page, same run", f"median {statistics.median(bare):.2f} s ({n})", "-"),
        ("our own bytes before the first scrub", f"{own / 1e6:.2f} MB in {_count(traffic)} requests", "3 MB"),
        ("Streamlit's own bytes", f"{rest / 1e6:.2f} MB", "-"),
    ]


def _count(traffic: dict[str, int]) -> int:
    return sum(path.startswith(OURS) for path in traffic)


def _open_cold(browser: Browser, address: str, drawn: str) -> tuple[float, dict[str, int]]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    traffic: dict[str, int] = {}
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    paths: dict[str, str] = {}
    session.on(
        "Network.responseReceived",
        lambda event: paths.update({event["requestId"]: event["response"]["url"].removeprefix(address)}),
    )
    session.on(
        "Network.loadingFinished",
        lambda event: traffic.update({paths.get(event["requestId"], "?"): int(event["encodedDataLength"])}),
    )
    start = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.wait_for_selector(drawn, timeout=30_000)
    seconds = time.perf_counter() - start
    page.wait_for_timeout(1500)
    context.close()
    return seconds, traffic


def _scrubbing(browser: Browser, site: Dashboard) -> list[Row]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    page.goto(site.address)
    page.wait_for_selector(".scrubber[data-step]")
    page.wait_for_timeout(3000)  # the replay in the worker is over
    messages: list[object] = []
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.webSocketFrameSent", lambda event: messages.append(event))
    rows = [_measured(page, "step by arrow key", _by_key), _measured(page, "step by dragging the slider", _by_drag)]
    rows.append(("messages to the server while scrubbing", str(len(messages)), "0"))
    rows.append(_replaying(page))
    context.close()
    return rows


def _replaying(page: Page) -> Row:
    """One step of the replay alone, without painting."""
    times_ms = page.evaluate(
        f"""async (n) => {{
            {FIND}
            const {{ walk }} = (await find(document).figure).conversion;
            const state = walk.start();
            return Array.from({{ length: n }}, (_, place) => {{
                const start = performance.now();
                walk.advance(state, place);
                return performance.now() - start;
            }});
        }}""",
        KEY_STEPS,
    )
    return (
        "one step of the replay in the page",
        f"median {statistics.median(times_ms):.1f} ms, max {max(times_ms):.1f} ms (n = {len(times_ms)})",
        "5 ms",
    )


def _measured(page: Page, what: str, move) -> Row:
    page.evaluate("performance.clearMeasures('scrub')")
    move(page)
    times = page.evaluate("performance.getEntriesByName('scrub').map((entry) => entry.duration)")
    p95 = statistics.quantiles(times, n=20)[-1]
    return (
        f"{what}: input event to drawn canvas",
        f"median {statistics.median(times):.1f} ms, p95 {p95:.1f} ms, max {max(times):.1f} ms (n = {len(times)})",
        "16.7 ms p95",
    )


def _by_key(page: Page) -> None:
    for _ in range(KEY_STEPS):
        page.keyboard.press("ArrowRight")


def _by_drag(page: Page) -> None:
    box = page.locator(".slider").bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 8, middle)
    page.mouse.down()
    for move in range(DRAG_MOVES):
        page.mouse.move(box["x"] + 8 + (box["width"] - 16) * move / DRAG_MOVES, middle)
    page.mouse.up()


def _memory(browser: Browser, site: Dashboard) -> list[Row]:
    contexts = [browser.new_context(reduced_motion="reduce") for _ in range(SESSIONS)]
    for context in contexts:
        page = context.new_page()
        page.goto(site.address)
        page.wait_for_selector(".scrubber[data-step]")
    used = site.memory_mb()
    for context in contexts:
        context.close()
    return [(f"server's memory with {SESSIONS} sessions open", f"{used:.0f} MB", "200 MB")]


def shipped_traces() -> Path:
    return REPOSITORY / "precomputed"
