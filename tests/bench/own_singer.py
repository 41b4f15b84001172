"""The page "Your own voice" as who sings into it feels it: from a press to what follows from it, in a real browser."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser

from tests.bench.own_spread import spread
from tests.bench.scrubbing import Row
from tests.support.dashboard import Dashboard
from tests.support.singing import singing_browser, sung_phrase

TIMES = 5
SUNG_MS = 5_000
LATEST_MS = 120_000
# Until it is there, and the browser has painted it: the next frame has begun and ended.
PRESS = """async (place, { pressed, awaited, latest }) => {
    const nextFrame = () => new Promise(requestAnimationFrame);
    const start = performance.now();
    place.querySelector(pressed).click();
    while (!place.querySelector(awaited)?.checkVisibility()) {
        if (performance.now() - start > latest) throw new Error(`${awaited} never came`);
        await nextFrame();
    }
    await nextFrame();
    await new Promise((resolve) => setTimeout(resolve));
    return (performance.now() - start) / 1000;
}"""
USE = {"pressed": ".use", "awaited": "[data-part='seen'] canvas", "latest": LATEST_MS}
CONVERT = {"pressed": ".convert", "awaited": "[data-part='made'] [data-hear='converted']", "latest": LATEST_MS}


def measure_singer(browser: Browser, site: Dashboard, folder: Path) -> list[Row]:
    """Rows (what, measured, goal)."""
    with singing_browser(browser, sung_phrase(folder / "microphone.wav")) as hearing:
        page = hearing.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce").new_page()
        page.set_default_timeout(LATEST_MS)
        page.goto(f"{site.address}/own")
        page.wait_for_selector(".own[data-ready]")
        page.locator(".own .consent input").check()
        page.locator(".own .record").click()
        page.wait_for_timeout(SUNG_MS)
        page.locator(".own .record").click()
        page.locator(".own .use").wait_for()
        figure, seen_s, heard_s = page.locator(".own"), [], []
        for _ in range(TIMES):
            seen_s.append(figure.evaluate(PRESS, USE))
            heard_s.append(figure.evaluate(PRESS, CONVERT))
            page.locator(".own .measured").wait_for()  # the next time begins when all of this one is there
    return [
        ("in the browser: from “Use this part” to the pictures", spread(seen_s, "s"), "-"),
        ("in the browser: from “Convert” to a sound that can be pressed", spread(heard_s, "s"), "-"),
    ]
