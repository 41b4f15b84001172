"""Pages of the site as Streamlit's AppTest runs them, without a browser: what they say, and what figures are told."""

from __future__ import annotations

import json

from streamlit.testing.v1 import AppTest

from app.serving.library import REPOSITORY

SITE = str(REPOSITORY / "app" / "site.py")


def open_script(script: str, **query: str) -> AppTest:
    """The page of a script below app/ ("lessons/start.py"), opened within the site at an address with that query."""
    page = AppTest.from_file(SITE, default_timeout=60).run()
    page.switch_page(script)
    for name, value in query.items():
        page.query_params[name] = value
    return page.run()


def figures(page: AppTest) -> dict[str, dict]:
    """Data of every figure on the page, by its name."""
    found = (element.proto for element in page.get("bidi_component"))
    return {proto.component_name.split(".")[-1]: json.loads(proto.json) for proto in found}


def said(page: AppTest) -> str:
    """All that the page reports in boxes: errors, then warnings, then hints."""
    return " ".join(element.value for kind in (page.error, page.warning, page.info) for element in kind)
