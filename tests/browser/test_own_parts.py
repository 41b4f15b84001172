"""Every part of "Your own voice" in a real browser, against a server whose answers are known."""

import io
import json
import re
import wave

import numpy as np
import pytest
from playwright.sync_api import expect

GRID = {"sample_rate_hz": 24000, "hop": 256, "n_fft": 1024, "n_mels": 100, "mel_low_hz": 0.0, "mel_high_hz": 12000.0}
FRAMES = 300  # 3.2 s
LOOK = {
    "seconds": 3.2,
    "frames": FRAMES,
    "grid": GRID,
    "floor_db": -110.0,
    "db_per_level": 0.5,
    "f0": {"low_hz": 110.0, "median_hz": 220.0, "high_hz": 440.0},
    "remarks": ["It is very quiet: go closer."],
    "targets": [
        {
            "name": "makam-m1",
            "median_hz": 160.0,
            "key_shift": -5,
            "low_hz": 0,
            "high_hz": 0,
            "problem": "Cannot be sung.",
        },
        {"name": "makam-f3", "median_hz": 294.0, "key_shift": 5, "low_hz": 146.8, "high_hz": 587.3, "problem": ""},
        {"name": "makam-m2", "median_hz": 165.0, "key_shift": -5, "low_hz": 82.4, "high_hz": 329.6, "problem": ""},
    ],
    "gain_db": 3.0,
}
MEL = bytes(GRID["n_mels"] * FRAMES)
F0 = np.full(FRAMES, 2200, "<u2").tobytes()  # tenths of Hz: A3 throughout


def tone(seconds, rate_hz=8000, level=0.5, width=2):
    """A sine of 220 Hz as the bytes of a WAV file."""
    samples = level * np.sin(2 * np.pi * 220 * np.arange(round(seconds * rate_hz)) / rate_hz)
    whole = (32767 * samples).astype("<i2") if width == 2 else (128 + 127 * samples).astype(np.uint8)
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(width)
        written.setframerate(rate_hz)
        written.writeframes(whole.tobytes())
    return file.getvalue()


SOUND = tone(3.2)


class Server:
    """Answers for the server; ``asked`` is what the page said to it: (method, path, body) in its order."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, bytes | None]] = []
        self.able = {"methods": ["student", "teacher"], "install": "pip install -r all.txt"}
        self.jobs: dict[str, dict] = {"look": {"state": "done", "result": LOOK}}
        self.refuses: dict[str, tuple[int, str]] = {}  # path -> status and sentence

    def said(self, method: str, path: str) -> list[bytes | None]:
        return [body for one, where, body in self.asked if one == method and where == path]

    def answer(self, route) -> None:
        request = route.request
        path = re.sub(r".*/own/", "", request.url)
        self.asked.append((request.method, path, request.post_data_buffer))
        if path in self.refuses:
            status, problem = self.refuses[path]
            return route.fulfill(status=status, json={"problem": problem})
        if path == "able":
            return route.fulfill(json=self.able)
        if request.method == "DELETE":
            return route.fulfill(status=204)
        if path == "takes":
            return route.fulfill(status=201, json={"take": "T", "job": "look"})
        if path == "takes/T/conversions":
            asked = json.loads(request.post_data)
            job = f"{asked['method']} {asked['target']}"
            self.jobs.setdefault(job, {"state": "done", "result": converted(asked)})
            return route.fulfill(status=201, json={"job": job})
        if path.startswith("jobs/"):
            return route.fulfill(json=self.jobs[path.removeprefix("jobs/").replace("%20", " ")])
        if path.startswith("takes/T/files/"):
            body = {"mel.bin": MEL, "f0.bin": F0}.get(path.rsplit("/", 1)[1], SOUND)
            return route.fulfill(body=body)
        return route.fulfill(status=404, json={"problem": f"no {path}"})


def converted(asked):
    folder = f"made/{asked['method']}-{asked['target']}"
    return {
        **asked,
        "sound": f"{folder}/converted.flac",
        "mel": f"{folder}/mel.bin",
        "f0": f"{folder}/f0.bin",
        "frames": FRAMES,
        "scores": {"rpa": 0.9512, "mcd_db": 8.127},
        "notes": ["Similarity could not be measured."],
        "trace": {"id": "own", "steps": 40 if asked["method"] == "teacher" else 1},
        "packed": "./own/takes/T/files/trace.zip",
        "seconds": 1.44,
    }


@pytest.fixture
def server():
    return Server()


@pytest.fixture
def open_own(open_page, server):
    def open_own(**options):
        def prepare(page):
            page.route(re.compile(r"/own/(able|takes|jobs)"), server.answer)

        page = open_page("/own", drawn=False, prepare=prepare, **options)
        page.wait_for_selector(".own[data-ready]", timeout=30_000)
        return page

    return open_own


@pytest.fixture
def own(open_own):
    return open_own()


def part(page, name):
    return page.locator(f".own [data-part='{name}']")


def problem(page, name):
    return part(page, name).locator("> .problem")


def give(page, data, name="song.wav", kind="audio/wav"):
    """Chooses a file, consent given."""
    page.locator(".consent input").check()
    page.locator(".own input[type=file]").set_input_files({"name": name, "mimeType": kind, "buffer": data})


def see(page):
    """As far as the choice of a voice."""
    give(page, SOUND)
    page.locator(".own .use").click()
    part(page, "voices").wait_for()


def convert(page, voice="makam-f3"):
    page.locator(f".own input[value='{voice}']").check()
    page.locator(".own .convert").click()
    page.locator(".own .scores table").wait_for()


# --- sing


def test_nothing_of_the_readers_own_before_consent(own, server):
    assert own.locator(".own .record").is_disabled() and own.locator(".own .choose").is_disabled()
    drop = "(area) => area.dispatchEvent(new DragEvent('drop', {dataTransfer: new DataTransfer(), bubbles: true}))"
    own.locator(".own .drop").evaluate(drop)
    assert problem(own, "sing").inner_text().startswith("Tick the box first")
    own.locator(".consent input").check()
    assert own.locator(".own .record").is_enabled() and own.locator(".own .choose").is_enabled()
    assert [part(own, name).is_visible() for name in ("trim", "seen", "voices", "made", "watch")] == [False] * 5
    assert [path for _, path, _ in server.asked if path != "able"] == []


def test_examples_need_no_consent(own):
    own.locator(".own .examples button").first.click()
    part(own, "trim").wait_for()
    assert own.locator(".own .use").is_enabled()


def test_consent_withdrawn_is_a_recording_forgotten(own, server):
    see(own)
    own.locator(".consent input").uncheck()
    assert not part(own, "seen").is_visible() and not part(own, "trim").is_visible()
    own.wait_for_timeout(200)
    assert len(server.said("DELETE", "takes/T")) == 1


def test_a_browser_without_microphone_says_so_and_takes_files(own):
    own.locator(".consent input").check()
    own.locator(".own .record").click()
    problem(own, "sing").wait_for()
    assert "microphone" in problem(own, "sing").inner_text()
    assert own.locator(".own .record").inner_text() == "Record"
    give(own, SOUND)
    part(own, "trim").wait_for()
    assert not problem(own, "sing").is_visible()


@pytest.mark.parametrize(
    ("data", "kind", "says"),
    [
        (tone(0.4), "audio/wav", "This lasts 0.4 s; sing for 1 s at least."),
        (tone(11 * 60, width=1), "audio/wav", "This lasts 11 minutes; choose a file of at most 10 minutes."),
        (tone(3, level=0.0), "audio/wav", "Nothing is heard in this"),
        (b"", "audio/wav", "The file is empty; choose another."),
        (b"no film at all", "video/mp4", "This is a video; save its sound alone, and choose that."),
    ],
    ids=["short", "long", "silent", "empty", "video"],
)
def test_files_that_cannot_be_used_are_answered_here(own, server, data, kind, says):
    give(own, data, kind=kind)
    problem(own, "sing").wait_for()
    assert problem(own, "sing").inner_text().startswith(says)
    assert not part(own, "trim").is_visible()
    assert server.said("POST", "takes") == []


def test_what_this_browser_cannot_decode_is_sent_as_it_is(own, server):
    server.jobs["look"] = {"state": "failed", "problem": "Your recording is no sound file."}
    give(own, b"some rare format", name="<b>song</b>.xyz", kind="")
    part(own, "trim").wait_for()
    assert "“<b>song</b>.xyz”" in part(own, "trim").inner_text()
    assert not own.locator(".own .wave").is_visible()
    own.locator(".own .use").click()
    problem(own, "trim").wait_for()
    assert problem(own, "trim").inner_text() == "Your recording is no sound file."
    assert server.said("POST", "takes") == [b"some rare format"]
    assert len(server.said("DELETE", "takes/T")) == 1


# --- choose a part


def bounds(page):
    return [float(page.locator(f".own .handle.{end}").get_attribute("aria-valuenow")) for end in ("from", "to")]


def test_trimming_by_keys_is_what_is_sent(own, server):
    give(own, tone(20))
    part(own, "trim").wait_for()
    assert bounds(own) == [0, 15]
    own.locator(".own .handle.to").focus()
    own.keyboard.press("ArrowLeft")
    assert bounds(own) == [0, 14.95]
    own.keyboard.press("End")  # the other end follows: no more than 15 s
    assert bounds(own) == [5, 20]
    own.locator(".own .handle.from").focus()
    own.keyboard.press("PageUp")
    own.keyboard.press("ArrowDown")
    assert bounds(own) == [5.45, 20]
    own.keyboard.press("End")  # no less than 1 s
    assert bounds(own) == [19, 20]
    own.keyboard.press("Home")
    assert bounds(own) == [0, 15]
    own.keyboard.press("PageUp")
    assert own.locator(".own .chosen-part").inner_text() == "From 0.50 to 15.00 s: 14.50 s"
    own.locator(".own .use").click()
    part(own, "seen").wait_for()
    with wave.open(io.BytesIO(server.said("POST", "takes")[0])) as sent:
        assert (sent.getnframes() / sent.getframerate(), sent.getnchannels(), sent.getsampwidth()) == (14.5, 1, 2)


def test_trimming_by_pointer_and_listening(own):
    give(own, tone(10))
    part(own, "trim").wait_for()
    box = own.locator(".own .wave").bounding_box()
    own.mouse.move(box["x"] + 0.1 * box["width"], box["y"] + 20)
    own.mouse.down()
    own.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 20)
    own.mouse.up()
    assert bounds(own) == pytest.approx([5, 10], abs=0.05)
    own.locator(".own .hear").click()
    own.wait_for_selector(".own .wave .playhead:not([hidden])")
    assert own.locator(".own .hear").get_attribute("aria-pressed") == "true"


# --- wait


def test_cancelling_leaves_nothing_on_the_server(own, server):
    server.jobs["look"] = {"state": "waiting", "ahead": 3, "left_s": 11.6, "share": 0, "words": ""}
    give(own, SOUND)
    own.locator(".own .use").click()
    wait = part(own, "trim").locator(".wait")
    wait.get_by_text("3 conversions before yours…").wait_for()
    assert wait.locator(".left").inner_text() == "about 12 s left"
    wait.locator(".cancel").click()
    assert wait.inner_text() == ""
    own.wait_for_timeout(700)
    assert len(server.said("DELETE", "jobs/look")) == 1 and len(server.said("DELETE", "takes/T")) == 1
    server.jobs["look"] = {"state": "done", "result": LOOK}
    own.locator(".own .use").click()  # and the reader can go on
    part(own, "voices").wait_for()


def test_a_server_that_is_full_is_a_sentence(open_own, server):
    page = open_own(allowed=("429",), height=500)
    see(page)
    server.refuses["takes/T/conversions"] = (
        429,
        "Too many people are converting just now; please try again in a minute.",
    )
    page.locator(".own .convert").click()
    problem(page, "voices").wait_for()
    assert problem(page, "voices").inner_text().startswith("Too many people")
    expect(problem(page, "voices")).to_be_in_viewport()
    server.refuses.clear()
    convert(page)
    assert not problem(page, "voices").is_visible()


# --- see it, choose a voice


def test_what_is_seen_is_told_in_notes(own):
    see(own)
    told = "3.2 s. Your notes lie between A2 (110 Hz) and A4 (440 Hz); the middle one is A3 (220 Hz)."
    assert part(own, "seen").locator(".told").inner_text() == told
    assert part(own, "seen").locator(".remarks li").all_inner_texts() == LOOK["remarks"]
    roll = own.locator(".own [data-panel='own-notes'] canvas")
    roll.hover()
    assert re.fullmatch(r"1\.[56]\d s · A3 \+0 cents · 220 Hz", part(own, "seen").locator(".readout").inner_text())


def test_the_key_is_proposed_with_a_reason_and_can_be_changed(own, server):
    see(own)
    assert own.locator(".own input[value='makam-f3']").is_checked()  # the first that can be sung
    reason = own.locator(".own .reason")
    assert reason.inner_text().startswith("Proposed +5: your middle note is A3 (220 Hz)")
    moved = own.locator(".own [data-range='moved']")
    assert moved.get_attribute("aria-label") == "D3 (147 Hz) to D5 (587 Hz), middle D4 (294 Hz)"
    own.get_by_label("A semitone lower").click()
    assert reason.inner_text().startswith("+4 is your own choice; +5 was proposed")
    own.get_by_role("button", name="Back to the proposed +5").click()
    assert own.locator(".own #key").input_value() == "5"
    own.locator(".own #key").fill("99")
    own.keyboard.press("Tab")
    assert own.locator(".own #key").input_value() == "36"
    own.locator(".own #key").fill("-2")
    convert(own, "makam-m2")  # another voice has a proposal of its own
    asked = json.loads(server.said("POST", "takes/T/conversions")[0])
    assert asked == {"method": "student", "target": "makam-m2", "key_shift": -5, "seed": 0}


def test_a_voice_without_a_fitting_key_says_why(own):
    see(own)
    own.locator(".own input[value='makam-m1']").check()
    assert own.locator(".own .reason").inner_text().startswith("Cannot be sung.")
    own.get_by_label("A semitone higher").click()
    assert not own.locator(".own .proposal").is_visible()  # there is none to go back to


# --- listen, compare, watch


def test_a_conversion_is_heard_before_it_is_measured(own, server):
    see(own)
    early = {"sound": "made/x/converted.flac", "key_shift": 5}
    job = "student makam-f3"
    server.jobs[job] = {
        "state": "running",
        "ahead": 0,
        "left_s": 0.6,
        "share": 0.5,
        "words": "measuring",
        "early": early,
    }
    own.locator(".own .convert").click()
    part(own, "made").wait_for()
    assert "you can listen already" in part(own, "made").locator(".told").inner_text()
    assert not own.locator(".own .measured").is_visible()
    hear = own.locator(".own [data-hear='converted']")
    hear.click()
    own.wait_for_selector(".own [data-hear='converted'][aria-pressed='true']")
    asked = {"method": "student", "target": "makam-f3", "key_shift": 5, "seed": 0}
    server.jobs[job] = {"state": "done", "result": {**converted(asked), "sound": early["sound"]}}
    own.locator(".own .scores table").wait_for()
    assert hear.get_attribute("aria-pressed") == "true"  # it sounds on


def test_scores_notes_and_downloads_are_of_the_conversion(own):
    see(own)
    convert(own)
    rows = [
        [cell.inner_text() for cell in row.locator("th, td").all()]
        for row in own.locator(".own .scores tbody tr").all()
    ]
    assert [row[1] for row in rows] == ["95.1 %", "8.13 dB"]
    assert own.locator(".own .scores a").first.get_attribute("href") == "glossary#rpa"
    assert own.locator(".own .notes li").all_inner_texts() == ["Similarity could not be measured."]
    links = {
        link.get_attribute("download"): link.get_attribute("href") for link in own.locator(".own .downloads a").all()
    }
    assert links == {
        "singsteps-makam-f3.flac": "./own/takes/T/files/made/student-makam-f3/converted.flac",
        "singsteps-makam-f3.zip": "./own/takes/T/files/trace.zip",
    }


def test_source_and_conversion_take_over_from_one_another(own):
    see(own)
    convert(own)
    source, made = (own.locator(f".own [data-hear='{kind}']") for kind in ("source", "converted"))
    source.click()
    own.wait_for_selector(".own [data-hear='source'][aria-pressed='true']")
    own.wait_for_timeout(500)
    made.click()
    own.wait_for_selector(".own [data-hear='converted'][aria-pressed='true']")
    assert source.get_attribute("aria-pressed") == "false"
    own.wait_for_timeout(100)
    places = [
        head.evaluate("(head) => parseFloat(head.style.left)")
        for head in own.locator(".own .sights .playhead:not([hidden])").all()
    ]
    assert len(places) == 2 and min(places) > 10  # percent of 3.2 s: where the source stood, not the beginning
    made.click()
    assert made.get_attribute("aria-pressed") == "false"


def test_conversions_can_be_gone_back_to(own):
    see(own)
    convert(own)
    own.locator(".own input[value='makam-m2']").check()
    own.locator(".own .convert").click()
    listed = own.locator(".own .made-list button")
    listed.nth(1).wait_for()
    assert [text.split(" ", 1)[1] for text in listed.all_inner_texts()] == [
        "makam-m2 −5, one step",
        "makam-f3 +5, one step",
    ]
    listed.nth(1).click()
    assert own.locator(".own .downloads a").first.get_attribute("download") == "singsteps-makam-f3.flac"
    assert listed.nth(1).get_attribute("aria-pressed") == "true"


def test_without_the_models_only_the_command_is_offered(open_own, server):
    server.able = {"methods": [], "install": "pip install -r all.txt"}
    page = open_own()
    assert page.locator(".own .unable code").inner_text() == "pip install -r all.txt"
    assert not part(page, "sing").is_visible()


def test_without_the_teacher_the_rest_works(open_own, server):
    server.able = {"methods": ["student"], "install": ""}
    page = open_own()
    see(page)
    convert(page)
    assert "PyTorch" in part(page, "watch").inner_text()
    assert not page.locator(".own .steps").is_visible()


def test_nothing_is_wider_than_a_telephone(open_own):
    page = open_own(width=390, scheme="dark")
    see(page)
    convert(page)
    wider = """(figure) => [...figure.querySelectorAll("*")].filter((node) => node.checkVisibility()
        && node.getBoundingClientRect().right > figure.getBoundingClientRect().right + 1
        && !node.matches(".chosen, .visually-hidden")).map((node) => node.className)"""
    assert page.locator(".own").evaluate(wider) == []
