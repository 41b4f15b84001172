"""The lesson on adding noise in a real browser: every picture is Python's, every control works, its limits are said."""

import json
import re

import numpy as np
import pytest

from app.serving.library import library
from app.serving.served import MATERIAL, WEB_PATH
from svc_core.traces.noised import noised, read_noising
from svc_core.traces.trace import open_trace

NOISING = read_noising(str(MATERIAL / "noising"))
TRACES = library().place.path
FIND = """const find = (root) => root.querySelector('.noising') ?? [...root.querySelectorAll('*')]
    .map((node) => node.shadowRoot && find(node.shadowRoot)).find(Boolean);"""  # it lies in a shadow root


@pytest.fixture
def open_lesson(open_page):
    def open_lesson(query="", **options):
        page = open_page(f"/noising{query}", drawn=False, **options)
        page.wait_for_selector(".noising[data-t]", timeout=30_000)
        page.evaluate(f"async () => {{ {FIND} window.noising = await find(document).figure; }}")
        return page

    return open_lesson


def t_of(page) -> int:
    return int(page.locator(".noising").get_attribute("data-t"))


def do(page, action: str):
    return page.locator(f".noising [data-do='{action}']")


CANVAS = "const canvas = noising.panel.querySelector('canvas');"


def drawn(page) -> str:
    """All that the canvas shows, to be compared."""
    return page.evaluate(f"() => {{ {CANVAS} return canvas.toDataURL(); }}")


def colours_at(page, points: list[tuple[float, float]]) -> np.ndarray:
    """Colours of the canvas at (x, y), both as shares of its size, (point, rgb)."""
    return np.array(
        page.evaluate(
            f"""(points) => {{
                {CANVAS}
                const context = canvas.getContext("2d");
                const {{ width, height }} = canvas;
                const at = (x, y) => context.getImageData(Math.floor(x * width), Math.floor(y * height), 1, 1).data;
                return points.map(([x, y]) => Array.from(at(x, y).slice(0, 3)));
            }}""",
            points,
        )
    )


def expected_db(t: int) -> np.ndarray:
    trace = open_trace(TRACES / NOISING.trace)
    scale = trace.manifest.scale
    return noised(trace.source_levels(), t, NOISING, scale) * scale.mel_std_db + scale.mel_mean_db


@pytest.mark.parametrize("t", [0, 1, 98, 300, 554, 999])
def test_the_noised_mel_is_that_of_python(open_lesson, t):
    page = open_lesson(f"?t={t}")
    trace = open_trace(TRACES / NOISING.trace)
    shown = np.array(page.evaluate("(t) => Array.from(noising.forward.at(t))", t))
    expected = noised(trace.source_levels(), t, NOISING, trace.manifest.scale)
    np.testing.assert_allclose(shown, expected.ravel(), atol=1e-4)


@pytest.mark.every_time
def test_the_formula_by_hand(open_lesson):
    """Half the power is noise at t = 0, three quarters at t = 1; bytes 120 and 160 are 0 and 1 in units of 20 dB."""
    page = open_lesson()
    found = page.evaluate(
        """async (module) => {
            const { Forward } = await import(module);
            const index = { seed: 11, address: 1000, schedule: { steps: 2, beta_start: 0.5, beta_end: 0.5 } };
            const scale = { mel_mean_db: -50, mel_std_db: 20, floor_db: -110, db_per_level: 0.5 };
            const forward = new Forward(index, Uint8Array.of(120, 160), scale, 1, 2);
            return { mixed: [...forward.at(1)], noise: [...forward.noise], snr: [0, 1].map((t) => forward.snrDb(t)) };
        }""",
        f"{WEB_PATH}/forward.js",
    )
    first, second = found["noise"]
    assert found["mixed"] == pytest.approx([0.75**0.5 * first, 0.5 + 0.75**0.5 * second], abs=1e-6)
    assert found["snr"] == pytest.approx([0, 10 * np.log10(1 / 3)])


@pytest.mark.parametrize("t", [0, 400])
def test_the_picture_is_on_the_fixed_scale(open_lesson, t):
    page = open_lesson(f"?t={t}", width=1900, height=1100)
    wanted = expected_db(t)
    colours = page.evaluate("async (module) => Array.from((await import(module)).COLOURS)", f"{WEB_PATH}/picture.js")
    bands, frames = wanted.shape
    places = [(band, frame) for band in range(0, bands, 9) for frame in range(0, frames, 13)]
    shown = colours_at(page, [((frame + 0.5) / frames, 1 - (band + 0.5) / bands) for band, frame in places])
    levels = [int(np.clip((wanted[place] + 90) * 2.55 + 0.5, 0, 255)) for place in places]
    right = np.array([[(colours[level] >> shift) & 255 for shift in (0, 8, 16)] for level in levels])
    close = np.abs(shown - right).max(axis=1) <= 3
    assert np.mean(close) > 0.98


@pytest.mark.every_time
def test_numbers_follow_the_step(open_lesson):
    page = open_lesson("?t=300")
    kept = NOISING.schedule.schedule().alpha_bar[300]
    weights = page.locator(".weight b").all_text_contents()
    assert weights == [f"{kept**0.5:.3f}", f"{(1 - kept) ** 0.5:.3f}"]
    assert page.locator(".snr b").text_content() == "−1.9 dB"
    label = page.locator(".curve svg").get_attribute("aria-label")
    assert "from 40.0 dB at t = 0 down to −43.9 dB at t = 999. Now t = 300, −1.9 dB." in label
    assert page.locator(".curve .sound").count() == len(NOISING.sounds)
    assert "1.9 dB below the noise" in page.locator(".noising canvas").get_attribute("aria-label")


@pytest.mark.every_time
def test_keys_and_buttons_move_the_step_and_the_address_follows(open_lesson):
    page = open_lesson("?t=600")
    assert t_of(page) == 600
    for key, expected in (("ArrowRight", 601), ("ArrowLeft", 600), ("Shift+ArrowRight", 610)):
        page.keyboard.press(key)
        assert t_of(page) == expected
    page.locator(".noising .slider").focus()
    for key, expected in (("End", 999), ("ArrowRight", 999), ("Home", 0), ("ArrowUp", 1)):
        page.keyboard.press(key)
        assert t_of(page) == expected
    for action, expected in (("last", 999), ("back", 998), ("first", 0), ("forward", 1)):
        do(page, action).click()
        assert t_of(page) == expected
    page.wait_for_function("() => location.search.includes('t=1')")
    page.reload()
    page.wait_for_selector(".noising[data-t='1']")


def test_steps_play_slowly_if_asked_and_pause(open_lesson):
    page = open_lesson("?t=0")
    do(page, "slow").click()
    do(page, "play").click()
    page.wait_for_function("() => noising.t > 2")
    assert do(page, "play").text_content().strip() == "Pause"
    do(page, "play").click()
    assert t_of(page) < 100
    before = t_of(page)
    page.wait_for_timeout(300)
    assert t_of(page) == before


@pytest.mark.every_time
def test_dragging_draws_as_the_pointer_moves(open_lesson):
    page = open_lesson("?t=0")
    page.evaluate("performance.clearMeasures('scrub')")
    box = page.locator(".noising .slider").bounding_box()
    page.mouse.move(box["x"] + 12, box["y"] + box["height"] / 2)
    page.mouse.down()
    for share in np.linspace(0.02, 0.98, 60):
        page.mouse.move(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
    page.mouse.up()
    assert page.evaluate("performance.getEntriesByName('scrub').length") > 20  # what one takes, make bench measures
    assert t_of(page) > 900


def test_the_mix_can_be_seen_apart(open_lesson):
    page = open_lesson("?t=500")
    mixed = drawn(page)
    page.get_by_role("button", name="The noise z alone").click()
    noise = drawn(page)
    page.get_by_role("button", name="The voice x0 alone").click()
    clean = drawn(page)
    assert page.locator(".noising canvas").get_attribute("aria-label") == "Mel spectrogram of the voice alone"
    assert len({mixed, noise, clean}) == 3
    do(page, "first").click()
    assert drawn(page) == clean  # the step changes the mix, not its parts


def test_refitted_colours_say_what_they_span(open_lesson):
    page = open_lesson("?t=999")
    fixed = drawn(page)
    assert page.locator(".fit").text_content() == "Colours: −90 to +10 dB, the same at every step."
    do(page, "refit").click()
    wanted = expected_db(999)
    low, high = (int(number.replace("−", "-")) for number in re.findall(r"−?\d+", page.locator(".fit").text_content()))
    assert (low, high) == pytest.approx((wanted.min(), wanted.max()), abs=0.6)
    assert not page.locator(".numbers").is_visible()
    assert drawn(page) != fixed
    page.locator(".noising canvas").hover()
    read_db = float(page.locator(".readout").text_content().split("·")[-1].replace("−", "-").removesuffix("dB"))
    assert read_db == pytest.approx(wanted[50, wanted.shape[1] // 2], abs=0.1)  # decibels stay decibels
    do(page, "refit").click()
    assert drawn(page) == fixed


@pytest.mark.parametrize(("t", "nearest"), [(0, 0), (300, 219), (310, 391), (999, 999)])
def test_the_nearest_sound_is_played_and_named(open_lesson, t, nearest):
    page = open_lesson(f"?t={t}")
    do(page, "listen").click()
    page.wait_for_function("() => noising.player.playing !== null")
    assert f"at t = {nearest}," in page.locator(".noising .heard").text_content()
    do(page, "listen").click()
    assert page.locator(".noising .heard").text_content() == ""


def test_another_step_takes_the_sound_over(open_lesson):
    page = open_lesson("?t=0")
    page.keyboard.press("s")
    page.wait_for_function("() => noising.player.playing !== null")
    do(page, "last").click()
    page.wait_for_function("() => noising.find('.heard').textContent.includes('t = 999')")
    page.keyboard.press("s")
    page.wait_for_function("() => noising.player.playing === null")


def test_where_the_reader_stops_is_answered_from_the_measures(open_lesson):
    page = open_lesson("?t=450")
    page.wait_for_function("() => noising.rows.length > 0")
    do(page, "stop").click()
    text = page.locator(".verdict").text_content()
    table = open_trace(TRACES / NOISING.trace).metrics()
    snr_db = float(NOISING.schedule.schedule().snr_db[450])
    states = table[(table["kind"] == "state") & table["rpa"].notna()]
    heard = states.iloc[(states["snr_db"] - snr_db).abs().argmin()]
    guesses = table[table["kind"] == "predicted"]
    guess = guesses.iloc[(guesses["snr_db"] - snr_db).abs().argmin()]
    assert f"You stopped at t = 450: SNR {snr_db:.1f} dB".replace("-", "−") in text
    assert f"it finds {heard['rpa']:.0%} of the melody".replace("%", " %") in text
    assert f"it lies {guess['mel_to_result_db']:.1f} dB from it" in text
    assert page.locator(".curve .stopped").get_attribute("visibility") == "visible"


@pytest.mark.parametrize("asked", ["-1", "1000", "3.5", "loud", ""])
def test_a_wrong_step_in_the_address_is_said(open_lesson, asked):
    page = open_lesson(f"?t={asked}")
    assert t_of(page) == 0
    assert f"“{asked}”" in page.locator(".noising .problem").text_content()


def test_another_recording_has_pictures_and_no_sounds(open_lesson):
    other = next(entry.id for entry in library().catalogue() if entry.source == "pjs-m1")
    page = open_lesson(f"?trace={other}&t=200")
    assert do(page, "listen").is_disabled()
    assert "no sounds of this recording" in page.locator(".noising .heard").text_content()
    page.keyboard.press("s")
    page.keyboard.press("ArrowRight")
    assert t_of(page) == 201


@pytest.mark.parametrize("body", [None, "{", json.dumps({"format": "singsteps-noising-2"})])
def test_without_its_index_the_pictures_go_on(open_page, site, body):
    page = open_page("/glossary", drawn=False, allowed=("status of 404",))
    reply = {"status": 404} if body is None else {"status": 200, "body": body}
    page.route("**/material/noising/index.json", lambda route: route.fulfill(**reply))
    page.goto(f"{site.address}/noising?t=10")
    page.wait_for_selector(".noising[data-t='10']")
    said = page.locator(".noising .problem").text_content()
    assert "sounds of this figure cannot be played" in said
    assert ("missing" if body is None else "damaged") in said
    assert do(page, "listen").is_disabled()


def test_a_missing_source_and_a_missing_sound_are_said(open_page, site):
    page = open_page("/glossary", drawn=False, allowed=("status of 404",))
    page.route("**/*.mp3*", lambda route: route.fulfill(status=404))
    page.goto(f"{site.address}/noising")
    page.wait_for_selector(".noising[data-t]")
    do(page, "listen").click()
    page.get_by_text("is missing (status 404)").wait_for()
    page.route("**/source.npy.gz*", lambda route: route.fulfill(status=404))
    page.goto(f"{site.address}/noising")
    page.locator(".noising .problem", has_text="source.npy.gz is missing").wait_for()
    do(page, "forward").click()  # does nothing, and throws nothing


def test_questions_answered_wrongly_and_rightly(open_lesson):
    page = open_lesson()
    for question, wrong, right in (("zero-db", 0, 1), ("why-fixed-colours", 1, 0), ("melody-in-noise", 2, 1)):
        asked = page.locator(f"[data-question='{question}']")
        asked.locator(".answers button").nth(wrong).click()
        assert asked.locator(".feedback").text_content().startswith("Not quite.")
        asked.locator(".answers button").nth(right).click()
        assert asked.locator(".feedback").text_content().startswith("Yes.")
    assert "All 3 answered" in page.locator(".quiz .score").text_content()


def test_nothing_overflows_on_a_narrow_screen(open_lesson):
    page = open_lesson(width=390, height=844)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 390
    assert page.locator(".noising").evaluate("(node) => node.scrollWidth <= node.clientWidth + 1")
