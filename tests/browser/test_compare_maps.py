"""Two conversions on one map of the expert page, in a real browser: turned as SciPy turns, dense as SciPy says."""

import numpy as np
import pytest
from scipy.linalg import orthogonal_procrustes
from scipy.stats import gaussian_kde

from app.serving.library import library
from app.serving.served import WEB_PATH
from svc_core.traces.replay import replay_of
from tests.support.compare_page import FOUR, A, B, C, D
from tests.support.pages import address_holds

POINTS = """async (place, kind) => {
    const chart = new Map((await place.figure).charts).get(kind);
    return [chart.points, chart.second?.points].map((points) => points && [Array.from(points.x), Array.from(points.y)]);
}"""
LEFT = (
    "async (place) => { const { together } = await place.figure; return together.overlay(place.dataset.feature).left; }"
)


@pytest.fixture
def blank(open_page):
    """A page of the site that shows nothing, for what the modules compute."""
    page = open_page("/glossary", drawn=False)

    def call(module, function, *arguments):
        return page.evaluate(
            f"""async (given) => {{
                const plain = (value) => ArrayBuffer.isView(value) ? Array.from(value)
                    : Array.isArray(value) ? value.map(plain) : value && typeof value === "object"
                    ? Object.fromEntries(Object.entries(value).filter(([, one]) => typeof one !== "function")
                        .map(([name, one]) => [name, plain(one)])) : value;
                const module = await import(new URL(".{WEB_PATH}/{module}.js", location.href));
                return plain(await ({function})(module, ...given));
            }}""",
            list(arguments),
        )

    return call


def maps(page):
    return page.locator(".maps")


def together(page, state="[data-second]"):
    maps(page).and_(page.locator(state)).wait_for(timeout=30_000)
    return page


def second(page, kind):
    return [points and np.array(points).T for points in maps(page).evaluate(POINTS, kind)]


# --- turning


@pytest.mark.every_time
def test_decomposition_is_that_of_numpy(blank):
    random = np.random.default_rng(1)
    square = random.normal(size=(12, 12)) * 10.0 ** -np.arange(12)
    square[:, 7] = square[:, 2]  # of rank 11
    found = blank("procrustes", "(module, columns) => module.decompose(columns)", square.T.tolist())
    left, right = (np.array(found[side]).T for side in ("left", "right"))
    sizes = np.array(found["sizes"])
    np.testing.assert_allclose(sizes, np.linalg.svd(square, compute_uv=False), atol=1e-13 * sizes[0])
    np.testing.assert_allclose(left @ np.diag(sizes) @ right.T, square, atol=1e-13)
    for side in (left, right):
        np.testing.assert_allclose(side.T @ side, np.eye(12), atol=1e-12)


def test_turn_is_that_of_scipy_and_undoes_a_mirrored_one(blank):
    random = np.random.default_rng(2)
    target = random.normal(size=(30, 5))
    mirrored = np.linalg.qr(random.normal(size=(5, 5)))[0]
    mirrored[:, 0] *= -np.sign(np.linalg.det(mirrored))
    call = """(module, one, other, scaled) => {
        const made = module.fit(one, other, scaled);
        return { ...made, on: made.apply(other) };
    }"""
    found = blank("procrustes", call, target.T.tolist(), (3 + 0.5 * target @ mirrored).T.tolist(), True)
    np.testing.assert_allclose(np.array(found["on"]).T, target, atol=1e-12)
    assert found["scale"] == pytest.approx(2)
    assert found["left"] == pytest.approx(0, abs=1e-12)
    other = random.normal(size=(30, 5))
    found = blank("procrustes", call, target.T.tolist(), other.T.tolist(), False)
    one, two = target - target.mean(axis=0), other - other.mean(axis=0)
    turn, _ = orthogonal_procrustes(two, one)
    np.testing.assert_allclose(found["turn"], turn, atol=1e-10)
    assert found["left"] == pytest.approx(((one - two @ turn) ** 2).sum() / (one**2).sum())


def test_steps_are_paired_by_noise(blank):
    one, other = (
        {"conversion": {"sigma": s}, "kept": {"places": p}}
        for s, p in (([16, 8, 4, 2, 1], [0, 1, 2, 3, 4]), ([9, 8, 2], [1, 2]))
    )
    pairs = blank("maps_overlay", "(module, one, other) => module.pairByNoise(one, other)", one, other)
    assert pairs == {"ones": [1, 2, 3], "others": [0, 0.5, 1]}


def kept(entry):
    trace = library().open(entry)
    places = np.array(trace.hidden_places())
    return trace.hidden_vectors(), trace.hidden_maps(), np.log(replay_of(trace).walk.sigma[places].astype(float))


def centred(points):
    return points - points.mean(axis=0)


def laid_over(ours, theirs, noise_ours, noise_theirs, scaled):
    """The other's points on the first one's, (place, axis), and what is left; by SciPy."""
    axes = max(ours.shape[1], theirs.shape[1])
    ours, theirs = (np.pad(points.astype(float), ((0, 0), (0, axes - points.shape[1]))) for points in (ours, theirs))
    within = (noise_ours <= noise_theirs[0] + 1e-6) & (noise_ours >= noise_theirs[-1] - 1e-6)
    where = np.interp(-noise_ours[within], -noise_theirs, np.arange(len(theirs)))
    partners = np.stack([np.interp(where, np.arange(len(theirs)), axis) for axis in theirs.T], axis=1)
    goal, given = centred(ours[within]), centred(partners)
    turn, agreed = orthogonal_procrustes(given, goal)
    scale = agreed / (given**2).sum() if scaled else 1.0
    left = ((goal - scale * given @ turn) ** 2).sum() / (goal**2).sum()
    return ours[within].mean(axis=0) + scale * (theirs - partners.mean(axis=0)) @ turn, left


@pytest.mark.parametrize(
    ("first", "other", "name"),
    [(A, B, "noise_middle"), (A, B, "step"), (D, A, "condition_first"), (B, D, "condition_last")],
)
def test_second_conversion_lies_where_scipy_lays_it(open_state, first, other, name):
    page = together(open_state({"compare": f"{first.id},{other.id}", "beside": other.id, "feature": name}, "AB"))
    (vectors, own_maps, noise), (other_vectors, other_maps, other_noise) = kept(first), kept(other)
    shown, laid = second(page, "pca")
    np.testing.assert_allclose(shown, own_maps[name]["pca"], atol=1e-6)  # the first stays as it was mapped
    turned, left = laid_over(vectors[name], other_vectors[name], noise, other_noise, scaled=False)
    axes = vectors[name].shape[1]
    directions = np.linalg.svd(centred(vectors[name].astype(float)), full_matrices=False)[2][:2].T
    plane = centred(vectors[name].astype(float)) @ directions
    goal = centred(own_maps[name]["pca"].astype(float))
    turn, agreed = orthogonal_procrustes(plane, goal)
    scale = agreed / (plane**2).sum()
    assert ((goal - scale * plane @ turn) ** 2).sum() < 1e-3 * (goal**2).sum()  # it is the plane of the map
    seen = (turned[:, :axes] - vectors[name].astype(float).mean(axis=0)) @ directions
    np.testing.assert_allclose(laid, own_maps[name]["pca"].mean(axis=0) + scale * seen @ turn, atol=1e-4)
    assert maps(page).evaluate(LEFT)["pca"] == pytest.approx(left, abs=1e-4)

    _, laid = second(page, "tsne")
    turned, left = laid_over(own_maps[name]["tsne"], other_maps[name]["tsne"], noise, other_noise, scaled=True)
    np.testing.assert_allclose(laid, turned, atol=1e-4)
    assert maps(page).evaluate(LEFT)["tsne"] == pytest.approx(left, abs=1e-4)
    said = page.locator(".maps .left-tsne").text_content()
    assert float(said.split()[0]) == pytest.approx(100 * left, abs=0.51)


# --- density


@pytest.mark.every_time
def test_density_is_that_of_scipy_and_its_lines_hold_their_shares(blank):
    random = np.random.default_rng(3)
    points = random.normal(size=(300, 2)) @ [[1, 0.6], [0, 0.3]] + np.where(np.arange(300) < 100, 0, 3)[:, None]
    given = {"x": points[:, 0].tolist(), "y": points[:, 1].tolist()}
    expected = gaussian_kde(points.T)
    call = """(module, points) => {
        const { at } = module.densityOf(points);
        return points.x.map((x, i) => at(x, points.y[i]));
    }"""
    np.testing.assert_allclose(blank("density", call, given), expected(points.T), rtol=1e-4)
    shares = [0.25, 0.5, 0.75]
    lines = blank("density", "(module, points, shares) => module.contoursOf(points, shares)", given, shares)
    low, high = points.min(axis=0) - 2, points.max(axis=0) + 2
    across, up = np.meshgrid(*(np.linspace(*ends, 200) for ends in zip(low, high, strict=True)))
    heights = expected(np.stack([across.ravel(), up.ravel()]))
    cell = np.prod((high - low) / 199)
    for share, line in zip(shares, lines, strict=True):
        inside = heights >= line["level"]
        assert heights[inside].sum() * cell == pytest.approx(share, abs=0.02)
        areas = [
            np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)) / 2 for x, y in (np.array(loop).T for loop in line["loops"])
        ]
        assert sum(map(abs, areas)) == pytest.approx(inside.sum() * cell, rel=0.05)  # chords cut corners
        for loop in line["loops"]:
            np.testing.assert_allclose(expected(np.array(loop).T), line["level"], rtol=0.1)


def test_points_on_one_line_have_no_density(blank):
    points = {"x": [0, 1, 2, 3], "y": [1, 3, 5, 7]}
    assert blank("density", "(module, points) => module.contoursOf(points, [0.5])", points) == []


@pytest.mark.parametrize(
    ("rows", "loops"),
    [
        ([[0, 0, 0], [0, 1, 0], [0, 0, 0]], 1),
        ([[0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]], 1),  # level with the saddle: joined
        ([[0, 0, 0, 0], [0, 0.9, 0, 0], [0, 0, 0.9, 0], [0, 0, 0, 0]], 2),  # above it: apart
    ],
)
def test_lines_are_closed_round_what_is_high(blank, rows, loops):
    axis = list(range(len(rows)))
    found = blank(
        "density", "(module, grid, axis) => module.loopsAt(grid, axis, axis, 0.5)", np.ravel(rows).tolist(), axis
    )
    assert len(found) == loops
    if len(rows) == 3:
        assert sorted(map(tuple, found[0])) == [(0.5, 1), (1, 0.5), (1, 1.5), (1.5, 1)]


def test_density_is_drawn_when_it_is_asked_for(open_state):
    page = together(open_state({"compare": f"{A.id},{B.id}", "beside": B.id}, "AB"))
    picture = "(node) => node.querySelector('[data-kind=pca] canvas').toDataURL()"
    plain = maps(page).evaluate(picture)
    page.locator(".maps").get_by_role("checkbox", name="Density").check()
    assert maps(page).evaluate(picture) != plain
    assert page.locator(".maps .lines").is_visible()
    address_holds(page, "density=1")
    page.locator(".maps").get_by_role("checkbox", name="Density").uncheck()
    assert maps(page).evaluate(picture) == plain


# --- choosing, and the step


def test_second_is_chosen_among_those_that_keep_an_inside_and_named_by_its_letter(open_state):
    page = open_state({"compare": FOUR, "at": "0.5"}, "ABCD")
    page.locator(".maps[data-feature]").wait_for()
    choice = page.locator(".maps .beside")
    choice.locator("option").nth(2).wait_for(state="attached")
    assert choice.locator("option").all_text_contents() == ["none", "B: euler, 40 steps", "D: ddpm, 1000 steps"]
    assert page.locator(".maps .without").text_content().startswith("C keeps no hidden features")
    assert maps(page).get_attribute("data-second") is None
    choice.select_option(D.id)
    together(page)
    address_holds(page, f"beside={D.id}")
    assert page.locator(".maps .end.second").all_text_contents() == ["D noise", "D result"] * 2
    assert page.locator(".maps .told").text_content() == "The ring is step 499 of A, the triangle step 500 of D."
    described = page.locator(".maps canvas").first.get_attribute("aria-label")
    assert "A, the way of 1000 steps" in described and "D, turned to fit, the way of 100 steps" in described
    choice.select_option("")
    page.locator(".maps .now-second").first.wait_for(state="hidden")
    assert page.locator(".maps .told").text_content() == "The ring is step 499."


@pytest.mark.every_time
def test_both_marks_follow_the_page_on_either_axis(open_state):
    page = together(open_state({"compare": f"{A.id},{B.id}", "beside": B.id, "at": "0"}, "AB"))
    page.locator(".maps [data-kind=tsne] .now").focus()
    page.keyboard.press("End")
    assert (maps(page).get_attribute("data-index"), maps(page).get_attribute("data-second")) == ("999", "39")
    page.get_by_label("One axis of").select_option("noise")
    page.locator(".maps [data-kind=pca] .now").focus()
    page.keyboard.press("Home")
    page.keyboard.press("Shift+ArrowRight")
    sigma = [replay_of(library().open(entry)).walk.sigma for entry in (A, B)]
    assert maps(page).get_attribute("data-index") == "10"
    assert int(maps(page).get_attribute("data-second")) == np.abs(np.log(sigma[1]) - np.log(sigma[0][10])).argmin()


def test_pointing_at_a_triangle_goes_to_its_step(open_state):
    page = together(open_state({"compare": f"{A.id},{B.id}", "beside": B.id, "at": "0", "feature": "noise_last"}, "AB"))
    area = page.locator(".maps [data-kind=tsne] .map")
    area.scroll_into_view_if_needed()
    at = maps(page).evaluate(
        """async (place) => {
            const chart = new Map((await place.figure).charts).get("tsne");
            const clear = (i) => Math.min(...Array.from(chart.points.x, (_, j) => {
                const [[a, b], [c, d]] = [chart.at(i, chart.second.points), chart.at(j)];
                return Math.hypot(a - c, b - d);
            }));
            const all = Array.from(chart.second.points.x.keys());
            const index = all.reduce((best, i) => (clear(i) > clear(best) ? i : best));
            return [index, ...chart.at(index, chart.second.points)];
        }"""
    )
    box = area.bounding_box()
    page.mouse.move(box["x"] + at[1] * box["width"], box["y"] + at[2] * box["height"])
    assert int(maps(page).get_attribute("data-second")) == pytest.approx(at[0], abs=1)
    assert int(maps(page).get_attribute("data-index")) == pytest.approx(999 * at[0] / 39, abs=30)


def test_second_goes_with_its_conversion_and_changes_places_with_the_first(open_state):
    page = together(open_state({"compare": f"{A.id},{B.id},{D.id}", "beside": B.id}, "ABC"))
    page.get_by_label("Look inside").select_option("B")
    page.locator(".maps .end.second", has_text="A result").first.wait_for()
    assert maps(page).evaluate("async (place) => (await place.figure).together.view.get('beside')") == A.id
    page.get_by_role("button", name="Remove A from the comparison").click()
    page.locator(".maps .now-second").first.wait_for(state="hidden")
    assert maps(page).evaluate("async (place) => (await place.figure).together.view.get('beside')") is None
    assert page.locator(".maps .problem").is_hidden()


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ({"beside": "gone"}, "“gone” together with this conversion, which is none of those side by side"),
        ({"beside": A.id}, "a conversion together with itself"),
        ({"beside": C.id}, "keeps no hidden features"),
        ({"density": "much"}, "a density “much”"),
        ({"map": "umap"}, "a map “umap”; PCA and t-SNE are shown"),
        ({"feature": "soul", "beside": "gone"}, "“soul” inside the network"),
    ],
)
def test_what_cannot_be_drawn_is_said_and_the_first_is_shown(open_state, state, said):
    page = open_state({"compare": f"{A.id},{B.id},{C.id}", **state}, "ABC")
    page.locator(".maps .problem", has_text=said).wait_for()
    assert second(page, "pca")[1] is None
    assert maps(page).get_attribute("data-index") == "999"
    page.locator(".maps [data-feature=noise_last]").click()
    assert maps(page).get_attribute("data-feature") == "noise_last"


@pytest.mark.every_time
def test_address_gives_the_same_maps_elsewhere(open_state, open_page, site):
    page = together(open_state({"compare": f"{A.id},{B.id}"}, "AB"), "[data-feature]")
    page.locator(".maps .beside option").nth(1).wait_for(state="attached")
    page.locator(".maps .beside").select_option(B.id)
    page.locator(".maps").get_by_role("checkbox", name="Density").check()
    together(page)
    address_holds(page, "density=1")
    other = open_page(page.url.removeprefix(site.address), drawn=False)
    together(other)
    assert other.locator(".maps").get_by_role("checkbox", name="Density").is_checked()
    for kind in ("pca", "tsne"):
        for one, again in zip(second(page, kind), second(other, kind), strict=True):
            np.testing.assert_array_equal(one, again)


def test_lesson_shows_one_conversion_alone(open_page):
    page = open_page("/network")
    page.locator(".maps[data-index]").wait_for(timeout=30_000)
    assert page.locator(".maps .together").is_hidden()


def test_figures_that_look_inside_say_what_to_choose_in_little_room(open_state):
    page = open_state({"compare": ""}, "")
    for name in ("matrix", "maps", "picks"):
        figure = page.locator(f".{name}")
        figure.locator(".unchosen", has_text="Choose a conversion above").wait_for()
        assert figure.bounding_box()["height"] < 60
    page.locator(".takeaway").evaluate("async (place, id) => (await place.figure).view.set({ compare: id })", A.id)
    page.locator(".picks[data-picks]").wait_for()
    for name in ("matrix", "maps", "picks"):
        assert page.locator(f".{name} .unchosen").is_hidden()
        assert page.locator(f".{name}").bounding_box()["height"] > 400
