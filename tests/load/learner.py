"""One learner: reads some lessons, scrubs and listens, chooses other conversions, compares, takes the table, leaves.

What happens in the page alone (dragging, filtering) costs the server nothing but the files that it fetches. All
chance comes from one seeded generator, so that the same crowd can come twice.
"""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field

from tests.load.fetching import Browser, HttpProblem
from tests.load.measured import Measured
from tests.load.session import Session, SessionProblem
from tests.load.survey import HTML, LINKED, OPTIONS, Page, Site

COMPARE = "compare"
COMPARE_SHARE = 0.75  # of the stay: then on to Compare
FROM_A_LINK = 0.3  # of the learners come by a link to a lesson, not by the front door
BY_LINK = ("/_stcore/health", "/_stcore/host-config", "/favicon.png")  # what the page itself asks for
TABLE = "/table.parquet"


@dataclass(frozen=True)
class Pace:
    """Seconds between two things that a learner does, and how often it is what."""

    least_s: float = 3.0
    most_s: float = 15.0
    go_on: float = 0.3  # to the next page
    choose: float = 0.15  # another conversion, where the page offers it
    press: float = 0.15  # what shows another conversion beside the first
    # else: scrub and listen, or, where nothing sounds, read on


@dataclass
class Learner:
    site: Site
    measured: Measured
    understood: dict[str, str]
    chance: random.Random
    pace: Pace = field(default_factory=Pace)

    async def stay(self, until: float) -> None:
        """From opening a page to leaving, at ``until`` by time.perf_counter(). Problems are counted, and end it."""
        self.browser = Browser(self.site.address, self.measured)
        self.leave_at, self.compare_at = until, time.perf_counter() + COMPARE_SHARE * (until - time.perf_counter())
        paths = list(self.site.pages)
        first = self.chance.choice(paths) if self.chance.random() < FROM_A_LINK else paths[0]
        try:
            await self._come(self.site.pages[first])
        except (HttpProblem, SessionProblem) as problem:
            self.measured.fail(str(problem), f"/{self.page.path}")
        finally:
            self.browser.close()

    async def _come(self, page: Page) -> None:
        """Open a page by its address, and stay on the site."""
        self.page, began = page, time.perf_counter()
        answer = await self.browser.get(f"/{page.path}", HTML)
        ahead = LINKED.findall(answer.headers.get("link", ""))
        await self.browser.fetch([*self.site.static, *ahead, *BY_LINK])
        async with Session(self.site.address, self.measured, self.understood) as self.session:
            self.measured.note("opened", page.path, await self.session.run(page.path))
            self.measured.opening_s.append(time.perf_counter() - began)
            await self._show()
            while await self._stays():
                await self._do_something()

    async def _show(self) -> None:
        """What the figures of the present page fetch."""
        await self.browser.fetch(self.page.files)
        for name in self.page.traces:
            await self._show_trace(name)

    async def _show_trace(self, name: str) -> None:
        self.trace = name
        await self.browser.fetch(await self.site.trace_files(self.browser, name, self.page.figures))

    async def _stays(self) -> bool:
        """Reads for a while; False when it is time to leave."""
        wait_s = self.chance.uniform(self.pace.least_s, self.pace.most_s)
        await asyncio.sleep(max(min(wait_s, self.leave_at - time.perf_counter()), 0))
        return time.perf_counter() < self.leave_at

    async def _do_something(self) -> None:
        if COMPARE in self.site.pages and self.page.path != COMPARE and time.perf_counter() >= self.compare_at:
            await self._turn_to(self.site.pages[COMPARE])
            return
        dice = self.chance.random()
        if self.page.path == COMPARE:
            await self._compare(dice)
        elif dice < self.pace.go_on:
            await self._turn_to(self._next_page())
        elif dice < self.pace.go_on + self.pace.choose and self.page.choice:
            await self._choose()
        elif dice < self.pace.go_on + self.pace.choose + self.pace.press and self.page.others:
            await self._show_trace(self.chance.choice(self.page.others))
        elif self.page.traces:
            await self._listen()

    def _next_page(self) -> Page:
        pages = list(self.site.pages.values())
        return pages[(pages.index(self.page) + 1) % len(pages)]

    async def _turn_to(self, page: Page) -> None:
        self.page = page
        self.measured.note("next page", page.path, await self.session.run(page.path, page.hash))
        await self._show()

    async def _choose(self) -> None:
        """Another option of the page's select box: the page runs again."""
        choice = self.page.choice
        text = self.chance.choice(choice.options[:OPTIONS])
        seconds = await self.session.run(self.page.path, self.page.hash, {choice.widget: text})
        self.measured.note("chosen", self.page.path, seconds)
        if len(choice.options) == len(self.site.catalogue):  # then its order is the catalogue's
            await self._show_trace(self.site.catalogue[choice.options.index(text)])

    async def _listen(self) -> None:
        """A few steps' sounds, as the slider is let go."""
        sounds = self.site.traces[self.trace].sounds
        if sounds:
            await self.browser.fetch(self.chance.choices(sounds, k=self.chance.randint(1, 3)))

    async def _compare(self, dice: float) -> None:
        """Filter (in the page alone), pin another conversion, listen, take the table."""
        if dice < 0.3:
            await self._show_trace(self.chance.choice(self.site.catalogue))
        elif dice < 0.4:
            await self.browser.fetch([TABLE])
        elif dice < 0.7:
            await self._listen()
