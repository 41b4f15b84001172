"""The expert page in a real browser: opened with a state, and looked into."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlencode

from playwright.sync_api import Locator, Page

from app.parts.exhibits import STUDENT, TEACHER, WALK, find_conversion
from app.serving.library import library

CATALOGUE = library().catalogue()
# Four walks of one phrase by the same two singers: a thousand steps, forty, one, and a thousand from other noise.
A, B, C = (find_conversion(CATALOGUE, exhibit) for exhibit in (WALK, TEACHER, STUDENT))
D = find_conversion(CATALOGUE, replace(WALK, seed=1))
FOUR = ",".join(entry.id for entry in (A, B, C, D))
DRAWN_MS = 30_000
# What is seen of a state: counts, texts, and every pixel of the pictures (as the length and the end of their PNG).
SEEN = """async () => {
    const roots = [...document.querySelectorAll("*")].map(({ shadowRoot }) => shadowRoot).filter(Boolean);
    const all = (selector) => roots.flatMap((root) => [...root.querySelectorAll(selector)]);
    const texts = (selector) => all(selector).map(({ textContent }) => textContent.trim());
    const pixels = all(".card canvas, .matrix .field canvas").map((canvas) => canvas.toDataURL());
    const digest = async (text) => {
        const bytes = new Uint8Array(await crypto.subtle.digest("SHA-1", new TextEncoder().encode(text)));
        return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    };
    return {
        count: texts(".explorer .count"),
        rows: all(".rows td button").map(({ dataset, textContent }) => `${dataset.id} ${textContent}`),
        ranges: all(".range input").map(({ value }) => value),
        means: texts(".means tr"),
        shown: all(".workbench").map(({ dataset }) => `${dataset.shown} ${dataset.at}`),
        cards: all(".card").map(({ dataset }) => `${dataset.letter} ${dataset.id} ${dataset.place} ${dataset.meanDb}`),
        where: texts(".workbench .where"),
        facts: texts(".card .facts"),
        ticks: texts(".card .axis-x, .card .axis-y"),
        pins: texts(".pinned"),
        chosen: all(".workbench select, .trends select, .matrix select")
            .filter((node) => node.checkVisibility()).map(({ value }) => value),
        curves: all(".trends path").map((path) => path.getAttribute("d")),
        values: texts(".trends .values"),
        pair: all(".matrix").map(({ dataset }) => dataset.pair ?? "none"),
        feature: all(".maps:not(.is-missing)").map(({ dataset }) => `${dataset.feature} ${dataset.index}`),
        picks: all(".picks:not(.is-missing)").map(({ dataset }) => dataset.picks ?? "none"),
        problems: all(".problem:not([hidden])").map(({ textContent }) => textContent),
        pixels: await Promise.all(pixels.map(digest)),
    };
}"""
# Waited for: noise that is still replayed, and steps that are still compared.
AT_REST = """() => {
    const roots = [...document.querySelectorAll("*")].map(({ shadowRoot }) => shadowRoot).filter(Boolean);
    return roots.every((root) => !root.querySelector(".card .is-waiting, .field.is-waiting, .explorer[aria-busy]"));
}"""


def address_of(state: Mapping[str, str]) -> str:
    return f"/compare?{urlencode(state)}"


def wait_until_drawn(page: Page, letters: str | None = None) -> None:
    """Until the list is there and, where ``letters`` is given, exactly these conversions are shown."""
    page.locator(".explorer:not([aria-busy])").wait_for(timeout=DRAWN_MS)
    if letters is not None:
        page.locator(f".workbench[data-shown='{letters}']").wait_for(timeout=DRAWN_MS, state="attached")


def seen(page: Page) -> dict[str, list[str]]:
    """What the page shows when nothing changes any more."""
    page.wait_for_load_state("networkidle")
    page.wait_for_function(AT_REST, timeout=DRAWN_MS)
    last = None
    for _ in range(60):
        now = page.evaluate(SEEN)
        if now == last:
            return now
        last = now
        time.sleep(0.3)
    raise AssertionError("the page does not come to rest")


def shown_ids(page: Page) -> list[str]:
    """Of the conversions side by side, in their order."""
    return page.locator(".card").evaluate_all("(nodes) => nodes.map((node) => node.dataset.id)")


def state_address(page: Page) -> str:
    """The address of the page's present state, as its button copies it."""
    return page.locator(".takeaway").evaluate("async (place) => (await place.figure).view.address()")


def brush(page: Page, area: Locator, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Drag across an area; both ends as shares of its width and height, from the top left."""
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    ends = [(box["x"] + across * box["width"], box["y"] + down * box["height"]) for across, down in (start, end)]
    page.mouse.move(*ends[0])
    page.mouse.down()
    page.mouse.move((ends[0][0] + ends[1][0]) / 2, (ends[0][1] + ends[1][1]) / 2)
    page.mouse.move(*ends[1])
    page.mouse.up()
