"""The expert page: filtering, choosing, scrubbing and zooming in the browser, and what a page costs the server."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page

from app.parts.exhibits import TEACHER, WALK, find_conversion
from svc_core.traces.catalogue import CATALOGUE, read_catalogue
from tests.bench.page import SESSIONS, shipped_traces
from tests.bench.scrubbing import DRAG_MOVES, Row, p95
from tests.bench.traces import ROWS, many_rows
from tests.support.chromium import open_browser
from tests.support.compare_page import address_of, wait_until_drawn
from tests.support.dashboard import Dashboard, run_dashboard
from tests.support.site import settle

FILTERED = 30  # times
CHOSEN = 20
REPLACED = 4  # conversions side by side
# From what the reader did until the browser has painted what follows from it: the next frame has begun and ended.
PAINTED = """async (act) => {
    const start = performance.now();
    act();
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    return performance.now() - start;
}"""
# Every choice of a facet and its taking back, in turn.
FILTER = f"""async (place, times) => {{
    const boxes = [...place.querySelectorAll(".facets input")];
    const measure = {PAINTED};
    const found = [];
    for (let i = 0; i < times; i += 1) {{
        const box = boxes[(7 * (i >> 1)) % boxes.length];
        found.push(await measure(() => box.click()));
    }}
    return found;
}}"""
CHOOSE = """async (place, sets) => {
    const { view } = await place.figure;
    const found = [];
    for (const compare of sets) {
        performance.clearMeasures("choose");
        const start = performance.now();
        view.set({ compare });
        while (!performance.getEntriesByName("choose").length) await new Promise((resolve) => setTimeout(resolve));
        await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
        found.push(performance.now() - start);
    }
    return found;
}"""
# Until it is drawn, as scrubbing is measured.
ZOOM = """async (place, times) => {
    const { view } = await place.figure;
    return Array.from({ length: times }, (_, i) => {
        const from = (i % 10) / 10;
        const start = performance.now();
        view.set({ zoom: `${from.toFixed(2)}:${(from + 2).toFixed(2)}:100:${5000 + 10 * i}` });
        return performance.now() - start;
    });
}"""
# The noise of every card has been replayed to the end, so that any step of it can be drawn at once.
REPLAYED = """async () => {
    const find = (root) => root.querySelector(".workbench") ?? [...root.querySelectorAll("*")]
        .map((node) => node.shadowRoot && find(node.shadowRoot)).find(Boolean);
    const { cards, view } = await find(document).figure;
    return view.get("shows") !== "state" || cards.every(({ conversion }) => conversion.states.complete);
}"""
REPLAY_LIMIT_MS = 120_000
SCRUBBED = "() => performance.getEntriesByName('scrub').map(({ duration }) => duration)"


def measure_compare() -> list[Row]:
    """Rows (what, measured, goal)."""
    with tempfile.TemporaryDirectory() as name, open_browser() as browser:
        folder = Path(name)
        with run_dashboard(shipped_traces(), folder / "log") as site:
            rows = _filtering(browser, site, f"{len(read_catalogue(shipped_traces()))} conversions", "300 ms p95")
            rows += _side_by_side(browser, site)
            rows += _memory(browser, site)
        (folder / "many").mkdir()
        (folder / "many" / CATALOGUE).write_bytes(many_rows())
        with run_dashboard(folder / "many", folder / "large log") as site:
            rows += _filtering(browser, site, f"{ROWS:,} conversions", "500 ms p95")
    return rows


def _open(browser: Browser, site: Dashboard, state: dict[str, str], letters: str | None = None) -> Page:
    page = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce").new_page()
    page.goto(site.address + address_of(state))
    wait_until_drawn(page, letters)
    settle(page)
    return page


def _filtering(browser: Browser, site: Dashboard, of: str, goal: str) -> list[Row]:
    page = _open(browser, site, {})
    times_ms = page.locator(".explorer").evaluate(FILTER, FILTERED)
    page.context.close()
    return [(f"filter to redrawn and painted, {of}", _told(times_ms), goal)]


def _side_by_side(browser: Browser, site: Dashboard) -> list[Row]:
    catalogue = read_catalogue(shipped_traces())
    walks = [find_conversion(catalogue, exhibit).id for exhibit in (WALK, TEACHER)]
    others = [trace for trace in catalogue.table.query("steps == 1000")["id"] if trace not in walks]
    page = _open(browser, site, {})
    workbench = page.locator(".workbench")
    chosen = workbench.evaluate(CHOOSE, [*others[:CHOSEN]])  # each for the first time: fetched from the server
    page.context.close()
    four = ",".join([*walks, *others[: REPLACED - len(walks)]])
    page = _open(browser, site, {"compare": four}, "ABCD"[:REPLACED])
    workbench = page.locator(".workbench")
    rows = [("choosing a conversion, fetched for the first time, to its painted panel", _told(chosen), "500 ms p95")]
    for shows in ("predicted", "state"):
        workbench.evaluate("async (place, shows) => (await place.figure).view.set({ shows })", shows)
        page.wait_for_function(REPLAYED, timeout=REPLAY_LIMIT_MS)
        for against in ("", walks[0]):
            workbench.evaluate("async (place, id) => (await place.figure).view.set({ against: id || null })", against)
            what = f"scrubbing four panels, {shows}{', differences' if against else ''}"
            rows.append((what, _told(_dragged(page)), "16.7 ms p95"))
            rows.append((f"{what}, back step by step", _told(_keyed(page)), "16.7 ms p95"))
    workbench.evaluate("async (place) => (await place.figure).view.set({ shows: null, against: null })")
    zoomed = workbench.evaluate(ZOOM, DRAG_MOVES)
    page.context.close()
    return [*rows, ("zooming four panels", _told(zoomed), "16.7 ms p95")]


def _dragged(page: Page) -> list[float]:
    slider = page.locator(".workbench .slider")
    slider.scroll_into_view_if_needed()
    page.evaluate("() => performance.clearMeasures('scrub')")
    box = slider.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 8, middle)
    page.mouse.down()
    for move in range(DRAG_MOVES):
        page.mouse.move(box["x"] + 8 + (box["width"] - 16) * move / DRAG_MOVES, middle)
    page.mouse.up()
    return page.evaluate(SCRUBBED)


def _keyed(page: Page) -> list[float]:
    """Against the walk's way, so that most states must be walked to anew from one that was kept."""
    page.locator(".workbench .slider").focus()
    page.keyboard.press("End")
    page.evaluate("() => performance.clearMeasures('scrub')")
    for _ in range(DRAG_MOVES):
        page.keyboard.press("ArrowLeft")
    return page.evaluate(SCRUBBED)


def _memory(browser: Browser, site: Dashboard) -> list[Row]:
    """What each further open page adds, once one has been open."""
    _open(browser, site, {}).context.close()
    before = site.memory_mb()
    pages = [_open(browser, site, {}) for _ in range(SESSIONS)]
    each = (site.memory_mb() - before) / SESSIONS
    for page in pages:
        page.context.close()
    return [(f"server's memory for each of {SESSIONS} open pages", f"{each:.2f} MB", "5 MB")]


def _told(times_ms: list[float]) -> str:
    return f"p95 {p95(times_ms):.1f} ms, max {max(times_ms):.1f} ms (n = {len(times_ms)})"
