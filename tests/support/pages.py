"""Looking into the scrubber of a page in a real browser."""

from __future__ import annotations

import numpy as np
from playwright.sync_api import Page

FIND = """const find = (root) => root.querySelector('.scrubber') ?? [...root.querySelectorAll('*')]
    .map((node) => node.shadowRoot && find(node.shadowRoot)).find(Boolean);"""  # it lies in a shadow root


def step(page: Page) -> int:
    return int(page.locator(".scrubber").get_attribute("data-step"))


def wait_for_states(page: Page) -> None:
    """Until the replay has reached the last step; the scrubber is then at hand as ``window.scrubber``."""
    page.evaluate(f"async () => {{ {FIND} window.scrubber = await find(document).figure; }}")
    page.wait_for_function("() => window.scrubber.states.complete")


def state(page: Page, place: int) -> np.ndarray:
    """The noisy state as the page has it, normalised, flat."""
    return np.array(page.evaluate("(place) => Array.from(scrubber.states.at(place))", place))


def pixels(page: Page, panel: str) -> np.ndarray:
    """What a panel's canvas shows, (row, column, rgb)."""
    flat, width = page.evaluate(
        f"""(panel) => {{
            {FIND}
            const canvas = find(document).querySelector(`[data-panel="${{panel}}"] canvas`);
            const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
            return [Array.from(data.filter((_, i) => i % 4 !== 3)), canvas.width];
        }}""",
        panel,
    )
    return np.array(flat).reshape(-1, width, 3)


def answer_question(page: Page, question: str, text: str) -> str:
    """What the lesson says to an answer of one of its questions."""
    asked = page.locator(f"[data-question='{question}']")
    asked.locator(".answers button", has_text=text).click()
    return asked.locator(".feedback").text_content()


def address_holds(page: Page, part: str) -> None:
    """Wait until the page's address has that part in its query."""
    page.wait_for_function("(part) => decodeURIComponent(location.search).includes(part)", arg=part)
