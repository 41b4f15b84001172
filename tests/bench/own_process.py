"""What the server and its worker hold in memory, as Linux tells it (/proc), in MB of 10^6 bytes."""

from __future__ import annotations

import contextlib

from tests.bench.scrubbing import Row
from tests.support.memory import PROC, status_bytes

WORKER = "svc_core.own_voice"
HEAVY_LIBRARIES = ("libtorch", "onnxruntime", "libsndfile", "llvmlite", "pyworld", "sklearn")


def resident_mb(pid: int) -> float:
    return status_bytes(PROC / str(pid), "VmRSS") / 1e6


def peak_mb(pid: int) -> float:
    """The most that was ever resident."""
    return status_bytes(PROC / str(pid), "VmHWM") / 1e6


def own_mb(pid: int) -> float:
    """Resident just now, less other processes' share of what is shared (PSS)."""
    return status_bytes(PROC / str(pid), "Pss", "smaps_rollup") / 1e6


def workers_of(server: int) -> list[int]:
    """Processes that convert for a server."""
    found = []
    for place in PROC.iterdir():
        if not place.name.isdigit():
            continue
        with contextlib.suppress(OSError):  # it has ended meanwhile
            parent = (place / "stat").read_text().rpartition(")")[2].split()[1]
            if int(parent) == server and WORKER in (place / "cmdline").read_text().split("\0"):
                found.append(int(place.name))
    return found


def grown(what: str, before_mb: float, after_mb: float) -> Row:
    """A row of the table: memory that should stay as it is."""
    return (what, f"{before_mb:.0f} MB, {after_mb:.0f} MB: {after_mb - before_mb:+.0f} MB", "unchanged")


def heavy_libraries(pid: int) -> list[str]:
    """Those of ``HEAVY_LIBRARIES`` that a process has loaded."""
    mapped = (PROC / str(pid) / "maps").read_text()
    return [name for name in HEAVY_LIBRARIES if name in mapped]
