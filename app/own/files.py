"""Which files of a take a page may have: what it shows, plays and hands on, and nothing that is the worker's alone.

The recording as it came, its samples and its features are no page's business; a name that is not one of those below
is not even looked for.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from app.own.takes import Takes
from svc_core.traces.manifest import MANIFEST, SAFE_FILE, SAFE_ID

TRACES = "traces"
PICTURES = r"mel\.bin|f0\.bin"
SHOWN = re.compile(rf"recording\.flac|{PICTURES}|made/[0-9a-f]{{1,32}}/(?:converted\.flac|{PICTURES})")
# whatever else there is, is bytes: no browser shall take it for a page
KINDS = {".flac": "audio/flac", ".mp3": "audio/mpeg", ".json": "application/json"}


def find_shown(takes: Takes, take: str, name: str) -> Path | None:
    """A file of a take that pages may have; None of any other."""
    return takes.file(take, name) if SHOWN.fullmatch(name) or _is_of_a_trace(name) else None


def find_trace(takes: Takes, take: str, trace: str) -> Path | None:
    """The folder of a trace that was made of a take; None where there is none."""
    manifest = takes.file(take, f"{TRACES}/{trace}/{MANIFEST}") if SAFE_ID.fullmatch(trace) else None
    return None if manifest is None else manifest.parent


def kind_of(path: Path) -> str:
    """Its media type."""
    return KINDS.get(path.suffix, "application/octet-stream")


def _is_of_a_trace(name: str) -> bool:
    parts = PurePosixPath(name).parts
    if len(parts) < 3 or parts[0] != TRACES or "/".join(parts) != name:
        return False
    return bool(SAFE_ID.fullmatch(parts[1]) and SAFE_FILE.fullmatch("/".join(parts[2:])))
