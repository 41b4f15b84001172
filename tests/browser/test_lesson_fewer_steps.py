"""The lesson on fewer steps in a real browser: what is drawn is what the traces hold, and every control works."""

import math
import shutil

import numpy as np
import pytest

from app.parts.speed import read_speed
from app.serving.library import REPOSITORY
from app.serving.served import WEB_PATH
from svc_core.traces.arrays import unpack_array
from svc_core.traces.coding import decode_pictures
from svc_core.traces.replay import replay_of
from svc_core.traces.scale import to_db
from svc_core.traces.trace import open_trace
from tests.support.dashboard import run_dashboard

SHIPPED = REPOSITORY / "precomputed"
KIMSEYE = "kimseye_nakarat--makam-f3--makam-m2--keyauto--"
PJS = "pjs091--pjs-m1--makam-f4--keyauto--"
SAMPLERS = ("ddpm", "euler40", "consistency4", "consistency2", "consistency1")
DDPM, TEACHER, FOUR, TWO, ONE = (f"{KIMSEYE}{sampler}--seed0" for sampler in SAMPLERS)


@pytest.fixture
def open_lesson(open_page):
    def open_lesson(query="", allowed=(), **options):
        page = open_page(f"/fewer-steps{query}", drawn=False, allowed=allowed, **options)
        for figure in ("noise_levels", "paths", "draft"):
            page.wait_for_selector(f".{figure}[data-drawn]", timeout=30_000)
        return page

    return open_lesson


def looks(page, trace: str) -> str:
    return page.locator(f".sampler[data-trace='{trace}'] .looks").text_content()


def place(page, trace: str) -> int:
    return int(page.locator(f".cards [data-panel='{trace}']").get_attribute("data-place"))


def level(page) -> float:
    return float(page.locator(".noise_levels").get_attribute("data-db"))


def shown_db(page, figure: str, panel: str, points: list[tuple[int, int]]) -> list[float]:
    """What a picture shows at (band, frame)."""
    return page.locator(f".{figure} [data-panel='{panel}']").evaluate(
        "(figure, points) => points.map(([band, frame]) => figure.picture.valueAt(band, frame))", points
    )


def draft_db(teacher: str) -> np.ndarray:
    manifest = open_trace(SHIPPED / teacher).manifest
    packed = (SHIPPED / "lessons" / "draft" / f"{teacher}.npy.gz").read_bytes()
    return to_db(decode_pictures(unpack_array(packed, "|u1", (1, manifest.grid.n_mels, manifest.frames)), [0], 1))[0]


@pytest.mark.parametrize("db", [-44, -20, -19.5, 0, 6, 6.5, 54])
def test_at_a_level_each_sampler_shows_its_last_look_there(open_lesson, db):
    page = open_lesson(f"?snr={db}")
    assert level(page) == db
    points = [(5, 100), (50, 300), (99, 630)]
    for trace in (DDPM, TEACHER, FOUR, TWO, ONE):
        replay = replay_of(open_trace(SHIPPED / trace))
        levels_db = [-20 * math.log10(sigma) for sigma in replay.walk.sigma]
        done = sum(each <= db + 0.01 for each in levels_db)
        assert place(page, trace) == max(done - 1, 0)
        expected = replay.predicted_at(max(done - 1, 0))
        assert shown_db(page, "noise_levels", trace, points) == pytest.approx([expected[at] for at in points], abs=0.01)
        if done == 0:
            assert looks(page, trace).startswith("begins at")
        else:
            left = len(levels_db) - done
            assert looks(page, trace) == f"{done} look{'s' * (done > 1)} made, {left or 'none'} to go"


@pytest.mark.every_time
def test_the_level_is_chosen_by_key_slider_and_track_and_the_address_follows(open_lesson):
    page = open_lesson()
    assert level(page) == -20
    slider = page.locator(".noise_levels .slider")
    slider.focus()
    for key, expected in (("ArrowRight", -19.5), ("ArrowLeft", -20), ("Home", -44), ("End", 54)):
        page.keyboard.press(key)
        assert level(page) == expected
    assert slider.get_attribute("aria-valuetext") == "signal-to-noise ratio 54 dB, sigma 0.002"
    box = page.locator(f".sampler[data-trace='{TWO}'] .track svg").bounding_box()
    page.mouse.click(box["x"] + box["width"] * (44 + 6.5) / 98, box["y"] + box["height"] / 2)
    assert level(page) == 6.5
    assert looks(page, TWO) == "2 looks made, none to go"
    page.wait_for_function("() => location.search.includes('snr=6.5')")
    page.reload()
    page.wait_for_selector(".noise_levels[data-db='6.5']")


def test_ticks_stand_where_the_walks_look(open_lesson):
    page = open_lesson()
    for trace in (DDPM, TEACHER, FOUR, TWO, ONE):
        drawn = page.locator(f".sampler[data-trace='{trace}'] path").get_attribute("d")
        at = [float(part.split(" ")[0]) for part in drawn.split("M")[1:]]
        sigma = open_trace(SHIPPED / trace).walk().sigma
        expected = [1000 * min(max((-20 * math.log10(one) + 44) / 98, 0), 1) for one in sigma]
        assert at == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("query", ["?snr=loud", "?snr=", "?snr=99", f"?snr={'9' * 200}"])
def test_a_wrong_level_in_the_address_is_said(open_lesson, query):
    page = open_lesson(query)
    said = page.locator(".noise_levels .problem").text_content()
    assert "noise level of" in said
    assert len(said) < 250
    assert level(page) == -20


def test_every_sampler_is_heard_and_one_at_a_time(open_lesson):
    page = open_lesson()
    for trace in (DDPM, TEACHER, FOUR, TWO, ONE):
        for kind in ("result", "guess"):
            button = page.locator(f".cards [data-panel='{trace}'] [data-sound={kind}]")
            button.click()
            page.wait_for_function(
                "(button) => button.getAttribute('aria-pressed') === 'true'", arg=button.element_handle()
            )
            assert page.locator("button[data-sound][aria-pressed=true]").count() == 1
    button.press("Enter")
    page.wait_for_function("(button) => button.getAttribute('aria-pressed') === 'false'", arg=button.element_handle())


@pytest.mark.every_time
def test_the_way_of_a_point_is_that_of_python(open_lesson):
    page = open_lesson()
    for trace in (DDPM, TEACHER, FOUR):
        replay = replay_of(open_trace(SHIPPED / trace))
        band, frame = 37, 210
        index = band * replay.predicted_db.shape[2] + frame
        way = page.locator(".paths").evaluate(
            """async (figure, [module, conversions, roots, trace, index]) => {
                const [{ pointAlong }, { openConversion }] = await Promise.all([import(module), import(conversions)]);
                const { state, predicted } = pointAlong(await openConversion(roots, trace), index);
                return [Array.from(state), Array.from(predicted)];
            }""",
            [f"{WEB_PATH}/paths_point.js", f"{WEB_PATH}/conversion.js", ["./traces/"], trace, index],
        )
        expected = [replay.state_db(state)[band, frame] for _, state in replay.states()]
        np.testing.assert_allclose(way[0], expected, atol=0.02)
        guessed = [replay.predicted_at(at)[band, frame] for at in range(len(expected))]
        np.testing.assert_allclose(way[1], guessed, atol=0.01)


def test_a_point_is_chosen_by_pointer_button_and_key(open_lesson):
    page = open_lesson()
    figure = page.locator(".paths")
    box = page.locator(".paths canvas").bounding_box()
    page.locator(".paths canvas").click(position={"x": box["width"] / 2, "y": box["height"] * 0.755})
    frames = open_trace(SHIPPED / TEACHER).manifest.frames

    def point() -> tuple[int, int]:
        return int(figure.get_attribute("data-band")), int(figure.get_attribute("data-frame"))

    assert point() == (24, frames // 2)
    page.get_by_role("button", name="Higher band").click()
    page.get_by_role("button", name="Later").click()
    assert point() == (25, frames // 2 + 1)
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("ArrowDown")
    assert point() == (24, frames // 2 - 9)
    ends = [line.split("ends at ")[1] for line in page.locator(".paths .keys li").all_text_contents()]
    for text, trace in zip(ends, (DDPM, TEACHER, ONE), strict=True):
        result = replay_of(open_trace(SHIPPED / trace)).predicted_db[-1][point()]
        assert float(text.removesuffix(" dB").replace("−", "-")) == pytest.approx(result, abs=0.051)


def test_held_and_guessed_can_be_exchanged_and_are_told_in_words(open_lesson):
    page = open_lesson()
    page.get_by_role("button", name="What the network guesses").click()
    assert page.locator(".paths").get_attribute("data-shows") == "predicted"
    label = page.locator(".paths .drawing svg").get_attribute("aria-label")
    assert "DDPM, 1000 looks goes up and down by" in label
    assert "Student, 1 look goes up and down by 0 dB" in label  # one guess only
    page.get_by_role("button", name="What the sampler holds").press("Enter")
    assert page.locator(".paths").get_attribute("data-shows") == "state"
    assert "by 0 dB" not in page.locator(".paths .told").text_content()


def test_pictures_and_distances_from_draft_to_refined_are_right(open_lesson):
    page = open_lesson()
    teacher, student = (replay_of(open_trace(SHIPPED / trace)).predicted_db for trace in (TEACHER, ONE))
    pictures = {"draft": draft_db(TEACHER), "first": teacher[0], "student": student[-1], "refined": teacher[-1]}
    points = [(5, 100), (50, 300), (99, 630)]
    for name, picture in pictures.items():
        assert shown_db(page, "draft", name, points) == pytest.approx([picture[at] for at in points], abs=0.01)
        facts = page.locator(f".draft [data-panel={name}] .facts").text_content()
        assert f"changes by {np.abs(np.diff(picture, axis=1)).mean():.1f} dB" in facts
        away_db = float(np.sqrt(np.mean((picture - teacher[-1]) ** 2)))
        assert ("from the refined" in facts) == (name != "refined")
        if name != "refined":
            assert facts.startswith(f"{away_db:.1f} dB (RMS)")
        button = page.locator(f".draft [data-sound={name}]")
        button.click()
        page.wait_for_function(
            "(button) => button.getAttribute('aria-pressed') === 'true'", arg=button.element_handle()
        )


def test_bars_are_as_long_as_times_are_and_the_race_can_be_stopped(open_lesson):
    page = open_lesson()
    lengths = [
        float(page.locator(".timing .span").nth(index).evaluate("e => e.style.getPropertyValue('--length')"))
        for index in range(7)
    ]
    expected = [math.log(line.per_second / 0.0005) / math.log(15 / 0.0005) for line in read_speed()]
    assert lengths == pytest.approx([min(max(one, 0), 1) for one in expected], abs=1e-6)
    button = page.locator(".timing [data-do=race]")
    button.click()
    page.wait_for_function(
        "(told) => told.textContent.startsWith('4 of 5')", arg=page.locator(".timing .told").element_handle()
    )
    assert button.get_attribute("aria-pressed") == "true"
    button.press("Enter")
    assert button.get_attribute("aria-pressed") == "false"
    assert page.locator(".timing .told").text_content() == ""


def test_another_phrase_changes_every_figure(open_lesson):
    page = open_lesson()
    page.locator("[data-testid=stSelectbox] input").click()
    page.get_by_role("option").nth(3).click()
    page.wait_for_selector(f".sampler[data-trace='{PJS}ddpm--seed0'] path")
    page.wait_for_function("() => location.search.includes('pjs091')")
    refined = replay_of(open_trace(SHIPPED / f"{PJS}euler40--seed0")).predicted_db[-1]
    page.wait_for_function(
        "(figure) => figure.picture.frames === 613",
        arg=page.locator(".draft [data-panel=refined]").element_handle(),
    )
    assert refined.shape[1] == 613
    assert shown_db(page, "draft", "refined", [(30, 200)]) == pytest.approx([refined[30, 200]])
    page.reload()
    page.wait_for_selector(f".sampler[data-trace='{PJS}ddpm--seed0'] path")


def test_questions_answered_wrong_then_right(open_lesson):
    page = open_lesson()
    questions = page.locator(".question")
    assert questions.count() == 3
    for index in range(questions.count()):
        question = questions.nth(index)
        question.locator(".answers button:not([data-right])").first.click()
        assert question.locator(".feedback").text_content().startswith("Not quite.")
        question.locator(".answers button[data-right]").click()
        assert question.locator(".feedback").text_content().startswith("Yes.")
    assert "All 3 answered" in page.locator(".quiz .score").text_content()


@pytest.mark.every_time
def test_a_missing_or_damaged_conversion_is_said_and_the_others_go_on(open_page, tmp_path):
    traces = tmp_path / "traces"
    traces.mkdir()
    shutil.copy(SHIPPED / "catalogue.csv", traces)
    for trace in (DDPM, TEACHER, FOUR, TWO, ONE):
        shutil.copytree(SHIPPED / trace, traces / trace)
    (traces / FOUR / "trace.json").unlink()
    walk = traces / DDPM / "walk.npy.gz"
    walk.write_bytes(walk.read_bytes()[:-20])
    with run_dashboard(traces, tmp_path / "log") as site:
        page = open_page("/fewer-steps", address=site.address, drawn=False, allowed=("status of 404", "status of 409"))
        page.wait_for_selector(".noise_levels[data-drawn]", timeout=30_000)
        assert "cannot be shown" in page.locator(".noise_levels .problem").text_content()
        assert looks(page, FOUR) == looks(page, DDPM) == "cannot be shown"
        assert looks(page, TWO) == "1 look made, 1 to go"
        page.wait_for_selector(".paths[data-drawn]")
        assert page.locator(".paths .keys li").count() == 2
        assert "cannot be shown" in page.locator(".paths .problem").text_content()
        page.wait_for_selector(".draft[data-drawn]")
        assert page.locator(".draft .problem").is_hidden()


def test_a_missing_draft_is_said(open_page):
    page = open_page("/", drawn=False, allowed=("status of 404",))
    page.route("**/material/draft/*", lambda route: route.fulfill(status=404))
    page.goto(page.url + "fewer-steps")
    page.wait_for_selector(".draft[data-drawn]", timeout=30_000)
    assert "There is no draft of the conversion “" in page.locator(".draft .problem").text_content()
    assert page.locator(".draft [data-sound=draft]").is_disabled()
    assert page.locator(".draft [data-sound=refined]").is_enabled()


def test_every_step_of_the_level_is_drawn(open_lesson):
    page = open_lesson()
    page.locator(".noise_levels .slider").focus()
    for _ in range(60):
        page.keyboard.press("ArrowRight")
    assert page.evaluate("performance.getEntriesByName('scrub').length") >= 60  # what one takes, make bench measures


@pytest.mark.parametrize("width", [390, 820, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_overflows(open_lesson, width, scheme):
    page = open_lesson(width=width, scheme=scheme)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    for figure in ("noise_levels", "timing", "paths", "draft"):
        wide, inside = page.locator(f".{figure}").evaluate("e => [e.scrollWidth, e.clientWidth]")
        assert wide <= inside
