"""Figures: what moves and sounds on the pages. Each is a Streamlit component (v2) of three files of one name.

``app/figures/NAME.html`` has one element of class ``figure NAME``, whose ``data-reserve`` says how high it is
on a wide and on a narrow screen (see room.py); ``NAME.css`` adds to figure.css, which all share;
``app/web/NAME.js`` exports a class Figure with ``constructor(place)``, ``open(data, tell)``, called at every rerun
of the page, and ``close()``. Python only names what is to be shown and where it lies; the browser fetches
it, so that a step is changed without a message to the server. A figure that must have the page changed says
so by ``tell(name, value)``, which makes the page rerun.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from app.serving.library import library
from app.serving.served import MATERIAL_PATH, WEB_PATH

HERE = Path(__file__).parent


def _text(name: str) -> str:
    path = HERE / name
    return path.read_text(encoding="utf-8") if path.exists() else ""


# registered once, at import: a second registration of the same name would remount every instance
_FIGURES = {
    path.stem: st.components.v2.component(
        path.stem,
        html=_text(path.name),
        css=_text("figure.css") + _text(f"{path.stem}.css"),
        js=_text("mount.js"),
    )
    for path in sorted(HERE.glob("*.html"))
}


def show_figure(name: str, data: Mapping[str, object], key: str | None = None, told: str | None = None) -> object:
    """Show a figure. ``data`` must be JSON; addresses are added to it: ``module``, ``material`` of the lessons' own
    files and, where it names none itself, ``roots`` of the traces. Raises KeyError for a figure that there is none of.

    Two figures of one name on a page need different keys; the name is put before it. Returns what the figure
    has told under the name ``told``, None where it has told nothing yet: it comes from the browser, so check it.
    """
    # addresses are relative to the page's own, so that the site may live below any path
    addresses = {"module": f".{WEB_PATH}/{name}.js", "material": f".{MATERIAL_PATH}/"}
    data = {"roots": library().roots, **data, **addresses}
    place = f"{name}-{key}" if key else name
    if told is None:
        _FIGURES[name](data=data, key=place)
        return None
    # Streamlit wants a callback for a value that it is to hand on
    callback: dict[str, Any] = {f"on_{told}_change": lambda: None}  # Any: the name is not known to a type checker
    return _FIGURES[name](data=data, key=place, **callback).get(told)
