"""The lesson on seeing in a real browser: the four pictures, what is measured on them, and what there is to find."""

import json
import re
from base64 import b64decode

import numpy as np
import pytest
import soundfile
from playwright.sync_api import expect

from app.serving.library import REPOSITORY, library
from app.serving.served import WEB_PATH
from svc_core.traces.trace import open_trace

WALK = "kimseye_nakarat--makam-f3--makam-m2--keyauto--ddpm--seed0"
CANVAS = """(canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let bytes = "";
    for (let i = 0; i < data.length; i += 32768) bytes += String.fromCharCode(...data.subarray(i, i + 32768));
    return [btoa(bytes), canvas.width];
}"""
FRAMES_A_SECOND = 24_000 / 256
LINE = (0x5E, 0xE6, 0xFF)
LAYERS = ("wave", "mel", "f0", "notes")


@pytest.fixture
def open_lesson(open_page):
    def open_lesson(query="", **options):
        page = open_page(f"/seeing{query}", drawn=False, **options)
        page.wait_for_selector(".layers[data-phrase]", timeout=30_000)
        return page

    return open_lesson


@pytest.fixture(scope="module")
def walk():
    return open_trace(library().place.path / WALK)


def pixels(canvas) -> np.ndarray:
    """(row, column, rgb)"""
    packed, width = canvas.evaluate(CANVAS)
    return np.frombuffer(b64decode(packed), np.uint8).reshape(-1, width, 4)[..., :3].astype(int)


def picture(page):
    return page.locator(".layers .plot canvas")


def readout(page) -> str:
    return page.locator(".layers .look .readout").text_content()


def choose(page, layer: str) -> None:
    page.locator(f"button[data-layer={layer}]").click()
    page.wait_for_selector(f".layers[data-layer={layer}]")


def click_at(page, seconds: float, of: float, height: float = 0.3) -> None:
    box = page.locator(".cross").bounding_box()
    page.mouse.click(box["x"] + seconds / of * box["width"], box["y"] + (1 - height) * box["height"])


def analyse(page, f0: np.ndarray, function: str):
    """What a function of notes.js finds in a contour in Hz."""
    return page.evaluate(
        "async ([module, f0, name]) => (await import(module))[name](Uint16Array.from(f0), 93.75)",
        [f"{WEB_PATH}/notes.js", np.round(f0 * 10).astype(int).tolist(), function],
    )


# --- what is measured


def test_vibrato_of_known_rate_and_extent_is_measured(open_lesson):
    page = open_lesson()
    t = np.arange(281) / FRAMES_A_SECOND
    swing = np.where(t > 1, 60 * np.sin(2 * np.pi * 5.5 * t), 0)  # cents, from the first second on
    (found,) = analyse(page, 440 * 2 ** (swing / 1200), "vibratos")
    assert found["from"] == pytest.approx(1, abs=0.2)
    assert found["to"] == pytest.approx(3, abs=0.05)
    assert found["rateHz"] == pytest.approx(5.5, abs=0.2)
    assert found["cents"] == pytest.approx(60, abs=4)


@pytest.mark.parametrize(
    "cents",
    [
        lambda t: 0 * t,  # level
        lambda t: 300 * t,  # a slide
        lambda t: 15 * np.sin(2 * np.pi * 6 * t),  # too small to be heard as vibrato
        lambda t: 80 * np.sin(2 * np.pi * 2 * t),  # too slow
        lambda t: np.where(np.abs(t - 1) < 0.15, 200 * np.cos((t - 1) / 0.3 * np.pi), 0),  # one turn
    ],
)
def test_what_is_no_vibrato_is_not_called_so(open_lesson, cents):
    t = np.arange(188) / FRAMES_A_SECOND
    assert analyse(open_lesson(), 440 * 2 ** (cents(t) / 1200), "vibratos") == []


def test_the_longest_held_note_is_found_and_silence_holds_none(open_lesson):
    page = open_lesson()
    f0 = np.concatenate(
        [np.full(50, 300.0), np.zeros(20), np.full(120, 392.0), np.geomspace(392, 600, 40), np.full(60, 600.0)]
    )
    found = analyse(page, f0, "heldNote")
    assert found["hz"] == pytest.approx(392, abs=1)
    assert found["from"] == pytest.approx(70 / FRAMES_A_SECOND, abs=0.11)
    assert found["to"] == pytest.approx(190 / FRAMES_A_SECOND, abs=0.11)
    assert analyse(page, np.zeros(100), "heldNote") is None
    assert analyse(page, np.geomspace(200, 800, 100), "heldNote") is None


# --- what is drawn


def test_the_wave_is_the_recordings(open_lesson, walk):
    page = open_lesson()
    sound, _ = soundfile.read(walk.folder / "sound" / "source.flac")
    page.wait_for_timeout(1500)
    lit = (np.abs(pixels(picture(page)) - LINE).max(axis=2) < 12).sum(axis=0)
    columns = np.array_split(np.abs(sound), len(lit))
    peaks = np.array([column.max() for column in columns])
    assert np.corrcoef(lit[5:-5], peaks[5:-5])[0, 1] > 0.9
    choose(page, "wave")
    click_at(page, 4.25, 6.73)
    assert re.search(r"4\.2\d s.*\nThe wave swings to \d+ % of full scale", readout(page)) or "swings" in readout(page)


@pytest.mark.every_time
def test_mel_is_on_the_fixed_scale_and_the_contour_lies_where_f0_is(open_lesson, walk):
    page = open_lesson("?layer=mel")
    plain = pixels(picture(page))
    levels = walk.source_levels()
    bands, frames = levels.shape
    rows = ((1 - (np.arange(bands) + 0.5) / bands) * plain.shape[0]).astype(int)
    columns = ((np.arange(frames) + 0.5) / frames * plain.shape[1]).astype(int)
    shown = plain[rows][:, columns].mean(axis=2)
    assert np.corrcoef(shown.ravel(), np.clip(levels * 0.5 - 110.0, -90, 10).ravel())[0, 1] > 0.9
    choose(page, "f0")
    drawn = (np.abs(pixels(picture(page)) - LINE).max(axis=2) < 40) & (np.abs(plain - LINE).max(axis=2) > 60)
    f0 = walk.f0_hz()["source"]
    at = int(4.25 * FRAMES_A_SECOND)
    column = int((at + 0.5) / frames * plain.shape[1])
    height = page.evaluate(
        "async ([module, hz, grid]) => (await import(module)).heightOf(hz, grid)",
        [f"{WEB_PATH}/picture.js", float(f0[at]), {"n_mels": 100, "mel_low_hz": 0, "mel_high_hz": 12000}],
    )
    assert abs(np.flatnonzero(drawn[:, column]).mean() - (1 - height) * plain.shape[0]) < 4


def test_the_notes_are_named_and_read(open_lesson, walk):
    page = open_lesson("?layer=notes&at=4.25")
    f0 = walk.f0_hz()["source"][int(4.25 * FRAMES_A_SECOND)]
    assert f"Sung: {f0:.0f} Hz = G4" in readout(page)
    assert f"{f0 * 0.03:.1f} waves in 30 ms" in readout(page)
    assert {"G4", "A4", "D4"} <= set(page.locator(".layers .axis-y span").all_text_contents())
    assert "392" in page.locator(".layers .axis-right span").all_text_contents()
    click_at(page, 1.02, 6.73)
    assert "No pitch found here" in readout(page)


@pytest.mark.every_time
def test_words_come_from_the_labels(open_lesson):
    labels = json.loads((REPOSITORY / "precomputed" / "lessons" / "words.json").read_text())
    sung = next(each for each in labels["phrases"] if each["phrase"] == "pjs042")
    page = open_lesson("?phrase=japanese&layer=f0&at=2.0")
    words = page.locator(".layers .words span")
    assert words.all_text_contents() == [each["text"] for each in sung["intervals"]]
    assert "“a”" in readout(page)  # a from 1.855 to 2.191 s
    page.locator("[data-mark=words]").click()
    assert words.count() == 0
    assert "“a”" not in readout(page)
    page.locator("button[data-phrase=straight]").click()
    page.locator("[data-mark=words]").click()
    expect(page.locator(".layers .words")).to_have_text("This recording has no labels of its words.", timeout=20_000)


def test_without_labels_the_pictures_go_on(open_page):
    page = open_page("/seeing?layer=mel", drawn=False, allowed=("status of 404",))
    page.route("**/material/words.json", lambda route: route.fulfill(status=404))
    page.reload()
    page.wait_for_selector(".layers[data-phrase]", timeout=30_000)
    expect(page.locator(".layers .words")).to_have_text("The words’ file is missing or damaged.")
    assert pixels(picture(page)).std() > 20


def test_a_browser_that_cannot_decode_shows_the_other_pictures(open_page):
    page = open_page("/seeing", drawn=False)
    page.add_init_script(
        "OfflineAudioContext.prototype.decodeAudioData = () => Promise.reject(new Error('no decoder'));"
    )
    page.reload()
    page.wait_for_selector(".layers[data-phrase]", timeout=30_000)
    expect(page.locator(".layers .waiting")).to_have_text(
        "The wave cannot be drawn (no decoder); the other pictures can."
    )
    choose(page, "mel")
    assert pixels(picture(page)).std() > 20
    expect(page.locator(".layers .waiting")).not_to_be_visible()


# --- what the reader does


@pytest.mark.every_time
def test_every_phrase_and_picture_by_mouse_and_keyboard_and_the_address_follows(open_lesson):
    page = open_lesson()
    for phrase in ("japanese", "straight", "vibrato", "phrase"):
        button = page.locator(f"button[data-phrase={phrase}]")
        button.focus()
        page.keyboard.press("Enter")
        page.wait_for_selector(f".layers[data-phrase={phrase}]")
        seen = []
        for layer in LAYERS:
            choose(page, layer)
            assert page.locator(".stepper [aria-pressed=true]").count() == 1
            seen.append(page.locator(".layers .what").text_content())
        assert len(set(seen)) == len(LAYERS)
    choose(page, "f0")
    page.wait_for_function("() => location.search.includes('phrase=phrase') && location.search.includes('layer=f0')")
    page.reload()
    page.wait_for_selector(".layers[data-phrase=phrase][data-layer=f0]")


def test_a_wrong_address_is_said_and_passed_over(open_lesson):
    page = open_lesson("?phrase=opera&layer=9&at=soon")
    problem = page.locator(".layers .problem")
    for wrong in ("phrase “opera”", "layer “9”", "at “soon”"):
        expect(problem).to_contain_text(wrong)
    assert page.locator(".layers").get_attribute("data-phrase") == "phrase"
    choose(page, "mel")


def test_the_cursor_is_moved_by_keys(open_lesson):
    page = open_lesson("?layer=mel&at=1")
    cross = page.locator(".cross")
    cross.focus()
    for key, expected in (
        ("ArrowRight", 1.02),
        ("ArrowLeft", 1.0),
        ("Shift+ArrowRight", 1.21),
        ("Home", 0),
        ("End", 6.73),
    ):
        page.keyboard.press(key)
        assert float(cross.get_attribute("aria-valuenow")) == pytest.approx(expected, abs=0.02)
    before = readout(page)
    page.keyboard.press("Shift+ArrowUp")
    assert readout(page) != before
    assert cross.get_attribute("aria-valuetext") == readout(page).replace("\n", ", ")


def test_vibrato_and_breath_are_marked_on_request(open_lesson):
    page = open_lesson("?layer=notes")
    marks = page.locator(".layers .marks span")
    assert marks.count() == 0
    page.locator("[data-mark=vibrato]").click()
    assert marks.count() == 2
    assert re.fullmatch(r"6\.\d Hz\n±5\d cents", marks.first.text_content())
    page.locator("[data-mark=vibrato]").click()
    page.locator("[data-mark=breath]").click()
    expect(page.locator("[data-mark=breath]")).to_contain_text("none here")
    page.locator("button[data-phrase=japanese]").click()
    expect(marks).to_have_count(2, timeout=20_000)
    page.locator("button[data-phrase=vibrato]").click()
    expect(page.locator("[data-mark=breath]")).to_contain_text("no labels", timeout=20_000)


def test_what_there_is_to_find_is_judged_by_measurement(open_lesson):
    page = open_lesson()
    told = page.locator(".tasks .told")
    for task, of, wrong, remark, right, praise in (
        ("held", 6.73, 2.6, "something is sung, near A", 4.2, "G4, 39"),
        ("vibrato", 6.73, 4.2, "a note is held, G4", 0.5, "6.3 swings a second, 51 cents"),
        ("breath", 7.37, 0.5, "nothing is sung", 3.05, "There are 2 in this phrase"),
        ("hiss", 7.37, 3.05, "there is a breath", 3.42, "The label says “sh”"),
    ):
        page.locator(f"[data-task={task}]").click()
        page.wait_for_timeout(1500)
        assert page.locator(".layers .marks span").count() == 0
        click_at(page, wrong, of)
        expect(told).to_contain_text("Not quite.")
        expect(told).to_contain_text(remark)
        click_at(page, right, of)
        expect(told).to_contain_text("Yes.")
        expect(told).to_contain_text(praise)
        expect(page.locator(f"[data-task={task}]")).to_have_attribute("data-done", "true")
        assert page.locator(".layers .marks span").count() > 0


def test_a_task_is_done_by_keyboard_alone(open_lesson):
    page = open_lesson()
    page.locator("[data-task=held]").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".layers[data-layer=f0]")
    page.wait_for_timeout(500)
    page.keyboard.press("Home")  # the picture has the focus
    page.keyboard.press("Enter")
    expect(page.locator(".tasks .told")).to_contain_text("Not quite.")
    for _ in range(6):
        page.keyboard.press("PageUp")  # a tenth of the phrase
    page.keyboard.press("Enter")
    expect(page.locator(".tasks .told")).to_contain_text("Yes.")


def test_the_phrase_sounds_with_a_playhead(open_lesson):
    page = open_lesson()
    button = page.locator(".layers [data-sound=source]")
    button.click()
    page.wait_for_selector(".layers [data-sound=source][aria-pressed=true]")
    line = page.locator(".layers .playhead")
    expect(line).to_be_visible()
    page.wait_for_timeout(300)
    first = line.bounding_box()["x"]
    page.wait_for_timeout(400)
    assert line.bounding_box()["x"] > first
    choose(page, "notes")
    expect(line).to_be_visible()
    button.focus()
    page.keyboard.press("Enter")
    expect(line).not_to_be_visible()


def test_questions_answered_on_the_picture_wrong_and_then_right(open_lesson):
    page = open_lesson()
    question = page.locator("[data-question=held]")
    question.locator(".marks button").nth(0).click()
    expect(question.locator(".feedback")).to_contain_text("Not quite.")
    question.locator(".marks button").nth(1).click()
    expect(question.locator(".feedback")).to_contain_text("Yes.")


def test_a_missing_trace_file_is_said_and_another_phrase_can_be_chosen(open_page):
    page = open_page("/seeing", drawn=False, allowed=("status of 404",))
    page.route(f"**/{WALK}/source.npy.gz*", lambda route: route.fulfill(status=404))
    page.reload()
    problem = page.locator(".layers .problem")
    expect(problem).to_contain_text("source.npy.gz is missing", timeout=20_000)
    page.locator("button[data-phrase=straight]").click()
    page.wait_for_selector(".layers[data-phrase=straight]", timeout=20_000)
    expect(problem).not_to_be_visible()


@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_overflows(open_lesson, width):
    page = open_lesson("?phrase=japanese&layer=notes", width=width)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    wide = page.locator(".layers button, .layers canvas, .words").evaluate_all(
        "(nodes) => Math.max(...nodes.map((node) => node.getBoundingClientRect().right))"
    )
    assert wide <= width
