"""Explain in a real browser: its figures are those of Python, every control works, and what is missing is said."""

import re
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from app.expert.explain import explained
from app.serving.library import TRACES_PATH, library
from app.serving.served import WEB_PATH
from svc_core.traces.arrays import pack_array
from svc_core.traces.coding import encode_pictures
from svc_core.traces.manifest import Swap
from svc_core.traces.register import rebuild_catalogue
from svc_core.traces.replay import replay_of
from svc_core.traces.scale import to_db
from svc_core.traces.shapley import shapley_values, shares
from svc_core.traces.writing import write_trace
from tests.support.accessibility import grave_violations
from tests.support.dashboard import REPOSITORY, run_dashboard
from tests.support.hand_traces import hand_files, hand_manifest, hand_pictures

CONDITIONS = ("content", "melody", "loudness", "singer")  # in the order of the page
EXPECTED_404 = ("status of 404",)  # Streamlit itself asks for its health below the page's path first
FIND = """const find = (root) => root.querySelector('.explain') ?? [...root.querySelectorAll('*')]
    .map((node) => node.shadowRoot && find(node.shadowRoot)).find(Boolean);"""  # it lies in a shadow root
SITE = """
import sys
sys.path.insert(0, {root!r})
import streamlit as st
st.set_page_config(page_title="Explain", layout="wide")

def page():
    from app.expert.explain import explained, show_explain
    from app.parts.lesson import listed_conversions
    show_explain(explained(listed_conversions()))

st.navigation([st.Page(page, title="Compare", url_path="compare"), st.Page(page, title="Start", default=True)]).run()
"""
MAIN = """
import sys
sys.path.insert(0, {root!r})
import streamlit as st
from app.serving.served import routes
app = st.App({site!r}, routes=routes())
"""
EVERY = 13  # no divisor of a picture's sides, so that all bands and frames are met
FOUND = explained(library().catalogue())


def serve(traces, folder: Path):
    """The section alone, as a page of its own."""
    (folder / "site.py").write_text(SITE.format(root=str(REPOSITORY)))
    (folder / "main.py").write_text(MAIN.format(root=str(REPOSITORY), site=str(folder / "site.py")))
    return run_dashboard(traces, folder / "log", script=folder / "main.py")


@pytest.fixture(scope="module")
def explain_site(tmp_path_factory):
    with serve(library().place.address, tmp_path_factory.mktemp("explain")) as site:
        yield site


@pytest.fixture
def open_explain(open_page, explain_site):
    def open_explain(query="", site=explain_site, allowed=(), **options):
        page = open_page(
            f"/compare{query}", address=site.address, drawn=False, allowed=(*EXPECTED_404, *allowed), **options
        )
        page.wait_for_selector(".explain[data-view]", timeout=30_000)
        return page

    return open_explain


def wait_for(page, view: str) -> None:
    page.wait_for_selector(f'.explain[data-shown="{view}"]', timeout=30_000)


def figure(page, expression: str, argument=None):
    """The value of an expression in `figure`, the page's own object."""
    code = f"async (argument) => {{ {FIND} const figure = await find(document).figure; return {expression}; }}"
    return page.evaluate(code, argument)


def array(page, expression: str, every: int = 1) -> np.ndarray:
    """Numbers of the page, all or one of ``every`` so many: a picture's 63,000 take 15 s to come over."""
    return np.array(figure(page, f"Array.from({expression}).filter((_, i) => i % {every} === 0)"))


def alert(page) -> str:
    return page.locator(".explain .problem").text_content()


def result_db(trace: str) -> np.ndarray:
    return to_db(library().open(library().catalogue().find(trace)).result_levels()).astype(float)


def opened(trace: str):
    return library().open(library().catalogue().find(trace))


def by_python(ids: dict[str, str]) -> dict[str, np.ndarray]:
    told = {frozenset(CONDITIONS) - frozenset(away.split()): result_db(trace) for away, trace in ids.items()}
    return shapley_values(told)


# shares


def test_shapley_values_of_players_are_those_of_python(open_explain):
    """Any numbers, two, three and four players, and a gain."""
    page = open_explain()
    rng = np.random.default_rng(0)
    for players in (2, 3, 4):
        worths = rng.integers(0, 256, (1 << players, 12)).astype(float)
        shown = page.evaluate(
            """async ([module, worths, players]) => {
                const { shapleyValues, sharesOf } = await import(module);
                const values = shapleyValues(worths, players, 0.5);
                const list = (rows) => rows.map((row) => Array.from(row));
                return [list(values), ...["bands", "frames", "all"].map((along) => list(sharesOf(values, 4, along)))];
            }""",
            [f"{WEB_PATH}/explain_shapley.js", worths.tolist(), players],
        )
        names = [f"player {i}" for i in range(players)]
        told = {
            frozenset(name for i, name in enumerate(names) if mask >> i & 1): 0.5 * worths[mask].reshape(3, 4)
            for mask in range(1 << players)
        }
        values = shapley_values(told)
        np.testing.assert_allclose(shown[0], [values[name].ravel() for name in names], atol=1e-4)
        for found, axis in zip(shown[1:], (1, 0, None), strict=True):
            expected = [np.atleast_1d(share) for share in (shares(values, axis)[name] for name in names)]
            np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("index", [0, 1])
def test_shares_of_the_shipped_sets_are_those_of_python(open_explain, index):
    found = FOUND["shares"][index]
    page = open_explain(f"?explain=shares&explain_set={found['ids']['']}")
    wait_for(page, "shares")
    values = by_python(found["ids"])
    for i, name in enumerate(CONDITIONS):
        np.testing.assert_allclose(
            array(page, f"figure.shown.values[{i}]", EVERY), values[name].ravel()[::EVERY], atol=0.01
        )
    of_all = shares(values)
    told = page.locator(".explain .found").text_content()
    for name in CONDITIONS:
        assert f"{name} {100 * float(of_all[name]):.0f} %" in told
    away = result_db(found["ids"][""]) - result_db(found["ids"]["content loudness melody singer"])
    np.testing.assert_allclose(sum(values.values()), away, atol=1e-9)
    assert f"changes by {np.abs(away).mean():.1f} dB in the mean" in told


def test_map_of_a_condition_is_read_by_keys_and_stays_in_the_address(open_explain):
    page = open_explain("?explain=shares")
    wait_for(page, "shares")
    page.get_by_role("button", name="φ of melody").click()
    page.wait_for_function("() => location.search.includes('explain_map=melody')")
    values = by_python(FOUND["shares"][0]["ids"])
    canvas = page.locator(".explain .field canvas")
    assert f"mean size {np.abs(values['melody']).mean():.1f} dB" in canvas.get_attribute("aria-label")
    cross = page.locator(".explain .field .cross")
    cross.focus()
    page.keyboard.press("Home")
    for _ in range(40):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    point = figure(page, "figure.shown.field.point")
    assert point["column"] == 631 // 200  # one of two hundred parts of the picture
    told = page.locator(".explain .field + .legend + .readout").text_content()
    for name in CONDITIONS:
        expected = values[name][point["band"], point["column"]]
        assert number(told.split(f"{name} ")[1].split(",")[0].split(";")[0]) == pytest.approx(expected, abs=0.051)
    assert cross.get_attribute("aria-valuetext") == told
    page.reload()
    wait_for(page, "shares")
    assert "Signed Shapley values of melody" in canvas.get_attribute("aria-label")


def test_map_has_the_colours_of_its_values(open_explain):
    page = open_explain("?explain=shares&explain_map=singer")
    wait_for(page, "shares")
    values = by_python(FOUND["shares"][0]["ids"])["singer"]
    pixels = array(page, "figure.shown.field.pixels", EVERY)
    values = values[::-1].ravel()[::EVERY]  # rows of a picture go down
    red, blue = pixels & 255, pixels >> 16 & 255
    assert (red > blue)[values > 8].all()  # orange: louder
    assert (red < blue)[values < -8].all()
    assert (red + blue < 30)[np.abs(values) < 0.3].all()


def test_leading_condition_is_the_largest(open_explain):
    page = open_explain()
    wait_for(page, "shares")
    stack = np.abs(np.stack([by_python(FOUND["shares"][0]["ids"])[name] for name in CONDITIONS]))
    leading = np.array(list(figure(page, "figure.shown.leading.join('')")), dtype=int).reshape(stack.shape[1:])
    clear = np.sort(stack, axis=0)[-1] - np.sort(stack, axis=0)[-2] > 0.01
    assert (leading == stack.argmax(axis=0))[clear].all()
    legend = page.locator(".explain .field + .legend").text_content()
    for i, name in enumerate(CONDITIONS):
        assert f"{name} leads in {100 * (leading == i).mean():.0f} %" in legend


def test_charts_are_read_by_mouse_and_keys(open_explain):
    page = open_explain()
    wait_for(page, "shares")
    by_band = shares(by_python(FOUND["shares"][0]["ids"]), axis=1)
    chart = page.locator(".explain .area .cross").first
    box = chart.bounding_box()
    page.mouse.move(box["x"] + 0.255 * box["width"], box["y"] + 20)
    texts = page.locator(".explain .values").first.locator("b").all_text_contents()
    assert texts == [f"{100 * by_band[name][25]:.0f} %" for name in CONDITIONS]
    chart.focus()
    page.keyboard.press("Home")
    assert chart.get_attribute("aria-valuetext").endswith(
        ", ".join(f"{name} {100 * by_band[name][0]:.0f} %" for name in CONDITIONS)
    )


def test_any_coalition_is_heard_with_a_playhead_and_takes_over_from_another(open_explain):
    page = open_explain()
    wait_for(page, "shares")
    play = page.locator(".explain .play")
    assert play.text_content() == "Hear it told everything"
    page.get_by_role("button", name="singer", exact=True).click()
    assert play.text_content() == "Hear it told content, melody, loudness"
    with page.expect_response(re.compile("without-singer/sound/converted")):
        play.click()
    page.wait_for_function(
        f"async () => {{ {FIND} return (await find(document).figure).shown.field.playhead > 0.2; }}", timeout=10_000
    )
    with page.expect_response(re.compile("without-melody-singer/sound/converted")):
        page.get_by_role("button", name="melody", exact=True).click()
    page.wait_for_timeout(400)
    assert figure(page, "figure.shown.field.playhead") > 0.4
    play.click()
    assert play.get_attribute("aria-pressed") == "false"


def test_only_what_the_open_view_needs_is_fetched(open_explain):
    page = open_explain("?explain=snr")
    wait_for(page, "snr")
    fetched = []
    page.on("request", lambda request: fetched.append(request.url) if TRACES_PATH in request.url else None)
    page.get_by_role("button", name="Who moves what").click()
    wait_for(page, "shares")
    assert len(fetched) == 32
    assert {re.sub(r".*/|\?.*", "", url) for url in fetched} == {"trace.json", "predicted.npy.gz"}
    page.get_by_role("button", name="Which bands emerge first").click()
    wait_for(page, "snr")
    page.get_by_role("button", name="Who moves what").click()
    wait_for(page, "shares")
    assert len(fetched) == 32


# swap


def test_swaps_agree_with_python(open_explain):
    page = open_explain("?explain=swap")
    wait_for(page, "swap")
    (found,) = FOUND["swap"]
    kept = result_db(found["plain"])
    similarity = similarity_of(found["plain"])
    rows = page.locator(".explain tbody tr")
    assert rows.count() == 5
    for i, trace in enumerate(found["swapped"]):
        cells = rows.nth(i + 1).locator("th, td").all_text_contents()
        sampler = opened(trace).manifest.sampler
        walk = opened(trace).walk()
        assert cells[:2] == [str(sampler.swap.at), str(walk.step[sampler.swap.at])]
        assert number(cells[2]) == pytest.approx(walk.snr_db[sampler.swap.at], abs=0.051)
        assert number(cells[3]) == pytest.approx(np.abs(result_db(trace) - kept).mean(), abs=0.01)
        assert number(cells[4]) == pytest.approx(similarity_of(trace), abs=0.00051)
        assert number(cells[5]) == pytest.approx(similarity_of(trace) - similarity, abs=0.00051)
    told = page.locator(".explain .found").text_content()
    assert "somewhere between 700 and 850 (SNR −1.8 and 5.7 dB)" in told
    assert "before 500 does was not recorded" in told
    others = [np.abs(result_db(trace) - kept).mean() for trace in found["seeds"] if trace != found["plain"]]
    assert (
        f"another seed, at the result: {np.mean(others):.1f} dB"
        in page.locator(".explain .values").first.text_content()
    )


def similarity_of(trace: str) -> float:
    table = opened(trace).metrics()
    return table[table["kind"] == "predicted"].sort_values("place")["similarity_to_target"].iloc[-1]


def number(text: str) -> float:
    return float(text.replace("−", "-").split()[0])


def test_swap_curves_are_0_before_the_swap_and_jump_at_it_on_either_axis(open_explain):
    page = open_explain("?explain=swap")
    wait_for(page, "swap")
    (found,) = FOUND["swap"]
    base, swapped = (replay_of(opened(trace)) for trace in (found["plain"], found["swapped"][1]))
    at_once = np.abs(swapped.predicted_at(700) - base.predicted_at(700)).mean()
    chart = page.locator(".explain .area .cross").first
    values = page.locator(".explain .values").first.locator("b")
    for kind in ("step", "noise"):
        if kind == "noise":
            page.get_by_role("button", name="Noise level").click()
            page.wait_for_function("() => location.search.includes('explain_axis=noise')")
        for place, expected in ((699, 0.0), (700, at_once)):
            figure(page, f"figure.shown.charts[0].go({across(kind, base, place)})")
            assert f"step {999 - place} ·" in chart.get_attribute("aria-valuetext")
            assert number(values.nth(1).text_content()) == pytest.approx(expected, abs=0.051)


def across(kind: str, replay, place: int) -> float:
    snr_db = replay.walk.snr_db
    return place / 999 if kind == "step" else (snr_db[place] - snr_db[0]) / (snr_db[-1] - snr_db[0])


SWAPS = [(2, -9.0, 0.5), (4, 0.0, 0.6), (6, 9.0, 0.9)]


@pytest.mark.parametrize(
    ("rows", "kept", "similarities", "said"),
    [
        (SWAPS, 0.9, [0.9, 0.93], "between 4 and 6 (SNR 0.0 and 9.0 dB): there most"),
        (SWAPS, 0.9, [0.9, 0.93], "After 6 a swap still takes 0 % of it. Other seeds alone lie up to 0.030 apart."),
        (SWAPS, 0.9, [0.9], "loses 0.400 of its similarity to alto (0.900), from 4 on 0.300, from 6 on 0.000."),
        (SWAPS[:2], 0.9, [0.9], "Even the latest swap does more than half"),
        ([(2, -9.0, 0.95)], 0.9, [], "do not show when"),
        ([(2, -9.0, None)], 0.9, [], "cannot be said"),
        (SWAPS, None, [], "cannot be said"),
    ],
)
def test_when_the_singer_is_decided_is_said_from_the_numbers(open_explain, rows, kept, similarities, said):
    page = open_explain()
    told = page.evaluate(
        """async ([module, rows, kept, similarities]) => {
            const { commitment } = await import(module);
            const list = rows.map(([at, snr, similarity]) => ({ at, snr, similarity: similarity ?? NaN }));
            const names = { singer: "bass", target: "alto" };
            return commitment({ rows: list, kept: kept ?? NaN, ...names, chance: { similarities } });
        }""",
        [f"{WEB_PATH}/explain_swap.js", rows, kept, similarities],
    )
    assert said in told


# seeds


def test_spread_of_the_seeds_agrees_with_python_at_any_step(open_explain):
    page = open_explain("?explain=seeds&explain_at=0.6")
    wait_for(page, "seeds")
    (found,) = FOUND["seeds"]
    replays = [replay_of(opened(trace)) for trace in found["ids"]]

    def spread(place: int) -> np.ndarray:
        return np.std([replay.predicted_at(place) for replay in replays], axis=0, ddof=1)

    place = round(0.6 * 999)
    np.testing.assert_allclose(
        array(page, "figure.shown.spread.values", EVERY), spread(place).ravel()[::EVERY], atol=0.01
    )
    where = page.locator(".explain .where")
    assert where.text_content().startswith(f"step {999 - place} ·")
    assert f"{spread(place).mean():.2f} dB apart" in where.text_content()
    slider = page.locator(".explain .slider")
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert f"step {998 - place}" in where.text_content()
    page.keyboard.press("End")
    assert f"{spread(999).mean():.2f} dB apart" in where.text_content()
    said = page.locator(".explain .found").text_content()
    assert f"{spread(0).mean():.2f} dB apart, at the result {spread(999).mean():.2f} dB" in said
    for at, mean in figure(page, "figure.shown.points.filter((_, i) => i % 20 === 0)"):
        assert mean == pytest.approx(spread(at).mean(), abs=0.01)


def test_a_click_on_the_curve_goes_to_the_step_and_the_address_keeps_it(open_explain):
    page = open_explain("?explain=seeds&explain_axis=noise")
    wait_for(page, "seeds")
    box = page.locator(".explain .area .cross").bounding_box()
    page.mouse.click(box["x"] + 0.5 * box["width"], box["y"] + 60)
    where = page.locator(".explain .where").text_content()
    assert abs(number(where.split("SNR ")[1])) < 5  # half way between −44 and 40 dB
    page.wait_for_function("() => location.search.includes('explain_at=')")
    page.reload()
    wait_for(page, "seeds")
    assert page.locator(".explain .where").text_content() == where


def test_a_step_of_the_seeds_is_quick(open_explain):
    page = open_explain("?explain=seeds")
    wait_for(page, "seeds")
    taken_ms = figure(
        page,
        """Array.from({ length: 60 }, (_, i) => {
            const from = performance.now();
            figure.shown.show(10 + 15 * i);
            return performance.now() - from;
        })""",
    )
    assert np.percentile(taken_ms, 50) < 50  # 3 ms where nothing else runs


# signal to noise


@pytest.mark.parametrize("power", ["all", "moving"])
def test_signal_to_noise_of_every_band_agrees_with_python(open_explain, power):
    trace = opened(FOUND["snr"][0]["id"])
    page = open_explain(f"?explain=snr&explain_power={power}")
    wait_for(page, "snr")
    scale = trace.manifest.scale
    x = (to_db(trace.result_levels()).astype(float) - scale.mel_mean_db) / scale.mel_std_db
    powers = (x**2).mean(axis=1) if power == "all" else x.var(axis=1)
    np.testing.assert_allclose(array(page, f"figure.shown.powers.{power}"), powers, rtol=1e-5)
    decibels, snr_db = 10 * np.log10(powers), trace.walk().snr_db
    first = [int(np.argmax(db + snr_db >= 0)) for db in decibels]
    line = array(page, "figure.shown.field.line")
    np.testing.assert_allclose(line * 999, first, atol=1e-6)
    said = page.locator(".explain .found").text_content()
    assert re.search(rf"First out of the noise is the band at \d+ Hz \(\S+\), at step {999 - min(first)} ·", said)
    assert re.search(rf"last the one at \d+ Hz \(\S+\), at step {999 - max(first)} ·", said)
    cross = page.locator(".explain .field .cross")
    cross.focus()
    page.keyboard.press("End")
    for _ in range(10):
        page.keyboard.press("ArrowUp")
    band = figure(page, "figure.shown.field.point.band")
    told = cross.get_attribute("aria-valuetext")
    assert told.startswith("step 0 · SNR 40.0 dB")
    assert number(told.split(" · ")[-1]) == pytest.approx(decibels[band] + snr_db[-1], abs=0.051)


def test_signal_to_noise_is_0_db_on_the_line_on_either_axis(open_explain):
    page = open_explain("?explain=snr")
    wait_for(page, "snr")
    for kind in ("step", "noise"):
        if kind == "noise":
            page.get_by_role("button", name="Noise level").click()
        on_line, ticks = figure(
            page,
            """(() => {
                const { field } = figure.shown;
                const column = Math.round(field.line[50] * (field.frames - 1));
                const onLine = parseFloat(field.tell(50, column).replace("−", "-"));
                return [onLine, field.figure.querySelector(".axis-x").textContent];
            })()""",
        )
        assert abs(on_line) < 0.5
        assert ticks == ("9997494992500" if kind == "step" else "−40−20020")


def test_what_the_page_compares_is_offered(open_explain):
    euler = "kimseye_nakarat--makam-m2--makam-f3--keyauto--euler40--seed0"
    page = open_explain(f"?explain=snr&compare={euler}&explain_set={euler}")
    wait_for(page, "snr")
    assert "step 39 · " in figure(page, "figure.shown.field.whereAcross(39)")
    assert not page.locator(".explain .problem").is_visible()


# around the views


def test_views_are_chosen_by_keyboard_and_kept_in_the_address(open_explain):
    page = open_explain()
    wait_for(page, "shares")
    page.get_by_role("button", name="Who moves what").focus()
    for view in ("swap", "seeds", "snr"):
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        wait_for(page, view)
        page.wait_for_function("(view) => location.search === `?explain=${view}`", arg=view)
        assert page.locator(".explain .tabs [aria-pressed='true']").get_attribute("data-view") == view
        assert page.locator(".explain .caveat").text_content()
        assert page.locator(".explain .door a").get_attribute("href") in (
            "conditions?look=swap",
            "conditions?look=noise",
            "noising",
        )


def test_another_set_is_chosen_by_keyboard_without_losing_the_place(open_explain):
    page = open_explain()
    wait_for(page, "shares")
    page.locator(".explain .of select").focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_function("() => location.search.includes('explain_set=pjs091')")
    wait_for(page, "shares")
    assert "most is moved by loudness 44 %" in page.locator(".explain .found").text_content()
    page.wait_for_function(f"() => {{ {FIND} return find(document).getRootNode().activeElement?.matches('select'); }}")


def test_a_set_is_put_side_by_side_in_the_comparison(open_explain):
    page = open_explain("?explain=swap")
    wait_for(page, "swap")
    (found,) = FOUND["swap"]
    page.get_by_role("button", name="Put them side by side above").click()
    compared = "new URLSearchParams(location.search).get('compare')"
    page.wait_for_function(f"(ids) => {compared} === ids", arg=",".join([found["plain"], *found["swapped"][:3]]))
    page.get_by_role("button", name="Who moves what").click()
    wait_for(page, "shares")
    page.get_by_role("button", name="melody", exact=True).click()
    page.get_by_role("button", name="Put them side by side above").click()
    ids = FOUND["shares"][0]["ids"]
    page.wait_for_function(f"(ids) => {compared} === ids", arg=f"{ids['']},{ids['melody']}")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?explain=why", "“why”, which is no view of Explain"),
        ("?explain=shares&explain_set=nothing", "“nothing”, which is not among the conversions"),
        ("?explain=shares&explain_map=timbre", "“timbre”, which is no picture"),
        ("?explain=swap&explain_axis=time", "“time”, which is no axis"),
        ("?explain=seeds&explain_at=2", "“2”, which is no share of the walk"),
        ("?explain=seeds&explain_at=", "“”, which is no share of the walk"),
        ("?explain=snr&explain_power=loud", "“loud”, which is no kind of signal"),
        (f"?explain={'x' * 100}", f"“{'x' * 40}…”"),
    ],
)
def test_a_wrong_address_is_said_and_something_is_shown(open_explain, query, said):
    page = open_explain(query)
    page.wait_for_selector(".explain[data-shown]", timeout=30_000)
    assert said in alert(page)
    assert page.locator(".explain .found").text_content()


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_view_fits(open_explain, width, scheme):
    page = open_explain(width=width, scheme=scheme)
    for view in ("shares", "swap", "seeds", "snr"):
        page.locator(f".explain [data-view='{view}']").first.click()
        wait_for(page, view)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        wide, inside = page.evaluate(
            f"() => {{ {FIND} const place = find(document); return [place.scrollWidth, place.clientWidth]; }}"
        )
        assert wide <= inside
        assert grave_violations(page) == []
        for label in page.locator(".explain [role='img']").evaluate_all("all => all.map((e) => e.ariaLabel)"):
            assert len(label) > 30  # it says what is seen


# what is missing


@pytest.fixture(scope="module")
def broken_site(tmp_path_factory):
    """Coalitions: a whole set, one that lacks two, one with a result of another length, one with a damaged one."""
    parent = tmp_path_factory.mktemp("traces")
    for phrase in ("amen", "kyrie", "sanctus", "gloria"):
        for size in range(5):
            for away in combinations(sorted(CONDITIONS), size):
                if phrase == "kyrie" and away in (("melody",), ("content", "singer")):
                    continue
                frames = 15 if phrase == "sanctus" and away == ("singer",) else 12
                write_hand_trace(parent, phrase, away, frames)
    for seed, frames in ((0, 12), (1, 13)):
        write_walk(parent, f"walk-{seed}", seed=seed, frames=frames)
    write_walk(parent, "swapped", swap=Swap("tenor", 4), steps=9)
    rebuild_catalogue(parent)
    (parent / "gloria--without-melody" / "predicted.npy.gz").write_bytes(b"nothing")
    with serve(parent, tmp_path_factory.mktemp("broken")) as site:
        yield site


def write_hand_trace(parent: Path, phrase: str, away: tuple[str, ...], frames: int) -> None:
    name = f"{phrase}--without-{'-'.join(away)}" if away else phrase
    manifest = hand_manifest(name, "consistency", 1, frames=frames, detail="light")
    manifest = replace(
        manifest,
        sampler=replace(manifest.sampler, without=list(away)),
        source=replace(manifest.source, phrase=phrase),
    )
    levels = hand_pictures(manifest)
    levels[-1] = 100 + 7 * len(away)
    coded = encode_pictures(levels, manifest.pictures.places, manifest.pictures.quantum)
    write_trace(parent, manifest, hand_files(manifest) | {"predicted.npy.gz": pack_array(coded)})


def write_walk(
    parent: Path, name: str, seed: int = 0, frames: int = 12, swap: Swap | None = None, steps: int = 8
) -> None:
    manifest = hand_manifest(name, steps=steps, frames=frames, detail="light")
    manifest = replace(manifest, sampler=replace(manifest.sampler, seed=seed, swap=swap))
    write_trace(parent, manifest, hand_files(manifest))


def test_hand_made_coalitions_share_alike(open_explain, broken_site):
    """Each condition told lowers the level by 7, 3.5 dB: a quarter each, and −14 dB in all."""
    page = open_explain("?explain=shares&explain_set=amen", site=broken_site)
    wait_for(page, "shares")
    told = page.locator(".explain .found").text_content()
    assert told.count("25 %") == 4
    assert "changes by 14.0 dB" in told
    assert "in all −14.0" in page.locator(".explain .field .cross").get_attribute("aria-valuetext")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("shares&explain_set=kyrie", "2 are not listed: without content, singer; without melody."),
        ("shares&explain_set=sanctus", "“sanctus--without-singer” is 15 frames long"),
        ("shares&explain_set=gloria", "“gloria--without-melody” cannot be shown: predicted.npy.gz is damaged"),
        ("seeds", "“walk-1” is 13 frames long and “walk-0” 12: they cannot be laid over one another."),
        ("swap", "The conversion that kept its singer, to compare with, is not among those listed"),
    ],
)
def test_what_cannot_be_shown_is_said_and_another_view_goes_on(open_explain, broken_site, query, said):
    page = open_explain(f"?explain={query}", site=broken_site, allowed=("status of 409",))  # of the damaged file
    page.wait_for_selector(".explain[data-shown]", timeout=30_000)
    assert said in alert(page)
    page.get_by_role("button", name="Which bands emerge first").click()
    page.locator(".explain .tabs [data-view='snr'][aria-pressed='true']").wait_for()
    assert page.locator(".explain .problem").is_hidden()


@pytest.fixture
def empty_site(tmp_path):
    traces, folder = tmp_path / "traces", tmp_path / "site"
    for path in (traces, folder):
        path.mkdir()
    rebuild_catalogue(traces)
    with serve(traces, folder) as site:
        yield site


def test_nothing_listed_is_said(empty_site, open_explain):
    page = open_explain(site=empty_site)
    for view in ("shares", "swap", "seeds", "snr"):
        page.locator(f".explain .tabs [data-view='{view}']").click()
        page.locator(f".explain[data-view='{view}'] .view", has_text="listed here").wait_for()


def test_servers_log_no_error(explain_site, broken_site):
    for site in (explain_site, broken_site):
        assert "Traceback" not in site.log.read_text()
