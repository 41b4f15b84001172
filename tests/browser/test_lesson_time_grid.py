"""The lesson on the time grid in a real browser: its arithmetic is Python's, its controls work, its limits are said."""

import re
from math import gcd

import numpy as np
import pytest

from app.serving.served import WEB_PATH
from svc_core.config import GridConfig
from svc_core.sound.align import Stream
from svc_core.sound.timeline import time_grid

GRID = GridConfig()
SECONDS, FRAMES = 5, 468
STREAMS = {  # first centre and hop in samples at 24 kHz, and how many labels 5 s have
    "whisper": (0, 480, 250),
    "contentvec": (300, 480, 249),
    "encodec": (160, 320, 375),
}


@pytest.fixture
def open_lesson(open_page):
    def open_lesson(query="", **options):
        page = open_page(f"/time-grid{query}", drawn=False, **options)
        page.wait_for_selector(".timegrid[data-frame]", timeout=30_000)
        return page

    return open_lesson


def frame(page) -> int:
    return int(page.locator(".timegrid").get_attribute("data-frame"))


def error_ms(page, encoder: str) -> float:
    return float(page.locator(f".timegrid g[data-encoder={encoder}]").get_attribute("data-error"))


def row(page, encoder: str) -> list[str]:
    return page.locator(f".timegrid tr[data-encoder={encoder}] td").all_text_contents()


def weight_of_labels(labels, weights) -> dict[int, float]:
    """Labels that count at all; a label may be drawn twice, or with a weight of zero."""
    total = {}
    for label, weight in zip(labels, weights, strict=True):
        total[label] = total.get(label, 0) + weight
    return {label: weight for label, weight in total.items() if weight > 1e-9}


@pytest.mark.every_time
def test_every_frame_draws_from_what_python_says_it_draws_from(open_lesson):
    page = open_lesson()
    streams = {
        name: Stream(np.zeros((1, labels)), first / 24_000, hop / 24_000)
        for name, (first, hop, labels) in STREAMS.items()
    }
    expected = time_grid(streams, FRAMES, GRID, 0, SECONDS)["streams"]
    shown = page.evaluate(
        """async ([module, samples, frames]) => {
            const { drawnBy, ENCODERS } = await import(module);
            const each = Array.from({ length: frames }, (_, frame) => frame);
            const all = (way, encoder) => each.map((frame) => drawnBy(way, encoder, samples, frame));
            const both = (encoder) => ({ box: all("box", encoder), linear: all("linear", encoder) });
            return Object.fromEntries(ENCODERS.map((encoder) => [encoder.id, both(encoder)]));
        }""",
        [f"{WEB_PATH}/grid_arithmetic.js", SECONDS * 24_000, FRAMES],
    )
    assert shown.keys() == expected.keys()
    for name, ways in shown.items():
        for way, drawn in ways.items():
            wanted = expected[name][way]
            np.testing.assert_allclose([one["errorMs"] for one in drawn], wanted["error_ms"], atol=1e-6)
            for one, labels, weights in zip(drawn, wanted["labels"], wanted["weights"], strict=True):
                assert weight_of_labels(one["labels"], one["weights"]) == pytest.approx(
                    weight_of_labels(labels, weights)
                )


def test_the_first_frames_by_hand(open_lesson):
    """The mean of copies 8 to 15 has 7 of label 0 and 1 of label 1: 2.5 ms are heard at frame 1's 16 ms."""
    page = open_lesson("?frame=1&way=box")
    assert error_ms(page, "whisper") == pytest.approx(2.5 - 16.0)
    assert error_ms(page, "contentvec") == pytest.approx(2.5 + 12.5 - 16.0)
    page.get_by_role("button", name="Read off between true centres").click()
    assert [error_ms(page, name) for name in STREAMS] == [0, 0, 0]
    page.get_by_role("button", name="One frame back").click()
    assert error_ms(page, "contentvec") == pytest.approx(12.5 - 128 / 24, abs=1e-3)  # before its first centre: held
    assert "held" in page.locator(".timegrid g[data-encoder=contentvec]").text_content()


def test_the_table_tells_the_mean_error_and_the_copies_of_both_ways(open_lesson):
    page = open_lesson()
    assert row(page, "whisper") == ["480", "15 : 8", "−10.0 ms", "−14.7 ms", "0"]
    assert row(page, "contentvec")[2:] == ["+2.5 ms", "+7.2 ms", "2"]
    assert row(page, "encodec")[:3] == ["320", "5 : 4", "0.0 ms"]
    page.get_by_role("button", name="Read off between true centres").click()
    for name in STREAMS:
        assert row(page, name)[2:4] == ["0.0 ms", "0.0 ms"]
    # held: behind Whisper's last centre, 4980 ms, one frame (4986.7); before ContentVec's first, 12.5 ms, one (5.3),
    # and behind its last, 4972.5 ms, two (4976, 4986.7); before Encodec's first, 6.7 ms, one
    assert [row(page, name)[4] for name in STREAMS] == ["1", "3", "1"]


@pytest.mark.every_time
def test_keys_buttons_and_pointer_choose_a_frame_and_the_address_follows(open_lesson):
    page = open_lesson("?frame=100")
    assert frame(page) == 100
    page.locator(".timegrid .controls .slider").focus()
    for key, expected in (("ArrowRight", 101), ("ArrowLeft", 100), ("End", 467), ("Home", 0)):
        page.keyboard.press(key)
        assert frame(page) == expected
    for name, expected in (("End", 467), ("Middle", 234), ("Beginning", 0), ("One frame on", 1), ("One frame back", 0)):
        page.get_by_role("button", name=name, exact=True).click()
        assert frame(page) == expected
    page.get_by_role("button", name="400 ms").click()
    box = page.locator(".rails").bounding_box()
    page.mouse.move(box["x"] + box["width"] * (15 + 200) / 400, box["y"] + 300)  # 200 ms: 18.75 frames
    assert frame(page) == 18
    assert "sample 4736 = 197.3 ms" in page.locator(".timegrid .where").text_content()
    page.get_by_role("button", name="Read off between true centres").click()
    page.wait_for_function("() => location.search.includes('frame=18') && location.search.includes('way=linear')")
    page.reload()
    page.wait_for_selector(".timegrid[data-frame='18']")
    assert page.locator("[data-way=linear]").get_attribute("aria-pressed") == "true"


def test_the_picture_tells_in_words_what_it_shows(open_lesson):
    page = open_lesson("?frame=467&way=box")
    label = page.locator(".rails svg").get_attribute("aria-label")
    assert label.startswith("Frame 467 at 4986.7 ms. Whisper: label 249 (100 %), error −6.7 ms.")
    assert "held" in page.locator(".timegrid g[data-encoder=contentvec]").text_content()


def test_the_real_phrase_lies_on_the_same_frames(open_lesson):
    page = open_lesson("?frame=400")
    page.locator(".rails .value.is-own").first.wait_for()
    assert re.search(r"F0 \d+ Hz \([A-G]♯?\d\)", page.locator(".timegrid .where").text_content())
    assert page.locator(".rails .value.is-own").count() == 2  # F0 and level


@pytest.mark.parametrize("query", ["?frame=468", "?frame=x", "?way=sideways"])
def test_a_wrong_address_is_said(open_lesson, query):
    page = open_lesson(query)
    assert frame(page) == 234
    name = re.search(r"\?(\w+)=", query)[1]
    assert f"The address asks for {name}" in page.locator(".timegrid .problem").text_content()


@pytest.mark.parametrize(
    ("hop", "seconds", "frames", "copies"), [(480, 1, 93, 0), (320, 4, 375, 0), (960, 10, 937, 0), (960, 1, 93, 0)]
)
def test_counts_are_worked_out(open_lesson, hop, seconds, frames, copies):
    page = open_lesson()
    page.locator(f"[data-hop='{hop}']").click()
    page.locator(f"[data-seconds='{seconds}']").click()
    shared = gcd(hop, 256)
    steps = page.locator(".steps li").all_text_contents()
    assert f"{hop // shared} : {256 // shared}" in steps[0]
    assert f"{frames} mel frames" in steps[1]
    labels = seconds * 24_000 // hop
    assert f"{labels} whole labels" in steps[1]
    assert f"{labels * hop // shared:,} copies".replace(",", " ") in steps[2].replace("\u202f", " ")
    assert ("enough for all" in steps[3]) == (copies == 0)
    assert page.locator(".gears rect").count() > 20


def test_the_early_melody_is_measured_heard_and_looked_through(open_lesson):
    page = open_lesson()
    page.locator(".timegrid_early[data-from]").wait_for()
    text = page.locator(".measured").text_content()
    assert "26.7 ms ahead of the melody" in text
    assert "98 %" in text
    assert "78 %" in text
    assert [page.locator(f".contours path.{name}").count() for name in ("asked", "plain", "early")] == [1, 1, 1]
    slider = page.locator(".timegrid_early .slider")
    slider.focus()
    page.keyboard.press("Home")
    assert page.locator(".timegrid_early").get_attribute("data-from") == "0"
    for name in ("Source", "Told the melody in time", "Told it 27 ms early"):
        button = page.locator(".timegrid_early").get_by_role("button", name=name)
        button.click()
        page.wait_for_function(
            "(button) => button.getAttribute('aria-pressed') === 'true'", arg=button.element_handle()
        )
    button.click()
    page.wait_for_function("(button) => button.getAttribute('aria-pressed') === 'false'", arg=button.element_handle())


def test_the_lead_of_a_melody_that_was_moved_by_hand_is_found(open_lesson):
    page = open_lesson()
    found = page.evaluate(
        """async (module) => {
            const { leadOf } = await import(module);
            const pitch = (frame) => 10 * 200 * 2 ** (0.1 * Math.sin(frame / 6));
            const melody = (frames) => Uint16Array.from({ length: 200 }, (_, i) => pitch(i + frames));
            return [0, 2.5, -3].map((frames) => leadOf(melody(0), melody(frames)));
        }""",
        f"{WEB_PATH}/timegrid_early.js",
    )
    assert found == pytest.approx([0, 2.5, -3])


def test_questions_answered_wrongly_and_rightly(open_lesson):
    page = open_lesson()
    for question, wrong, right in (("why-one-grid", 1, 0), ("same-rate-apart", 0, 1), ("early-melody-where", 0, 2)):
        asked = page.locator(f"[data-question='{question}']")
        asked.locator(".answers button").nth(wrong).click()
        assert asked.locator(".feedback").text_content().startswith("Not quite.")
        asked.locator(".answers button").nth(right).click()
        assert asked.locator(".feedback").text_content().startswith("Yes.")
    assert "All 3 answered" in page.locator(".quiz .score").text_content()
    assert page.locator("[data-question='early-melody-where'] .marks button").count() == 3


def test_a_missing_file_is_said_and_the_grid_goes_on(open_page, site):
    page = open_page("/glossary", drawn=False, allowed=("status of 404",))
    page.route("**/source.npy.gz*", lambda route: route.fulfill(status=404))
    page.goto(f"{site.address}/time-grid")
    problem = page.locator(".timegrid .problem")
    problem.wait_for()
    assert "source.npy.gz is missing" in problem.text_content()
    page.get_by_role("button", name="One frame on").click()
    assert frame(page) == 235


def test_nothing_overflows_on_a_narrow_screen(open_lesson):
    page = open_lesson(width=390, height=844)
    page.locator(".timegrid_early[data-from]").wait_for()
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 390
    for figure in (".timegrid", ".timegrid_hops", ".timegrid_early"):
        assert page.locator(figure).evaluate("(node) => node.scrollWidth <= node.clientWidth + 1")
