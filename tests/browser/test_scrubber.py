"""The scrubber in a real browser: what it draws, how it is driven, what it plays, what it says."""

import re
from statistics import NormalDist

import numpy as np
import pytest

from app.parts.names import trace_label
from app.serving.library import TRACES_PATH, library
from app.serving.served import WEB_PATH
from svc_core.diffusion.noise import hash32, seeded_noise
from svc_core.traces.coding import decode_pictures, encode_pictures
from svc_core.traces.replay import replay_of
from svc_core.traces.trace import open_trace
from tests.support.pages import pixels, state, step, wait_for_states

TRACES = library().place.path
# the shortest first: its frames are fewer than a panel's pixels, so each can be looked at
LISTED = sorted((entry for entry in library().catalogue() if entry.detail == "full"), key=lambda entry: entry.seconds)
IDS = [entry.id for entry in LISTED]
FIRST = f"/denoising?trace={IDS[0]}"


@pytest.mark.every_time
def test_noise_is_that_of_python(open_page):
    page = open_page(FIRST)
    hashes, quantiles = page.evaluate(
        """async (module) => {
            const { hash32, normalQuantile } = await import(module);
            return [[0, 1, 12345, 4294967295].map(hash32), [1e-9, 0.01, 0.3, 0.5, 0.975, 0.99999].map(normalQuantile)];
        }""",
        f"{WEB_PATH}/noise.js",
    )
    assert hashes == hash32(np.array([0, 1, 12345, 4294967295], dtype=np.uint32)).tolist()
    expected = [NormalDist().inv_cdf(p) for p in (1e-9, 0.01, 0.3, 0.5, 0.975, 0.99999)]
    assert quantiles == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("quantum", [1, 3, 16])
@pytest.mark.parametrize("places", [[0], [0, 1], [0, 2, 3], [0, 1, 7, 50, 51, 200, 999]])
def test_pictures_are_decoded_to_the_bytes_of_python(open_page, quantum, places):
    page = open_page(FIRST)
    rng = np.random.default_rng(0)
    honest = encode_pictures(rng.integers(0, 256, (len(places), 4, 9), np.uint8), places, quantum)
    for coded in (honest, rng.integers(0, 256, honest.shape, np.uint8)):  # any bytes at all decode alike
        shown = page.evaluate(
            """async ([module, coded, places, quantum]) => {
                const { decodePictures } = await import(module);
                return Array.from(decodePictures(Uint8Array.from(coded), 9, places, quantum));
            }""",
            [f"{WEB_PATH}/coding.js", coded.ravel().tolist(), places, quantum],
        )
        assert shown == decode_pictures(coded, places, quantum).ravel().tolist()


@pytest.mark.every_time
def test_states_replayed_in_the_browser_are_those_replayed_in_python(open_page):
    page = open_page(FIRST)
    wait_for_states(page)
    replay = replay_of(open_trace(TRACES / IDS[0]))
    asked = {0, 9, 292, 699, 958, 994, 999}
    for place, expected in replay.states():
        if place in asked:
            np.testing.assert_allclose(state(page, place), expected.ravel(), atol=2e-4)
    first = seeded_noise(replay.seed, 1000, *replay.predicted_db.shape[1:])
    assert first.std() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(("panel", "at"), [("predicted", 0), ("predicted", 999), ("state", 999), ("state", 0)])
def test_picture_is_on_the_fixed_scale_and_the_right_way_up(open_page, panel, at):
    """Noise or voice, a pixel's colour is that of its own decibels; the picture's foot is the lowest band."""
    page = open_page(f"{FIRST}&step={at}")
    wait_for_states(page)
    shown = pixels(page, panel).astype(int)
    replay, place = replay_of(open_trace(TRACES / IDS[0])), 999 - at
    expected_db = replay.predicted_at(place) if panel == "predicted" else replay.state_db(replay.state_at(place))
    bands, frames = expected_db.shape
    colours = page.evaluate("async (module) => Array.from((await import(module)).COLOURS)", f"{WEB_PATH}/picture.js")
    rows, columns = shown.shape[:2]
    close = []
    for band in range(60, bands):  # above the F0 lines
        row = int((1 - (band + 0.5) / bands) * rows)
        for frame in range(0, frames, 7):
            level = int(np.clip((expected_db[band, frame] + 90) * 2.55 + 0.5, 0, 255))
            rgb = [(colours[level] >> shift) & 255 for shift in (0, 8, 16)]
            close.append(np.abs(shown[row, int((frame + 0.5) / frames * columns)] - rgb).max() <= 3)
    assert np.mean(close) > 0.98


@pytest.mark.every_time
def test_keys_move_the_step_and_the_address_follows(open_page):
    page = open_page(f"{FIRST}&step=600")
    assert step(page) == 600
    for key, expected in (
        ("ArrowRight", 599),
        ("ArrowLeft", 600),
        ("Shift+ArrowRight", 590),
    ):
        page.keyboard.press(key)
        assert step(page) == expected
    page.locator(".slider").focus()
    for key, expected in (("PageDown", 540), ("ArrowUp", 539), ("End", 0), ("ArrowRight", 0), ("Home", 999)):
        page.keyboard.press(key)
        assert step(page) == expected
    page.wait_for_function("() => location.search.includes('step=999')")
    page.reload()
    page.wait_for_selector(".scrubber[data-step='999']")


def test_buttons_move_the_step(open_page):
    page = open_page(f"{FIRST}&step=500")
    for name, expected in (
        ("One step on", 499),
        ("One step back", 500),
        ("Last step: the result", 0),
        ("First step: pure noise", 999),
    ):
        page.get_by_role("button", name=name).click()
        assert step(page) == expected


@pytest.mark.every_time
def test_dragging_answers_every_move_and_asks_nothing_of_the_server(open_page):
    page = open_page(f"{FIRST}&step=999")
    wait_for_states(page)
    page.locator(".slider").scroll_into_view_if_needed()
    page.wait_for_load_state("networkidle")  # figures further down load when they come near
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    messages = []
    session.on("Network.webSocketFrameSent", lambda event: messages.append(event))
    session.on("Network.requestWillBeSent", lambda event: messages.append(event))
    page.evaluate("performance.clearMeasures('scrub')")
    box = page.locator(".slider").bounding_box()
    page.mouse.move(box["x"] + 10, box["y"] + box["height"] / 2)
    page.mouse.down()
    seen = []
    for move in range(1, 11):
        page.mouse.move(box["x"] + 10 + move * box["width"] / 12, box["y"] + box["height"] / 2)
        seen.append(step(page))
    page.mouse.up()
    assert seen == sorted(seen, reverse=True)
    assert len(set(seen)) == 10
    assert page.evaluate("performance.getEntriesByName('scrub').length") >= 10
    assert messages == []


def test_play_runs_to_the_result_slowly_if_asked_and_stops_at_a_key(open_page):
    page = open_page(f"{FIRST}&step=400")
    page.get_by_role("button", name="Play steps").click()
    page.wait_for_timeout(600)
    fast = 400 - step(page)
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(300)
    halted = step(page)
    page.wait_for_timeout(300)
    assert step(page) == halted
    page.get_by_role("button", name="Slow").click()
    page.get_by_role("button", name="Play steps").click()
    page.wait_for_timeout(600)
    slow = halted - step(page)
    assert 0 < slow < fast
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Slow").click()
    page.get_by_role("button", name="Play steps").click()
    page.wait_for_selector(".scrubber[data-step='0']", timeout=20_000)
    page.get_by_role("button", name="Play steps").wait_for()


def test_noise_that_comes_late_does_not_stop_it_and_another_place_does(open_page):
    page = open_page(f"{FIRST}&step=400")
    wait_for_states(page)
    page.get_by_role("button", name="Play steps").click()
    page.wait_for_function("() => window.scrubber.at > 600")
    drawn_again = "() => { window.scrubber.present.go(window.scrubber.at); return window.scrubber.pace.moving; }"
    assert page.evaluate(drawn_again)
    assert not page.evaluate("() => { window.scrubber.present.go(100); return window.scrubber.pace.moving; }")


def test_something_moves_by_itself_unless_the_reader_asked_for_stillness(open_page):
    moving = open_page(FIRST, motion="no-preference")
    moving.wait_for_timeout(800)
    assert step(moving) < 999
    still = open_page(FIRST, motion="reduce")
    still.wait_for_timeout(800)
    assert step(still) == 999


@pytest.mark.every_time
def test_sound_plays_one_at_a_time_with_a_playhead_and_follows_the_step(open_page):
    page = open_page(f"{FIRST}&step=500")
    places = [sound.place for sound in open_trace(TRACES / IDS[0]).manifest.sounds]
    near = 999 - min(places, key=lambda place: abs(place - 499))
    wait_for_states(page)
    page.get_by_role("button", name="Prediction").click()
    page.locator(".heard", has_text=f"sound of step {near}").wait_for()
    playhead = "() => scrubber.panel('predicted').picture.playhead"
    page.wait_for_function(f"{playhead} > 0")
    first = page.evaluate(playhead)
    page.wait_for_timeout(300)
    assert page.evaluate(playhead) > first
    page.locator("[data-sound='source']").click()
    page.wait_for_timeout(500)
    pressed = page.locator(".scrubber .listen button[aria-pressed='true']")
    assert pressed.all_text_contents() == ["Source"]
    page.get_by_role("button", name="Noisy").click()
    page.locator(".heard", has_text=f"sound of step {near}").wait_for()
    page.locator(".slider").focus()
    page.keyboard.press("End")
    page.locator(".heard", has_text="sound of step 0").wait_for()
    page.keyboard.press("s")
    page.wait_for_timeout(200)
    assert pressed.count() == 0


def test_every_sound_is_as_long_as_its_picture_and_not_late(open_page):
    """A lossy coder may add silence in front; the playhead would then be late."""
    page = open_page(FIRST)
    manifest = open_trace(TRACES / IDS[0]).manifest
    (converted,) = [name for name in manifest.files if name.startswith("sound/converted.")]
    addresses = [f"{TRACES_PATH}/{IDS[0]}/{name}" for name in (manifest.sounds[-1].predicted, converted)]
    coded, lossless = page.evaluate(
        """(addresses) => Promise.all(addresses.map(async (address) => {
            const context = new OfflineAudioContext(1, 24000, 24000);
            const bytes = await (await fetch(address)).arrayBuffer();
            return Array.from((await context.decodeAudioData(bytes)).getChannelData(0));
        }))""",
        addresses,
    )
    seconds = manifest.seconds
    assert len(lossless) / 24000 == pytest.approx(seconds, abs=0.001)
    assert len(coded) / 24000 == pytest.approx(seconds, abs=0.06)
    size = min(len(coded), len(lossless))
    spectrum = np.fft.rfft(coded[:size], 2 * size) * np.conj(np.fft.rfft(lossless[:size], 2 * size))
    lag = int(np.argmax(np.fft.irfft(spectrum)))
    lag = lag - 2 * size if lag > size else lag
    assert abs(lag) <= 256, f"{lag} samples"


def test_another_conversion_keeps_the_step(open_page):
    page = open_page(f"{FIRST}&step=250")
    page.get_by_role("combobox", name="Conversion").click()
    page.keyboard.type(trace_label(LISTED[1]))
    page.get_by_role("option", name=trace_label(LISTED[1])).first.click()
    page.wait_for_function("(id) => location.search.includes(id)", arg=IDS[1])
    assert step(page) == 250
    assert "step=250" in page.evaluate("location.search")


def test_step_survives_a_change_of_theme(open_page):
    page = open_page(f"{FIRST}&step=321")
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(1000)
    page.wait_for_selector(".scrubber[data-step='321']")


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_fits_and_is_legible(open_page, width, scheme):
    page = open_page(f"{FIRST}&step=200", width=width, height=900, scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for panel in ("state", "predicted", "source", "target"):
        box = page.locator(f".scrubber [data-panel='{panel}'] canvas").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["width"] > 250
    colour, background = page.evaluate(
        """() => [getComputedStyle(document.querySelector('.stApp')).color,
                  getComputedStyle(document.querySelector('.stApp')).backgroundColor]"""
    )
    bright = [sum(map(int, re.findall(r"\d+", value)[:3])) for value in (colour, background)]
    assert (bright[0] < bright[1]) == (scheme == "light")


def test_axes_and_scale_have_units(open_page):
    page = open_page(FIRST)
    hz = page.locator(".scrubber [data-panel='predicted'] .axis-y span").all_text_contents()
    assert set(hz) >= {"200", "800", "1.6k", "6.4k"}
    seconds = [
        float(text) for text in page.locator(".scrubber [data-panel='predicted'] .axis-x span").all_text_contents()
    ]
    assert seconds[0] == 0
    assert np.ptp(np.diff(seconds)) == 0
    assert LISTED[0].seconds - 2 < seconds[-1] < LISTED[0].seconds
    assert page.locator(".scrubber .numbers span").all_text_contents() == ["−90", "−70", "−50", "−30", "−10", "+10 dB"]


def test_pointer_reads_time_frequency_and_level(open_page):
    page = open_page(f"{FIRST}&step=0")
    box = page.locator(".scrubber [data-panel='predicted'] canvas").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert re.fullmatch(
        r"\d+\.\d\d s · \d+ Hz \([A-G]♯?\d\) · −?\d+\.\d dB", page.locator(".scrubber .readout").text_content()
    )


@pytest.mark.parametrize("asked", ["abc", "-1", "1000", "3.5", ""])
def test_wrong_step_in_the_address_is_said(open_page, asked):
    page = open_page(f"{FIRST}&step={asked}")
    assert step(page) == 999
    assert f"“{asked}”" in page.get_by_role("alert").text_content()


@pytest.mark.every_time
def test_unknown_page_is_said(open_page, browser, site):
    page = browser.new_page()
    page.goto(f"{site.address}/no-such-page")
    page.get_by_text("Page not found").wait_for(timeout=20_000)
    page.close()


def test_server_logs_no_error(site):
    assert "Traceback" not in site.log.read_text()
