"""One dashboard and one browser for all browser tests; a fresh page, watched for errors, for each."""

from pathlib import Path

import pytest

from app.serving.library import library
from tests.support.compare_page import address_of, wait_until_drawn
from tests.support.dashboard import run_dashboard

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    """Tests here take two thirds of all time: of each figure and page some are marked every_time, the rest are for
    ``make test-all`` (see the Makefile)."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker("browser")


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    with run_dashboard(library().place.address, tmp_path_factory.mktemp("dashboard") / "log") as site:
        yield site


def _is_ours(message) -> bool:
    """Errors, less two that Streamlit makes of itself: below "/" it looks for its own address by trial."""
    return message.type == "error" and "/_stcore/" not in (message.location or {}).get("url", "")


@pytest.fixture
def open_page(browser, request):
    """Opens a page of a site in a new context; at the end no error may be in the browser's console.

    ``drawn=False`` does not wait for a conversion. Errors that hold one of ``allowed`` are expected.
    ``prepare(page)`` comes before the page's first request.
    """
    contexts, errors, expected = [], [], []

    def open_page(
        path="/",
        width=1440,
        height=900,
        scheme="light",
        motion="reduce",
        address=None,
        drawn=True,
        allowed=(),
        prepare=lambda page: None,
    ):
        address = address or request.getfixturevalue("site").address
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion=motion
        )
        contexts.append(context)
        expected.extend(allowed)
        page = context.new_page()
        page.on("console", lambda message: errors.append(message.text) if _is_ours(message) else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        prepare(page)
        page.goto(address + path)
        if drawn:
            page.wait_for_selector(".scrubber[data-step]", timeout=30_000)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [error for error in errors if not any(part in error for part in expected)] == []


@pytest.fixture
def open_state(open_page):
    """Opens the comparison in a state and waits for the conversions of these letters."""

    def open_state(state=None, letters=None, **settings):
        page = open_page(address_of(state or {}), drawn=False, **settings)
        wait_until_drawn(page, letters)
        return page

    return open_state
