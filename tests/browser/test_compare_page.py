"""The expert page in a real browser: what it filters, shows, measures and plays against Python's own figures."""

import io

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from app.expert.selection import facets, fitting
from app.serving.library import TRACES_PATH, library
from app.serving.served import WEB_PATH
from svc_core.traces.register import rebuild_catalogue
from svc_core.traces.replay import replay_of
from svc_core.traces.scale import to_db
from svc_core.traces.writing import write_trace
from tests.support.compare_page import (
    CATALOGUE,
    FOUR,
    A,
    B,
    C,
    D,
    brush,
    seen,
    shown_ids,
    state_address,
    wait_until_drawn,
)
from tests.support.dashboard import run_dashboard
from tests.support.hand_traces import hand_files, hand_manifest
from tests.support.pages import address_holds

EXPECTED_404 = ("status of 404",)


def count(page) -> int:
    return int(page.locator(".explorer").get_attribute("data-fitting"))


def facts(page, letter) -> str:
    return page.locator(f".card[data-letter={letter}] .facts").text_content()


def mean_db(page, letter) -> float:
    return float(page.locator(f".card[data-letter={letter}]").get_attribute("data-mean-db"))


def place(page, letter) -> int:
    return int(page.locator(f".card[data-letter={letter}]").get_attribute("data-place"))


def numbers_of(page, name) -> list[float]:
    """What the address holds under a name, as soon as it does."""
    address_holds(page, f"{name}=")
    return [float(part) for part in page.evaluate(f"new URLSearchParams(location.search).get('{name}')").split(":")]


def open_facet(page, name):
    part = page.locator(".facets details", has=page.locator("summary", has_text=name))
    if part.get_attribute("open") is None:
        part.locator("summary").click()
    return part


def mels(entry, at, kind="predicted"):
    """dB (mel, frame) of a conversion at a place."""
    replay = replay_of(library().open(entry))
    return replay.predicted_at(at) if kind == "predicted" else replay.state_db(replay.state_at(at))


# --- filter


@pytest.mark.every_time
def test_counts_follow_facets_and_ranges_and_clearing(open_state):
    page = open_state()
    assert count(page) == len(CATALOGUE)
    open_facet(page, "Sampler").get_by_label("ddpm1000").check()
    open_facet(page, "Target singer").get_by_label("makam-m2").check()
    wanted = {"sampler": "ddpm1000", "target": "makam-m2"}
    assert count(page) == len(fitting(CATALOGUE, wanted)) > 0
    page.get_by_label("Pitch right (RPA): least").fill("90")
    page.get_by_label("Pitch right (RPA): least").press("Enter")
    wanted["rpa"] = "0.9:"
    assert count(page) == len(fitting(CATALOGUE, wanted)) > 0
    assert page.locator(".count").text_content() == f"{count(page)} of {len(CATALOGUE)} conversions"
    address_holds(page, "rpa=0.9:")
    page.get_by_role("button", name="Take all filters back").click()
    assert count(page) == len(CATALOGUE)
    assert page.locator(".count").evaluate("(node) => node.getRootNode().activeElement === node")


def test_count_behind_each_value_is_what_choosing_it_would_leave(open_state):
    page = open_state({"target": "makam-m2"})
    table = facets(CATALOGUE.table)
    sampler = open_facet(page, "Sampler")
    for line in sampler.locator("li").all():
        value, many = line.locator("label span").all_text_contents()
        here = (table["sampler"] == value) & (table["target"] == "makam-m2")
        assert int(many) == here.sum()


def test_brushing_a_histogram_sets_the_range_and_a_click_takes_it_back(open_state):
    page = open_state()
    histogram = page.locator("[data-score=mcd_db] .histogram")
    brush(page, histogram, (0.25, 0.5), (0.5, 0.5))
    low, high = numbers_of(page, "mcd_db")
    values = CATALOGUE.table["mcd_db"]
    span = values.max() - values.min()
    assert low == pytest.approx(values.min() + span / 4, abs=0.02 * span)
    assert high == pytest.approx(values.min() + span / 2, abs=0.02 * span)
    assert count(page) == ((values >= low) & (values <= high)).sum() > 0
    box = histogram.bounding_box()
    page.mouse.click(box["x"] + 5, box["y"] + 5)
    assert count(page) == len(CATALOGUE)


def test_typing_one_end_leaves_the_other_to_all_its_digits(open_state):
    page = open_state({"rpa": "0.912345:"})
    most = page.get_by_label("Pitch right (RPA): most")
    most.fill("95")
    most.press("Enter")
    address_holds(page, "rpa=0.912345:0.95")


def test_nothing_fits_names_the_range_and_widens_it(open_state):
    page = open_state({"target": "makam-m2", "rpa": "2:3"})
    assert count(page) == 0
    assert "“Pitch right (RPA)” excludes the most" in page.locator(".widen").text_content()
    without = len(fitting(CATALOGUE, {"target": "makam-m2"}))
    assert page.get_by_role("button", name=f"Take it back: {without} would fit").is_visible()
    page.get_by_role("button", name="Widen it to the nearest").click()
    best = CATALOGUE.table.query("target == 'makam-m2'")["rpa"].max()
    assert count(page) == len(fitting(CATALOGUE, {"target": "makam-m2", "rpa": f"{best}:3"})) >= 1
    assert page.locator(".widen").is_hidden()


@pytest.mark.parametrize(
    ("score", "button", "pick"),
    [
        ("rpa", "best", lambda values: values.max()),
        ("rpa", "worst", lambda values: values.min()),
        ("f0_rmse_cents", "best", lambda values: values.min()),
        ("loudness_rmse_db", "worst", lambda values: values.max()),
        ("mcd_db", "highest", lambda values: values.max()),
        ("f0_rmse_cents", "median", lambda values: values.sort_values().iloc[(len(values) - 1) // 2]),
    ],
)
def test_best_median_and_worst_of_what_fits_are_one_click_away(open_state, score, button, pick):
    page = open_state({"sampler": "ddpm1000"})
    page.locator(f"[data-score={score}]").get_by_role("button", name=button).click()
    page.locator(".workbench[data-shown=A]").wait_for()
    values = CATALOGUE.table.iloc[fitting(CATALOGUE, {"sampler": "ddpm1000"})].set_index("id")[score].dropna()
    assert values[page.locator(".card").get_attribute("data-id")] == pick(values)


def test_means_are_those_of_the_rows_that_fit(open_state):
    page = open_state({"target": "makam-m2", "mean": "mcd_db", "by": "sampler"})
    table = CATALOGUE.table.iloc[fitting(CATALOGUE, {"target": "makam-m2"})]
    groups = table.groupby(facets(table)["sampler"])["mcd_db"]
    for line in page.locator(".means tr").all():
        name, (value, n) = line.locator("th").text_content(), line.locator("td").all_text_contents()[1:]
        group = groups.get_group(name)
        assert n == f"n = {len(group)}"
        spread = f" ± {group.std():.2f}" if len(group) > 1 else ""
        assert value == f"{group.mean():.2f}{spread} dB"


@pytest.mark.every_time
def test_sorting_goes_up_down_and_back(open_state):
    page = open_state({"sampler": "ddpm1000"})
    table = CATALOGUE.table.iloc[fitting(CATALOGUE, {"sampler": "ddpm1000"})]
    head = page.locator(".rows th", has_text="Pitch right")
    ids = "(nodes) => nodes.map((node) => node.dataset.id)"
    for ascending, said in ((True, "ascending"), (False, "descending")):
        head.get_by_role("button").click()
        wanted = table.sort_values("rpa", ascending=ascending, kind="stable")["rpa"].head(12).tolist()
        found = page.locator(".rows td button").evaluate_all(ids)
        assert CATALOGUE.table.set_index("id")["rpa"][found].tolist() == wanted
        assert head.get_attribute("aria-sort") == said
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") is None
    assert page.locator(".rows td button").evaluate_all(ids) == table["id"].head(12).tolist()


@pytest.mark.every_time
def test_both_downloads_hold_what_python_selects(open_state):
    state = {"target": "makam-m2,makam-f4", "rpa": "0.9:"}
    page = open_state(state)
    wanted = CATALOGUE.table.iloc[fitting(CATALOGUE, state)].reset_index(drop=True)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as CSV").click()
    csv = pd.read_csv(download.value.path(), keep_default_na=False, na_values={name: [""] for name in CATALOGUE.scores})
    assert csv["id"].tolist() == wanted["id"].tolist()
    for name in CATALOGUE.scores:
        np.testing.assert_array_equal(csv[name].to_numpy(float), wanted[name].to_numpy(float))
    with page.expect_download() as download:
        page.get_by_role("link", name="Table that fits").click()
    parquet = pd.read_parquet(io.BytesIO(download.value.path().read_bytes()))
    assert parquet["id"].tolist() == wanted["id"].tolist()


def random_filter(rng) -> dict[str, str]:
    table = facets(CATALOGUE.table)
    names = rng.choice(list(table), size=rng.integers(0, 3), replace=False)
    state = {}
    for name in names:
        values = table[name].unique()
        chosen = rng.choice(values, size=min(len(values), rng.integers(1, 4)), replace=False)
        state[str(name)] = ",".join(text or "plain" for text in chosen)
    for name in rng.choice(CATALOGUE.scores, size=rng.integers(0, 3), replace=False):
        ends = np.sort(rng.choice(CATALOGUE.table[name].dropna(), 2))
        shown = [f"{end:.6g}" if rng.random() < 0.7 else "" for end in ends]
        state[str(name)] = ":".join(shown)
    return state


@pytest.mark.every_time
def test_page_and_python_select_the_same_rows(open_state):
    page = open_state()
    rng = np.random.default_rng(7)
    states = [random_filter(rng) for _ in range(20)]
    found = page.locator(".explorer").evaluate(
        """async (place, states) => {
            const { listing } = await place.figure;
            return states.map((state) => listing.fitting({ get: (name) => state[name] ?? null }));
        }""",
        states,
    )
    assert found == [fitting(CATALOGUE, state).tolist() for state in states]
    assert len({len(rows) for rows in found}) > 5  # the states differ


# --- side by side


@pytest.mark.every_time
def test_up_to_four_are_chosen_and_removed_and_the_focus_stays(open_state):
    page = open_state({"source": A.source, "target": A.target, "phrase": A.phrase})
    for number in range(1, 5):
        button = page.locator(".rows td button[aria-pressed=false]").first
        button.focus()
        chosen = button.get_attribute("data-id")
        page.keyboard.press("Enter")
        page.locator(f".workbench[data-shown={'ABCD'[:number]}]").wait_for()
        focused = page.locator(f".rows [data-id='{chosen}']")
        assert focused.evaluate("(node) => node.getRootNode().activeElement === node")
        assert focused.text_content() == f"{'ABCD'[number - 1]} · shown"
    second = page.locator(".card[data-letter=B]").get_attribute("data-id")
    page.get_by_role("button", name="Remove A from the comparison").click()
    page.locator(".workbench[data-shown=ABC]").wait_for()
    assert page.locator(".card[data-letter=A]").get_attribute("data-id") == second
    assert page.locator(".card[data-letter=A]").evaluate("(node) => node.contains(node.getRootNode().activeElement)")


def test_a_fifth_takes_the_place_of_the_first(open_state):
    page = open_state({"compare": FOUR, "phrase": A.phrase}, "ABCD")
    new = page.locator(".rows td button[aria-pressed=false]").first.get_attribute("data-id")
    page.locator(f".rows [data-id='{new}']").click()
    page.locator(f".card[data-letter=D][data-id='{new}']").wait_for()
    assert page.locator(".card[data-letter=A]").get_attribute("data-id") == B.id


def test_page_begins_with_an_example_that_goes_with_the_first_choice(open_state):
    page = open_state({"phrase": A.phrase}, "ABC")
    assert shown_ids(page) == [A.id, B.id, C.id]
    assert page.evaluate("new URLSearchParams(location.search).has('compare')") is False
    new = page.locator(".rows td button[aria-pressed=false]").first.get_attribute("data-id")
    page.locator(f".rows [data-id='{new}']").click()
    page.locator(".workbench[data-shown=A]").wait_for()
    assert shown_ids(page) == [new]


def test_one_of_the_example_may_be_taken_away_and_the_others_stay(open_state):
    page = open_state({}, "ABC")
    page.get_by_role("button", name="Remove B from the comparison").click()
    page.locator(".workbench[data-shown=AB]").wait_for()
    assert shown_ids(page) == [A.id, C.id]
    address_holds(page, f"compare={A.id},{C.id}")


def test_example_is_offered_where_all_were_taken_away(open_state):
    page = open_state({"compare": A.id}, "A")
    page.get_by_role("button", name="Remove A from the comparison").click()
    page.locator(".workbench .empty").wait_for()
    address_holds(page, "compare=")
    page.get_by_role("button", name="Begin with a thousand steps, forty and one").click()
    page.locator(".workbench[data-shown=ABC]").wait_for()


def test_one_axis_of_steps_moves_all_to_the_same_share(open_state):
    page = open_state({"compare": FOUR, "at": "0.5"}, "ABCD")
    assert [place(page, letter) for letter in "ABCD"] == [500, 20, 0, 500]
    slider = page.locator(".workbench .slider")
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert place(page, "A") == 501
    page.keyboard.press("Home")
    assert [place(page, letter) for letter in "ABCD"] == [0, 0, 0, 0]
    page.keyboard.press("End")
    assert [place(page, letter) for letter in "ABCD"] == [999, 39, 0, 999]
    assert "100.0 %" in page.locator(".workbench .where").text_content()


def test_one_axis_of_noise_matches_the_snr(open_state):
    page = open_state({"compare": FOUR, "axis": "noise", "at": "0"}, "ABCD")
    for letter, entry in zip("ABCD", (A, B, C, D), strict=True):
        snr_db = library().open(entry).walk().snr_db
        assert abs(snr_db[place(page, letter)]) == pytest.approx(np.abs(snr_db).min(), abs=1e-4)
    page.get_by_label("One axis of").select_option("step")
    address_holds(page, "at=0.")
    share = place(page, "A") / 999
    assert place(page, "B") == pytest.approx(share * 39, abs=0.51)


def test_brushing_zooms_all_pictures_alike_and_back(open_state):
    page = open_state({"compare": f"{A.id},{C.id}"}, "AB")
    canvas = page.locator(".card[data-letter=A] canvas")
    before = canvas.evaluate("(node) => node.toDataURL()")
    brush(page, canvas, (0.2, 0.3), (0.6, 0.8))
    start, end, low, high = numbers_of(page, "zoom")
    seconds = A.seconds
    assert start == pytest.approx(0.2 * seconds, abs=0.05) and end == pytest.approx(0.6 * seconds, abs=0.05)
    assert 0 < low < high < 12_000
    axes = page.locator(".card .axis-x").all_text_contents()
    assert axes[0] == axes[1] and not axes[0].startswith("0")
    assert canvas.evaluate("(node) => node.toDataURL()") != before
    page.get_by_role("button", name="Whole picture").click()
    assert canvas.evaluate("(node) => node.toDataURL()") == before


def test_zoom_by_numbers_for_those_without_a_pointer(open_state):
    page = open_state({"compare": A.id}, "A")
    page.locator(".part-of summary").click()
    page.get_by_label("From second").fill("1")
    page.get_by_label("To second").fill("2.5")
    page.get_by_label("To second").press("Enter")
    address_holds(page, "zoom=1.00:2.50:0:12000")
    page.get_by_label("From second").fill("9")
    page.get_by_label("From second").press("Enter")
    assert "begins before it ends" in page.locator(".workbench .problem").text_content()


@pytest.mark.every_time
def test_differences_are_those_of_numpy(open_state):
    page = open_state({"compare": f"{A.id},{B.id}", "at": "0.3", "against": "source"}, "AB")
    at = {"A": round(0.3 * 999), "B": round(0.3 * 39)}
    source_db = to_db(library().open(A).source_levels())
    for letter, entry in (("A", A), ("B", B)):
        apart = mels(entry, at[letter]) - source_db
        assert mean_db(page, letter) == pytest.approx(np.abs(apart).mean(), abs=0.01)
        assert f"RMS {np.sqrt((apart**2).mean()):.2f} dB" in facts(page, letter)
    page.get_by_label("Difference from").select_option(label="A")
    apart = mels(B, at["B"]) - mels(A, at["A"])
    assert mean_db(page, "B") == pytest.approx(np.abs(apart).mean(), abs=0.01)
    assert page.locator(".card[data-letter=A]").get_attribute("data-mean-db") is None  # from itself there is none
    page.get_by_label("Difference from").select_option("target")
    target_db = to_db(library().open(A).reference_levels())
    common = min(target_db.shape[1], source_db.shape[1])
    apart = mels(A, at["A"])[:, :common] - target_db[:, :common]
    assert mean_db(page, "A") == pytest.approx(np.abs(apart).mean(), abs=0.01)
    if common < source_db.shape[1]:
        assert "not aligned in time" in facts(page, "A")


def test_differences_of_noisy_pictures_are_those_of_numpy(open_state):
    page = open_state({"compare": f"{B.id},{C.id}", "at": "0.5", "shows": "state", "against": "source"}, "AB")
    page.locator(".card .is-waiting").first.wait_for(state="detached", timeout=30_000)
    source_db = to_db(library().open(B).source_levels())
    apart = mels(B, 20, "state") - source_db
    assert mean_db(page, "A") == pytest.approx(np.abs(apart).mean(), abs=0.01)


def slaney_centres_hz(grid) -> np.ndarray:
    """Middles of the mel bands by the definition of Slaney's scale: linear to 1 kHz, logarithmic above."""

    def to_mel(hz):
        return 3 * hz / 200 if hz < 1000 else 15 + 27 * np.log(hz / 1000) / np.log(6.4)

    mel = np.linspace(to_mel(grid.mel_low_hz), to_mel(grid.mel_high_hz), grid.n_mels + 2)[1:-1]
    return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((mel - 15) * np.log(6.4) / 27))


def test_only_the_band_and_the_part_that_is_seen_count(open_state):
    page = open_state({"compare": A.id, "against": "source", "zoom": "1.00:2.00:0:12000"}, "A")
    page.get_by_label("Lowest frequency in Hz").fill("300")
    page.get_by_label("Lowest frequency in Hz").press("Enter")
    page.get_by_label("Highest frequency in Hz").fill("3000")
    page.get_by_label("Highest frequency in Hz").press("Enter")
    address_holds(page, "band=300:3000")
    trace = library().open(A)
    grid = trace.manifest.grid
    centres_hz = slaney_centres_hz(grid)
    bands = (centres_hz >= 300) & (centres_hz <= 3000)
    rate = grid.sample_rate_hz / grid.hop
    frames = slice(int(np.floor(rate)), int(np.ceil(2 * rate)))
    apart = (mels(A, 999) - to_db(trace.source_levels()))[bands, frames]
    assert mean_db(page, "A") == pytest.approx(np.abs(apart).mean(), abs=0.01)


def test_outside_of_the_band_stays_dark_while_the_playhead_runs(open_state):
    page = open_state({"compare": A.id, "band": "1000:2000"}, "A")
    corner = """async (place) => {
        const { picture } = (await place.figure).cards[0].panel;
        const sum = () => picture.context.getImageData(0, 0, picture.canvas.width, 20).data.reduce((a, b) => a + b, 0);
        const still = sum();
        picture.compose(null);
        return [still, sum()];
    }"""
    still, composed = page.locator(".workbench").evaluate(corner)
    assert still == composed


def test_value_under_the_pointer_has_seconds_hertz_and_decibels(open_state):
    page = open_state({"compare": A.id}, "A")
    box = page.locator(".card canvas").bounding_box()
    page.locator(".card canvas").hover(position={"x": box["width"] / 2, "y": box["height"] / 2})
    said = page.locator(".workbench .readout").text_content()
    assert said.startswith("A: ") and all(unit in said for unit in (" s · ", " Hz (", " dB"))


def test_pins_are_kept_gone_to_and_taken_away(open_state):
    page = open_state({"compare": f"{A.id},{B.id}", "at": "0.25"}, "AB")
    page.get_by_role("button", name="Pin this step").click()
    page.locator(".workbench .slider").press("End")
    page.get_by_label("One axis of").select_option("noise")
    page.get_by_role("button", name="Pin this step").click()
    address_holds(page, "pins=0.25,")
    page.get_by_role("button", name="Go to the pinned step at 25.0 %").click()
    assert place(page, "A") == 250
    assert page.get_by_label("One axis of").input_value() == "step"
    page.get_by_role("button", name="Take the pin at 25.0 % away").click()
    assert page.locator(".one-pin").count() == 1
    assert page.locator(".pin").evaluate("(node) => node.getRootNode().activeElement === node")


@pytest.mark.every_time
def test_one_sound_at_a_time_takes_over_where_the_last_stands(open_state):
    page = open_state({"compare": f"{A.id},{B.id}"}, "AB")
    first, second = (page.get_by_role("button", name=f"Play the result of {letter}") for letter in "AB")
    first.click()
    page.locator(".card[data-letter=A] [aria-pressed=true]").wait_for()
    page.wait_for_timeout(400)
    second.click()
    page.locator(".card[data-letter=B] [aria-pressed=true]").wait_for()
    assert first.get_attribute("aria-pressed") == "false"
    offset, heads = page.locator(".workbench").evaluate(
        """async (place) => {
            const figure = await place.figure;
            await new Promise((resolve) => setTimeout(resolve, 100));
            return [figure.listening.player.playing.offset, figure.cards.map(({ panel }) => panel.picture.playhead)];
        }"""
    )
    assert offset >= 0.3  # it went on, and did not begin anew
    assert heads[0] == heads[1] >= offset
    page.locator(".card[data-letter=B] .facts").click()
    page.get_by_role("button", name="Play the result of B").focus()
    page.keyboard.press("a")
    page.locator(".card[data-letter=A] [aria-pressed=true]").wait_for()
    page.get_by_role("button", name="Play X").click()
    page.get_by_role("button", name="Play X").and_(page.locator("[aria-pressed=true]")).wait_for()
    assert page.locator(".card [aria-pressed=true]").count() == 0


def test_blind_test_tells_the_chance_of_guessing(open_state):
    page = open_state({"compare": f"{A.id},{B.id}"}, "AB")
    report = page.locator(".abx [role=status]")
    for trial in range(6):
        x = page.locator(".workbench").evaluate("async (place) => (await place.figure).abx.x")
        right = trial != 2
        page.get_by_role("button", name=f"X is {'AB'[x if right else 1 - x]}").click()
        assert ("Yes" in report.text_content()) == right
    p = binomtest(5, 6, 0.5, alternative="greater").pvalue
    assert f"5 of 6 right, p = {p:.3f}".replace("0.", ".") in report.text_content()
    page.get_by_label("B of the blind test").select_option(label="A")
    assert page.get_by_role("button", name="Play X").is_disabled()
    assert report.text_content() == "Choose two different conversions."


def test_chance_of_guessing_is_the_binomial_one(open_state):
    page = open_state()
    cases = [(right, trials) for trials in (1, 2, 5, 10, 16, 40) for right in range(trials + 1)]
    found = page.evaluate(
        f"""async (cases) => {{
            const {{ chanceOf }} = await import(new URL(".{WEB_PATH}/workbench_abx.js", location.href));
            return cases.map(([right, trials]) => chanceOf(right, trials));
        }}""",
        cases,
    )
    wanted = [binomtest(right, trials, 0.5, alternative="greater").pvalue for right, trials in cases]
    np.testing.assert_allclose(found, wanted, rtol=1e-9)


# --- along the walks, and inside one of them


@pytest.mark.every_time
def test_curves_have_the_values_of_the_tables_and_are_linked_both_ways(open_state):
    page = open_state({"compare": f"{A.id},{B.id}", "at": "0.5", "measure": "mcd_to_result_db"}, "AB")
    values = page.locator(".trends .values li")
    values.nth(1).wait_for()
    for line, entry in zip(values.all(), (A, B), strict=True):
        table = library().open(entry).metrics().query("kind == 'predicted'").dropna(subset=["mcd_to_result_db"])
        near = (table["place"] / (entry.steps - 1) - 0.5).abs()
        wanted = table["mcd_to_result_db"][near == near.min()]
        assert float(line.locator("b").text_content()) in [pytest.approx(value, abs=0.01) for value in wanted]
    area = page.locator(".trends .area")
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    page.mouse.click(box["x"] + 0.2 * box["width"], box["y"] + 40)
    assert place(page, "A") == pytest.approx(200, abs=3)
    page.locator(".trends .cursor").focus()
    page.keyboard.press("End")
    assert place(page, "A") == 999
    page.get_by_label("Upwards").select_option("log")
    address_holds(page, "scale=log")


@pytest.mark.every_time
def test_matrix_tells_decibels_and_goes_to_a_step_in_all_figures(open_state):
    page = open_state({"compare": f"{B.id},{A.id}", "inside": "B"}, "AB")
    matrix = page.locator(".matrix[data-pair]")
    matrix.wait_for()
    assert matrix.get_attribute("data-pair") == "999-0"
    one, other = (np.maximum(mels(A, at), -90) for at in (0, 999))
    apart = np.sqrt(((one - other) ** 2).mean())
    assert f"{apart:.1f} dB" in page.locator(".matrix .sentence").text_content()
    page.get_by_role("button", name="Go to step 999").click()
    assert [place(page, letter) for letter in "AB"] == [0, 0]
    page.locator(".matrix .cells").select_option("12")
    page.locator(".matrix .field[data-size='12']").wait_for()
    address_holds(page, "cells=12")
    page.get_by_label("Look inside").select_option("A")
    page.locator(".matrix[data-pair='0-39']").wait_for()


def test_maps_preview_and_set_the_step(open_state):
    page = open_state({"compare": A.id, "feature": "noise_last"}, "A")
    page.locator(".maps[data-feature=noise_last]").wait_for()
    page.locator(".maps .now").first.focus()
    page.keyboard.press("Home")
    assert place(page, "A") < 10
    page.keyboard.press("End")
    assert place(page, "A") == 999
    page.locator(".maps [data-feature=condition_first]").click()
    address_holds(page, "feature=condition_first")
    picks = page.locator(".picks .slider")
    picks.fill("5")
    address_holds(page, "picks=5")
    page.locator(".picks .strip.centre button").nth(1).click()
    assert place(page, "A") == int(page.locator(".picks .strip.centre button").nth(1).get_attribute("data-place"))


# --- the address


def random_state(rng) -> tuple[dict[str, str], str]:
    """A state of everything on the page, and the letters of its conversions."""
    state = random_filter(rng)
    table = CATALOGUE.table
    among = [*table[table["steps"] < 100]["id"], A.id, D.id]
    ids = [str(one) for one in rng.choice(among, size=rng.integers(1, 5), replace=False)]
    noise = rng.random() < 0.4
    choices = {
        "compare": ",".join(ids),
        "axis": "noise" if noise else None,
        "at": f"{rng.uniform(-20, 30):.1f}" if noise else f"{rng.random():.3f}",
        "zoom": rng.choice(["0.50:2.00:100:5000", "1.00:3.00:0:12000"]),
        "band": rng.choice(["200:4000", ":3000"]),
        "f0": "0",
        "against": rng.choice(["source", "target", ids[0]]),
        "pins": "0.2,-6dB",
        "shows": "state",
        "measure": rng.choice(["rpa", "mcd_to_result_db", "loudness_rmse_db"]),
        "scale": "log",
        "sort": rng.choice(["rpa", "-mcd_db", "source"]),
        "mean": rng.choice(["mcd_db", "f0_rmse_cents"]),
        "by": rng.choice(["target", "key"]),
        "inside": "ABCD"[rng.integers(len(ids))],
        "cells": "12",
    }
    always = {"compare", "axis", "at"}
    chosen = {name: str(text) for name, text in choices.items() if text and (name in always or rng.random() < 0.5)}
    return state | chosen, "ABCD"[: len(ids)]


@pytest.mark.parametrize("seed", [pytest.param(0, marks=pytest.mark.every_time), *range(1, 10)])
def test_address_gives_the_same_view_in_another_browser(open_state, open_page, site, seed):
    state, letters = random_state(np.random.default_rng(seed))
    page = open_state()
    page.locator(".takeaway").evaluate("async (place, state) => (await place.figure).view.set(state)", state)
    wait_until_drawn(page, letters)
    live, address = seen(page), state_address(page)
    page.close()
    other = open_page(address.removeprefix(site.address), drawn=False)
    wait_until_drawn(other, letters)
    assert seen(other) == live
    assert live["shown"][0].startswith(letters)


@pytest.mark.every_time
def test_links_to_the_page_count_when_it_is_opened_again(open_state):
    page = open_state({"target": "makam-m2", "compare": A.id}, "A")
    for section, title in (("Look up", "Glossary"), ("Expert", "Compare")):
        page.get_by_text(section, exact=True).click()
        page.get_by_role("menuitem", name=title).click()
        page.locator("h1", has_text=title).wait_for()
    wait_until_drawn(page)
    state = page.locator(".takeaway").evaluate("async (place) => [...(await place.figure).view.texts]")
    assert dict(state) == page.evaluate("Object.fromEntries(new URLSearchParams(location.search))")


@pytest.mark.parametrize(
    ("state", "figure", "said"),
    [
        ({"rpa": "high"}, "explorer", "“high” is no range of Pitch right"),
        ({"target": "nobody"}, "explorer", "no conversion has “nobody”"),
        ({"sort": "beauty"}, "explorer", "no column “beauty”"),
        ({"mean": "beauty"}, "explorer", "no score “beauty” to take means of"),
        ({"by": "luck"}, "explorer", "means cannot be taken by “luck”"),
        ({"compare": "gone"}, "workbench", "“gone” cannot be shown"),
        ({"compare": A.id, "at": "soon"}, "workbench", "“soon” is no place on the axis"),
        ({"compare": A.id, "axis": "time"}, "workbench", "“time” is no axis"),
        ({"compare": A.id, "zoom": "1:2"}, "workbench", "“1:2” is no part of a picture"),
        ({"compare": A.id, "band": "9:1"}, "workbench", "“9:1” is no band"),
        ({"compare": A.id, "against": "me"}, "workbench", "“me” is no conversion to take differences from"),
        ({"compare": A.id, "pins": "0.5,7"}, "workbench", "“7” is no pin"),
        ({"compare": A.id, "inside": "D"}, "workbench", "“D” is no letter"),
        ({"compare": f"{FOUR},five"}, "workbench", "5 conversions are too many"),
        ({"compare": A.id, "measure": "beauty"}, "trends", "no measure “beauty”"),
        ({"compare": A.id, "feature": "soul"}, "maps", "“soul”"),
        ({"compare": A.id, "pair": "1-x"}, "matrix", "“1-x”"),
    ],
)
def test_address_edited_by_hand_is_answered_and_the_rest_is_shown(open_state, state, figure, said):
    page = open_state(state, allowed=EXPECTED_404)
    problem = page.locator(f".{figure} .problem:not([hidden])")
    problem.wait_for(timeout=30_000)
    assert said in problem.text_content()
    if state.get("compare", "").startswith(A.id):
        page.locator(".card[data-letter=A] canvas").wait_for()


def test_fault_is_gone_when_it_is_mended(open_state):
    page = open_state({"compare": A.id, "at": "soon", "rpa": "high"}, "A")
    page.locator(".workbench .slider").press("Home")
    assert page.locator(".workbench .problem").is_hidden()
    page.get_by_label("Pitch right (RPA): least").fill("10")
    page.get_by_label("Pitch right (RPA): least").press("Enter")
    assert page.locator(".explorer .problem").is_hidden()


# --- traces that are not as they should be


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    """A site of hand-made traces: of other lengths, samplers and grids, one damaged, one gone, one without a score."""
    parent = tmp_path_factory.mktemp("mixed")
    walks = {
        "long": {"frames": 60},
        "short": {"frames": 40, "sampler": "euler", "steps": 4},
        "narrow": {"frames": 60, "bands": 10},
        "damaged": {"frames": 40},
        "gone": {"frames": 40},
        "silent": {"frames": 40, "scores": {"f0_corr": 0.5}},
    }
    for name, changes in walks.items():
        manifest = hand_manifest(name, **{"bands": 20, **changes})
        write_trace(parent, manifest, hand_files(manifest))
    rebuild_catalogue(parent)
    (parent / "damaged" / "predicted.npy.gz").write_bytes(b"nothing")
    (parent / "gone" / "trace.json").unlink()
    with run_dashboard(parent, tmp_path_factory.mktemp("mixed site") / "log") as site:
        yield site


@pytest.mark.every_time
def test_what_is_gone_or_damaged_is_named_beside_what_is_shown(open_state, mixed):
    state = {"compare": "gone,long,damaged,short", "measure": "rpa"}
    page = open_state(state, "BD", address=mixed.address, allowed=(*EXPECTED_404, "status of 409"))
    said = page.locator(".workbench .problem").text_content()
    assert "“gone” cannot be shown" in said and "“damaged” cannot be shown" in said
    assert page.locator(".card").evaluate_all("(nodes) => nodes.map((node) => node.dataset.id)") == ["long", "short"]
    curves = page.locator(".trends path")
    curves.nth(1).wait_for(state="attached")
    assert curves.evaluate_all("(nodes) => nodes.map((node) => node.dataset.letter)") == ["B", "D"]


def test_lengths_and_samplers_may_differ(open_state, mixed):
    page = open_state({"compare": "long,short", "against": "short", "at": "0.5"}, "AB", address=mixed.address)
    assert [place(page, letter) for letter in "AB"] == [4, 2]
    assert "compared over the first" in facts(page, "A")
    page.get_by_label("One axis of").select_option("noise")
    assert page.locator(".workbench .problem").is_hidden()


def test_another_grid_gives_no_difference_but_a_sentence(open_state, mixed):
    page = open_state({"compare": "long,narrow", "against": "long"}, "AB", address=mixed.address)
    assert "no difference can be taken" in facts(page, "B")


def test_score_that_some_lack_excludes_them_only_when_asked(open_state, mixed):
    page = open_state({}, address=mixed.address)
    everything = count(page)
    page.get_by_label("Pitch right (RPA): least").fill("0")
    page.get_by_label("Pitch right (RPA): least").press("Enter")
    assert count(page) == everything - 1
    assert f"n = {everything - 1}" in page.locator("[data-score=rpa] .outline").text_content()


def test_no_list_at_all_is_said(open_page, tmp_path):
    with run_dashboard(tmp_path / "none", tmp_path / "log") as site:
        page = open_page("/compare", address=site.address, drawn=False, allowed=EXPECTED_404)
        page.locator(".explorer .problem:not([hidden])").wait_for(timeout=30_000)
        assert "cannot be read" in page.locator(".explorer .problem").text_content()
        page.close()


# --- taking away


def test_code_reads_the_same_traces(open_state, monkeypatch, capsys):
    page = open_state({"compare": f"{B.id},{C.id}"}, "AB")
    code = page.locator(".takeaway code").text_content()
    assert library().place.path.name == "precomputed"
    monkeypatch.chdir(library().place.path.parent)
    exec(compile(code, "takeaway", "exec"), {})
    printed = capsys.readouterr().out
    assert B.id in printed and C.id in printed


def test_pictures_and_traces_are_saved(open_state):
    page = open_state({"compare": f"{B.id},{C.id}", "at": "0.5"}, "AB")
    for button, begin in (("Pictures as PNG", b"\x89PNG"), ("Pictures as SVG", b"<svg")):
        with page.expect_download() as download:
            page.get_by_role("button", name=button).click()
        assert download.value.path().read_bytes().startswith(begin)
    with page.expect_download() as download:
        page.get_by_role("link", name="Trace B (zip)").click()
    assert download.value.suggested_filename == f"{C.id}.zip"


# --- everyone


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_narrow_page_does_not_overflow(open_state, scheme):
    page = open_state({"compare": FOUR, "against": "source"}, "ABCD", width=390, scheme=scheme)
    wide = page.evaluate(
        """() => Math.max(document.scrollingElement.scrollWidth - innerWidth,
            ...[...document.querySelectorAll("[data-testid=stMain]")].map((at) => at.scrollWidth - at.clientWidth))"""
    )
    assert wide <= 0


def test_traces_path_is_where_the_list_lies(open_state):
    page = open_state()
    assert page.request.get(page.url.split("/compare")[0] + f"{TRACES_PATH}/catalogue.csv").ok
