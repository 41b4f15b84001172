"""Every page that fetches more of a trace: what is gone, cut off or changed is named, and the rest goes on."""

import json
import shutil
from dataclasses import replace
from urllib.parse import urlencode

import pytest

from app.parts.exhibits import STUDENT, TEACHER, Exhibit
from app.serving.served import MATERIAL
from svc_core.traces.manifest import Recording
from svc_core.traces.register import rebuild_catalogue
from svc_core.traces.writing import write_trace
from tests.faults.damaged import cut_off, delete, flip
from tests.faults.server import Server
from tests.support.console import watch_console
from tests.support.hand_traces import hand_files, hand_manifest

NOISED = json.loads((MATERIAL / "noising" / "index.json").read_text(encoding="utf-8"))["trace"]
SHOWN, OTHER, WHOLE, LEAP, UNTOLD = "amen", "gloria", NOISED, "sanctus", "kyrie"
DAMAGED = "is damaged, or was just recorded anew"
MISSING = "is missing (status 404)"
ANSWERED = ("status of 404", "status of 409")  # the network's own lines


def write(parent, name: str, exhibit: Exhibit) -> None:
    """A trace by hand that the lessons take for one of their exhibits."""
    manifest = hand_manifest(name, exhibit.sampler, exhibit.steps, bands=20, frames=120)
    manifest = replace(
        manifest,
        source=Recording(exhibit.source, exhibit.phrase, "Song", "a.wav", 0.0, None, "CC0", "Made for tests"),
        target=exhibit.target,
        key_shift_semitones=exhibit.key_shift_semitones,
        sampler=replace(manifest.sampler, seed=exhibit.seed, without=exhibit.without.split()),
    )
    write_trace(parent, manifest, hand_files(manifest))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    traces = folder / "traces"
    traces.mkdir()
    write(traces, SHOWN, TEACHER)
    write(traces, OTHER, replace(TEACHER, seed=1))
    write(traces, WHOLE, replace(TEACHER, seed=2))
    write(traces, LEAP, STUDENT)
    write(traces, UNTOLD, replace(STUDENT, without="melody"))
    rebuild_catalogue(traces)
    shutil.copytree(traces, folder / "kept")
    with Server(traces, folder / "log") as server:
        yield server, traces
    assert server.says_no_error()


@pytest.fixture
def open_page(site, browser):
    """Opens pages that have fetched nothing before; at the end the traces are whole again, and no error was left."""
    server, traces = site
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    errors = []

    def open_page(path, **query):
        page = context.new_page()
        watch_console(page, errors)
        page.goto(f"{server.address}/{path}?{urlencode(query)}")
        return page

    yield open_page
    context.close()
    shutil.rmtree(traces)
    shutil.copytree(traces.parent / "kept", traces)
    assert [error for error in errors if not any(part in error for part in ANSWERED)] == []


def said(page, figure: str, words: str) -> str:
    problem = page.locator(f".{figure} .problem:not([hidden])", has_text=words)
    problem.wait_for(timeout=20_000)
    return problem.inner_text()


def shows(page, what: str) -> None:
    page.locator(what).first.wait_for(timeout=20_000)


LESSON = {"trace": SHOWN, "step": 3}
COMPARED = {"compare": f"{OTHER},{SHOWN}"}
WALKED = ".scrubber[data-step]"
# the lesson that lets one choose looks at every file's length before it shows anything
BEFORE = [
    ("denoising", LESSON, "curves", "metrics.csv", flip, WALKED),
    ("network", LESSON, "maps", "maps.npy.gz", cut_off, WALKED),
    ("network", LESSON, "picks", "hidden.npy.gz", delete, ".maps[data-feature]"),
    ("noising", {"trace": SHOWN}, "noising", "source.npy.gz", cut_off, "h2"),
    ("fewer-steps", {}, "noise_levels", "predicted.npy.gz", flip, ".noise_levels[data-drawn]"),
    ("compare", COMPARED, "workbench", "f0.npy.gz", delete, ".workbench[data-shown='A']"),
    ("compare", COMPARED, "trends", "metrics.csv", flip, ".workbench[data-shown='AB']"),
    ("compare", COMPARED | {"explain": "seeds"}, "explain", "predicted.npy.gz", cut_off, ".workbench[data-shown='A']"),
]


@pytest.mark.parametrize("path, query, figure, file, damage, goes_on", BEFORE, ids=[f"{row[2]}" for row in BEFORE])
def test_a_file_that_is_damaged_is_named_and_the_rest_is_shown(
    open_page, site, path, query, figure, file, damage, goes_on
):
    damage(site[1] / SHOWN, file)
    page = open_page(path, **query)
    if figure == "explain":
        page.locator(".explain").scroll_into_view_if_needed(timeout=20_000)
    problem = said(page, figure, file)
    assert f"“{SHOWN}”" in problem and f"{file} {MISSING if damage is delete else DAMAGED}" in problem
    shows(page, goes_on)


@pytest.mark.parametrize("path, figure, another", [("network", "maps", WALKED), ("compare", "trends", ".card")])
def test_a_trace_that_is_gone_is_named_and_another_is_shown(open_page, site, path, figure, another):
    delete(site[1] / SHOWN)
    name = "trace" if path == "network" else "compare"
    assert f"“{SHOWN}”" in said(open_page(path, **{name: SHOWN}), figure, "trace.json is missing")
    shows(open_page(path, **{name: WHOLE}), another)


def test_a_manifest_with_one_letter_changed_is_named_beside_the_other(open_page, site):
    """As it is told who sings how: such letters are used without a look at them."""
    path = site[1] / SHOWN / "trace.json"
    path.write_bytes(path.read_bytes().replace(b'"without"', b'"withouu"'))
    page = open_page("compare", **COMPARED)
    assert f"“{SHOWN}” cannot be shown: its trace.json cannot be used" in said(page, "workbench", "trace.json")
    shows(page, ".workbench[data-shown='A']")


# while the page is on the screen


def test_a_conversion_that_is_gone_leaves_the_pair_that_is_shown(open_page, site):
    page = open_page("conditions", by="student")
    shows(page, f".compare[data-other='{LEAP}']")
    delete(site[1] / UNTOLD)
    page.locator(".compare [data-value='melody']").click()
    assert f"“{UNTOLD}” cannot be shown: trace.json {MISSING}" in said(page, "compare", "trace.json")
    assert page.locator(".compare [data-value='melody']").get_attribute("aria-checked") == "true"  # as before
    page.locator(".compare [data-kind='converted'][data-side='one']").click()
    shows(page, ".compare [data-kind='converted'][aria-pressed='true']")


def test_sounds_and_maps_of_a_compared_conversion_that_is_gone_are_named(open_page, site):
    page = open_page("compare", compare=f"{OTHER},{SHOWN}")
    shows(page, ".maps[data-feature]")
    shows(page, ".picks[data-picks]")
    delete(site[1] / SHOWN)
    page.locator(".workbench .card[data-letter='B'] button", has_text="Play the result").click()
    assert f"“{SHOWN}”" in said(page, "workbench", "sound/converted.flac is missing")
    page.locator(".maps .beside").select_option(SHOWN)
    assert f"Not all of the conversion “{SHOWN}” can be shown: " in said(page, "maps", f".npy.gz {MISSING}")
    page.locator(".workbench .card[data-letter='A'] button", has_text="Play the result").click()
    shows(page, ".workbench .card[data-letter='A'] [aria-pressed='true']")
    shows(page, ".maps[data-feature]")


def test_noise_goes_on_without_its_sounds_and_its_measures(open_page, site):
    delete(site[1] / WHOLE, "metrics.csv")
    page = open_page("noising", trace=WHOLE)
    shows(page, ".noising[data-t]")
    page.route("**/material/noising/*.mp3*", lambda route: route.fulfill(status=409))
    page.locator(".noising [data-do='listen']").click()
    assert ".mp3 is damaged" in said(page, "noising", "This sound cannot be played")
    page.locator(".noising [data-do='last']").click()
    shows(page, ".noising[data-t='999']")
    page.locator(".noising [data-do='stop']").click()
    lack = page.locator(".noising .verdict", has_text=f"metrics.csv {MISSING}, of the conversion “{WHOLE}”")
    lack.wait_for(timeout=10_000)
