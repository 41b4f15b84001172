"""The reading side, cached: which traces there are, and the manifest of one."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app.parts.served import TRACES
from svc_core.traces.catalogue import CATALOGUE, Entry, read_catalogue
from svc_core.traces.trace import Trace, open_trace


def list_traces() -> list[Entry]:
    """The catalogue; read again when its file changes. Raises CatalogueError."""
    path = TRACES / CATALOGUE
    return _listed(TRACES, path.stat().st_mtime_ns if path.is_file() else None)


@st.cache_resource(max_entries=2, show_spinner=False)
def _listed(folder: Path, changed_ns: int | None) -> list[Entry]:
    # changed_ns only makes the key: Streamlit leaves arguments with a leading underscore out of it
    return read_catalogue(folder)


def trace_of(entry: Entry) -> Trace:
    """Open the trace of a listed entry: its manifest and the sizes of its files. Raises TraceError."""
    return open_trace(TRACES / entry.id)
