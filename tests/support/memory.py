"""What a process has of memory, as Linux tells it (/proc); elsewhere nothing is told."""

from __future__ import annotations

import re
from pathlib import Path

PROC = Path("/proc")
SELF = PROC / "self"


def status_bytes(process: Path, name: str, table: str = "status") -> int:
    """One line of a process's table in bytes, such as VmRSS (resident) or VmHWM (the most of it); 0 where none is.

    ``process``: its folder in /proc.
    """
    path = process / table
    if not path.exists():
        return 0
    found = re.search(rf"^{name}:\s+(\d+) kB", path.read_text(), re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def resident_mib(pid: int) -> float:
    """Resident memory of a process in MiB."""
    return status_bytes(PROC / str(pid), "VmRSS") / (1 << 20)
