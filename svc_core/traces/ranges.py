"""Where each voice mostly sings: ranges.csv beside the traces, one line a singer."""

from __future__ import annotations

import csv
import io
from dataclasses import astuple, dataclass
from pathlib import Path

from svc_core.traces.place import Place, PlaceError, place_of

RANGES = "ranges.csv"
MOST_BYTES = 1 << 18
COLUMNS = ("low_hz", "median_hz", "high_hz")


class RangesError(ValueError):
    """A table of ranges that cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Range:
    """Of the voiced frames of a singer's recordings: 1 in 20 lies below, half, and 1 in 20 above."""

    low_hz: float
    median_hz: float
    high_hz: float


def read_ranges(place: str | Path | Place) -> dict[str, Range]:
    """Each singer's range, from the folder or address of the traces. Raises RangesError."""
    try:
        text = place_of(place).read(RANGES, MOST_BYTES).decode("utf-8")
        header, *rows = csv.reader(io.StringIO(text), strict=True)
        at, *parts = (header.index(name) for name in ("singer", *COLUMNS))
        found = {row[at]: Range(*(float(row[part]) for part in parts)) for row in rows if row}
    except PlaceError as error:
        raise RangesError(str(error)) from error
    except (ValueError, IndexError, csv.Error) as error:  # an error of UTF-8 is a ValueError
        raise RangesError(f"{RANGES} is no table of singer, {', '.join(COLUMNS)}; fetch it again.") from error
    for singer, range_hz in found.items():
        low, median, high = astuple(range_hz)
        if not 0 < low <= median <= high < float("inf"):
            raise RangesError(f"{RANGES}: the range of {singer[:40]} is none ({low}, {median}, {high} Hz).")
    return found
