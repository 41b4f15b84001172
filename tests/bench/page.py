"""The lessons in a real browser: opened cold, what they fetch, whether they stand still, what they cost the server."""

from __future__ import annotations

import statistics
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Page

from app.parts.course import LESSONS, Lesson
from tests.bench.scrubbing import Row, measure_scrubbing
from tests.support.chromium import open_browser
from tests.support.dashboard import REPOSITORY, Dashboard, run_dashboard
from tests.support.site import settle

COLD_OPENINGS = 3
SESSIONS = 10
LATEST_MS = 30_000
OURS = ("/traces/", "/web/", "/material/")
BARE_PAGE = "import streamlit as st\n\nst.title('Nothing but a title')\n"
# Looks again and again: when was the first picture there, when did one change; and all along: shifts, largest paint.
PROBE = """(() => {
    const found = window.probe = { picture: null, moved: null, painted: null, shift: 0 };
    const watch = (type, each) => {
        new PerformanceObserver((list) => list.getEntries().forEach(each)).observe({ type, buffered: true });
    };
    watch("layout-shift", (entry) => { if (!entry.hadRecentInput) found.shift += entry.value; });
    watch("largest-contentful-paint", (entry) => { found.painted = entry.startTime; });
    const rootsOf = () => [...document.querySelectorAll("*")].map(({ shadowRoot }) => shadowRoot).filter(Boolean);
    const looks = new WeakMap();
    // a small piece from the middle of a canvas, as text: one colour alone is no picture yet
    const look = (canvas) => {
        const [x, y] = [canvas.width >> 1, canvas.height >> 1];
        const values = new Uint32Array(canvas.getContext("2d").getImageData(x, y, 12, 12).data.buffer);
        return values.some((value) => value !== values[0]) ? values.join() : null;
    };
    const watchAll = () => {
        const now = performance.now();
        for (const root of rootsOf()) {
            for (const canvas of root.querySelectorAll(".figure canvas")) {
                if (canvas.width < 13 || !canvas.getClientRects().length) continue;
                const seen = look(canvas);
                if (!seen) continue;
                found.picture ??= now;
                const before = looks.get(canvas);
                if (before && before !== seen) found.moved ??= now;
                looks.set(canvas, seen);
            }
            if (root.querySelector(".figure svg[role=img] > *")) found.picture ??= now;
        }
        if (found.picture === null || found.moved === null) setTimeout(watchAll, 40); // looking takes time, too
    };
    setTimeout(watchAll, 40);
})()"""


@dataclass
class Opening:
    """One page opened with an empty cache: seconds since the address was called, and bytes by path."""

    picture_s: float | None
    moved_s: float | None
    painted_s: float | None
    shift: float
    bytes_of: dict[str, int] = field(default_factory=dict)


def measure_page(python: str, traces: Path) -> list[Row]:
    """Rows (what, measured, goal) of the pages served by ``python``'s Streamlit."""
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "bare.py"
        bare.write_text(BARE_PAGE)
        with (
            run_dashboard(traces, Path(folder) / "log", python) as site,
            run_dashboard(traces, Path(folder) / "bare.log", python, bare) as bare_site,
            open_browser() as browser,
        ):
            rows = _first_lesson(browser, site, bare_site)
            rows += [row for lesson in LESSONS for row in _lesson(browser, site, lesson)]
            rows += measure_scrubbing(browser, site)
            rows += _memory(browser, site)
    return rows


def _first_lesson(browser: Browser, site: Dashboard, bare_site: Dashboard) -> list[Row]:
    """As a visitor comes: things may move. The bare page in turn with ours."""
    ours, bare = [], []
    for _ in range(COLD_OPENINGS):
        ours.append(open_cold(browser, site.address + "/", motion="no-preference"))
        bare.append(open_cold(browser, bare_site.address + "/", figures=False))
    last = ours[-1].bytes_of
    own = {path: size for path, size in last.items() if path.startswith(OURS)}
    return [
        ("something moves after opening the site cold", _seconds([one.moved_s for one in ours]), "3 s"),
        ("largest contentful paint of the first lesson", _seconds([one.painted_s for one in ours]), "2.5 s"),
        ("the same of a bare Streamlit page", _seconds([one.painted_s for one in bare]), "-"),
        ("first lesson: our own bytes", f"{sum(own.values()) / 1e6:.2f} MB in {len(own)} requests", "3 MB"),
        (
            "first lesson: Streamlit's own bytes",
            f"{(sum(last.values()) - sum(own.values())) / 1e6:.2f} MB in {len(last) - len(own)} requests",
            "-",
        ),
    ]


def _lesson(browser: Browser, site: Dashboard, lesson: Lesson) -> list[Row]:
    opened = [open_cold(browser, f"{site.address}/{lesson.path}") for _ in range(COLD_OPENINGS)]
    narrow = open_cold(browser, f"{site.address}/{lesson.path}", width=390)
    shift = f"{max(one.shift for one in opened):.3f}, at 390 px {narrow.shift:.3f}"
    return [
        (f"{lesson.id}: first picture, cold", _seconds([one.picture_s for one in opened]), "1.5 s"),
        (f"{lesson.id}: layout shift while loading", shift, "0.1"),
    ]


def _seconds(times_s: list[float | None]) -> str:
    seen = [time_s for time_s in times_s if time_s is not None]
    if len(seen) < len(times_s):
        return f"{len(times_s) - len(seen)} of {len(times_s)} times never"
    return f"median {statistics.median(seen):.2f} s, max {max(seen):.2f} s (n = {len(seen)})"


def open_cold(
    browser: Browser, address: str, width: int = 1440, motion: str = "reduce", figures: bool = True
) -> Opening:
    """A new profile each time, so that nothing is cached."""
    context = browser.new_context(viewport={"width": width, "height": 900}, reduced_motion=motion)
    context.add_init_script(PROBE)
    page = context.new_page()
    bytes_of = _watch_bytes(page)
    page.goto(address, wait_until="commit")
    settle(page)
    if figures:
        wanted = "picture" if motion == "reduce" else "moved"
        page.wait_for_function(f"() => window.probe.{wanted} !== null", timeout=LATEST_MS)
        page.wait_for_timeout(500)  # what a late picture would still move
    found = page.evaluate("window.probe")
    context.close()
    picture_s, moved_s, painted_s = (
        None if found[name] is None else found[name] / 1000 for name in ("picture", "moved", "painted")
    )
    return Opening(picture_s, moved_s, painted_s, found["shift"], bytes_of)


def _watch_bytes(page: Page) -> dict[str, int]:
    """Bytes on the wire by path, filled as the page loads."""
    bytes_of: dict[str, int] = {}
    paths: dict[str, str] = {}
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")

    def begun(event: dict) -> None:
        paths[event["requestId"]] = "/" + event["response"]["url"].split("/", 3)[-1]

    def ended(event: dict) -> None:
        path = paths.get(event["requestId"], "?")
        bytes_of[path] = bytes_of.get(path, 0) + int(event["encodedDataLength"])

    session.on("Network.responseReceived", begun)
    session.on("Network.loadingFinished", ended)
    return bytes_of


def _memory(browser: Browser, site: Dashboard) -> list[Row]:
    """The lessons in turn, each in a browser of its own."""
    contexts = [browser.new_context(reduced_motion="reduce") for _ in range(SESSIONS)]
    for number, context in enumerate(contexts):
        page = context.new_page()
        page.goto(f"{site.address}/{LESSONS[number % len(LESSONS)].path}")
        settle(page)
    used = site.memory_mb()
    for context in contexts:
        context.close()
    return [(f"server's memory with {SESSIONS} sessions open", f"{used:.0f} MB", "200 MB")]


def shipped_traces() -> Path:
    return REPOSITORY / "precomputed"
