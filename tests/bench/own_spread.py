"""Times in a cell of the table."""

from __future__ import annotations

import statistics

from tests.bench.scrubbing import p95

FEW = 20  # of fewer, one in twenty says nothing
DIGITS = {"s": 2, "ms": 1}


def spread(times: list[float], unit: str) -> str:
    """Median and longest, and before them, of many, what one in twenty exceeds; ``unit``: s or ms."""
    found = {"p95": p95(times)} if len(times) >= FEW else {}
    found |= {"median": statistics.median(times), "max": max(times)}
    told = ", ".join(f"{name} {time:.{DIGITS[unit]}f} {unit}" for name, time in found.items())
    return f"{told} (n = {len(times)})"
