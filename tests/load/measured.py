"""What the learners waited for, in seconds; collected by all of them, added up at the end."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

KINDS = ("opened", "next page", "chosen")  # what a rerun was asked for


@dataclass
class Measured:
    """``rerun_s`` by kind: from the request to ScriptFinished; ``http_s``: from the request to the body's last byte."""

    rerun_s: dict[str, list[float]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    page_s: dict[str, list[float]] = field(default_factory=dict)  # the same reruns, by the page's path
    opening_s: list[float] = field(default_factory=list)  # address to ScriptFinished, with all files on the way
    http_s: list[float] = field(default_factory=list)
    http_bytes: int = 0
    socket_bytes: int = 0
    frames: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)  # where an error of that kind was seen first
    client_late_s: list[float] = field(default_factory=list)  # how late the client itself was

    def note(self, kind: str, page: str, seconds: float) -> None:
        self.rerun_s[kind].append(seconds)
        self.page_s.setdefault(page, []).append(seconds)

    def fail(self, kind: str, where: str = "") -> None:
        self.errors[kind] += 1
        self.examples.setdefault(kind, where)

    @property
    def all_reruns_s(self) -> list[float]:
        return [seconds for times_s in self.rerun_s.values() for seconds in times_s]


def quantile(times_s: list[float], share: float) -> float:
    """The smallest time that at least this share of them does not exceed (nearest rank); NaN where there is none."""
    if not times_s:
        return float("nan")
    ordered = sorted(times_s)
    rank = -(-len(ordered) * share // 1)  # rounded up
    return ordered[max(int(rank), 1) - 1]
