"""A page whose connection drops, in a real browser."""

import pytest

from tests.faults.connections import sounds_again
from tests.faults.pages import CONNECTION, connection, heard, listen, open_lesson, problem, scrubs
from tests.faults.server import Server
from tests.faults.traces import make_traces

DIALOG_MS = 6_000  # Streamlit's own comes after four seconds


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("connections")
    with Server(make_traces(folder / "traces"), folder / "log") as server:
        yield server


@pytest.fixture(scope="module")
def page(browser, server):
    page = open_lesson(browser, server.address)
    yield page
    page.context.close()


def test_a_page_that_is_connected_says_nothing(page):
    assert page.locator("#connection").count() == 1
    assert page.locator(CONNECTION).count() == 0


def test_a_dropped_connection_is_told_and_the_page_goes_on(page):
    listen(page, "source")
    heard(page, "source")
    page.context.set_offline(True)
    assert "goes on working" in connection(page, "offline", within_s=4)
    assert scrubs(page)
    listen(page, "converted")
    assert "the server does not answer (sound/converted.flac)" in problem(page)
    listen(page, "source")
    heard(page, "source")  # it is kept
    page.context.set_offline(False)
    connection(page, "back")
    assert sounds_again(page)
    page.locator("#connection").wait_for(state="hidden", timeout=8_000)


def test_a_killed_server_is_told_and_its_page_keeps_step_and_address(server, page):
    before = page.url
    server.kill()
    assert "lost" in connection(page, "lost")
    page.wait_for_timeout(DIALOG_MS)
    assert page.get_by_role("dialog").count() == 0
    assert scrubs(page)  # which no dialog of Streamlit's keeps from it
    server.start()
    connection(page, "back", within_s=10)
    assert page.url == before
    assert scrubs(page)
