"""The page for teachers in a real browser: its links lead where they say, it is embedded, and it prints whole."""

import re

import pytest

from app.parts.links import EXHIBITS, address_of, read_plan
from app.serving.library import library

EXPECTED_404 = ("status of 404",)  # Streamlit itself asks for its health below the page's path first
LINKS = [link for part in read_plan().part for link in part.link]
STEPS = [link for link in LINKS if link.step is not None]


@pytest.fixture
def open_teachers(open_page):
    def open_teachers(**options):
        page = open_page("/teachers", drawn=False, allowed=EXPECTED_404, **options)
        page.get_by_role("heading", name="Printing").wait_for(timeout=30_000)
        return page

    return open_teachers


@pytest.mark.parametrize("link", STEPS, ids=lambda link: f"{link.shows}-{link.step}")
def test_a_link_opens_its_conversion_at_its_step(open_page, link):
    address = address_of(link, library().catalogue())
    page = open_page(f"/{address}", allowed=EXPECTED_404)
    page.wait_for_selector(f".scrubber[data-step='{link.step}']", timeout=20_000)
    assert page.locator(".problem:visible").count() == 0
    assert EXHIBITS[link.shows].target in page.get_by_role("combobox", name="Conversion").input_value()


@pytest.mark.parametrize("link", [link for link in LINKS if link.wishes], ids=lambda link: link.words)
def test_a_wish_is_understood_by_its_lesson(open_page, link):
    address = address_of(link, library().catalogue())
    page = open_page(f"/{address}", drawn=False, allowed=EXPECTED_404)
    page.locator("h1").wait_for(timeout=30_000)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(500)
    assert page.locator(".problem:visible").count() == 0
    assert page.locator("[data-testid='stAlert']").count() == 0
    for name, value in link.wishes.items():
        assert re.search(rf"[?&]{name}={value}(&|#|$)", page.evaluate("location.href"))


@pytest.mark.every_time
def test_a_link_of_the_page_is_followed(open_teachers):
    page = open_teachers()
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="On the way, step 700").click()
    opened.value.wait_for_selector(".scrubber[data-step='700']", timeout=30_000)


def test_the_sample_is_a_frame_that_opens_at_its_step(open_teachers):
    page = open_teachers()
    sample = page.locator("code", has_text="<iframe").text_content()
    page.set_content(sample)
    page.frame_locator("iframe").locator(".scrubber[data-step='700']").wait_for(timeout=30_000)


def test_the_plan_is_a_file_with_whole_addresses(open_teachers):
    page = open_teachers()
    with page.expect_download() as download:
        page.get_by_role("button", name="The plan as a text file").click()
    text = download.value.path().read_text(encoding="utf-8")
    assert text.startswith("# SingSteps: 45 minutes")
    addresses = re.findall(r"\]\(([^)]+)\)", text)
    assert len(addresses) == len(LINKS)
    assert all(address.startswith("http://127.0.0.1:") for address in addresses)
    assert "[[" not in text


@pytest.mark.every_time
def test_all_of_it_is_printed(open_teachers):
    page = open_teachers(width=1000)
    page.evaluate("document.fonts.ready")
    pages = page.pdf(format="A4").count(b"/Type /Page\n")
    assert pages >= 3  # one screen of it would be one


@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_overflows(open_teachers, width):
    page = open_teachers(width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
