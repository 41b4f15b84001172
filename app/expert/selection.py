"""Which listed conversions fit what an address of the expert page says; the same rules as in app/web/listing.js."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from svc_core.traces.catalogue import Catalogue

PLAIN = "plain"  # stands for the empty text of a facet, in addresses


def facets(table: pd.DataFrame) -> dict[str, pd.Series]:
    """What rows can be chosen by besides scores: name in the address -> the text of every row."""
    plain = {name: table[name].astype(str) for name in ("source", "target", "song", "phrase", "defect", "detail")}
    swap = table["swap"].astype(str)
    return plain | {
        "sampler": table["sampler"].astype(str) + table["steps"].astype(str),
        "without": table["without"].astype(str).str.replace(" ", "+"),
        "guidance": table["guidance"].astype(str).str.replace(" ", "+"),
        "key": table["key_shift_semitones"].astype(str),
        "seed": table["seed"].astype(str),
        "swap": swap.where(swap == "", swap + "@" + table["swap_at"].astype(str)),
    }


def fitting(catalogue: Catalogue, state: Mapping[str, str]) -> np.ndarray:
    """Numbers of the rows that fit, in the order of the catalogue. What cannot be understood excludes nothing."""
    table = catalogue.table
    fits = np.ones(len(table), bool)
    for name, texts in facets(table).items():
        if state.get(name):
            asked = state[name].encode("utf-8", "replace").decode()  # Arrow refuses to look for half a character
            fits &= texts.isin(["" if text == PLAIN else text for text in asked.split(",")]).to_numpy()
    for name in catalogue.scores:
        ends = read_range(state.get(name, ""))
        if ends is not None:
            values = table[name].to_numpy(float)
            fits &= (values >= ends[0]) & (values <= ends[1])  # a row without the score never fits
    return np.flatnonzero(fits)


def read_range(text: str) -> tuple[float, float] | None:
    """'0.9:' -> (0.9, inf); None where it is no range."""
    ends = text.split(":")
    if len(ends) != 2:
        return None
    try:
        low = float(ends[0]) if ends[0].strip() else -np.inf
        high = float(ends[1]) if ends[1].strip() else np.inf
    except ValueError:
        return None
    return (low, high) if low <= high else None
