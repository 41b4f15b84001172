"""What was found of one fault, and the table of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MOST_BACK_S = 10.0
HEAD = ("fault", "what happened", "back after s", "lost or half written", "what is said")


@dataclass(frozen=True)
class Found:
    fault: str
    happened: str
    back_s: float | None  # until it worked again by itself; None where it never stopped
    lost: int  # traces lost, half written or shown wrongly
    says: str  # to the reader, or to whoever ran the command; "" where nothing needs to be said
    goes_on: bool = True  # whatever else the fault had to leave alone was left alone

    @property
    def is_survived(self) -> bool:
        return self.goes_on and self.lost == 0 and (self.back_s is None or self.back_s <= MOST_BACK_S)


def table(found: Sequence[Found]) -> str:
    """In Markdown."""
    rows = [HEAD, ("---",) * len(HEAD)]
    for each in found:
        back = "never away" if each.back_s is None else f"{each.back_s:.1f}"
        mark = "" if each.is_survived else " **not survived**"
        rows.append((each.fault, each.happened + mark, back, str(each.lost), each.says or "–"))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
