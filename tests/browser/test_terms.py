"""Cards of terms, on a page's own text and inside a figure, and the glossary's page, in a real browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from app.parts.glossary import glossary

ELSEWHERE = ("404 (Not Found)",)  # Streamlit itself first asks below the page's own address

PUT_TERMS = """() => {
    const page = document.querySelector("[data-testid=stMainBlockContainer]");
    const text = document.createElement("p");
    text.id = "text";
    text.style = "position: fixed; top: 40%; left: 0; right: 0; display: flex; justify-content: space-between";
    text.innerHTML = `<a href="glossary#snr" target="_blank">SNR</a> <span id="plain" tabindex="0">plain</span>
        <a href="glossary#mel-spectrogram" target="_blank">mel</a>`;
    const host = document.createElement("div");
    host.id = "figure";
    host.style = "position: fixed; bottom: 0";
    host.attachShadow({ mode: "open" }).innerHTML =
        `<a id="one" href="glossary#hop">hop</a> and <span id="inner">words</span>
        and <a id="two" href="glossary#f0">F0</a>`;
    page.append(text, host);
}"""


def open_with_terms(open_page, **options) -> Page:
    """The first page with two terms in its text, at both edges, and two in a figure at its bottom."""
    page = open_page(drawn=False, **options)
    page.wait_for_selector("#term-card", state="attached", timeout=30_000)
    page.evaluate(PUT_TERMS)
    return page


def card(page: Page):
    return page.get_by_role("tooltip")


def text_link(page: Page, term: str):
    return page.locator(f"#text a[href$='#{term}']")


@pytest.mark.every_time
def test_pointing_shows_the_card_which_can_be_pointed_at_and_goes_away(open_page):
    page = open_with_terms(open_page)
    link = text_link(page, "snr")
    assert link.get_attribute("aria-describedby") is None
    link.hover()
    expect(card(page)).to_be_visible()
    expect(card(page)).to_contain_text(glossary()["snr"].short)
    assert link.get_attribute("aria-describedby") == card(page).get_attribute("id")
    card(page).hover()
    page.wait_for_timeout(600)
    expect(card(page)).to_be_visible()
    assert card(page).get_by_role("link").get_attribute("href") == "glossary#snr"
    page.locator("#plain").hover()
    expect(card(page)).to_be_hidden()
    assert link.get_attribute("aria-describedby") is None


def test_a_pointer_that_passes_by_opens_nothing(open_page):
    page = open_with_terms(open_page)
    text_link(page, "snr").hover()
    page.locator("#plain").hover()
    page.wait_for_timeout(400)
    expect(card(page)).to_be_hidden()


@pytest.mark.every_time
def test_the_keyboard_shows_closes_and_moves_on(open_page):
    page = open_with_terms(open_page)
    page.locator("#plain").focus()
    page.keyboard.press("Tab")
    expect(card(page)).to_contain_text(glossary()["mel-spectrogram"].short)
    page.keyboard.press("Escape")
    expect(card(page)).to_be_hidden()
    assert page.evaluate("document.activeElement.hash") == "#mel-spectrogram"
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    expect(card(page)).to_be_visible()
    page.keyboard.press("Shift+Tab")
    expect(card(page)).to_be_hidden()


def test_by_keyboard_the_term_itself_leads_to_the_glossary(open_page):
    page = open_with_terms(open_page)
    page.locator("#plain").focus()
    page.keyboard.press("Tab")
    with page.context.expect_page() as opened:
        page.keyboard.press("Enter")
    assert opened.value.url.endswith("/glossary#mel-spectrogram")


def test_a_click_keeps_the_card_until_another(open_page):
    page = open_with_terms(open_page)
    address = page.url
    text_link(page, "snr").click()
    page.locator("#plain").hover()
    page.wait_for_timeout(600)
    expect(card(page)).to_be_visible()
    assert (page.url, len(page.context.pages)) == (address, 1)
    text_link(page, "mel-spectrogram").click()
    expect(card(page)).to_contain_text("mel spectrogram")
    page.locator("#plain").click()
    expect(card(page)).to_be_hidden()


def test_a_click_with_control_opens_the_glossary(open_page):
    page = open_with_terms(open_page)
    with page.context.expect_page() as opened:
        text_link(page, "snr").click(modifiers=["Control"])
    expect(opened.value).to_have_url(re.compile(r"/glossary#snr$"))


def test_terms_inside_a_figure_have_cards_one_after_the_other(open_page):
    page = open_with_terms(open_page)
    for link, term in (("#one", "hop"), ("#two", "f0")):
        page.locator(link).hover()
        expect(card(page)).to_contain_text(glossary()[term].short)
        assert glossary()[term].short in page.locator(link).get_attribute("aria-description")
    page.locator("#inner").hover()  # still in the figure, but no term
    expect(card(page)).to_be_hidden()
    page.locator("#one").focus()
    page.keyboard.press("Tab")
    expect(card(page)).to_contain_text(glossary()["f0"].short)
    page.keyboard.press("Shift+Tab")
    expect(card(page)).to_contain_text(glossary()["hop"].short)


def test_the_card_follows_its_term_and_closes_when_the_term_goes(open_page):
    page = open_with_terms(open_page)
    text_link(page, "snr").click()
    before = card(page).bounding_box()["y"]
    page.evaluate("document.getElementById('text').style.top = '20%'")
    page.wait_for_function("(y) => document.getElementById('term-card').getBoundingClientRect().y < y - 50", arg=before)
    page.evaluate("document.getElementById('text').remove()")
    expect(card(page)).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_small_screen_a_tap_shows_the_card_within_the_window(open_page, browser, site, scheme):
    context = browser.new_context(viewport={"width": 390, "height": 700}, has_touch=True, color_scheme=scheme)
    try:
        page = context.new_page()
        page.goto(site.address)
        page.wait_for_selector("#term-card", state="attached", timeout=30_000)
        page.evaluate(PUT_TERMS)
        for link in ("#text a[href$='#snr']", "#text a[href$='#mel-spectrogram']", "#one"):
            page.locator(link).tap()
            expect(card(page)).to_be_visible()
            box, at = card(page).bounding_box(), page.locator(link).bounding_box()
            assert box["x"] >= 8 and box["x"] + box["width"] <= 382
            assert box["y"] >= 8 and box["y"] + box["height"] <= 692
            assert box["y"] >= at["y"] + at["height"] or box["y"] + box["height"] <= at["y"]  # hides not its term
            assert page.evaluate("document.documentElement.scrollWidth") == 390
            assert contrast(page) >= 7
        assert len(context.pages) == 1
    finally:
        context.close()


def contrast(page: Page) -> float:
    """Of the card's text on its ground, as WCAG reckons it."""
    colours = page.evaluate(
        "[getComputedStyle(document.getElementById('term-card'))].flatMap((s) => [s.color, s.backgroundColor])"
    )

    def luminance(colour: str) -> float:
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted(map(luminance, colours))
    return (light + 0.05) / (dark + 0.05)


def test_showing_a_card_moves_nothing(open_page):
    page = open_with_terms(open_page)
    page.evaluate(
        """() => { window.shifts = 0; new PerformanceObserver((list) => {
            for (const entry of list.getEntries()) window.shifts += entry.value;
        }).observe({ type: "layout-shift" }); }"""
    )
    text_link(page, "snr").click()
    expect(card(page)).to_be_visible()
    page.keyboard.press("Escape")
    page.wait_for_timeout(200)
    assert page.evaluate("window.shifts") == 0


# --- the glossary's page


def wait_for_term(page: Page, id: str) -> float:
    """Until the page has moved to that term and stands; gives how far below the window's top it is."""
    page.wait_for_function("(id) => document.activeElement?.id === id", arg=id, timeout=30_000)
    page.wait_for_timeout(1_800)
    return page.locator(f"dt#{id}").bounding_box()["y"]


@pytest.mark.parametrize("width", [1440, 390])
def test_an_address_with_a_term_opens_the_glossary_there(open_page, width):
    page = open_page("/glossary#f0corr", width=width, drawn=False, allowed=ELSEWHERE)
    assert 50 <= wait_for_term(page, "f0corr") <= 120
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_terms_of_the_glossary_lead_to_each_other_and_back(open_page):
    page = open_page("/glossary#f0corr", drawn=False, allowed=ELSEWHERE)
    wait_for_term(page, "f0corr")
    link = page.locator("dt#f0corr + dd a[href$='#dtw']")
    link.hover()
    expect(card(page)).to_contain_text(glossary()["dtw"].short)
    assert card(page).get_by_role("link").count() == 0  # the reader is in the glossary
    link.click()
    expect(card(page)).to_be_hidden()
    assert 50 <= wait_for_term(page, "dtw") <= 120
    assert (page.url.split("#")[1], len(page.context.pages)) == ("dtw", 1)
    page.go_back()
    assert 50 <= wait_for_term(page, "f0corr") <= 120
    page.evaluate("location.hash = '#snr'")
    assert 50 <= wait_for_term(page, "snr") <= 120


def test_a_relative_that_the_search_hides_is_shown_on_a_card(open_page):
    page = open_page("/glossary", drawn=False, allowed=ELSEWHERE)
    page.get_by_label("Find").fill("cepstr")
    page.keyboard.press("Enter")
    page.get_by_text("terms fit").wait_for()
    expect(page.locator("dt#snr")).to_have_count(0)  # the list comes after the sentence
    assert page.locator("dt").count() < 10
    page.locator("dt#cepstrum + dd a[href$='#spectral-envelope']").click()
    expect(card(page)).to_contain_text(glossary()["spectral-envelope"].short)


@pytest.mark.parametrize("hash", ["#no-such-term", "#%E0%A4%A", "#"])
def test_a_stale_address_opens_the_glossary_at_its_top(open_page, hash):
    page = open_page(f"/glossary{hash}", drawn=False, allowed=ELSEWHERE)
    page.wait_for_selector("#term-card", state="attached", timeout=30_000)
    page.wait_for_selector("dt#waveform")
    page.wait_for_timeout(300)
    assert page.get_by_role("heading", name="Glossary").bounding_box()["y"] > 0
