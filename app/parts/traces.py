"""The reading side, cached: which traces there are, and the manifest of one."""

from __future__ import annotations

import streamlit as st

from app.parts.served import TRACES
from svc_core.traces.catalogue import CATALOGUE, Entry, read_catalogue
from svc_core.traces.trace import Trace, open_trace


def list_traces() -> list[Entry]:
    """The catalogue; read again when its file changes. Raises CatalogueError."""
    path = TRACES / CATALOGUE
    return _listed(path.stat().st_mtime_ns if path.is_file() else 0)


@st.cache_resource(max_entries=2, show_spinner=False)
def _listed(_changed_ns: int) -> list[Entry]:
    return read_catalogue(TRACES)


def trace_of(entry: Entry) -> Trace:
    """Open the trace of a listed entry: its manifest and the sizes of its files. Raises TraceError."""
    return open_trace(TRACES / entry.id)
