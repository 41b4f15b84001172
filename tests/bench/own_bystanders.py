"""Those who learn while others convert: one drags a lesson's scrubber in a real browser, some have pages run again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser, Page

from tests.bench.own_spread import spread
from tests.bench.scrubbing import DRAG_MOVES, p95
from tests.load.measured import Measured
from tests.load.session import Session
from tests.support.dashboard import Dashboard
from tests.support.pages import wait_for_states
from tests.support.site import settle

LESSON = "denoising"
SESSIONS = 5
EVERY_S = 0.5  # one of them has a page run: twenty learners do so who each turn a page every ten seconds
PAGES = ("own", "denoising", "compare", "seeing", "glossary")
LOOKED_MS = 6000  # between two drags: the browser stands for one on another machine, and must not take this one's time
SCRUBBED = "() => performance.getEntriesByName('scrub').map(({ duration }) => duration)"


@dataclass(frozen=True)
class Waits:
    """What bystanders waited for: a step to be drawn, and a page to have run."""

    scrubs_ms: list[float]
    reruns_ms: list[float]

    @property
    def scrub_p95_ms(self) -> float:
        return p95(self.scrubs_ms)

    @property
    def rerun_p95_ms(self) -> float:
        return p95(self.reruns_ms)

    def scrubbing(self) -> str:
        return spread(self.scrubs_ms, "ms")

    def rerunning(self) -> str:
        return spread(self.reruns_ms, "ms")


class Bystanders:
    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address

    def stay(self, goes_on: Callable[[], bool]) -> Waits:
        """For as long as ``goes_on`` says, and a drag at least. Raises SessionProblem, or RuntimeError for a page that
        shows an error."""
        with ThreadPoolExecutor(1) as aside:
            reruns = aside.submit(lambda: asyncio.run(_rerun(self.address, goes_on)))
            scrubs_ms = _drag(self.page)
            while goes_on():
                self.page.wait_for_timeout(LOOKED_MS)
                scrubs_ms += _drag(self.page)
            return Waits(scrubs_ms, reruns.result())


@contextmanager
def bystanders(browser: Browser, site: Dashboard) -> Iterator[Bystanders]:
    """With the lesson open, and every state of its walk replayed."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{site.address}/{LESSON}")
    settle(page)
    wait_for_states(page)
    yield Bystanders(page, site.address)
    context.close()


def _drag(page: Page) -> list[float]:
    """From each move of the mouse until what follows from it is drawn, in ms."""
    slider = page.locator(".scrubber .slider")
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


async def _rerun(address: str, goes_on: Callable[[], bool]) -> list[float]:
    """How long every page's run took, in ms; each session turns from page to page."""
    measured, understood = Measured(), {}
    async with AsyncExitStack() as opened:
        sessions = [await opened.enter_async_context(Session(address, measured, understood)) for _ in range(SESSIONS)]
        hashes = next(element.pages for element in await sessions[0].look("") if element.pages)
        for path in PAGES:  # what the first run of a page costs once is not what everybody waits for
            await sessions[0].run(path, hashes[path])
        for session in sessions[1:]:
            await session.run("")
        began_s = time.perf_counter()

        async def turn_pages(number: int) -> list[float]:
            times_s, due_s = [], began_s + number * EVERY_S
            while goes_on():
                await asyncio.sleep(max(due_s - time.perf_counter(), 0))
                path = PAGES[(number + len(times_s)) % len(PAGES)]
                times_s.append(await sessions[number].run(path, hashes[path]))
                due_s += SESSIONS * EVERY_S
            return times_s

        turned = await asyncio.gather(*map(turn_pages, range(SESSIONS)))
    if measured.errors:
        raise RuntimeError(f"a page shows an error: {measured.examples}")
    return [1000 * time_s for times_s in turned for time_s in times_s]
