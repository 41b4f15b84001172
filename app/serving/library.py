"""The traces that this app shows: where they lie, the list of them, and any one of them. Knows nothing of Streamlit.

SINGSTEPS_TRACES is a folder, or any address that fsspec opens (https://..., s3://..., hf://...). The
list is read once and again when it changes; of an address that is asked every few seconds only.
"""

from __future__ import annotations

import os
import threading
import time
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from svc_core.traces.catalogue import CATALOGUE, Catalogue, CatalogueError, Entry, read_catalogue
from svc_core.traces.place import Place, place_of
from svc_core.traces.trace import Trace, TraceError, open_trace

REPOSITORY = Path(__file__).resolve().parents[2]
TRACES_PATH = "/traces"
ASK_AGAIN_S = 10.0  # a request to another machine takes a tenth of a second: not at every click
OPEN_AGAIN_S = (0.02, 0.05)  # pauses between tries
NEARNESS = "similarity_to_target"  # a score, where the traces have it
MOST_MANIFESTS = 256  # kept of traces at an address; each takes about 50 kB


class Library:
    """Traces in one place, read by many threads at once."""

    def __init__(self, address: str, public: str = "") -> None:
        self.place: Place = place_of(address)
        self.public = public or (address if _is_public(address) else "")
        self._lock = threading.Lock()
        self._catalogue: Catalogue | None = None
        self._changed: str | None = None
        self._asked_s = float("-inf")
        self._opened = lru_cache(MOST_MANIFESTS)(self._open)

    @property
    def is_local(self) -> bool:
        return self.place.path is not None

    @property
    def roots(self) -> list[str]:
        """Where the browser fetches traces from, in the order in which it tries; relative to the page's address."""
        own = f".{TRACES_PATH}/"
        return [f"{self.public.rstrip('/')}/", own] if self.public and not self.is_local else [own]

    def catalogue(self) -> Catalogue:
        """The listed traces. Raises CatalogueError."""
        with self._lock:
            now_s = time.monotonic()
            if self._catalogue is not None and not self.is_local and now_s - self._asked_s < ASK_AGAIN_S:
                return self._catalogue
            self._asked_s, changed = now_s, self.place.changed(CATALOGUE)
            unreachable = changed is None and not self.is_local
            if self._catalogue is None or (changed != self._changed and not unreachable):
                self._catalogue = None
                self._catalogue, self._changed = read_catalogue(self.place), changed
            return self._catalogue

    def open(self, entry: Entry) -> Trace:
        """The trace of a listed entry: its manifest, and in a folder the sizes of its files. Raises TraceError."""
        if self.is_local:
            for pause_s in OPEN_AGAIN_S:
                try:
                    return open_trace(self.place.child(entry.id))
                except TraceError:  # it may just be being replaced, which takes a few milliseconds
                    time.sleep(pause_s)
            return open_trace(self.place.child(entry.id))
        return self._opened(entry.id, entry.fingerprint, entry.bytes)

    def _open(self, trace: str, fingerprint: str, size: int) -> Trace:
        # fingerprint and size only make the key: a trace that was recorded anew is opened anew
        return open_trace(self.place.child(trace))

    def find(self, trace: str) -> Entry | None:
        """The entry of that id; None where there is none, or no catalogue."""
        try:
            catalogue = self.catalogue()
        except CatalogueError:
            return None
        return catalogue.find(trace) if trace in catalogue else None


def to_begin_with(catalogue: Catalogue) -> Entry:
    """The trace kept in full that came nearest to its target's voice; where there is none, the first.

    Raises IndexError on an empty catalogue.
    """
    full = catalogue.table[catalogue.table["detail"] == "full"]
    if len(full) == 0:
        return catalogue.entry(0)
    best = full[NEARNESS].fillna(-1.0).to_numpy().argmax() if NEARNESS in full else 0
    return catalogue.entry(int(full.index[best]))


def _is_public(address: str) -> bool:
    """Whether browsers may be sent there: plain http, and nothing secret in the address."""
    if not address.startswith(("http://", "https://")):
        return False
    parts = urlsplit(address)
    return "@" not in parts.netloc and not parts.query


def library() -> Library:
    """The library that the environment names."""
    address = os.environ.get("SINGSTEPS_TRACES") or str(REPOSITORY / "precomputed")
    return _library(address, os.environ.get("SINGSTEPS_TRACES_PUBLIC") or "")


@lru_cache(maxsize=4)
def _library(address: str, public: str) -> Library:
    return Library(address, public)
