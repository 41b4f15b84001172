"""Choosing a conversion; the choice is in the address, as ``trace``. Many are narrowed by filters first."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import streamlit as st

from app.parts.exhibits import say_unknown
from app.parts.names import sampler_label, singer_label, trace_label
from app.serving.library import to_begin_with
from svc_core.traces.catalogue import Catalogue, Entry

FEW = 30  # a list that can be looked through
MOST_OFFERED = 200  # a longer list takes a phone a second to open, and nobody reads it


def choose_trace(catalogue: Catalogue) -> Entry | None:
    """A select box over the catalogue, which must not be empty; None where the filters leave nothing, which is said.

    The scrubber writes the trace's id into the address, beside the step; here it is read. A widget
    bound to the address would write its label there instead.
    """
    asked = st.query_params.get("trace")
    if asked is not None and asked not in catalogue:
        say_unknown(asked)
        asked = None
    if st.session_state.get("trace") not in catalogue:
        st.session_state["trace"] = asked or to_begin_with(catalogue).id
    with st.container(horizontal=True, vertical_alignment="bottom"):
        place = st.container()  # the list comes first, though what it offers depends on the filters
        rows = _filter(catalogue.table) if len(catalogue) > FEW else np.arange(len(catalogue))
    if len(rows) == 0:
        st.info("No conversion fits all of that. Take a filter back.", icon=":material/filter_alt_off:")
        return None
    offered = catalogue.entries(rows[:MOST_OFFERED])
    by_id = {entry.id: entry for entry in offered}
    present = st.session_state["trace"]
    if present not in by_id:
        entry = catalogue.find(present)
        if (catalogue.table["id"].to_numpy()[rows] == present).any():
            by_id = {present: entry, **by_id}
        else:
            st.session_state["trace"] = offered[0].id
    labels = _labels(by_id)
    chosen = place.selectbox(
        _label(len(rows), len(catalogue)),
        list(by_id),
        format_func=lambda trace: labels[trace],
        key="trace",
        help="Who sings the source, into whose voice, the phrase, the key it is moved to, and how it was sampled.",
    )
    return by_id[chosen]


def _labels(by_id: dict[str, Entry]) -> dict[str, str]:
    """A label for each, all different: the browser sends back a label, and Streamlit takes the first that it fits."""
    labels = {trace: trace_label(entry) for trace, entry in by_id.items()}
    times = Counter(labels.values())
    return {trace: label if times[label] == 1 else f"{label} · {trace}" for trace, label in labels.items()}


def _label(matching: int, all_of_them: int) -> str:
    if all_of_them <= FEW:
        return "Conversion"
    shown = f", the first {MOST_OFFERED} listed" if matching > MOST_OFFERED else ""
    return f"Conversion ({matching:,} of {all_of_them:,} fit{shown})"


def _filter(table: pd.DataFrame) -> np.ndarray:
    """Row numbers that fit what the reader chose."""
    with st.popover("Narrow the list", icon=":material/filter_alt:"):
        source = _choose("Source", table["source"])
        target = _choose("Target", table["target"])
        sampler = _choose_sampler(table)
        words = st.text_input("Song or phrase", key="filter_words", placeholder="any")
    fits = np.ones(len(table), bool)
    for name, value in (("source", source), ("target", target)):
        if value is not None:
            fits &= (table[name] == value).to_numpy()
    if sampler is not None:
        fits &= ((table["sampler"] == sampler[0]) & (table["steps"] == sampler[1])).to_numpy()
    for word in words.casefold().replace("_", " ").replace("-", " ").split():
        fits &= _contains(table["song"], word) | _contains(table["phrase"], word)
    return np.flatnonzero(fits)


def _choose(label: str, column: pd.Series) -> str | None:
    return st.selectbox(
        label,
        sorted(column.cat.categories),
        index=None,
        format_func=singer_label,
        key=f"filter_{label.lower()}",
        placeholder="any",
    )


def _choose_sampler(table: pd.DataFrame) -> tuple[str, int] | None:
    pairs = table[["sampler", "steps"]].drop_duplicates()
    return st.selectbox(
        "Sampler",
        sorted(zip(pairs["sampler"], pairs["steps"], strict=True)),
        index=None,
        format_func=lambda pair: sampler_label(*pair),
        key="filter_sampler",
        placeholder="any",
    )


def _contains(column: pd.Series, word: str) -> np.ndarray:
    """Rows whose text holds the word; each text is looked at once, however many rows have it."""
    texts = column.cat.categories
    fits = np.array([word in text.casefold().replace("_", " ").replace("-", " ") for text in texts], bool)
    return fits[column.cat.codes.to_numpy()]
