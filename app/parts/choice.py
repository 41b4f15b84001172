"""Choosing a conversion; the choice is in the address, as ``trace``."""

from __future__ import annotations

import streamlit as st

from app.parts.names import trace_label
from svc_core.traces.catalogue import Entry

ASKED_SHOWN = 80  # characters of an unknown id that are repeated to the reader


def choose_trace(entries: list[Entry]) -> Entry:
    """A select box over the catalogue. ``entries`` must not be empty.

    The scrubber writes the trace's id into the address, beside the step; here it is read. A widget
    bound to the address would write its label there instead.
    """
    by_id = {entry.id: entry for entry in entries}
    asked = st.query_params.get("trace")
    if asked is not None and asked not in by_id:
        st.warning(
            f"There is no conversion “{asked[:ASKED_SHOWN]}” here (the address may be old or mistyped); "
            "the first of the list is shown instead.",
            icon=":material/link_off:",
        )
        asked = None
    if st.session_state.get("trace") not in by_id:
        st.session_state["trace"] = asked or entries[0].id
    chosen = st.selectbox(
        "Conversion",
        list(by_id),
        format_func=lambda trace: trace_label(by_id[trace]),
        key="trace",
        help="Who sings the source, into whose voice it is converted, the phrase, and the key it is moved to.",
    )
    return by_id[chosen]
