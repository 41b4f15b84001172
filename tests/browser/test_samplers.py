"""The scrubber over every sampler's walk, long and short, full and light; and over traces that mean ill."""

import zlib
from dataclasses import replace

import numpy as np
import pytest

from svc_core.traces.arrays import pack_array
from svc_core.traces.manifest import Recording
from svc_core.traces.register import rebuild_catalogue
from svc_core.traces.replay import replay_of
from svc_core.traces.trace import open_trace
from svc_core.traces.writing import write_trace
from tests.support.dashboard import run_dashboard
from tests.support.hand_traces import hand_files, hand_manifest
from tests.support.pages import pixels, state, step, wait_for_states

WALKS = {"ddpm": 1000, "ddim": 50, "euler": 40, "heun": 20, "consistency": 1}
SIZE = {"bands": 40, "frames": 60, "pictures": 30}
EVIL = "![x](http://evil.invalid/a.png) <script>window.evil = 1</script> <img src=x onerror='window.evil=1'> **b** $x$"
BEGINNING = np.lib.format.magic(1, 0) + (118).to_bytes(2, "little")


def npy(shape: str) -> bytes:
    """A .npy.gz whose header claims that shape, and little behind it."""
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return packer.compress(BEGINNING + header.encode()) + packer.compress(bytes(1000)) + packer.flush()


def bomb() -> bytes:
    """300 MB of zeros behind an honest header."""
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {(8, 40, 60)}, }}".ljust(117) + "\n"
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    parts = [packer.compress(BEGINNING + header.encode())]
    parts += [packer.compress(bytes(1 << 20)) for _ in range(300)]
    return b"".join(parts) + packer.flush()


BROKEN = {
    "bomb": (bomb, "longer than its shape says"),
    "claim": (lambda: npy("(100000, 1000, 1000)"), "of shape (100000, 1000, 1000)"),
    "short": (lambda: npy("(8, 40, 60)"), "it is cut off"),
    "gibberish": (lambda: b"\x1f\x8b nothing of the kind", "predicted.npy.gz is damaged"),
    "kind": (lambda: pack_array(np.zeros((8, 40, 60), "<f8")), "it holds <f8"),
}


@pytest.fixture(scope="module")
def traces(tmp_path_factory):
    parent = tmp_path_factory.mktemp("traces")
    for sampler, steps in WALKS.items():
        for detail in ("full", "light"):
            manifest = hand_manifest(f"{sampler}-{detail}", sampler, steps, detail=detail, sounds=8, **SIZE)
            write_trace(parent, manifest, hand_files(manifest))
    manifest = hand_manifest("clamped-full", "ddpm", 1000, sounds=8, **SIZE)
    manifest = replace(manifest, sampler=replace(manifest.sampler, defect="clamp", clamp=1.0))
    write_trace(parent, manifest, hand_files(manifest))
    for name, (damaged, _) in BROKEN.items():
        manifest = hand_manifest(f"broken-{name}", **SIZE)
        write_trace(parent, manifest, hand_files(manifest) | {"predicted.npy.gz": damaged()})
    recording = Recording(EVIL, EVIL, EVIL, "a.wav", 0.0, None, EVIL, EVIL)
    manifest = hand_manifest(
        "evil", **SIZE, source=recording, target=EVIL, reference=None, licence=EVIL, attribution=[EVIL]
    )
    write_trace(parent, manifest, hand_files(manifest))
    rebuild_catalogue(parent)
    return parent


@pytest.fixture(scope="module")
def hand_site(traces, tmp_path_factory):
    with run_dashboard(traces, tmp_path_factory.mktemp("dashboard") / "log") as site:
        yield site


@pytest.fixture
def open_trace_page(open_page, hand_site):
    return lambda name, query="", **settings: open_page(
        f"/denoising?trace={name}{query}", address=hand_site.address, **settings
    )


@pytest.mark.every_time
@pytest.mark.parametrize("sampler", WALKS)
def test_states_of_every_sampler_are_those_of_python(open_trace_page, traces, sampler):
    page = open_trace_page(f"{sampler}-full")
    wait_for_states(page)
    replay, last = replay_of(open_trace(traces / f"{sampler}-full")), WALKS[sampler] - 1
    for place in sorted({0, 1, 7, last // 2, last} & set(range(last + 1))):
        np.testing.assert_allclose(state(page, place), replay.state_at(place).ravel(), atol=5e-4)


def test_states_that_the_sampler_clamped_are_those_of_python(open_trace_page, traces):
    page = open_trace_page("clamped-full")
    wait_for_states(page)
    replay = replay_of(open_trace(traces / "clamped-full"))
    for place in (0, 1, 7, 499, 999):
        found = state(page, place)
        np.testing.assert_allclose(found, replay.state_at(place).ravel(), atol=5e-4)
        assert (np.abs(found).max() <= 1.0) == (place > 0)


@pytest.mark.parametrize(
    ("sampler", "first", "last", "told"),
    [
        ("ddpm", 999, 0, "Step 999 of 999 · voice 43.9 dB below the noise"),
        ("ddim", 999, 0, "Step 999 of 999 · voice 43.9 dB below the noise"),
        ("euler", 0, 39, "Step 0 of 39 · voice 38.1 dB below the noise"),
        ("heun", 0, 19, "Step 0 of 19 · voice 38.1 dB below the noise"),
        ("consistency", 0, 0, "The only step · voice 38.1 dB below the noise"),
    ],
)
def test_steps_are_counted_as_the_sampler_counts(open_trace_page, sampler, first, last, told):
    page = open_trace_page(f"{sampler}-full")
    assert step(page) == first
    assert page.locator(".scrubber .where").text_content() == told
    if sampler == "consistency":
        assert page.locator(".slider").is_disabled()
        assert page.get_by_role("button", name="Play steps").is_disabled()
        page.keyboard.press(" ")
        page.keyboard.press("ArrowRight")
    else:
        page.locator(".slider").focus()
        page.keyboard.press("End")
    assert step(page) == last
    page.wait_for_function(f"() => location.search.includes('step={last}')")


@pytest.mark.parametrize(
    ("trace", "asked", "shown", "said"),
    [
        ("euler-full", "12", 12, ""),
        ("euler-full", "40", 0, "steps run from 0 to 39"),
        ("ddim-full", "999", 999, ""),
        ("ddim-full", "500", 510, "this sampler leaps; step 510 is the nearest"),
        ("consistency-full", "1", 0, "steps run from 0 to 0"),
    ],
)
def test_step_in_the_address_is_the_sampler_s(open_trace_page, trace, asked, shown, said):
    page = open_trace_page(trace, f"&step={asked}")
    assert step(page) == shown
    assert said in page.locator(".scrubber .problem").text_content()


# Every step that is shown, and when, by the page's own clock: a busy machine is late with both.
NOTE_MOVES = """(place) => {
    const moves = [];
    const note = () => moves.push([Number(place.dataset.step), performance.now()]);
    new MutationObserver(note).observe(place, { attributeFilter: ["data-step"] });
    return moves;
}"""


def test_short_walk_plays_slowly_enough_to_be_seen(open_trace_page):
    page = open_trace_page("euler-full")
    moves = page.locator(".scrubber").evaluate_handle(NOTE_MOVES)
    page.get_by_role("button", name="Play steps").click()
    page.wait_for_function("(moves) => moves.length >= 6", arg=moves)
    (first, began_ms), *_, (last, ended_ms) = moves.json_value()
    assert 1000 * abs(last - first) / (ended_ms - began_ms) == pytest.approx(4, rel=0.25)  # steps a second
    assert page.get_by_role("button", name="Slow").get_attribute("title") == "Slow: 1 step a second instead of 4"


def test_light_trace_says_why_its_noise_cannot_be_heard(open_trace_page):
    page = open_trace_page("ddpm-light", "&step=500")
    noisy = page.locator(".scrubber [data-sound='state']")
    assert noisy.is_disabled()
    assert "light one" in noisy.get_attribute("title")
    page.get_by_role("button", name="Prediction").click()
    page.locator(".heard", has_text="sound of step").wait_for()
    page.get_by_role("button", name="Converted").click()
    page.wait_for_function("""() => true""")
    assert page.locator(".problem:not([hidden])").count() == 0


def test_another_sampler_stands_at_the_same_noise_and_ends_stay_ends(open_trace_page):
    page = open_trace_page("ddpm-full", "&step=300")
    wait_for_states(page)
    for option, at in (("Euler, 40 steps", None), ("DDPM, 1000 steps", None)):
        page.get_by_role("combobox", name="Conversion").click()
        page.get_by_role("option").filter(has_text=option).first.click()
        page.locator(".scrubber .where", has_text=f"of {39 if option[0] == 'E' else 999}").wait_for()
        assert at is None
        snr_db = page.evaluate("() => -20 * Math.log10(scrubber.conversion.sigma[scrubber.at])")
        assert abs(snr_db - -1.9) < 2  # a short walk's steps lie 2.4 dB apart
    page.locator(".slider").focus()
    page.keyboard.press("End")
    page.get_by_role("combobox", name="Conversion").click()
    page.get_by_role("option").filter(has_text="Heun").first.click()
    page.wait_for_selector(".scrubber[data-step='19']")


@pytest.mark.parametrize("name", BROKEN)
def test_array_that_is_not_what_it_claims_is_said_and_another_trace_works(open_trace_page, name):
    page = open_trace_page(f"broken-{name}", drawn=False)
    alert = page.locator(".scrubber .problem:not([hidden])")
    alert.wait_for(timeout=20_000)
    assert f"The conversion “broken-{name}” cannot be shown: predicted.npy.gz is damaged" in alert.text_content()
    assert BROKEN[name][1] in alert.text_content()
    page.get_by_role("combobox", name="Conversion").click()
    page.get_by_role("option").filter(has_text="Euler").first.click()
    page.wait_for_selector(".scrubber[data-step]", timeout=20_000)
    assert alert.count() == 0


@pytest.mark.every_time
def test_names_from_a_trace_are_shown_as_text(open_trace_page):
    page = open_trace_page("evil", drawn=False)
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    page.wait_for_selector(".scrubber[data-step]")
    for title in ("What am I looking at?", "Where it comes from"):
        page.get_by_text(title).click()
    page.wait_for_timeout(500)
    assert page.evaluate("window.evil") is None
    assert not [url for url in requests if "evil" in url and not url.startswith("http://127.0.0.1")]
    assert page.locator("img[src*='evil'], .stMarkdown a[href*='evil'], .stMarkdown script").count() == 0
    shown = page.locator(".stMarkdown").all_text_contents()
    assert any("<script>window.evil = 1</script>" in text and "**b** $x$" in text for text in shown)
    assert page.locator(".scrubber [data-panel='target']").is_hidden()
    assert page.locator(".scrubber [data-sound='target']").is_disabled()


def test_result_is_shown_before_its_steps_on_a_slow_connection(open_trace_page):
    page = open_trace_page("consistency-full")
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    slow = {"offline": False, "latency": 20, "downloadThroughput": 30_000, "uploadThroughput": 30_000}
    session.send("Network.emulateNetworkConditions", slow)
    page.get_by_role("combobox", name="Conversion").click()
    page.get_by_role("option").filter(has_text="DDPM, 1000 steps").first.click()
    page.get_by_text("The result; the steps to it are on the way…").wait_for()
    assert len(np.unique(pixels(page, "predicted").reshape(-1, 3), axis=0)) > 50
    page.locator(".scrubber .where", has_text="of 999").wait_for()
