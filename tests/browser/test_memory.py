"""What a reader has done is kept in the browser; where that cannot be, or is damaged, the lessons go on."""

import json

import pytest
from playwright.sync_api import Page, expect

from app.parts.course import BY_ID
from app.parts.questions import questions_of

KEY = "singsteps.course.1"
LESSON = BY_ID["noising"]
QUESTIONS = questions_of(LESSON.id)
HERE = ".course a[aria-current]"
NO_STORAGE = "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('forbidden'); } });"
FULL_STORAGE = "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };"


def open_lesson(open_page, script: str = "") -> Page:
    page = open_page(f"/{LESSON.path}", drawn=False)
    if script:
        page.add_init_script(script)
        page.reload()
    page.locator(".quiz .question").nth(len(QUESTIONS) - 1).wait_for(timeout=30_000)
    return page


def answer(page: Page, number: int, right: bool) -> int:
    question = QUESTIONS[number]
    index = next(n for n, each in enumerate(question.answer) if each.right == right)
    page.locator(f"[data-question='{question.id}'] .answers button").nth(index).click()
    return index


def reload(page: Page) -> None:
    page.reload()
    page.locator(".quiz .question").nth(len(QUESTIONS) - 1).wait_for(timeout=30_000)


@pytest.mark.every_time
def test_answers_are_kept_over_a_reload_and_shown_on_other_pages(open_page):
    page = open_lesson(open_page)
    assert page.locator(HERE).get_attribute("data-progress") is None
    index = answer(page, 0, right=False)
    expect(page.locator(HERE)).to_have_attribute("data-progress", "begun")
    kept = json.loads(page.evaluate(f"localStorage.getItem('{KEY}')"))
    assert kept == {LESSON.id: {QUESTIONS[0].id: {"answer": index, "right": False}}}
    reload(page)
    pressed = page.locator(f"[data-question='{QUESTIONS[0].id}'] .answers button").nth(index)
    expect(pressed).to_have_attribute("aria-pressed", "true")
    for number in range(len(QUESTIONS)):
        answer(page, number, right=True)
    page.goto(page.url.rsplit("/", 1)[0] + "/glossary")
    stop = page.locator(f".course a[href='{LESSON.address}']")
    expect(stop).to_have_attribute("data-progress", "done", timeout=30_000)
    assert "done" in stop.inner_text()
    expect(page.locator(".course .kept")).to_have_text(f"1 of {len(BY_ID)} done")


def test_another_tab_sees_it_at_once(open_page):
    page = open_lesson(open_page)
    other = page.context.new_page()
    other.goto(page.url)
    other.locator(HERE).wait_for(timeout=30_000)
    answer(page, 0, right=True)
    expect(other.locator(HERE)).to_have_attribute("data-progress", "begun")


def test_a_lesson_can_be_answered_again_and_all_be_forgotten_in_two_presses(open_page):
    page = open_lesson(open_page)
    answer(page, 0, right=True)
    page.get_by_role("button", name="Answer again").click()
    expect(page.locator(".quiz .feedback b")).to_have_count(0)
    expect(page.locator(".quiz .answers button").first).to_be_focused()
    answer(page, 0, right=True)
    page.get_by_role("button", name="Start over").click()
    expect(page.locator(HERE)).to_have_attribute("data-progress", "begun")  # asked first
    page.get_by_role("button", name="Forget all answers?").click()
    expect(page.locator(HERE)).not_to_have_attribute("data-progress", "begun")
    assert page.evaluate(f"localStorage.getItem('{KEY}')") == "{}"


@pytest.mark.parametrize("script", [NO_STORAGE, FULL_STORAGE], ids=["forbidden", "full"])
def test_without_storage_the_page_itself_remembers(open_page, script):
    page = open_lesson(open_page, script)
    for number in range(len(QUESTIONS)):
        answer(page, number, right=True)
    expect(page.locator(HERE)).to_have_attribute("data-progress", "done")
    expect(page.locator(".quiz .score")).to_contain_text("this lesson is done")


@pytest.mark.parametrize(
    "kept",
    [
        "{", "null", "[]", "7", '"x"', '{"noising": 3}', '{"noising": {"x": null}}', '{"noising": []}',
        json.dumps({LESSON.id: {QUESTIONS[0].id: {"answer": 99, "right": True}}}),
        json.dumps({LESSON.id: {QUESTIONS[0].id: {"answer": "0", "right": "yes"}}}),
        json.dumps({"no-such-lesson": {"x": {"answer": 0, "right": True}}}),
    ],
)  # fmt: skip
def test_damaged_memory_is_thrown_away_and_answering_works(open_page, kept):
    page = open_lesson(open_page)
    page.evaluate("([key, kept]) => localStorage.setItem(key, kept)", [KEY, kept])
    reload(page)
    for number in range(len(QUESTIONS)):
        answer(page, number, right=True)
    expect(page.locator(HERE)).to_have_attribute("data-progress", "done")
