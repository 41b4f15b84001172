"""The guided tour, taken as a reader takes it: by mouse, by keyboard, across pages, and left half-way."""

import re

import pytest
from playwright.sync_api import Page, expect

from app.parts.course import BY_ID
from app.parts.tour import tour

STEPS = tour()
FIRST_ELSEWHERE = next(n for n, step in enumerate(STEPS) if step.page != STEPS[0].page)
KEPT = "JSON.parse(sessionStorage.getItem('singsteps.tour.1'))"


def begin(page: Page) -> None:
    page.get_by_role("button", name="Take the tour").click()
    expect_step(page, 0)


def expect_step(page: Page, at: int) -> None:
    expect(page.locator("#tour-card .title")).to_have_text(STEPS[at].title, timeout=20_000)
    expect(page.locator("#tour-card .count")).to_have_text(f"Tour, {at + 1} of {len(STEPS)}")


def press(page: Page, name: str) -> None:
    page.locator("#tour-card").get_by_role("button", name=name).click()


def try_it(page: Page, at: int) -> None:
    """What the step asks for, at the control it points at."""
    control = page.locator(STEPS[at].at).first
    if STEPS[at].done == "stepped":
        control.focus()
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowRight")
    elif STEPS[at].done == "answered":
        control.locator(".answers button").first.click()
    elif STEPS[at].done == "looked up":
        control.hover()
    else:
        control.click()


def go_to(page: Page, at: int) -> None:
    """Straight to a step, as if the reader had come that far."""
    page.goto(re.sub(r"(//[^/]+)/.*", r"\1/", page.url) + BY_ID[STEPS[at].page].path)
    page.evaluate(f"sessionStorage.setItem('singsteps.tour.1', '{at}')")
    page.reload()
    expect_step(page, at)


@pytest.mark.every_time
def test_whole_tour_is_taken_and_every_step_knows_when_it_was_done(open_page):
    page = open_page("/", drawn=False)
    begin(page)
    for at, step in enumerate(STEPS):
        expect_step(page, at)
        expect(page.locator("#tour-ring")).to_be_visible()
        following = page.locator("#tour-card .ways button").last
        assert ("ready" in (following.get_attribute("class") or "")) == (step.done == "")
        if step.done:
            assert page.locator("#tour-card .told").text_content() == ""
            try_it(page, at)
            expect(page.locator("#tour-card .told")).to_contain_text("✓")
            expect(following).to_have_class(re.compile("ready"))
        following.click()
    expect(page.locator("#tour-card")).to_have_count(0)
    expect(page.locator(".tour .said")).to_have_text("That was the tour.")
    assert page.evaluate(KEPT) is None
    page.get_by_role("button", name="Take it again").click()
    expect_step(page, 0)


def test_ring_lies_around_the_control_and_the_card_beside_it(open_page):
    page = open_page("/", drawn=False)
    begin(page)
    ring, card = (page.locator(f"#tour-{part}").bounding_box() for part in ("ring", "card"))
    control = page.locator(STEPS[0].at).bounding_box()
    assert (ring["x"], ring["y"]) == pytest.approx((control["x"] - 5, control["y"] - 5), abs=1)
    assert (ring["width"], ring["height"]) == pytest.approx((control["width"] + 10, control["height"] + 10), abs=1)
    apart = card["y"] >= control["y"] + control["height"] or card["y"] + card["height"] <= control["y"]
    apart |= card["x"] >= control["x"] + control["width"] or card["x"] + card["width"] <= control["x"]
    assert apart
    assert card["x"] >= 0
    assert card["x"] + card["width"] <= 1440
    assert card["y"] >= 0
    assert card["y"] + card["height"] <= 900


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_the_card_stands_at_the_foot_and_hides_no_control(open_page, scheme):
    page = open_page("/", width=390, height=844, scheme=scheme, drawn=False)
    begin(page)
    for at in range(FIRST_ELSEWHERE):
        expect_step(page, at)
        card = page.locator("#tour-card").bounding_box()
        assert card["y"] + card["height"] == pytest.approx(844 - 8, abs=2)
        assert (card["x"], card["width"]) == pytest.approx((8, 390 - 16), abs=2)
        control = page.locator(STEPS[at].at).first.bounding_box()
        assert control["y"] > 0
        assert control["y"] + control["height"] <= card["y"]
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.locator("#tour-card .ways button").last.click()


def test_card_is_a_labelled_dialog_that_holds_the_focus_but_not_the_page(open_page):
    page = open_page("/", drawn=False)
    begin(page)
    card = page.get_by_role("dialog", name=STEPS[0].title)
    expect(card).to_be_focused()
    assert card.get_attribute("aria-modal") == "false"
    page.keyboard.press("Escape")
    expect(page.locator("#tour-card")).to_have_count(0)
    expect(page.get_by_role("button", name="Take the tour")).to_be_focused()
    assert page.evaluate(KEPT) is None


def test_by_keyboard_alone_a_step_is_tried_and_left(open_page):
    page = open_page("/", drawn=False)
    page.get_by_role("button", name="Take the tour").focus()
    page.keyboard.press("Enter")
    expect_step(page, 0)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # Go to it
    expect(page.locator(STEPS[0].at)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#tour-card .told")).to_contain_text("✓")
    page.locator("#tour-card .ways button").last.focus()
    page.keyboard.press("Enter")
    expect_step(page, 1)
    page.get_by_role("button", name="Back").focus()
    page.keyboard.press("Space")
    expect_step(page, 0)


def test_tour_is_skipped_and_begun_again(open_page):
    page = open_page("/", drawn=False)
    begin(page)
    press(page, "Next")
    expect_step(page, 1)
    press(page, "Skip tour")
    expect(page.locator("#tour-card")).to_have_count(0)
    begin(page)
    page.get_by_role("button", name="End the tour").click()
    expect(page.locator("#tour-card")).to_have_count(0)


def test_tour_goes_on_when_the_reader_follows_the_link_and_waits_elsewhere(open_page):
    page = open_page("/", drawn=False)
    go_to(page, FIRST_ELSEWHERE - 1)
    page.locator(STEPS[FIRST_ELSEWHERE - 1].at).click()
    expect_step(page, FIRST_ELSEWHERE)
    press(page, "Next")
    expect_step(page, FIRST_ELSEWHERE + 1)
    page.locator(".course li a").first.click()  # back to the start, past the tour
    waiting = page.locator(".tour .said")
    expect(waiting).to_contain_text("The tour waits for you in the lesson", timeout=20_000)
    waiting.get_by_role("link").click()
    expect_step(page, FIRST_ELSEWHERE + 1)


def test_back_leads_to_the_page_before(open_page):
    page = open_page("/", drawn=False)
    go_to(page, FIRST_ELSEWHERE)
    press(page, "Back")
    expect_step(page, FIRST_ELSEWHERE - 1)


def test_step_whose_control_is_not_there_is_left_out_in_a_sentence(open_page):
    page = open_page("/", drawn=False)
    begin(page)
    page.evaluate(
        """(selector) => {
            const find = (root) => root.querySelector(selector) ?? [...root.querySelectorAll("*")]
                .map((node) => node.shadowRoot && find(node.shadowRoot)).find(Boolean);
            find(document).remove();
        }""",
        STEPS[1].at,
    )
    press(page, "Next")
    expect_step(page, 1)
    assert "is not on this page now" in page.locator("#tour-content").text_content()
    expect(page.locator("#tour-ring")).to_be_hidden()
    press(page, "Next")
    expect_step(page, 2)


@pytest.mark.parametrize("kept", ["99", "-1", "null", '"x"', "{", "1.5"])
def test_damaged_memory_means_no_tour(open_page, kept):
    page = open_page("/", drawn=False)
    page.evaluate("(kept) => sessionStorage.setItem('singsteps.tour.1', kept)", kept)
    page.reload()
    page.get_by_role("button", name="Take the tour").wait_for()
    expect(page.locator("#tour-card")).to_have_count(0)


def test_without_memory_the_tour_still_runs(open_page, browser, site):
    page = open_page("/", drawn=False)
    page.add_init_script(
        "Storage.prototype.getItem = Storage.prototype.setItem = () => { throw new DOMException('no'); };"
    )
    page.reload()
    begin(page)
    press(page, "Next")
    expect_step(page, 1)
    press(page, "Skip tour")
    expect(page.locator("#tour-card")).to_have_count(0)


def test_nothing_pulses_for_those_who_want_stillness(open_page):
    for motion, expected in (("reduce", "none"), ("no-preference", "tour-ready")):
        page = open_page("/", motion=motion, drawn=False)
        go_to(page, FIRST_ELSEWHERE - 1)  # a mere look: ready at once
        ready = page.locator("#tour-card .ready")
        assert ready.evaluate("(node) => getComputedStyle(node).animationName") == expected
