"""Folders of traces made by hand, and what is wrong with the ones in a folder."""

from __future__ import annotations

import urllib.parse
from dataclasses import replace
from pathlib import Path

from svc_core.traces.manifest import Manifest
from svc_core.traces.register import rebuild_catalogue, trace_folders
from svc_core.traces.trace import TraceError, open_trace
from svc_core.traces.writing import write_trace
from tests.support.hand_traces import hand_files, hand_manifest

NAMES = ("amen", "gloria")


def manifest_of(name: str, **changes: object) -> Manifest:
    """Large enough to be looked at, small enough to be written in some milliseconds."""
    return replace(hand_manifest(name, bands=20, frames=200, sounds=4), **changes)


def make_traces(parent: Path, names: tuple[str, ...] = NAMES) -> Path:
    parent.mkdir(parents=True, exist_ok=True)
    for name in names:
        manifest = manifest_of(name)
        write_trace(parent, manifest, hand_files(manifest))
    rebuild_catalogue(parent)
    return parent


def not_whole(parent: Path) -> list[str]:
    """A sentence for every trace that is not what its manifest says, and for every leftover."""
    problems = [f"left over: {path.name}" for path in parent.glob(".*") if path.name != ".lock"]
    for folder in trace_folders(parent):
        try:
            open_trace(folder).verify()
        except TraceError as error:
            problems.append(str(error))
    return problems


def lesson(address: str, trace: str = NAMES[0], step: int = 3) -> str:
    """The address of a lesson that shows a trace at a step."""
    return f"{address}/denoising?{urllib.parse.urlencode({'trace': trace, 'step': step})}"
