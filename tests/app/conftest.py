"""Folders of traces made by hand, and the library that shows them."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.serving import library as libraries
from svc_core.traces.register import rebuild_catalogue
from svc_core.traces.writing import write_trace
from tests.support.hand_traces import hand_files, hand_manifest

NAMES = ("amen--bass--alto", "kyrie--bass--alto", "sanctus--alto--bass")


@pytest.fixture
def own_traces(tmp_path, monkeypatch) -> Path:
    """Three traces that a test may damage; the app shows them."""
    parent = tmp_path / "traces"
    for name in NAMES:
        phrase, source, target = name.split("--")
        recording = replace(hand_manifest().source, singer=source, phrase=phrase)
        manifest = hand_manifest(name, source=recording, target=target, licence=f"licence of {phrase}")
        write_trace(parent, manifest, hand_files(manifest))
    rebuild_catalogue(parent)
    show(monkeypatch, str(parent))
    return parent


def show(monkeypatch, address: str, public: str = "") -> libraries.Library:
    """The library of that address, which the whole app shows until the test ends."""
    monkeypatch.setenv("SINGSTEPS_TRACES", address)
    monkeypatch.setenv("SINGSTEPS_TRACES_PUBLIC", public)
    libraries._library.cache_clear()
    return libraries.library()
