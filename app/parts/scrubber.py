"""The scrubber: one conversion on the screen, any of its steps at once, with sound."""

from __future__ import annotations

from app.figures.component import show_figure


def show_scrubber(trace: str, group: str = "page", references: bool = True, root: str | None = None) -> None:
    """Show the trace of that id. It is kept in the address with its step, as ``trace`` and ``step``.

    Figures of one ``group`` follow one another's steps; a group is best named after its page.
    ``references``: the recordings of source and target below. ``root``: the address of the folder that the trace
    lies in, where that is not the library: it is its reader's alone, so the page's address does not tell of it.
    """
    data = {"trace": trace, "group": group, "references": references, "addressed": root is None}
    if root is not None:
        data["roots"] = [root]
    show_figure("scrubber", data, None if references else "compact")
