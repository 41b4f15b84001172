"""An expert's questions, and SingVisio's five tasks, walked through in a real browser from a click to the answer."""

import numpy as np
import pytest

from app.expert.questions import questions
from app.expert.selection import fitting
from app.serving.library import library
from svc_core.traces.replay import replay_of
from svc_core.traces.scale import to_db
from tests.support.compare_page import CATALOGUE, shown_ids, wait_until_drawn
from tests.support.pages import address_holds

TABLE = CATALOGUE.table.set_index("id", drop=False)
ASKED = {question.words: question for question in questions(CATALOGUE)}
FLOOR_DB = -90  # of the matrix's pictures

# The part's header stands in the upper half of the window.
IN_SIGHT = """(part) => {
    const { top } = document.getElementById(part).getBoundingClientRect();
    return top >= 0 && top < innerHeight / 2;
}"""


@pytest.fixture
def ask(open_page):
    """Opens the page, clicks on a question, and waits until its answer is in sight."""

    def ask(words, **settings):
        page = open_page("/compare", drawn=False, **settings)
        wait_until_drawn(page, "ABC")
        question = ASKED[words]
        page.get_by_role("link", name=words).click()
        for name, text in question.state.items():
            address_holds(page, f"{name}={text}")
        wait_until_shown(page, question)
        page.wait_for_function(IN_SIGHT, arg=question.part)
        return page

    return ask


def wait_until_shown(page, question) -> None:
    """Until just what it names is side by side; a question that names nothing leaves the page's own example there."""
    ids = question.state["compare"].split(",") if "compare" in question.state else []
    wait_until_drawn(page, "ABCD"[: len(ids)] or "ABC")
    for letter, id in zip("ABCD", ids, strict=False):
        page.locator(f".card[data-letter={letter}][data-id='{id}']").wait_for()


def places(page) -> list[int]:
    return page.locator(".card").evaluate_all("(nodes) => nodes.map((node) => Number(node.dataset.place))")


def predicted_db(id: str, place: int) -> np.ndarray:
    return np.maximum(replay_of(library().open(CATALOGUE.find(id))).predicted_at(place), FLOOR_DB)


@pytest.mark.parametrize("words", ASKED)
def test_every_question_is_a_click_and_a_link(ask, open_page, words):
    page = ask(words)
    found = shown_ids(page)
    count = page.locator(".count").text_content()
    link = page.get_by_role("link", name=words).get_attribute("href")
    other = open_page(link.removeprefix("."), drawn=False)
    wait_until_shown(other, ASKED[words])
    other.wait_for_function(IN_SIGHT, arg=ASKED[words].part)
    assert shown_ids(other) == found
    assert other.locator(".count").text_content() == count


def test_which_conversions_fail_on_pitch(ask):
    page = ask("Which conversions fail on pitch?")
    fit = CATALOGUE.table.iloc[fitting(CATALOGUE, ASKED["Which conversions fail on pitch?"].state)]
    assert page.locator(".count").text_content() == f"{len(fit)} of {len(CATALOGUE)} conversions"
    listed = page.locator(".rows td button").evaluate_all("(nodes) => nodes.map((node) => node.dataset.id)")
    assert listed == fit.sort_values("rpa", kind="stable")["id"].head(12).tolist()
    assert (
        f"Pitch right (RPA) {100 * fit['rpa'].min():.1f} %"
        in page.locator(".card[data-letter=A] .facts").text_content()
    )


@pytest.mark.every_time
def test_when_the_singer_is_decided(ask):
    page = ask("When is the singer decided?")
    page.locator('.explain[data-shown="swap"]').wait_for()
    answer = page.locator(".explain .view").inner_text()
    assert "decibels" in answer or "dB" in answer


def test_what_one_step_costs(ask):
    page = ask("What does one step cost?")
    fit = CATALOGUE.table.iloc[fitting(CATALOGUE, ASKED["What does one step cost?"].state)]
    lines = {line.locator("th").text_content(): line.inner_text() for line in page.locator(".means tr").all()}
    assert set(lines) == {"consistency1", "euler40"}
    for steps, name in ((40, "euler40"), (1, "consistency1")):
        values = fit[fit["steps"] == steps]["similarity_to_target"]
        assert f"{values.mean():.3f} ± {values.std():.3f}" in lines[name] and f"n = {len(values)}" in lines[name]


# --- SingVisio's tasks


@pytest.mark.every_time
def test_t1_two_steps_of_one_walk_are_compared(ask):
    page = ask("Two steps of one walk")
    (id,) = shown_ids(page)
    matrix = page.locator(".matrix[data-pair]")
    matrix.wait_for()
    field = page.locator(".matrix .field")
    field.scroll_into_view_if_needed()
    box = field.bounding_box()
    page.mouse.click(box["x"] + 0.3 * box["width"], box["y"] + 0.8 * box["height"])
    steps = [int(step) for step in matrix.get_attribute("data-pair").split("-")]
    one, other = (predicted_db(id, 999 - step) for step in steps)  # a thousand steps, counted down
    apart_db = np.sqrt(((one - other) ** 2).mean())
    assert steps[0] != steps[1]
    assert f"{apart_db:.1f} dB" in page.locator(".matrix .sentence").text_content()


def test_t2_measures_of_the_steps_are_compared(ask):
    page = ask("When does a walk become right?")
    assert TABLE.loc[shown_ids(page), "seed"].tolist() == [0, 1]
    area = page.locator(".trends .area")
    page.locator(".trends path").nth(1).wait_for(state="attached")
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    page.mouse.click(box["x"] + 0.5 * box["width"], box["y"] + 20)
    assert places(page) == pytest.approx([500, 500], abs=3)
    for line, id in zip(page.locator(".trends .values li").all(), shown_ids(page), strict=True):
        table = library().open(CATALOGUE.find(id)).metrics().query("kind == 'predicted'").dropna(subset=["rpa"])
        near = (table["place"] / 999 - places(page)[0] / 999).abs()
        wanted = table["rpa"][near == near.min()]
        assert float(line.locator("b").text_content()) in [pytest.approx(value, abs=0.01) for value in wanted]


@pytest.mark.parametrize(
    ("words", "differs", "alike"),
    [
        pytest.param("One phrase, other voices", "target", ["source", "phrase"], id="T3"),
        pytest.param("Other singers, one voice", "source", ["target"], id="T4"),
        pytest.param("Other songs, one pair", "song", ["source", "target"], id="T5"),
    ],
)
def test_t3_to_t5_singers_and_songs_are_compared_at_every_step(ask, words, differs, alike):
    page = ask(words)
    rows = TABLE.loc[shown_ids(page)]
    assert rows[differs].is_unique and (rows[alike].nunique() == 1).all()
    slider = page.locator(".workbench .slider")
    slider.focus()
    for key, wanted in (("Home", 0), ("ArrowRight", 1), ("End", 999)):
        page.keyboard.press(key)
        assert places(page) == [wanted] * len(rows)
    page.get_by_label("Difference from").select_option("target")
    told = page.locator(".card[data-letter=B]").get_attribute("data-mean-db")
    trace = library().open(CATALOGUE.find(rows["id"].iloc[1]))
    result, recording = replay_of(trace).predicted_at(999), to_db(trace.reference_levels())
    frames = min(result.shape[1], recording.shape[1])
    assert float(told) == pytest.approx(np.abs(result[:, :frames] - recording[:, :frames]).mean(), abs=0.01)
