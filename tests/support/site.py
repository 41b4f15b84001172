"""The site's pages as a browser reaches them, and a page of it that is opened and has come to rest."""

from __future__ import annotations

from playwright.sync_api import Page

from app.parts.course import LESSONS

LOOKED_UP = ("own", "compare", "glossary", "about", "teachers")  # beside the lessons; see app/site.py
PATHS = [*(f"/{lesson.path}" for lesson in LESSONS), *(f"/{path}" for path in LOOKED_UP)]
TITLE_MS = 30_000
# Heights that stay for three looks in a row, a tenth of a second apart: nothing more comes.
SETTLED = """async () => {
    const height = () => [...document.querySelectorAll("[data-testid=stMain]")].map((main) => main.scrollHeight).join();
    for (let [same, last] = [0, height()]; same < 3; ) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        const now = height();
        [same, last] = [now === last ? same + 1 : 0, now];
    }
}"""


def settle(page: Page) -> None:
    """Until the page has its title, fetches nothing more, and no longer grows."""
    page.locator("h1").first.wait_for(timeout=TITLE_MS)
    page.wait_for_load_state("networkidle")
    page.evaluate(SETTLED)
