"""The scrubber: one conversion on the screen, any of its steps at once, with sound."""

from __future__ import annotations

import streamlit as st

from app.figures.component import show_figure
from app.figures.room import NARROW_PX

COMPACT_PX = (531, 824)  # without the recordings, on a wide and on a narrow screen: less than scrubber.html asks for
COMPACT = """<style>
.stElementContainer[class*="st-key-scrubber"] {{ min-height: {}px }}
@media (max-width: {}px) {{ .stElementContainer[class*="st-key-scrubber"] {{ min-height: {}px }} }}
</style>"""


def show_scrubber(trace: str, group: str = "page", references: bool = True) -> None:
    """Show the trace of that id. Its step is kept in the address, as ``step``.

    Figures of one ``group`` follow one another's steps; a group is best named after its page.
    ``references``: the recordings of source and target below.
    """
    if not references:
        wide_px, narrow_px = COMPACT_PX
        st.html(COMPACT.format(wide_px, NARROW_PX, narrow_px))
    show_figure("scrubber", {"trace": trace, "group": group, "references": references})
