"""The lesson on the network's inside in a real browser: maps and picks against NumPy's."""

from itertools import pairwise

import numpy as np
import pytest

from app.parts.exhibits import STUDENT, WALK, find_conversion
from app.serving.library import library
from app.serving.served import WEB_PATH
from svc_core.traces.register import rebuild_catalogue
from svc_core.traces.steps import interval_centres
from svc_core.traces.writing import write_trace
from tests.support.dashboard import run_dashboard
from tests.support.hand_traces import hand_files, hand_manifest
from tests.support.pages import address_holds, answer_question, step

ENTRY = find_conversion(library().catalogue(), WALK)
TRACE = library().open(ENTRY)
NAMES = TRACE.manifest.hidden.names
ROOM = 0.08  # round the maps


@pytest.fixture
def page(open_page):
    return open_network(open_page)


def open_network(open_page, query="", **settings):
    page = open_page(f"/network?{query}", **settings)
    page.locator(".picks[data-picks]").wait_for(timeout=30_000)
    return page


def expected_at(name: str, kind: str, place: int) -> list[float]:
    """Where a step lies on its map, in % of width and height."""
    x, y = TRACE.hidden_maps()[name][kind][place]
    inside = ROOM + (1 - 2 * ROOM) * (np.array([x, y]) + 1) / 2
    return [float(100 * inside[0]), float(100 * (1 - inside[1]))]


def marker_at(page, kind: str) -> list[float]:
    marker = page.locator(f".maps [data-kind='{kind}'] .now")
    return marker.evaluate("node => [node.style.left, node.style.top].map(parseFloat)")


def click_point(page, name: str, kind: str, place: int, press: bool = True) -> None:
    area = page.locator(f".maps [data-kind='{kind}'] .map")
    area.scroll_into_view_if_needed()
    box, (x, y) = area.bounding_box(), expected_at(name, kind, place)
    page.mouse.move(box["x"] + x / 100 * box["width"], box["y"] + y / 100 * box["height"])
    if press:
        page.mouse.down()
        page.mouse.up()


# --- what is read is what Python reads


@pytest.mark.every_time
@pytest.mark.parametrize("name", ["step", "noise_middle", "condition_last"])
def test_vectors_and_picks_are_those_of_python(page, name):
    counts = [2, 3, 7, 8, 30, 64, 99, 100, 1000]
    shown, picks = page.evaluate(
        """async ([conversions, hidden, id, name, counts]) => {
            const { openConversion } = await import(conversions);
            const { openVectors, intervalCentres } = await import(hidden);
            const kept = await openVectors(await openConversion(["./traces/"], id));
            const vectors = kept.vectors(name);
            return [Array.from(vectors), counts.map((n) => intervalCentres(vectors, kept.places.length, n))];
        }""",
        [f"{WEB_PATH}/conversion.js", f"{WEB_PATH}/hidden.js", ENTRY.id, name, counts],
    )
    expected = TRACE.hidden_vectors()[name]
    np.testing.assert_array_equal(np.array(shown, np.float32).reshape(expected.shape[::-1]).T, expected)
    for count, chosen in zip(counts, picks, strict=True):
        assert chosen == interval_centres(expected, count).tolist()


def test_uneven_intervals_are_those_of_numpy(page):
    for count, parts in ((10, 3), (1000, 7), (8, 8), (5, 2)):
        bounds = page.evaluate(
            "async ([module, count, parts]) => (await import(module)).intervals(count, parts)",
            [f"{WEB_PATH}/hidden.js", count, parts],
        )
        assert [end - begin for begin, end in pairwise(bounds)] == [
            len(part) for part in np.array_split(np.arange(count), parts)
        ]


# --- maps


@pytest.mark.every_time
def test_marker_follows_the_step_on_both_maps(page):
    page.locator(".scrubber .slider").focus()
    for key, place in (("End", 999), ("Home", 0), ("PageUp", 50)):
        page.keyboard.press(key)
        assert 999 - step(page) == (place if key != "PageUp" else 0)
        if key == "PageUp":
            continue
        for kind in ("pca", "tsne"):
            assert marker_at(page, kind) == pytest.approx(expected_at("step", kind, place), abs=0.02)


@pytest.mark.every_time
@pytest.mark.parametrize(("kind", "place"), [("pca", 999), ("tsne", 500), ("tsne", 0)])
def test_pointing_and_clicking_on_the_line_goes_to_the_step(page, kind, place):
    click_point(page, "step", kind, place)
    assert abs(999 - step(page) - place) <= 3  # neighbours lie within a pixel
    assert marker_at(page, kind) == pytest.approx(expected_at("step", kind, place), abs=1)


def test_pointer_far_from_the_line_goes_nowhere(page):
    click_point(page, "step", "pca", 999, press=False)
    assert step(page) <= 3
    box = page.locator(".maps [data-kind='pca'] .map").bounding_box()
    page.mouse.move(box["x"] + 3, box["y"] + 3)
    assert step(page) <= 3


@pytest.mark.every_time
def test_keys_on_a_map_walk_along_the_line(page):
    page.locator(".maps [data-kind='tsne'] .now").focus()
    for key, place in (
        ("End", 999),
        ("Home", 0),
        ("ArrowRight", 1),
        ("Shift+ArrowRight", 11),
        ("ArrowLeft", 10),
        ("PageDown", 60),
    ):
        page.keyboard.press(key)
        assert 999 - step(page) == place
    assert page.locator(".maps [data-kind='tsne'] .now").get_attribute("aria-valuetext") == "step 939"


def test_every_place_inside_can_be_chosen(page):
    buttons = page.locator(".maps [data-feature]")
    assert [button.get_attribute("data-feature") for button in buttons.all()] == [
        "step", "noise_first", "condition_first", "noise_middle", "condition_middle", "noise_last", "condition_last",
    ]  # fmt: skip
    seen = set()
    for name in NAMES:
        page.locator(f".maps [data-feature='{name}']").focus()
        page.keyboard.press("Enter")
        assert page.locator(".maps [aria-pressed='true']").get_attribute("data-feature") == name
        assert marker_at(page, "pca") == pytest.approx(expected_at(name, "pca", 0), abs=0.02)
        seen.add(page.locator(".maps .what").text_content())
        expected = interval_centres(TRACE.hidden_vectors()[name], 8).tolist()
        assert page.locator(".picks").get_attribute("data-picks") == ",".join(map(str, expected))
    assert len(seen) == 7
    address_holds(page, f"feature={NAMES[-1]}")


def test_what_was_chosen_is_in_the_address_and_wrong_wishes_are_said(open_page):
    page = open_network(open_page, "feature=noise_last&picks=13&step=400")
    assert page.locator(".maps").get_attribute("data-feature") == "noise_last"
    expected = interval_centres(TRACE.hidden_vectors()["noise_last"], 13)
    assert page.locator(".picks").get_attribute("data-picks") == ",".join(map(str, expected))
    assert step(page) == 400
    page = open_network(open_page, "feature=soul&picks=1e9")
    assert "“soul”" in page.locator(".maps .problem").text_content()
    assert "“1e9”" in page.locator(".picks .problem").text_content()
    assert page.locator(".maps").get_attribute("data-feature") == "step"


# --- picks


def test_slider_chooses_how_many_and_pictures_lead_to_their_steps(page):
    slider = page.locator(".picks .slider")
    slider.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    picked = interval_centres(TRACE.hidden_vectors()["step"], 3)
    assert page.locator(".picks").get_attribute("data-picks") == ",".join(map(str, picked))
    assert step(page) == 999  # these arrow keys are the slider's own
    address_holds(page, "picks=3")
    thumbs = page.locator(".picks .strip.centre button")
    assert thumbs.count() == page.locator(".picks .strip.even button").count() == 3
    thumbs.nth(1).click()
    assert step(page) == 999 - picked[1]
    current = page.locator(".picks .strip.centre [aria-current='true']")
    assert current.get_attribute("data-place") == str(picked[1])
    assert page.locator(".picks .strip.even button").nth(1).get_attribute("data-place") == "334"
    slider.focus()
    page.keyboard.press("End")
    assert page.locator(".picks .strip.centre button").count() == 100
    assert page.locator(".picks .marks .centre").count() == 100


def test_centres_are_said_to_be_nearer_by_what_they_are(page):
    vectors = TRACE.hidden_vectors()["step"].astype(float)
    parts = np.array_split(np.arange(1000), 8)
    distances = []
    for picks in (interval_centres(vectors, 8), [part[0] for part in parts]):
        apart = [((vectors[part] - vectors[pick]) ** 2).sum() for part, pick in zip(parts, picks, strict=True)]
        distances.append(np.sqrt(sum(apart) / 1000))
    told = page.locator(".picks .told").text_content()
    assert f"lies {distances[0]:.3g} from" in told
    assert f"{100 * (1 - distances[0] / distances[1]):.0f} % nearer" in told


# --- questions, small screens, what is missing


def test_questions_explain_wrong_and_right_answers(page):
    for question, wrong, right in (
        ("tsne-gap", "The walk jumped there", "Very little"),
        ("step-embedding", "x + step, first layer", "The step embedding"),
        ("centres", "the best sound", "stands for its neighbours"),
    ):
        assert answer_question(page, question, wrong).startswith("Not quite.")
        assert answer_question(page, question, right).startswith("Yes.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_figures_fit_a_phone(open_page, scheme):
    page = open_network(open_page, width=390, scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for node in page.locator(".maps :is(canvas, button, p), .picks .map").all():
        box = node.bounding_box()
        assert box is None or box["x"] + box["width"] <= 391


def test_a_conversion_without_an_inside_says_so(open_page):
    student = find_conversion(library().catalogue(), STUDENT)
    page = open_page(f"/network?trace={student.id}")
    for name in ("maps", "picks"):
        page.locator(f".{name} .problem", has_text="keeps no hidden features").wait_for()
    assert page.locator(".scrubber .where").text_content().startswith("The only step")


@pytest.fixture(scope="module")
def hand_site(tmp_path_factory):
    parent = tmp_path_factory.mktemp("traces")
    manifest = hand_manifest("whole", bands=20, frames=40)
    write_trace(parent, manifest, hand_files(manifest))
    rebuild_catalogue(parent)
    with run_dashboard(parent, tmp_path_factory.mktemp("dashboard") / "log") as site:
        yield site
        assert "Traceback" not in site.log.read_text()


def test_features_of_other_names_and_few_places_are_shown(open_page, hand_site):
    page = open_page("/network?trace=whole&step=7", address=hand_site.address)
    page.locator(".picks[data-picks='1,3,5,7']").wait_for()  # every second of eight places; all four are picked
    assert page.locator(".maps [data-feature]").all_text_contents() == ["block 1", "block 2"]
    page.locator(".maps [data-feature='block_2']").click()
    page.locator(".maps [data-kind='pca'] .now").focus()
    page.keyboard.press("ArrowRight")
    assert step(page) == 4


@pytest.mark.parametrize(
    ("answer", "said"), [({"status": 404}, "maps.npy.gz is missing"), ({"body": b"?"}, "maps.npy.gz is damaged")]
)
def test_a_missing_or_damaged_file_is_said_and_the_lesson_goes_on(open_page, answer, said):
    page = open_page("/network", allowed=("status of 404",))
    page.route("**/maps.npy.gz*", lambda route: route.fulfill(**answer))
    page.reload()
    for name in ("maps", "picks"):
        page.locator(f".{name} .problem", has_text=said).wait_for()
    page.locator(".scrubber .slider").focus()
    page.keyboard.press("End")
    assert step(page) == 0
    page.get_by_text("Check yourself").wait_for()
