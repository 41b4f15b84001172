"""Tooltips: every link to the glossary on the page shows its term's card."""

from __future__ import annotations

from app.figures.component import show_figure
from app.parts.glossary import dictionary


def show_terms() -> None:
    """Make the page's links to ``glossary#ID`` show what they mean. Call it once a page, after its texts."""
    show_figure("terms", {"terms": dictionary()})
