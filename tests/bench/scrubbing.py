"""Every slider of every lesson, by key and by drag: how long from the reader's move until all that follows is drawn."""

from __future__ import annotations

import statistics
from collections.abc import Callable

from playwright.sync_api import Browser, Locator, Page

from app.parts.course import BY_ID, LESSONS, Lesson
from tests.support.dashboard import Dashboard
from tests.support.pages import FIND, wait_for_states
from tests.support.site import settle

KEY_STEPS = 100
DRAG_MOVES = 100
REPLAYED_STEPS = 200
SLIDERS = ".figure input[type=range]:visible:enabled"
REST_MS = 1500  # states that are still replayed in the worker, and figures that wait for them
# From the event's time stamp until every listener on the page has run; figures that share a step say it themselves.
WATCH = """(() => {
    window.moved = [];
    window.addEventListener("input", (event) => window.moved.push(performance.now() - event.timeStamp));
})()"""
TIMES = """() => {
    const told = performance.getEntriesByName("scrub").map(({ duration }) => duration);
    return told.length ? told : window.moved;
}"""
NAME = "(slider) => slider.ariaLabel ?? slider.labels[0]?.textContent.trim().slice(0, 40) ?? slider.className"

Row = tuple[str, str, str]


def measure_scrubbing(browser: Browser, site: Dashboard) -> list[Row]:
    """Rows (what, measured, goal): the slowest slider of each lesson, then what a step costs beside drawing."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    context.add_init_script(WATCH)
    page = context.new_page()
    sent: list[object] = []
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.webSocketFrameSent", lambda event: sent.append(event))
    rows = []
    for lesson in LESSONS:
        page.goto(f"{site.address}/{lesson.path}")
        settle(page)
        page.wait_for_timeout(REST_MS)
        sent.clear()
        rows += _lesson(page, lesson)
        if lesson is BY_ID["denoising"]:
            rows.append(("denoising: messages to the server while scrubbing", str(len(sent)), "0"))
            rows.append(_replaying(page))
    context.close()
    return rows


def _lesson(page: Page, lesson: Lesson) -> list[Row]:
    sliders = page.locator(SLIDERS).all()
    if not sliders:
        return []
    rows = []
    for how, move in (("by key", _by_key), ("by drag", _by_drag)):
        timed = [(slider.evaluate(NAME), _times_ms(page, slider, move)) for slider in sliders]
        name, slowest = max(timed, key=lambda one: p95(one[1]))
        measured = f"p95 {p95(slowest):.1f} ms, median {statistics.median(slowest):.1f} ms, max {max(slowest):.1f} ms"
        many = "" if len(sliders) == 1 else f", the slowest of {len(sliders)} sliders (“{name}”)"
        rows.append((f"{lesson.id}: scrubbing {how}{many}", f"{measured} (n = {len(slowest)})", "16.7 ms p95"))
    return rows


def p95(times_ms: list[float]) -> float:
    """The time that one in twenty exceeds; of at least two."""
    return statistics.quantiles(times_ms, n=20)[-1]


def _times_ms(page: Page, slider: Locator, move: Callable[[Page, Locator], None]) -> list[float]:
    """Of one slider; a slider with few places answers fewer moves. Raises RuntimeError for one that does not answer."""
    slider.scroll_into_view_if_needed()
    page.evaluate("() => { performance.clearMeasures('scrub'); window.moved = []; }")
    move(page, slider)
    times_ms = page.evaluate(TIMES)
    if len(times_ms) < 2:
        raise RuntimeError(f"the slider “{slider.evaluate(NAME)}” at {page.url} does not answer")
    return times_ms


def _by_key(page: Page, slider: Locator) -> None:
    """To and fro, so that no slider is at its end for long."""
    slider.focus()
    for step in range(KEY_STEPS):
        page.keyboard.press("ArrowRight" if step // 10 % 2 == 0 else "ArrowLeft")


def _by_drag(page: Page, slider: Locator) -> None:
    box = slider.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 8, middle)
    page.mouse.down()
    for move in range(DRAG_MOVES):
        page.mouse.move(box["x"] + 8 + (box["width"] - 16) * move / DRAG_MOVES, middle)
    page.mouse.up()


def _replaying(page: Page) -> Row:
    """One step of the replay alone, without painting."""
    wait_for_states(page)
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
        REPLAYED_STEPS,
    )
    return (
        "one step of the replay in the page",
        f"median {statistics.median(times_ms):.1f} ms, max {max(times_ms):.1f} ms (n = {len(times_ms)})",
        "5 ms",
    )
