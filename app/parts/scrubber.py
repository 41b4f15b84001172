"""The scrubber: one conversion on the screen, any of its steps at once, with sound.

A Streamlit component (v2). Python only names the trace and where it lies; the browser fetches it,
replays it and paints, so a step is changed without a message to the server. Its JavaScript lies in
app/web.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app.parts.library import library
from app.parts.served import WEB_PATH

_HERE = Path(__file__).parent


def _text(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


# registered once, at import: a second registration of the same name would remount every instance
_scrubber = st.components.v2.component(
    "scrubber", html=_text("scrubber.html"), css=_text("scrubber.css"), js=_text("scrubber_mount.js")
)


def show_scrubber(trace: str, key: str = "scrubber") -> None:
    """Show the trace of that id. Its step is kept in the address, as ``step``."""
    # addresses are relative to the page's own, so that the site may live below any path
    _scrubber(data={"trace": trace, "roots": library().roots, "module": f".{WEB_PATH}/scrubber.js"}, key=key)
