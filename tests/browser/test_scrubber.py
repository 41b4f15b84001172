"""The scrubber in a real browser: what it draws, how it is driven, what it plays, what it says."""

import re
import shutil
from statistics import NormalDist

import numpy as np
import pytest

from app.parts.served import TRACES, TRACES_PATH, WEB_PATH
from svc_core.diffusion.noise import hash32, seeded_noise
from svc_core.diffusion.schedule import Schedule
from svc_core.traces.catalogue import read_catalogue
from svc_core.traces.replay import replay_of
from svc_core.traces.trace import open_trace
from tests.support.dashboard import run_dashboard

IDS = [entry.id for entry in read_catalogue(TRACES)]


def step(page) -> int:
    return int(page.locator(".scrubber").get_attribute("data-step"))


FIND = """const find = (root) => root.querySelector('.scrubber') ?? [...root.querySelectorAll('*')]
    .map((node) => node.shadowRoot && find(node.shadowRoot)).find(Boolean);"""  # it lies in a shadow root


def wait_for_states(page) -> None:
    """Until the replay has reached the last step; the scrubber is then at hand as ``window.scrubber``."""
    page.evaluate(f"async () => {{ {FIND} window.scrubber = await find(document).scrubber; }}")
    page.wait_for_function("() => window.scrubber.states.size === 100")


def pixels(page, panel: str) -> np.ndarray:
    """What a panel's canvas shows, (row, column, rgb)."""
    flat, width = page.evaluate(
        f"""(panel) => {{
            {FIND}
            const canvas = find(document).querySelector(`[data-panel="${{panel}}"] canvas`);
            const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
            return [Array.from(data.filter((_, i) => i % 4 !== 3)), canvas.width];
        }}""",
        panel,
    )
    return np.array(flat).reshape(-1, width, 3)


def test_noise_and_schedule_are_those_of_python(open_page):
    page = open_page()
    hashes, quantiles, schedule = page.evaluate(
        """async (module) => {
            const { hash32, normalQuantile, makeSchedule } = await import(module);
            return [[0, 1, 12345, 4294967295].map(hash32), [1e-9, 0.01, 0.3, 0.5, 0.975, 0.99999].map(normalQuantile),
                makeSchedule({ steps: 1000, beta_first: 1e-4, beta_last: 0.02 })];
        }""",
        f"{WEB_PATH}/replay.js",
    )
    assert hashes == hash32(np.array([0, 1, 12345, 4294967295], dtype=np.uint32)).tolist()
    expected = [NormalDist().inv_cdf(p) for p in (1e-9, 0.01, 0.3, 0.5, 0.975, 0.99999)]
    assert quantiles == pytest.approx(expected, abs=1e-12)
    python = Schedule()
    assert schedule["snrDb"] == pytest.approx(python.snr_db.tolist(), abs=1e-9)
    assert schedule["predicted"] == pytest.approx(python.predicted_weight.tolist(), abs=1e-12)
    assert schedule["state"] == pytest.approx(python.state_weight.tolist(), abs=1e-12)
    assert schedule["noise"] == pytest.approx(python.noise_weight.tolist(), abs=1e-12)


def test_states_replayed_in_the_browser_are_those_replayed_in_python(open_page):
    page = open_page(f"/?trace={IDS[0]}")
    wait_for_states(page)
    replay = replay_of(open_trace(TRACES / IDS[0]))
    asked = {999, 990, 707, 300, 41, 5, 0}
    for t, state in replay.states():
        if t in asked:
            shown = page.evaluate("(t) => Array.from(scrubber.stateAt(t))", t)
            np.testing.assert_allclose(np.array(shown), state.ravel(), atol=2e-4)
    first = seeded_noise(replay.seed, 1000, *replay.predicted_db.shape[1:])
    assert first.std() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(("panel", "at"), [("predicted", 0), ("predicted", 999), ("state", 999), ("state", 0)])
def test_picture_is_on_the_fixed_scale_and_the_right_way_up(open_page, panel, at):
    """Noise or voice, a pixel's colour is that of its own decibels; the picture's foot is the lowest band."""
    page = open_page(f"/?step={at}")
    wait_for_states(page)
    shown = pixels(page, panel).astype(int)
    replay = replay_of(open_trace(TRACES / IDS[0]))
    state = next(state for t, state in replay.states() if t == at)
    expected_db = replay.predicted_at(at) if panel == "predicted" else replay.state_db(state)
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


def test_keys_move_the_step_and_the_address_follows(open_page):
    page = open_page("/?step=600")
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
    page.wait_for_function("location.search.includes('step=999')")
    page.reload()
    page.wait_for_selector(".scrubber[data-step='999']")


def test_buttons_move_the_step(open_page):
    page = open_page("/?step=500")
    for name, expected in (
        ("One step on", 499),
        ("One step back", 500),
        ("Last step: the result", 0),
        ("First step: pure noise", 999),
    ):
        page.get_by_role("button", name=name).click()
        assert step(page) == expected


def test_dragging_answers_every_move_and_asks_nothing_of_the_server(open_page):
    page = open_page("/?step=999")
    wait_for_states(page)
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
    page = open_page("/?step=400")
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


def test_something_moves_by_itself_unless_the_reader_asked_for_stillness(open_page):
    moving = open_page(motion="no-preference")
    moving.wait_for_timeout(800)
    assert step(moving) < 999
    still = open_page(motion="reduce")
    still.wait_for_timeout(800)
    assert step(still) == 999


def test_sound_plays_one_at_a_time_with_a_playhead_and_follows_the_step(open_page):
    page = open_page("/?step=500")
    page.get_by_role("button", name="Prediction").click()
    page.locator(".heard", has_text="sound of step 500").wait_for()
    wait_for_states(page)
    playhead = "() => scrubber.pictures.predicted.playhead"
    first = page.evaluate(playhead)
    page.wait_for_timeout(300)
    assert page.evaluate(playhead) > first
    page.get_by_role("button", name="Source").click()
    page.wait_for_timeout(500)
    pressed = page.locator(".listen button[aria-pressed='true']")
    assert pressed.all_text_contents() == ["Source"]
    page.get_by_role("button", name="Noisy").click()
    page.locator(".heard", has_text="sound of step 500").wait_for()
    page.locator(".slider").focus()
    page.keyboard.press("End")
    page.locator(".heard", has_text="sound of step 0").wait_for()
    page.keyboard.press("s")
    page.wait_for_timeout(200)
    assert pressed.count() == 0


def test_every_sound_is_as_long_as_its_picture_and_not_late(open_page):
    """A lossy coder may add silence in front; the playhead would then be late."""
    page = open_page(f"/?trace={IDS[0]}")
    manifest = open_trace(TRACES / IDS[0]).manifest
    last = manifest["sounds"][-1]
    addresses = [f"{TRACES_PATH}/{IDS[0]}/{name}" for name in (last["predicted"], "sound/converted.flac")]
    coded, lossless = page.evaluate(
        """(addresses) => Promise.all(addresses.map(async (address) => {
            const context = new OfflineAudioContext(1, 24000, 24000);
            const bytes = await (await fetch(address)).arrayBuffer();
            return Array.from((await context.decodeAudioData(bytes)).getChannelData(0));
        }))""",
        addresses,
    )
    seconds = manifest["frames"] * 256 / 24000
    assert len(lossless) / 24000 == pytest.approx(seconds, abs=0.001)
    assert len(coded) / 24000 == pytest.approx(seconds, abs=0.06)
    size = min(len(coded), len(lossless))
    spectrum = np.fft.rfft(coded[:size], 2 * size) * np.conj(np.fft.rfft(lossless[:size], 2 * size))
    lag = int(np.argmax(np.fft.irfft(spectrum)))
    lag = lag - 2 * size if lag > size else lag
    assert abs(lag) <= 256, f"{lag} samples"


def test_another_conversion_keeps_the_step(open_page):
    page = open_page("/?step=250")
    page.get_by_role("combobox").click()
    page.get_by_role("option").nth(1).click()
    page.wait_for_function("(id) => location.search.includes(id)", arg=IDS[1])
    assert step(page) == 250
    assert "step=250" in page.evaluate("location.search")


def test_step_survives_a_change_of_theme(open_page):
    page = open_page("/?step=321")
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(1000)
    page.wait_for_selector(".scrubber[data-step='321']")


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_fits_and_is_legible(open_page, width, scheme):
    page = open_page("/?step=200", width=width, height=900, scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for panel in ("state", "predicted", "source", "target"):
        box = page.locator(f"[data-panel='{panel}'] canvas").bounding_box()
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
    page = open_page()
    hz = page.locator("[data-panel='predicted'] .axis-y span").all_text_contents()
    assert set(hz) >= {"200", "800", "1.6k", "6.4k"}
    assert page.locator("[data-panel='predicted'] .axis-x span").all_text_contents()[:3] == ["0", "1", "2"]
    assert page.locator(".numbers span").all_text_contents() == ["−90", "−70", "−50", "−30", "−10", "+10 dB"]


def test_pointer_reads_time_frequency_and_level(open_page):
    page = open_page("/?step=0")
    box = page.locator("[data-panel='predicted'] canvas").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert re.fullmatch(r"\d+\.\d\d s · \d+ Hz \([A-G]♯?\d\) · −?\d+\.\d dB", page.locator(".readout").text_content())


@pytest.mark.parametrize("asked", ["abc", "-1", "1000", "3.5", ""])
def test_wrong_step_in_the_address_is_said(open_page, asked):
    page = open_page(f"/?step={asked}")
    assert step(page) == 999
    assert f"“{asked}”" in page.get_by_role("alert").text_content()


def test_conversion_whose_array_is_damaged_is_said_and_another_one_works(browser, tmp_path):
    """The sizes are right, so only the browser can notice."""
    traces = tmp_path / "traces"
    shutil.copytree(TRACES, traces)
    path = traces / IDS[0] / "predicted.npy.gz"
    whole = path.read_bytes()
    path.write_bytes(whole[:5000] + bytes(len(whole) - 5000))
    with run_dashboard(traces, tmp_path / "log") as site:
        page = browser.new_context(reduced_motion="reduce").new_page()
        page.goto(site.address)
        alert = page.locator(".scrubber .problem:not([hidden])")
        alert.wait_for(timeout=20_000)
        assert f"The conversion “{IDS[0]}” cannot be shown: predicted.npy.gz is damaged" in alert.text_content()
        page.get_by_role("combobox").click()
        page.get_by_role("option").nth(1).click()
        page.wait_for_selector(".scrubber[data-step]", timeout=20_000)
        assert alert.count() == 0
        page.context.close()


def test_unknown_page_is_said(open_page, browser, site):
    page = browser.new_page()
    page.goto(f"{site.address}/no-such-page")
    page.get_by_text("Page not found").wait_for(timeout=20_000)
    page.close()


def test_server_logs_no_error(site):
    assert "Traceback" not in site.log.read_text()
