"""Traces that are damaged while they are on the screen."""

import pytest

from tests.faults.damaged import cut_off, delete, flip
from tests.faults.pages import heard, listen, open_lesson, problem, scrubs
from tests.faults.server import Server
from tests.faults.traces import NAMES, make_traces


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("damaged")
    names = (*NAMES, "kyrie", "sanctus")
    traces = make_traces(folder / "traces", names)
    with Server(traces, folder / "log") as server:
        yield server, traces


@pytest.mark.parametrize("name, damage", [(NAMES[0], delete), ("kyrie", cut_off), ("sanctus", flip)])
def test_a_sound_that_is_gone_or_damaged_is_named_and_the_rest_goes_on(browser, site, name, damage):
    server, traces = site
    page = open_lesson(browser, server.address, trace=name)
    listen(page, "source")
    heard(page, "source")
    damage(traces / name)
    listen(page, "converted")
    said = problem(page)
    assert said.startswith("This sound cannot be played: sound/converted.flac is ")
    assert said.endswith(f", of the conversion “{name}”.")
    assert scrubs(page)
    listen(page, "source")
    heard(page, "source")
    assert page.locator(".scrubber .problem:not([hidden])").count() == 0  # taken back
    page.context.close()


def test_a_whole_trace_beside_them_is_shown_and_heard(browser, site):
    server, _ = site
    page = open_lesson(browser, server.address, trace=NAMES[1])
    listen(page, "converted")
    heard(page, "converted")
    page.context.close()
    assert server.says_no_error()
