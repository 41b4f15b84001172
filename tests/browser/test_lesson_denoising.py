"""The lesson on denoising in a real browser: curves, matrix and guesses against the numbers they stand for."""

import re
from dataclasses import replace

import numpy as np
import pytest

from app.parts.exhibits import WALK, find_conversion
from app.serving.library import library
from svc_core.traces.replay import replay_of
from tests.support.pages import address_holds, answer_question, step

ENTRY = find_conversion(library().catalogue(), WALK)
TRACE = library().open(ENTRY)
LESSON = f"/denoising?trace={ENTRY.id}"
FLOOR_DB = -90.0
COMPARED = np.rint(np.linspace(0, 999, 24)).astype(int)


def rms_db(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.sqrt(np.mean((np.maximum(one, FLOOR_DB) - np.maximum(other, FLOOR_DB)) ** 2)))


@pytest.fixture(scope="module")
def replay():
    return replay_of(TRACE)


def values(page) -> dict[str, str]:
    """What the chart says beside each curve's name."""
    lines = page.locator(".curves .values li")
    return {
        line.locator("span").text_content(): line.locator("b").text_content().replace("−", "-") for line in lines.all()
    }


def open_curves(open_page, query="", **settings):
    page = open_page(LESSON + query, **settings)
    page.locator(".curves[data-place]").wait_for()
    return page


def click_share(page, locator, across, down=0.5):
    locator.scroll_into_view_if_needed()
    box = locator.bounding_box()
    page.mouse.click(box["x"] + across * box["width"], box["y"] + down * box["height"])


# --- curves


@pytest.mark.every_time
def test_curves_follow_the_step_with_the_figures_of_the_table(open_page):
    page = open_curves(open_page, "&step=500")
    table = TRACE.metrics()
    for asked in (500, 0, 999):
        page.evaluate("performance.now()")
        page.locator(".scrubber .slider").fill(str(999 - asked))
        page.locator(f".curves[data-place='{999 - asked}']").wait_for()
        for kind, name in (("predicted", "prediction"), ("state", "noisy")):
            rows = table[table["kind"] == kind]
            row = rows.iloc[(rows["place"] - (999 - asked)).abs().argmin()]
            for column, whom in (("similarity_to_target", "target"), ("similarity_to_source", "source")):
                assert float(values(page)[f"{name}, to the {whom}"]) == pytest.approx(row[column], abs=6e-4)


def test_pointer_and_keys_on_a_curve_go_to_the_step(open_page):
    page = open_curves(open_page, "&step=999")
    area = page.locator(".curves .area")
    click_share(page, area, 0.5)
    assert abs(step(page) - 499.5) < 5
    page.mouse.down()
    box = area.bounding_box()
    page.mouse.move(box["x"] + 0.75 * box["width"], box["y"] + 20)
    page.mouse.up()
    assert abs(step(page) - 249.75) < 5
    measured = sorted(set(TRACE.metrics().query("kind == 'predicted'")["place"]))
    page.locator(".curves .cursor").focus()
    for key, place in (("Home", 0), ("ArrowRight", measured[1]), ("ArrowRight", measured[2]), ("End", 999)):
        page.keyboard.press(key)
        assert step(page) == 999 - place
    page.keyboard.press("ArrowLeft")
    assert step(page) == 999 - measured[-2]
    said = page.locator(".curves .cursor").get_attribute("aria-valuetext")
    assert said.startswith(f"step {999 - measured[-2]}, ")
    assert "prediction, to the target 0.9" in said


def test_every_measure_can_be_drawn_over_steps_and_over_noise(open_page):
    page = open_curves(open_page, "&step=0")
    choice = page.locator(".curves .measure")
    names = choice.locator("option").all()
    ids = [name.get_attribute("value") for name in names]
    assert ids == ["similarity", "f0-error", "f0-correlation", "right-notes", "distance", "loudness"]
    for chosen in ids:
        choice.select_option(chosen)
        drawn = page.locator(".curves .area path")
        assert drawn.count() == len(values(page)) >= 2
        assert all("NaN" not in path.get_attribute("d") for path in drawn.all())
        assert page.locator(".curves .axis-y span").count() >= 3
    address_holds(page, "curve=loudness")
    last = TRACE.metrics().query("kind == 'predicted' and place == 999").iloc[0]
    assert float(values(page)["prediction"].split()[0]) == pytest.approx(last["loudness_rmse_db"], abs=6e-3)
    told = page.locator(".curves .area svg").get_attribute("aria-label")
    first = TRACE.metrics().query("kind == 'predicted' and place == 0").iloc[0]
    assert (
        f"prediction: {first['loudness_rmse_db']:.2f} dB at step 999, {last['loudness_rmse_db']:.2f} dB at step 0"
        in told
    )
    assert "it falls" in told
    page.get_by_role("button", name="Noise level").click()
    assert "dB" in page.locator(".curves .axis-x").get_attribute("data-unit")
    click_share(page, page.locator(".curves .area"), 0.5)
    middle_db = (-43.94 + 40.0) / 2  # of signal to noise, from end to end of the walk
    sigma = TRACE.walk().sigma[999 - step(page)]
    assert -20 * np.log10(sigma) == pytest.approx(middle_db, abs=0.3)


def test_curve_in_the_address_is_drawn_and_a_wrong_one_is_said(open_page):
    page = open_curves(open_page, "&curve=f0-error")
    assert page.locator(".curves .measure").input_value() == "f0-error"
    assert "Lower is better" in page.locator(".curves .better").text_content()
    page = open_curves(open_page, "&curve=beauty")
    assert "“beauty”" in page.locator(".curves .problem").text_content()
    assert page.locator(".curves .measure").input_value() == "similarity"


# --- the matrix


def open_matrix(open_page, query="", **settings):
    page = open_page(LESSON + query, **settings)
    page.locator(".matrix[data-pair]").wait_for(timeout=30_000)
    return page


def told_db(page) -> float:
    return float(re.search(r"([\d.]+) dB", page.locator(".matrix .sentence").text_content())[1])


@pytest.mark.parametrize(("row", "column"), [(0, 23), (12, 3), (20, 22), (7, 7)])
def test_a_cell_is_the_rms_distance_of_two_predictions(open_page, replay, row, column):
    page = open_matrix(open_page)
    field = page.locator(".matrix .field")
    click_share(page, field, (column + 0.5) / 24, (row + 0.5) / 24)
    steps = [999 - COMPARED[index] for index in (row, column)]
    assert page.locator(".matrix").get_attribute("data-pair") == f"{steps[0]}-{steps[1]}"
    one, other = (replay.predicted_at(int(COMPARED[index])) for index in (row, column))
    assert told_db(page) == pytest.approx(rms_db(one, other), abs=0.06)
    assert step(page) == steps[1]
    address_holds(page, f"compare={steps[0]}-{steps[1]}")


@pytest.mark.every_time
def test_keys_move_over_the_matrix_and_choose(open_page):
    page = open_matrix(open_page, "&step=999&compare=999-0")
    page.locator(".matrix .field").focus()
    for key in ("ArrowDown", "ArrowLeft", "ArrowLeft"):
        page.keyboard.press(key)
    assert step(page) == 999  # looked at, not gone to
    assert f"step {999 - COMPARED[1]} and step {999 - COMPARED[21]}" in page.locator(".matrix .sentence").text_content()
    page.keyboard.press("Enter")
    assert step(page) == 999 - COMPARED[21]
    page.get_by_role("button", name=f"Go to step {999 - COMPARED[1]}").click()
    assert step(page) == 999 - COMPARED[1]


def test_the_difference_is_in_decibels_and_the_right_way_round(open_page, replay):
    page = open_matrix(open_page, "&compare=999-0")
    canvas = page.locator(".matrix [data-panel='difference'] canvas")
    canvas.scroll_into_view_if_needed()
    first, last = (np.maximum(replay.predicted_at(place), FLOOR_DB) for place in (0, 999))
    apart = last - first
    bands, frames = apart.shape
    box = canvas.bounding_box()
    for band, frame in [np.unravel_index(index, apart.shape) for index in (apart.argmax(), apart.argmin())]:
        page.mouse.move(
            box["x"] + (frame + 0.5) / frames * box["width"], box["y"] + (1 - (band + 0.5) / bands) * box["height"]
        )
        mark, db = re.search(r"· ([●◆]) ([\d.]+) dB", page.locator(".matrix .readout").text_content()).groups()
        shown = float(db) if mark == "◆" else -float(db)  # ◆: the second step is louder
        assert abs(shown) > 10  # a pixel beside the extreme one may be meant
        assert np.sign(shown) == np.sign(apart[band, frame])


@pytest.mark.every_time
def test_lines_of_the_matrix_follow_the_step(open_page):
    page = open_matrix(open_page, "&step=999")
    line = page.locator(".matrix .here.down")
    at = "node => parseFloat(node.style.getPropertyValue('--at'))"
    assert line.evaluate(at) == pytest.approx(100 * 0.5 / 24, abs=0.01)
    page.locator(".scrubber .slider").focus()
    page.keyboard.press("End")
    assert line.evaluate(at) == pytest.approx(100 * 23.5 / 24, abs=0.01)


@pytest.mark.parametrize("asked", ["12", "999-1000", "a-b"])
def test_wrong_pair_in_the_address_is_said(open_page, asked):
    page = open_matrix(open_page, f"&compare={asked}")
    assert f"“{asked}”" in page.locator(".matrix .problem").text_content()
    assert page.locator(".matrix").get_attribute("data-pair") == "999-0"


# --- guesses


def test_other_noise_changes_results_more_than_first_guesses(open_page):
    page = open_page(LESSON)
    page.locator(".guesses").scroll_into_view_if_needed()
    page.locator(".guesses[data-noise='0']").wait_for(timeout=30_000)
    replays = [
        replay_of(library().open(find_conversion(library().catalogue(), replace(WALK, seed=n)))) for n in range(3)
    ]
    expected = []
    for place in (0, 999):
        pictures = [one.predicted_at(place) for one in replays]
        expected.append(np.mean([rms_db(pictures[i], pictures[j]) for i, j in ((0, 1), (0, 2), (1, 2))]))
    told = page.locator(".guesses .told").text_content()
    assert [float(db) for db in re.findall(r"([\d.]+) dB", told)] == pytest.approx(expected, abs=0.06)
    labels = []
    for name in ("Noise 1", "Noise 2", "Noise 3", "All three, averaged"):
        page.get_by_role("button", name=name).click()
        labels.append(page.locator(".guesses [data-panel='result'] canvas").get_attribute("aria-label"))
    assert len(set(labels)) == 4
    assert page.locator(".guesses .listen button").first.is_disabled()
    page.get_by_role("button", name="Noise 2").click()
    page.locator(".guesses .listen button", has_text="Result").click()
    page.locator(".guesses .listen button[aria-pressed='true']", has_text="Result").wait_for()


# --- questions, small screens, broken traces


def test_questions_explain_wrong_and_right_answers(open_page):
    page = open_page(LESSON)
    for question, wrong, right in (
        ("predicted", "The sound wave itself", "The whole clean mel"),
        ("blurred", "copied from the source", "a kind of average"),
        ("grain", "A, low", "B, high"),
    ):
        assert answer_question(page, question, wrong).startswith("Not quite.")
        assert answer_question(page, question, right).startswith("Yes.")
    page.get_by_text("All 3 answered: this lesson is done.").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_figures_fit_a_phone(open_page, scheme):
    page = open_matrix(open_page, width=390, scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for name in ("curves", "matrix", "guesses"):
        for node in page.locator(f".{name} :is(canvas, svg, button, select, p)").all():
            box = node.bounding_box()
            assert box is None or box["x"] + box["width"] <= 391


@pytest.mark.parametrize(
    ("answer", "said"),
    [({"status": 404}, "metrics.csv is missing"), ({"body": "a,b\n1,2\n"}, "metrics.csv is damaged (it is cut off)")],
)
def test_a_missing_or_damaged_table_is_said_and_the_rest_goes_on(open_page, answer, said):
    page = open_page(LESSON, allowed=("status of 404",))
    page.route("**/metrics.csv*", lambda route: route.fulfill(**answer))
    page.reload()
    page.locator(".curves .problem", has_text=said).wait_for()
    page.locator(".matrix[data-pair='999-0']").wait_for()
    page.locator(".scrubber .slider").focus()
    page.keyboard.press("End")
    assert step(page) == 0
