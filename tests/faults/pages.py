"""What a page says and shows in the middle of a fault."""

from __future__ import annotations

from playwright.sync_api import Browser, Page

from tests.faults.traces import lesson
from tests.support.pages import step

CONNECTION = "#connection:not([hidden])"
PROBLEM = ".scrubber .problem:not([hidden])"


def open_lesson(browser: Browser, address: str, **which: object) -> Page:
    page = browser.new_context(viewport={"width": 1200, "height": 900}, reduced_motion="reduce").new_page()
    page.goto(lesson(address, **which))
    page.wait_for_selector(".scrubber[data-step]", timeout=30_000)
    return page


def scrubs(page: Page) -> bool:
    """Whether a step back and one on go where they should."""
    before = step(page)
    page.get_by_role("button", name="One step back").click()
    between = step(page)
    page.get_by_role("button", name="One step on").click()
    return between != before and step(page) == before


def connection(page: Page, text: str, within_s: float = 15) -> str:
    """The sentence about the connection, once it holds ``text``."""
    page.locator(CONNECTION, has_text=text).wait_for(timeout=within_s * 1000)
    return page.locator(CONNECTION).inner_text()


def listen(page: Page, sound: str) -> None:
    page.locator(f"[data-sound='{sound}']").click()


def heard(page: Page, sound: str) -> None:
    page.locator(f"[data-sound='{sound}'][aria-pressed='true']").wait_for(timeout=10_000)


def problem(page: Page) -> str:
    """What the figure says is wrong."""
    page.locator(PROBLEM).wait_for(timeout=15_000)
    return page.locator(PROBLEM).inner_text()
