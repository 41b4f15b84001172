"""A small crowd on a real server: what the client takes for Streamlit's protocol is what this Streamlit speaks."""

import random
import sys
from contextlib import contextmanager

import pytest

from tests.load.crowd import Plan, run_crowd
from tests.load.fetching import Browser
from tests.load.learner import Learner, Pace
from tests.load.measured import Measured
from tests.load.server import run_server
from tests.load.session import Session, SessionProblem
from tests.load.survey import Page, Site, survey
from tests.support.coroutines import settled

SITE = """
import streamlit as st

def first():
    st.selectbox("Which", ["a", "b"], key="which")
    st.text(st.session_state["which"] + " chosen")

def second():
    if "{broken}":
        raise KeyError("{broken}")

st.navigation([st.Page(first, title="First"), st.Page(second, title="Second", url_path="second")]).run()
"""
QUICK = Pace(least_s=0.05, most_s=0.2, go_on=0.5, choose=0.5, press=0.0)


@contextmanager
def serving(folder, broken: str = ""):
    script = folder / "site.py"
    script.write_text(SITE.format(broken=broken))
    with run_server(sys.executable, ("run", str(script)), folder / "log") as (address, process):
        yield address, process


def test_pages_are_turned_to_and_chosen_on_and_a_crowd_is_served(tmp_path):
    async def look_around(address):
        site, measured = await survey(address), Measured()
        first, second = site.pages[""], site.pages["second"]
        async with Session(address, measured) as session:
            await session.run("")
            await session.run("second", second.hash)
            await session.run("", first.hash)
            shown = []
            await session.run("", first.hash, {first.choice.widget: "b"}, shown)
        return site, shown, measured

    with serving(tmp_path) as (address, process):
        site, shown, measured = settled(look_around(address))
        assert list(site.pages) == ["", "second"]
        assert site.pages[""].choice.options == ("a", "b")
        assert site.pages["second"].choice is None
        assert any(path.endswith(".js") for path in site.static)
        assert any("Selectbox" in path for path in site.pages[""].files)
        assert [element.text for element in shown if element.kind == "text"] == ["b chosen"]
        assert measured.errors == {}

        measured, used = settled(run_crowd(address, Plan(3, 2.0, 0.2, 0.0, pace=QUICK), process))
    assert measured.errors == {}
    assert len(measured.rerun_s["opened"]) == len(measured.opening_s) == 3
    assert 0 < used.started_mb <= used.peak_mb
    assert used.cpu_s > 0


def test_page_that_is_broken_is_told_before_anybody_comes(tmp_path):
    with serving(tmp_path, broken="lost") as (address, _), pytest.raises(SessionProblem, match="/second shows"):
        settled(survey(address))


def test_learner_who_cannot_come_in_is_counted():
    measured = Measured()
    site = Site("http://127.0.0.1:9", (), {"": Page("", "h")})  # nobody answers there
    learner = Learner(site, measured, {}, random.Random(0))
    settled(learner.stay(0.0))
    assert measured.errors == {"HTTP connection: ConnectionRefusedError": 1}
    assert isinstance(learner.browser, Browser)
