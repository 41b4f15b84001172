"""Room for the figures: they take it before they are there, so that nothing on the page moves when they come.

A figure's HTML says how high it is, as ``data-reserve="WIDE NARROW"`` in px on a wide and on a narrow
screen, or ``data-reserve-END`` for keys that end so. Streamlit calls the place of an element by its key
(``st-key-NAME-END``), which begins with the figure's name. An element that carries the rules would
itself come too late, so they go with the page.
"""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
DICTIONARY = HERE / "dictionary.css"  # of the glossary's lists, which are Streamlit's own elements and no figure
# What Streamlit does only after its first look at the script: the wide layout, and the height of labelled boxes.
STREAMLIT = """
div[data-testid="stMainBlockContainer"].block-container { max-width: none }
@media (min-width: 768px) { div[data-testid="stMainBlockContainer"].block-container { padding: 6rem 5rem 10rem } }
.stElementContainer:is([class*="st-key-trace"], [class*="st-key-filter_"]) { min-height: 68px }
[class*="st-key-dictionary-"] { min-height: 100vh }
@media (max-width: 480px) { .st-key-look { min-height: 76px } .st-key-by { min-height: 112px } }
"""
NARROW_PX = 780  # of a window, below which a figure's columns stand one below another (700 px of its own, figure.css)
RESERVE = re.compile(r'data-reserve(-[a-z]+)?="(\d+) (\d+)"')


def reserved_px(html: str) -> dict[str, tuple[int, int]]:
    """Height of a figure on a wide and on a narrow screen, by the end of its key, as its HTML says; 0 by default."""
    return {"": (0, 0)} | {end: (int(wide), int(narrow)) for end, wide, narrow in RESERVE.findall(html)}


def room_style(folder: Path = HERE) -> str:
    """The style sheet that keeps room for every figure of the folder."""
    rules = [STREAMLIT, DICTIONARY.read_text(encoding="utf-8")]
    for path in sorted(folder.glob("*.html")):
        for end, (wide_px, narrow_px) in reserved_px(path.read_text(encoding="utf-8")).items():
            place = f'[class*="st-key-{path.stem}{end}"]'
            rules.append(f"{place} {{ min-height: {wide_px}px }}")
            rules.append(f"@media (max-width: {NARROW_PX}px) {{ {place} {{ min-height: {narrow_px}px }} }}")
    return "\n".join(rules)
