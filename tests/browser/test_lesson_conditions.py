"""The lesson on conditions in a real browser: what is drawn is what the traces say, and every control does its work."""

import re
from dataclasses import replace

import numpy as np
import pytest

from app.parts.conditions import CONDITIONS, NEWCOMER, SWAPS
from app.parts.exhibits import STUDENT, TEACHER, WALK, find_conversion
from app.parts.questions import questions_of
from app.serving.library import library
from svc_core.traces.replay import replay_of

FIND = """const find = (root) => root.querySelector('.compare') ?? [...root.querySelectorAll('*')]
    .map((node) => node.shadowRoot && find(node.shadowRoot)).find(Boolean);"""  # it lies in a shadow root


@pytest.fixture
def open_lesson(open_page):
    def open_lesson(query="", **options):
        allowed = options.pop("allowed", ())
        page = open_page(f"/conditions{query}", drawn=False, allowed=allowed, **options)
        page.wait_for_selector(".compare[data-step]", timeout=30_000)
        return page

    return open_lesson


def trace_of(exhibit, **changes):
    entry = find_conversion(library().catalogue(), replace(exhibit, **changes))
    return library().open(entry)


def difference_db(one, other, place: int) -> np.ndarray:
    return replay_of(other).predicted_at(place) - replay_of(one).predicted_at(place)


def rms(difference: np.ndarray) -> float:
    return float(np.sqrt((difference**2).mean()))


def apart(page) -> float:
    return float(page.locator(".compare").get_attribute("data-apart"))


def shown(page) -> str:
    return page.locator(".compare").get_attribute("data-other")


def wait_for(page, trace):
    page.wait_for_selector(f'.compare[data-other="{trace.manifest.id}"]', timeout=15_000)


def figure(page, expression: str):
    """The value of an expression in `figure`."""
    return page.evaluate(f"async () => {{ {FIND} const figure = await find(document).figure; return {expression}; }}")


def modules(page) -> str:
    """The address of a module that the page itself uses; its neighbours lie beside it."""
    return figure(page, "new URL(figure.data.module, document.location.href).href")


def in_address(page, words: str):
    page.wait_for_function("(words) => decodeURIComponent(location.search).includes(words)", arg=words)


@pytest.mark.every_time
def test_the_difference_is_that_of_the_stored_pictures(open_lesson):
    page = open_lesson("?without=melody")
    plain, without = trace_of(WALK), trace_of(WALK, without="melody")
    assert apart(page) == pytest.approx(rms(difference_db(plain, without, 999)), abs=0.01)
    page.locator(".slider").fill("500")
    assert apart(page) == pytest.approx(rms(difference_db(plain, without, 500)), abs=0.01)
    per_level = plain.manifest.scale.db_per_level
    drawn = np.array(figure(page, "Array.from(figure.pair.apart)")) * per_level
    assert np.abs(drawn - difference_db(plain, without, 500).ravel()).max() < 0.01


def test_colours_of_the_difference_say_its_sign(open_lesson):
    page = open_lesson("?without=melody")
    colours, levels = page.evaluate(
        f"""async () => {{
            const {{ DIVERGING, levelOf }} = await import(new URL("diverging.js", "{modules(page)}"));
            const dbs = [-99, -30, 0, 30, 99];
            const rgb = (packed) => [packed & 255, (packed >> 8) & 255, (packed >> 16) & 255];
            return [dbs.map((db) => rgb(DIVERGING[levelOf(db)])), dbs.map(levelOf)];
        }}"""
    )
    assert levels == [0, 0, 128, 255, 255]
    (red, _, blue), dark, (other_red, _, other_blue) = colours[1], colours[2], colours[3]
    assert blue > red  # the first is louder
    assert other_red > other_blue  # the second is
    assert max(dark) < 20


def test_a_difference_with_itself_is_dark(open_lesson):
    page = open_lesson()
    assert apart(page) == 0
    brightest = page.evaluate(
        f"""() => {{
            {FIND}
            const canvas = find(document).querySelector('[data-panel="difference"] canvas');
            const {{ data }} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            return data.reduce((most, value, i) => (i % 4 === 3 ? most : Math.max(most, value)), 0);
        }}"""
    )
    assert brightest < 20


@pytest.mark.every_time
def test_levels_are_mean_power_over_bands(open_lesson):
    page = open_lesson()
    levels = page.evaluate(
        f"""async () => {{
            const {{ levelsOf }} = await import(new URL("compare_tracks.js", "{modules(page)}"));
            // two bands, three frames: 0 and 0 dB, 0 and -10 dB, twice the floor
            const scale = {{ db_per_level: 0.5, floor_db: -110 }};
            return Array.from(levelsOf([220, 220, 0, 220, 200, 0], 2, 3, scale));
        }}"""
    )
    assert levels == pytest.approx([0, 10 * np.log10(1.1 / 2), -110], abs=0.01)


def test_lines_break_where_nothing_is_voiced(open_lesson):
    page = open_lesson()
    path = page.evaluate(
        f"""async () => {{
            const {{ pathOf }} = await import(new URL("compare_tracks.js", "{modules(page)}"));
            return pathOf(5, (frame) => [0, 0.5, NaN, 1, 0.25][frame]);
        }}"""
    )
    assert path == "M0 100.0L1 50.0M3 0.0L4 75.0"


def test_switches_by_mouse_and_keyboard_one_at_a_time(open_lesson):
    page = open_lesson()
    for name in CONDITIONS:
        page.get_by_role("switch", name=name).click()
        wait_for(page, trace_of(WALK, without=name))
        checked = [page.get_by_role("switch", name=each).get_attribute("aria-checked") for each in CONDITIONS]
        assert checked == [str(each != name).lower() for each in CONDITIONS]
        in_address(page, f"without={name}")
    page.keyboard.press("Space")  # the singer is given back
    wait_for(page, trace_of(WALK))
    assert apart(page) == 0


@pytest.mark.every_time
def test_four_switches_give_any_of_the_sixteen(open_lesson):
    page = open_lesson("?by=student")
    gone = []
    for name in CONDITIONS:
        page.get_by_role("switch", name=name).click()
        gone.append(name)
        wait_for(page, trace_of(STUDENT, without=" ".join(sorted(gone))))
    in_address(page, "without=content,loudness,melody,singer")
    plain, nothing = trace_of(STUDENT), trace_of(STUDENT, without="content loudness melody singer")
    assert apart(page) == pytest.approx(rms(difference_db(plain, nothing, 0)), abs=0.01)
    assert "takes one step" in page.locator(".compare .notes").inner_text()
    assert not page.locator(".slider").is_visible()


def test_scores_are_the_traces_own(open_lesson):
    page = open_lesson("?without=loudness")
    plain, without = (trace.manifest.scores for trace in (trace_of(WALK), trace_of(WALK, without="loudness")))
    cells = page.locator('.compare tr[data-score="loudness_rmse_db"] td').all_inner_texts()
    assert cells[0] == f"{plain['loudness_rmse_db']:.1f} dB"
    assert cells[1] == f"{without['loudness_rmse_db']:.1f} dB"
    assert cells[2].split() == [f"+{without['loudness_rmse_db'] - plain['loudness_rmse_db']:.1f}", "worse"]
    right = page.locator('.compare tr[data-score="rpa"] td').all_inner_texts()
    assert right[0] == f"{100 * plain['rpa']:.1f} %"
    assert "within noise" in right[2]
    nearest = page.locator('.compare tr[data-score="nearest_is_target"] td').all_inner_texts()
    assert nearest[:2] == ["yes", "yes"]


def test_changes_are_weighed_against_chance(open_lesson):
    page = open_lesson()
    number = "{ percent: true, digits: 1, better: 'high' }"
    answers = page.evaluate(
        f"""async () => {{
            const {{ changeOf, valueText }} = await import(new URL("compare_numbers.js", "{modules(page)}"));
            const low = {{ digits: 1, unit: "dB", better: "low" }};
            return [changeOf({number}, 0.98, 0.5, 0.01), changeOf({number}, 0.98, 0.975, 0.005), changeOf(low, 2, 1),
                    changeOf(low, 1, 1.01), changeOf({{ digits: 3, better: "" }}, 0.5, 0.25),
                    [valueText(low, undefined), valueText(low, -1), valueText({{ yes: true }}, 0)]];
        }}"""
    )
    assert answers == [
        ["−48.0 points", "is-worse", "worse"],
        ["−0.5 points", "", "within noise"],
        ["−1.0", "is-better", "better"],
        ["±0", "", ""],
        ["−0.250", "", ""],
        ["–", "−1.0 dB", "no"],
    ]


def test_guidance_has_two_axes(open_lesson):
    page = open_lesson("?look=guidance")
    page.locator('.axis button[data-value="singer"]').click()
    page.locator('.axis button[data-value="4"]').click()
    wait_for(page, trace_of(TEACHER, guidance="singer=4"))
    in_address(page, "guide=singer&weight=4")
    assert page.locator(".axis button[aria-pressed=true]").all_inner_texts() == ["singer", "by 4"]
    assert page.locator(".slider").get_attribute("max") == "39"


def test_until_the_swap_the_walks_are_the_same(open_lesson):
    page = open_lesson("?look=swap")
    plain = trace_of(WALK)
    for at in SWAPS:
        page.locator(f'.axis button[data-value="{at}"]').click()
        swapped = trace_of(WALK, swap=NEWCOMER, swap_at=at)
        wait_for(page, swapped)
        both = [place for place in plain.manifest.pictures.places if place in swapped.manifest.pictures.places]
        before = [place for place in both if place < at]
        most = max(float(np.abs(difference_db(plain, swapped, place)).max()) for place in before)
        note = page.locator(".compare .notes").inner_text()
        assert f"keep {len(before)} pictures" in note
        assert f"no point of them differs by more than {most:.1f} dB" in note
        assert "the two walks are the same" in note
        page.locator(".slider").fill(str(at - 1))
        alike = apart(page)
        page.locator(".slider").fill("999")
        assert apart(page) > 1.5 * alike
    page.locator('.axis button[data-value="never"]').click()
    wait_for(page, plain)
    assert not page.locator(".parting").is_visible()


@pytest.mark.every_time
def test_step_in_the_address_is_taken_and_kept(open_lesson):
    page = open_lesson("?look=swap&swap=700&step=300")
    assert page.locator(".slider").input_value() == "699"
    page.locator(".slider").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator(".slider").input_value() == "700"
    in_address(page, "step=299")
    page.locator('[data-do="back"]').click()
    in_address(page, "step=300")
    page.locator('[data-do="forward"]').click()
    in_address(page, "step=299")


def test_a_wrong_step_is_answered(open_lesson):
    page = open_lesson("?step=4000")
    assert "steps run from 0 to 999" in page.locator(".compare .problem").inner_text()


def test_another_look_keeps_the_end(open_lesson):
    page = open_lesson("?by=student")
    page.get_by_text("3. Swap the singer").click()
    wait_for(page, trace_of(WALK, swap=NEWCOMER, swap_at=500))
    assert page.locator(".slider").input_value() == "999"
    assert "look=swap" in page.url
    assert "by=" not in page.url


def test_a_guess_shows_what_was_asked_about(open_lesson):
    page = open_lesson("?without=melody")
    page.get_by_role("switch", name="Content").click()
    wait_for(page, trace_of(WALK, without="content"))
    page.get_by_text("The tune", exact=True).click()
    wait_for(page, trace_of(WALK, without="melody"))


def test_sounds_take_over_where_another_stands(open_lesson):
    page = open_lesson("?without=melody")
    page.evaluate(f"async () => {{ {FIND} window.player = (await find(document).figure).listening.player; }}")
    one = page.locator('.listen [data-side="one"][data-kind="converted"]')
    other = page.locator('.listen [data-side="other"][data-kind="converted"]')
    one.click()
    page.wait_for_selector('.listen [data-side="one"][data-kind="converted"][aria-pressed="true"]')
    page.wait_for_function("() => player.position() > 0.7")
    other.click()
    page.wait_for_selector('.listen [data-side="other"][data-kind="converted"][aria-pressed="true"]')
    assert page.evaluate("player.position()") > 0.6
    assert one.get_attribute("aria-pressed") == "false"
    other.click()
    page.wait_for_selector('.listen [data-side="other"][data-kind="converted"][aria-pressed="false"]')
    for button in page.locator(".listen button").all():
        button.click()
        page.wait_for_function("() => player.playing")
    page.locator('.listen [data-side="other"][data-kind="predicted"]').click()
    page.wait_for_function(f"() => {{ {FIND} return find(document).querySelector('.heard').textContent; }}")
    assert re.fullmatch(r"sound of step \d+", page.locator(".compare .heard").inner_text())


def test_play_runs_through_the_steps(open_lesson):
    page = open_lesson("?look=guidance", motion="no-preference")
    page.locator('[data-do="slow"]').click()
    page.locator('[data-do="play"]').click()
    page.wait_for_function(f"() => {{ {FIND} return Number(find(document).dataset.step) > 1; }}")
    page.keyboard.press("ArrowLeft")
    assert page.locator('[data-do="play"]').get_attribute("aria-pressed") == "false"


def test_every_step_is_drawn_in_both(open_lesson):
    page = open_lesson("?without=melody")
    page.locator(".slider").focus()
    page.evaluate("performance.clearMeasures()")
    for _ in range(60):
        page.keyboard.press("ArrowLeft")
    assert page.evaluate("performance.getEntriesByName('scrub').length") >= 60  # what one takes, make bench measures


def test_a_trace_that_is_gone_is_said_and_the_rest_goes_on(open_lesson):
    page = open_lesson(allowed=("status of 410",))
    page.route("**/*without-singer/trace.json*", lambda route: route.fulfill(status=410))
    page.get_by_role("switch", name="Singer").click()
    page.wait_for_function(f"() => {{ {FIND} return !find(document).querySelector('.problem').hidden; }}")
    assert "without-singer” cannot be shown" in page.locator(".compare .problem").inner_text()
    page.get_by_role("switch", name="Loudness").click()
    wait_for(page, trace_of(WALK, without="loudness"))
    assert not page.locator(".compare .problem").is_visible()


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_nothing_overflows_and_every_look_is_drawn(open_lesson, width, scheme):
    for look in ("away", "guidance", "swap", "noise"):
        page = open_lesson(f"?look={look}", width=width, scheme=scheme)
        assert page.evaluate("document.scrollingElement.scrollWidth - innerWidth") <= 0
        assert figure(page, "figure.place.scrollWidth - figure.place.clientWidth") <= 0
        assert not page.locator(".compare .problem").is_visible()
        page.close()


def test_questions_answered_wrong_then_right(open_lesson):
    page = open_lesson()
    for question in questions_of("conditions"):
        field = page.locator(f'[data-question="{question.id}"]')
        for right in (False, True):
            answer = next(each for each in question.answer if each.right == right)
            field.locator(".answers button").nth(question.answer.index(answer)).click()
            assert field.locator(".feedback").inner_text().strip() != ""
    kept = page.evaluate("JSON.parse(localStorage.getItem('singsteps.course.1')).conditions")
    assert all(kept[question.id]["right"] for question in questions_of("conditions"))
