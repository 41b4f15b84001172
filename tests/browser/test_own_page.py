"""The whole way of "Your own voice": sung into a browser, converted by the shipped models, watched step by step."""

import io
import re
import tempfile
import zipfile
from pathlib import Path

import pytest
import soundfile

from app.own.takes import PREFIX
from svc_core.conversion.hearing import SYNTHETIC
from svc_core.traces.trace import open_trace
from tests.support.singing import singing_browser, sung_phrase

pytestmark = pytest.mark.every_time
PATIENCE_MS = 120_000  # the first worker of a fresh environment compiles for half a minute
SCRUBBER = ".scrubber[data-step]"


@pytest.fixture(scope="module")
def singer(browser, tmp_path_factory):
    with singing_browser(browser, sung_phrase(tmp_path_factory.mktemp("phrase") / "phrase.wav")) as browser:
        yield browser


@pytest.fixture(scope="module")
def watched(singer, site):
    """The page after the whole way, and what it said on it."""
    errors = []
    context = singer.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{site.address}/own")
    page.wait_for_selector(".own[data-ready]")
    page.locator(".own .consent input").check()
    page.locator(".own .record").click()
    page.wait_for_timeout(3_500)
    page.locator(".own .record").click()
    page.locator(".own .use").click()
    page.locator(".own .convert").click()
    page.locator(".own .scores table").first.wait_for()
    page.locator(".own .steps").click()
    page.wait_for_selector(SCRUBBER)
    yield page
    assert errors == []
    context.close()


def takes_of(site) -> list[Path]:
    """Folders of takes that the site's server keeps just now."""
    return [
        take for root in Path(tempfile.gettempdir()).glob(f"{PREFIX}{site.process.pid}-*") for take in root.iterdir()
    ]


def fetched(page, address: str) -> bytes:
    return page.request.get(re.sub(r"own$", "", page.url.split("?")[0]) + address.removeprefix("./")).body()


def test_what_was_sung_is_seen(watched):
    told = watched.locator(".own [data-part='seen'] .told").inner_text()
    seconds = float(told.split(" s.")[0])
    assert 3.0 < seconds < 5.5
    # the phrase lies between B3 and C5, wherever the recording began
    assert re.search(r"the middle one is [A-G]♯?[34] \((2|3)\d\d Hz\)", told)
    assert watched.locator(".own [data-part='seen'] .remarks li").count() == 0


def test_the_voice_that_is_near_is_proposed(watched):
    shift = int(watched.locator(".own #key").input_value())
    assert abs(shift) <= 6  # of seven voices
    assert watched.locator(".own .reason").inner_text().startswith("Proposed ")


def test_the_conversion_is_measured_and_follows_the_melody(watched):
    rows = watched.locator(".own .scores > table tbody tr")
    figures = {row.locator("th").inner_text(): row.locator("td").first.inner_text() for row in rows.all()}
    assert float(figures["Pitch right (RPA)"].removesuffix(" %")) > 85
    assert float(figures["Similarity to the target"]) > 0.6
    assert watched.locator(".own details summary").inner_text().endswith("more figures")


def test_sound_and_trace_can_be_taken_home(watched, tmp_path):
    sound, trace = (link.get_attribute("href") for link in watched.locator(".own .downloads a").all())
    with soundfile.SoundFile(io.BytesIO(fetched(watched, sound))) as file:
        assert (file.samplerate, file.comment) == (24_000, SYNTHETIC)
    with zipfile.ZipFile(io.BytesIO(fetched(watched, trace))) as packed:
        packed.extractall(tmp_path)
    (folder,) = [path for path in tmp_path.iterdir() if path.is_dir()]
    taken = open_trace(folder)
    assert (taken.manifest.sampler.name, taken.manifest.sampler.steps) == ("euler", 40)
    assert taken.manifest.source.singer == "you"


def test_every_step_is_in_the_scrubber_and_none_in_the_address(watched):
    scrubber = watched.locator(".scrubber")
    assert scrubber.locator(".slider").get_attribute("max") == "39"
    scrubber.locator(".slider").focus()
    watched.keyboard.press("End")
    assert scrubber.get_attribute("data-step") == "39"
    watched.keyboard.press("ArrowLeft")
    assert scrubber.get_attribute("data-step") == "38"
    watched.wait_for_timeout(500)
    assert watched.url.endswith("/own")


def test_the_first_conversion_can_be_gone_back_to(watched):
    watched.locator(".own .made-list button", has_text="one step").click()
    assert watched.locator(".own .made-list button").count() == 2
    assert watched.locator(SCRUBBER).count() == 1  # the steps that were watched stay


def test_leaving_the_page_takes_everything_away(watched, site):
    """Comes last: the page is gone afterwards."""
    assert len(takes_of(site)) == 1
    watched.goto(f"{site.address}/glossary")
    watched.wait_for_selector("h1")
    for _ in range(50):
        if not takes_of(site):
            return
        watched.wait_for_timeout(100)
    raise AssertionError(f"{takes_of(site)} are still there")
