"""The first lesson in a real browser: what moves, sounds and is drawn, and what it says when something is gone."""

import re
from base64 import b64decode

import numpy as np
import pytest
from playwright.sync_api import expect

from app.serving.library import library
from svc_core.traces.replay import replay_of
from svc_core.traces.trace import open_trace

WALK = "kimseye_nakarat--makam-f3--makam-m2--keyauto--ddpm--seed0"
CANVAS = """(canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let bytes = "";
    for (let i = 0; i < data.length; i += 32768) bytes += String.fromCharCode(...data.subarray(i, i + 32768));
    return [btoa(bytes), canvas.width];
}"""
SOUNDS = ("source", "target", "converted")


@pytest.fixture
def open_lesson(open_page):
    def open_lesson(query="", **options):
        page = open_page(f"/{query}", drawn=False, **options)
        page.wait_for_selector(".overture[data-share]", timeout=30_000)
        return page

    return open_lesson


@pytest.fixture(scope="module")
def walk():
    return open_trace(library().place.path / WALK)


def share(page) -> float:
    return float(page.locator(".overture").get_attribute("data-share"))


def pixels(canvas) -> np.ndarray:
    """(row, column, rgb)"""
    packed, width = canvas.evaluate(CANVAS)
    return np.frombuffer(b64decode(packed), np.uint8).reshape(-1, width, 4)[..., :3].astype(int)


def brightness_of_bands(canvas, bands: int, frames: int) -> np.ndarray:
    """Mean of the three colours at the middle of each band and frame: it rises with the decibels."""
    shown = pixels(canvas)
    rows = ((1 - (np.arange(bands) + 0.5) / bands) * shown.shape[0]).astype(int)
    columns = ((np.arange(frames) + 0.5) / frames * shown.shape[1]).astype(int)
    return shown[rows][:, columns].mean(axis=2)


def pressed(page, name: str) -> bool:
    return page.locator(f"[data-sound={name}]").get_attribute("aria-pressed") == "true"


@pytest.mark.every_time
def test_it_moves_by_itself_to_the_result_and_can_be_stopped(open_lesson):
    page = open_lesson(motion="no-preference")
    play = page.locator("[data-do=play]")
    expect(play).to_have_text(re.compile("Pause"))
    before = share(page)
    page.wait_for_timeout(400)
    assert share(page) > before
    play.click()
    stopped = share(page)
    expect(play).to_have_text(re.compile("Play"))
    page.wait_for_timeout(400)
    assert share(page) == stopped < 1
    play.focus()
    page.keyboard.press("Enter")
    expect(play).to_have_text(re.compile("Once more"), timeout=20_000)
    expect(page.locator(".overture .where")).to_have_text("the converted voice")
    assert share(page) == 1
    play.click()
    expect(play).to_have_text(re.compile("Pause"))
    assert share(page) < 0.5


def test_noise_is_drawn_and_moves_before_the_conversion_is_there(open_page):
    page = open_page("/", drawn=False, motion="no-preference")
    page.route("**/predicted.npy.gz*", lambda route: None)  # it never comes
    page.reload()
    page.wait_for_selector(".overture[data-moved]")
    canvas = page.locator(".overture [data-panel=walk] canvas")
    first = pixels(canvas)
    page.wait_for_timeout(500)
    assert (pixels(canvas) != first).mean() > 0.5
    assert first.std() > 20
    assert page.locator(".overture").get_attribute("data-share") is None


def test_with_reduced_motion_nothing_moves_until_it_is_asked(open_lesson):
    page = open_lesson(motion="reduce")
    canvas = page.locator(".overture [data-panel=walk] canvas")
    page.wait_for_timeout(300)
    first = pixels(canvas)
    page.wait_for_timeout(700)
    assert (pixels(canvas) == first).all()
    assert share(page) == 0
    page.locator(".overture .slider").focus()
    for key, expected in (("ArrowRight", 0.005), ("ArrowLeft", 0), ("End", 1), ("Home", 0)):
        page.keyboard.press(key)
        assert share(page) == pytest.approx(expected)
    expect(page.locator(".overture .where")).to_have_text("pure noise")


def test_the_slider_answers_every_move_and_shows_the_states_of_the_trace(open_lesson, walk):
    page = open_lesson()
    page.locator(".overture .slider").focus()
    canvas = page.locator(".overture [data-panel=walk] canvas")
    replay = replay_of(walk)
    bands, frames = replay.predicted_db.shape[1:]
    box = page.locator(".overture .slider").bounding_box()
    page.mouse.click(box["x"] + 0.6 * box["width"], box["y"] + box["height"] / 2)
    page.wait_for_timeout(2500)  # until the replay has come so far
    step = int(page.locator(".overture").get_attribute("data-step"))
    assert 100 < step < 400
    expected = {
        999 - step: replay.state_db(replay.state_at(999 - step)),
        "end": replay.predicted_at(999),
    }
    shown = brightness_of_bands(canvas, bands, frames)
    assert np.corrcoef(shown.ravel(), np.clip(expected[999 - step], -90, 10).ravel())[0, 1] > 0.95
    page.keyboard.press("End")
    shown = brightness_of_bands(canvas, bands, frames)
    assert np.corrcoef(shown.ravel(), np.clip(expected["end"], -90, 10).ravel())[0, 1] > 0.95
    scrubs = page.evaluate("performance.getEntriesByName('scrub').map((entry) => entry.duration)")
    assert len(scrubs) >= 2


@pytest.mark.every_time
def test_sounds_by_key_and_by_button_one_at_a_time(open_lesson):
    page = open_lesson()
    for key, name in zip("123", SOUNDS, strict=True):
        page.keyboard.press(key)
        page.wait_for_selector(f"[data-sound={name}][aria-pressed=true]")
        assert [pressed(page, other) for other in SOUNDS].count(True) == 1
    assert share(page) == 1  # the converted sound goes with its finished picture
    page.keyboard.press("3")
    page.wait_for_selector("[data-sound=converted][aria-pressed=false]")
    for name in SOUNDS:
        button = page.locator(f"[data-sound={name}]")
        button.focus()
        page.keyboard.press("Enter")
        page.wait_for_selector(f"[data-sound={name}][aria-pressed=true]")
        button.click()
        page.wait_for_selector(f"[data-sound={name}][aria-pressed=false]")


def test_what_stays_and_what_changes_is_measured_on_the_trace(open_lesson, walk):
    page = open_lesson()
    stays = page.locator(".stays")
    told = stays.locator(".told")
    f0 = walk.f0_hz()
    both = (f0["source"] > 0) & (f0["predicted_0999"] > 0)
    away = 12 * np.log2(f0["predicted_0999"][both] / f0["source"][both])
    kept = round(100 * float((np.abs(away + 11) <= 0.5).mean()))
    expect(told).to_contain_text("Drawn 11 semitones higher")
    expect(told).to_contain_text(f"{kept}\u00a0%")
    for view, lines, words in (
        ("key", 2, "11 semitones lower"),
        ("loudness", 2, f"{walk.manifest.scores['loudness_rmse_db']:.1f} dB"),
        ("timbre", 3, "from the target’s own recording"),
        ("words", None, "Consonants are pale clouds"),
        ("melody", 2, "slides and turns"),
    ):
        button = stays.locator(f"[data-view={view}]")
        button.focus()
        page.keyboard.press("Enter")
        expect(button).to_have_attribute("aria-pressed", "true")
        expect(told).to_contain_text(words)
        assert stays.locator("button[aria-pressed=true]").count() == 1
        assert stays.locator(".mels").is_visible() == (view == "words")
        assert stays.locator(".lines").is_visible() == (view != "words")
        if lines:
            assert stays.locator(".lines path").count() == stays.locator(".key-to li").count() == lines


def test_moved_by_the_key_the_two_melodies_lie_on_one_another(open_lesson):
    page = open_lesson()
    tops = """() => { const find = (root) => root.querySelector(".stays") ?? [...root.querySelectorAll("*")]
        .map((node) => node.shadowRoot && find(node.shadowRoot)).find(Boolean);
        return [...find(document).querySelectorAll(".lines path")].map((path) => path.getBoundingClientRect().top); }"""
    page.wait_for_selector(".stays .lines path")
    source, converted = page.evaluate(tops)
    assert converted == pytest.approx(source, abs=6)
    page.locator(".stays [data-view=key]").click()
    source, converted = page.evaluate(tops)
    assert converted - source > 80


def test_questions_answered_wrong_and_then_right(open_lesson):
    page = open_lesson()
    question = page.locator("[data-question=what-stays]")
    question.locator(".answers button:not([data-right])").first.click()
    expect(question.locator(".feedback")).to_contain_text("Not quite.")
    question.locator(".answers button[data-right]").click()
    expect(question.locator(".feedback")).to_contain_text("Yes.")


def test_both_ways_on_lead_where_they_say(open_lesson):
    page = open_lesson()
    page.get_by_role("link", name="Lesson 2").last.click()
    expect(page.locator("h1")).to_have_text("How a computer sees singing")


def test_a_missing_file_is_said_and_the_lesson_goes_on(open_page, site):
    page = open_page("/", drawn=False, allowed=("404",))
    page.route("**/predicted.npy.gz*", lambda route: route.fulfill(status=404))
    page.reload()
    for figure in ("overture", "stays"):
        expect(page.locator(f".{figure} .problem")).to_contain_text("predicted.npy.gz is missing", timeout=20_000)
    assert page.locator("[data-sound=source]").is_disabled()
    expect(page.locator("[data-question=what-stays]")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_overflows(open_lesson, width):
    page = open_lesson(width=width)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    wide = page.locator(".overture button, .overture canvas, .stays button").evaluate_all(
        "(nodes) => Math.max(...nodes.map((node) => node.getBoundingClientRect().right))"
    )
    assert wide <= width
