"""The page for teachers: its plan, and every link of it followed."""

import re
from urllib.parse import parse_qsl, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from app.parts import links
from app.parts.course import LESSONS
from app.parts.links import address_of, read_plan
from app.serving.library import library
from tests.support.page_runs import open_script

SCRIPTS = {lesson.path: lesson.script for lesson in LESSONS}
LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
ADDRESSES = sorted(
    {address_of(link, library().catalogue()) for part in read_plan().part for link in part.link}, key=str
)


def linked(page: AppTest) -> dict[str, str]:
    return dict(LINK.findall("\n".join(element.value for element in page.markdown)))


def test_the_page_has_the_plan_with_all_its_links():
    page = open_script("lessons/teachers.py")
    assert not page.exception and not page.error and not page.warning
    assert page.title[0].value == "For teachers"
    assert set(ADDRESSES) <= set(linked(page).values())
    assert "A plan for 45 minutes" in [header.value for header in page.header]
    assert page.subheader[0].value == "0 to 4 min: Hear it"
    assert page.subheader[-1].value.startswith("43 to 45 min")


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_link_opens_its_lesson_without_a_warning(address):
    parts = urlsplit(address)
    page = open_script(SCRIPTS[parts.path.removeprefix("./")], **dict(parse_qsl(parts.query)))
    assert not page.exception
    assert not page.error and not page.warning
    asked = dict(parse_qsl(parts.query)).get("trace")
    if asked:
        assert asked in library().catalogue()


def test_the_sample_to_embed_opens_a_step():
    (code,) = [element.value for element in open_script("lessons/teachers.py").code if "iframe" in element.value]
    address = re.search(r'src="([^"]+)"', code)[1].replace("&amp;", "&")
    asked = dict(parse_qsl(urlsplit(address).query))
    assert asked["embed"] == "true" and asked["step"] == "700"
    assert asked["trace"] in library().catalogue()
    assert 'title="' in code  # a frame without one is a riddle to who cannot see it


def test_other_traces_leave_out_the_links_that_they_lack(own_traces):
    page = open_script("lessons/teachers.py")
    assert not page.exception
    assert not any("trace=" in address for address in linked(page).values())
    assert "(this conversion is not among those listed here)" in " ".join(one.value for one in page.markdown)


def test_without_a_catalogue_the_plan_stays(own_traces):
    (own_traces / "catalogue.csv").unlink()
    page = open_script("lessons/teachers.py")
    assert not page.exception
    assert "goes on without its conversions" in page.error[0].value
    assert len(page.subheader) == 8


def test_a_broken_plan_is_said_and_the_rest_of_the_page_stays(monkeypatch, tmp_path):
    monkeypatch.setattr(links.read_plan, "__defaults__", (tmp_path / "plan.toml",))
    page = open_script("lessons/teachers.py")
    assert not page.exception
    assert "plan.toml cannot be used" in page.error[0].value
    assert "When students record themselves" in [header.value for header in page.header]
