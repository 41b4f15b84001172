"""What the browser's console says, less what Streamlit itself makes it say."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Page

# Below a page's own path Streamlit's client first asks for these beside the page, and then at the root.
STREAMLIT_ASKS = re.compile(r"/[a-z-]+/_stcore/(?:health|host-config)")
NOT_FOUND = "status of 404"


def watch_console(page: Page, errors: list[str]) -> None:
    """Errors in the page's console and uncaught ones, each with its address, are put into ``errors`` as they come."""
    page.on("console", lambda message: errors.append(_line(message)) if _is_ours(message) else None)
    page.on("pageerror", lambda error: errors.append(f"uncaught: {error}"))


def _line(message: ConsoleMessage) -> str:
    return f"{message.text} ({message.location.get('url', '')})"


def _is_ours(message: ConsoleMessage) -> bool:
    if message.type != "error":
        return False
    path = urlsplit(message.location.get("url", "")).path
    return not (NOT_FOUND in message.text and STREAMLIT_ASKS.fullmatch(path))
