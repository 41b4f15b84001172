"""The scrubber: one conversion on the screen, any of its steps at once, with sound."""

from __future__ import annotations

from app.figures.component import show_figure


def show_scrubber(trace: str, group: str = "page", references: bool = True) -> None:
    """Show the trace of that id. Its step is kept in the address, as ``step``.

    Figures of one ``group`` follow one another's steps; a group is best named after its page.
    ``references``: the recordings of source and target below.
    """
    data = {"trace": trace, "group": group, "references": references}
    show_figure("scrubber", data, None if references else "compact")
