"""No page has a serious fault that axe-core knows of, in light or in dark."""

import pytest

from app.parts.tour import tour
from tests.support.accessibility import EXCEPTIONS, grave_violations
from tests.support.site import PATHS, settle


@pytest.fixture(scope="module", params=[pytest.param("light", marks=pytest.mark.every_time), "dark"])
def reader(request, browser, site):
    """A page of its own context for all of the site's pages in that colour scheme."""
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, color_scheme=request.param, reduced_motion="reduce"
    )
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("path", PATHS)
def test_page_has_no_serious_violation(reader, site, path):
    reader.goto(site.address + path)
    settle(reader)
    reader.evaluate("for (const folded of document.querySelectorAll('details')) folded.open = true")
    assert grave_violations(reader) == []


def test_tour_s_card_and_a_term_s_card_have_none_either(reader, site):
    reader.goto(site.address)
    settle(reader)
    reader.get_by_role("button", name="Take the tour").click()
    reader.locator("#tour-card").wait_for()
    reader.locator("[data-testid=stMain] p a[href*='glossary#']").first.hover()
    reader.locator("#term-card:not([hidden])").wait_for()
    assert grave_violations(reader) == []
    reader.locator(tour()[0].at).click()
    reader.locator("#tour-card .ready").wait_for()
    assert grave_violations(reader) == []


@pytest.mark.every_time
def test_faults_are_found_in_shadow_roots_and_told_with_their_place(browser):
    page = browser.new_page()
    page.set_content("<main><h1>Title</h1><div id='host'></div></main>")
    page.evaluate(
        """() => {
            const root = document.querySelector("#host").attachShadow({ mode: "open" });
            root.innerHTML = `<button></button><p style="color: #999; background: #fff">faint</p>`;
        }"""
    )
    lines = grave_violations(page)
    page.close()
    assert any(line.startswith("critical: button-name") and "#host >> button" in line for line in lines)
    assert any(line.startswith("serious: color-contrast") and "#host >> p" in line for line in lines)


def test_exceptions_are_few_and_each_has_its_reason():
    assert len(EXCEPTIONS) <= 3
    assert all(each.reason and each.within for each in EXCEPTIONS)
