"""Every page of the site, opened as readers open it: wide, narrow, light, dark, with and without what it needs."""

import gzip
import os
import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.parts.course import LESSONS
from app.parts.glossary import with_terms
from app.parts.questions import questions_of
from app.serving.library import library
from app.serving.served import WEB
from svc_core.traces.catalogue import CATALOGUE
from svc_core.traces.register import trace_folders
from tests.support.console import watch_console
from tests.support.dashboard import REPOSITORY, run_dashboard
from tests.support.site import LOOKED_UP, PATHS, settle

MOST_SHIFT = 0.1  # "good" in Core Web Vitals
MOST_TABS = 400
MISSING = re.compile("status of (?:404|409)")  # there is no such file, or another than its trace names
BY_NAME = [pytest.param(lesson, id=lesson.id) for lesson in LESSONS]
WATCH_SHIFTS = """window.shift = 0;
new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });"""
BLOCK_SOUND = """AudioContext.prototype.resume = () => new Promise(() => {});
Object.defineProperty(AudioContext.prototype, "state", { get: () => "suspended" });"""
OVERFLOW = """Math.max(...[document.documentElement, ...document.querySelectorAll("[data-testid=stMain]")]
    .map((node) => node.scrollWidth - node.clientWidth))"""
FOCUSED_ANSWER = """() => {
    let at = document.activeElement;
    while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
    return at.matches(".answers button") && getComputedStyle(at).outlineStyle !== "none";
}"""


@pytest.mark.every_time
def test_the_pages_opened_here_are_those_of_the_site():
    text = (REPOSITORY / "app" / "site.py").read_text(encoding="utf-8")
    assert re.findall(r'url_path="([a-z-]+)"', text) == list(LOOKED_UP)


def new_page(
    browser: Browser, errors: list[str], width=1440, height=900, scheme="light", motion="reduce", script=""
) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion=motion
    )
    if script:
        context.add_init_script(script)
    page = context.new_page()
    watch_console(page, errors)
    return page


def sentences(page: Page) -> str:
    """What the page's alerts say at the moment, figures' and Streamlit's."""
    return " ".join(text for text in page.locator("[role=alert]:visible").all_inner_texts() if text.strip())


# --- each page, wide and narrow, light and dark


@pytest.fixture(
    scope="module", params=[(1440, "light", "no-preference"), (390, "dark", "reduce")], ids=["wide", "narrow"]
)
def reader(request, browser, site):
    width, scheme, motion = request.param
    errors = []
    page = new_page(browser, errors, width, 900, scheme, motion, WATCH_SHIFTS)
    yield page, errors, scheme
    page.context.close()


@pytest.mark.every_time
@pytest.mark.parametrize("path", PATHS)
def test_page_fits_stands_still_and_says_no_error(reader, site, path):
    page, errors, scheme = reader
    errors.clear()
    page.emulate_media(color_scheme=scheme)
    page.goto(site.address + path)
    settle(page)
    assert page.locator("h1").count() == 1
    assert page.evaluate("window.shift") <= MOST_SHIFT
    assert page.evaluate(OVERFLOW) <= 0
    page.emulate_media(color_scheme="light" if scheme == "dark" else "dark")  # draws every figure anew
    settle(page)
    assert page.evaluate(OVERFLOW) <= 0
    assert sentences(page) == ""
    assert errors == []


@pytest.mark.parametrize("lesson", BY_NAME)
def test_embedded_lesson_shows_itself(browser, site, lesson):
    errors = []
    page = new_page(browser, errors, 800, 600)
    page.goto(f"{site.address}/{lesson.path}?embed=true")
    expect(page.get_by_role("heading", level=1, name=lesson.title)).to_be_in_viewport(timeout=30_000)
    assert page.evaluate(OVERFLOW) <= 0
    page.context.close()
    assert errors == []


# --- questions


@pytest.fixture(scope="module")
def learner(browser, site):
    errors = []
    page = new_page(browser, errors)
    yield page, errors
    page.context.close()


def plain(markdown: str) -> str:
    """What is read of a text with links, bold and italic."""
    return re.sub(r"\*+", "", re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", with_terms(markdown)))


@pytest.mark.parametrize("lesson", BY_NAME)
def test_every_question_is_answered_wrong_then_right_and_the_lesson_is_done(learner, site, lesson):
    page, errors = learner
    errors.clear()
    questions = questions_of(lesson.id)
    assert 2 <= len(questions) <= 4
    page.goto(f"{site.address}/{lesson.path}")
    page.locator(".quiz .question").nth(len(questions) - 1).wait_for(timeout=30_000)
    settle(page)
    answer_by_keyboard(page)
    for question in questions:
        asked = page.locator(f"[data-question='{question.id}']")
        assert asked.locator("legend").inner_text() == plain(question.ask)
        feedback = asked.locator(".feedback")
        for right in (False, True):
            index, answer = next((n, each) for n, each in enumerate(question.answer) if each.right == right)
            place = ".marks" if question.picture and right else ".answers"
            asked.locator(f"{place} button").nth(index).click()
            expect(feedback).to_have_text(f"{'Yes.' if right else 'Not quite.'} {plain(answer.because)}")
            expect(asked.locator(".answers button").nth(index)).to_have_attribute("aria-pressed", "true")
    here = page.locator(".course a[aria-current]")
    expect(here).to_have_attribute("data-progress", "done")
    page.reload()
    expect(here).to_have_attribute("data-progress", "done", timeout=30_000)
    expect(page.locator(".quiz .score")).to_have_text(f"All {len(questions)} answered: this lesson is done.")
    assert errors == []


def answer_by_keyboard(page: Page) -> None:
    """From the top of the page: Tab until an answer has the focus, and can be seen to have it; then Enter."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED_ANSWER):
            break
    else:
        pytest.fail(f"no answer is reached by {MOST_TABS} tabs")
    page.keyboard.press("Enter")
    expect(page.locator(".quiz .question").first.locator(".feedback b")).to_be_visible()


# --- what may be missing


@pytest.fixture(scope="module")
def deaf(browser, site):
    """A page whose browser lets nothing sound, and does not say so."""
    errors = []
    page = new_page(browser, errors, script=BLOCK_SOUND)
    yield page, errors
    page.context.close()


@pytest.mark.parametrize("lesson", BY_NAME)
def test_stale_address_and_blocked_sound_are_answered_in_sentences(deaf, site, lesson):
    page, errors = deaf
    errors.clear()
    page.goto(f"{site.address}/{lesson.path}?trace=no-such-trace&step=abc")
    settle(page)
    said = sentences(page)
    script = (REPOSITORY / "app" / lesson.script).read_text(encoding="utf-8")
    if "find_walk(" in script or "choose_trace(" in script:
        assert "There is no conversion “no-such-trace” here" in said
    if takes_step(page):
        assert "“abc”" in said
    play = page.locator(".figure button[data-sound]:visible:enabled")
    if play.count() > 0:
        play.first.click()
        expect(page.locator(".problem:visible", has_text="the browser blocks sound").first).to_be_visible()
    assert page.locator(".quiz .question").count() > 0
    assert errors == []


def takes_step(page: Page) -> bool:
    """Whether a figure of the page takes the step from the address."""
    names = {name for each in page.locator(".figure").all() for name in each.get_attribute("class").split()}
    modules = [WEB / f"{name}.js" for name in names]
    return any("placeInAddress(" in module.read_text(encoding="utf-8") for module in modules if module.exists())


@pytest.fixture(scope="module")
def damaged_site(tmp_path_factory):
    """All shipped traces are listed; of every other one the predictions are missing, those of the rest are damaged."""
    parent = tmp_path_factory.mktemp("damaged") / "traces"
    parent.mkdir()
    shipped = library().place.path
    shutil.copy(shipped / CATALOGUE, parent / CATALOGUE)
    for number, folder in enumerate(trace_folders(shipped)):
        shutil.copytree(folder, parent / folder.name, copy_function=_link)
        damage(parent / folder.name / "predicted.npy.gz", missing=number % 2 == 0)
    with run_dashboard(parent, parent.parent / "log") as site:
        yield site


def _link(source: str, target: str) -> None:
    """No copy of a hundred megabytes; where disks differ, one."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy(source, target)


def damage(path: Path, missing: bool) -> None:
    size = path.stat().st_size
    path.unlink()  # it may be a link: the shipped file stays as it is
    if not missing:
        garbage = gzip.compress(b"no array at all")
        path.write_bytes(garbage.ljust(size, b"\0"))


@pytest.mark.parametrize("lesson", BY_NAME)
def test_lesson_stands_without_its_traces(browser, damaged_site, lesson):
    errors = []
    page = new_page(browser, errors)
    page.goto(f"{damaged_site.address}/{lesson.path}")
    settle(page)
    expect(page.locator("[role=alert]:visible", has_text="predicted.npy.gz").first).to_be_visible()
    said = sentences(page)
    assert "predicted.npy.gz" in said
    assert re.search(r"cannot be (shown|drawn|compared|played)", said)
    assert page.get_by_role("heading", level=1, name=lesson.title).count() == 1
    assert page.locator(".quiz .answers button").count() > 0
    page.context.close()
    assert [line for line in errors if not (MISSING.search(line) and "/predicted.npy.gz" in line)] == []


@pytest.mark.every_time
def test_servers_log_no_error(site, damaged_site):
    for server in (site, damaged_site):
        assert "Traceback" not in server.log.read_text()
