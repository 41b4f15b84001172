"""The catalogue: one row a trace, so that thousands can be listed and filtered without opening one.

catalogue.csv is made from the trace folders and can be rebuilt from them at any time (see register);
a text table, so that a change shows as a line in a diff. Like a trace it may come from anywhere, and
nothing in it is believed before it is checked.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from svc_core.traces.manifest import SAFE_ID, Manifest
from svc_core.traces.parsing import LONGEST_TEXT
from svc_core.traces.place import Place, PlaceError, place_of
from svc_core.traces.trace import Trace

CATALOGUE = "catalogue.csv"
MOST_BYTES = 8 << 20  # ten thousand rows have 4 MB
MOST_COLUMNS = 100
MOST_COMMAS = 1_000  # of a line: pandas makes a column of every cell, and a label may have some of its own
LONGEST_HEADER = 8_192  # bytes
SCORE_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
REMEDY = "Rebuild it: python -m svc_core.precompute --rebuild-catalogue."


class CatalogueError(ValueError):
    """A catalogue that cannot be read; the message says why and what to do."""


@dataclass(frozen=True)
class Entry:
    """One trace, as listed."""

    id: str
    detail: str  # full or light
    song: str
    phrase: str
    source: str
    target: str
    key_shift_semitones: int
    sampler: str
    steps: int
    seed: int
    guidance: str  # such as "singer=1.5 melody=-1"; empty where there is none
    without: str  # conditions taken away, such as "melody loudness"
    swap: str  # the singer that the target was swapped for on the way; empty where it was not
    swap_at: int  # from this place of the walk on; 0 where it was not
    defect: str  # what is broken on purpose, such as "clamp"
    label: str
    note: str
    seconds: float
    bytes: int  # of all files
    fingerprint: str  # never empty, and the last column: a line that was cut off is noticed


TEXTS: tuple[str, ...] = ("detail", "song", "phrase", "source", "target", "sampler", "guidance", "without")
TEXTS += ("swap", "defect", "label", "note")
LAST = "fingerprint"
LATER = {"swap": "", "swap_at": 0, "defect": "", "label": "", "note": ""}  # what an older catalogue would have said
NAMES = tuple(field.name for field in fields(Entry))
RANGES = {
    "key_shift_semitones": (-96, 96),
    "steps": (1, 10_000),
    "seed": (0, (1 << 32) - 1),
    "swap_at": (0, 10_000),
    "seconds": (0, 3_600),
    "bytes": (0, 1 << 40),
}
KINDS = {name: "category" for name in TEXTS} | {"id": "str", LAST: "str"}
KINDS |= {name: "float64" if name == "seconds" else "int64" for name in RANGES}


@dataclass(frozen=True)
class Catalogue:
    """``table``: a row a trace in the order of the file; columns of Entry, then a float column a score (NaN: none)."""

    table: pd.DataFrame

    def __len__(self) -> int:
        return len(self.table)

    def __iter__(self) -> Iterator[Entry]:
        return map(self.entry, range(len(self.table)))

    def __contains__(self, trace: object) -> bool:
        return trace in self._row_of

    @property
    def scores(self) -> list[str]:
        """Names of the scores that at least one trace has a column for."""
        return [name for name in self.table.columns if name not in NAMES]

    def entry(self, row: int) -> Entry:
        """The trace in that row, from 0. Raises IndexError."""
        return Entry(*(column[row] for column in self._columns))

    def entries(self, rows: Iterable[int]) -> list[Entry]:
        """The traces in those rows."""
        return [self.entry(row) for row in rows]

    def find(self, trace: str) -> Entry:
        """The trace of that id. Raises KeyError."""
        return self.entry(self._row_of[trace])

    @cached_property
    def _columns(self) -> list[np.ndarray]:
        """Of Entry alone, as Python's own objects: a single value of a table takes pandas 30 µs."""
        return [self.table[name].to_numpy(object) for name in NAMES]

    @cached_property
    def _row_of(self) -> dict[str, int]:
        return {trace: row for row, trace in enumerate(self._columns[0])}


def entry_of(manifest: Manifest) -> Entry:
    """What the catalogue says of a trace, less its scores."""
    sampler = manifest.sampler
    return Entry(
        id=manifest.id,
        detail=manifest.detail,
        song=manifest.source.song,
        phrase=manifest.source.phrase,
        source=manifest.source.singer,
        target=manifest.target,
        key_shift_semitones=manifest.key_shift_semitones,
        sampler=sampler.name,
        steps=sampler.steps,
        seed=sampler.seed,
        guidance=" ".join(f"{condition}={weight:g}" for condition, weight in sorted(sampler.guidance.items())),
        without=" ".join(sorted(sampler.without)),
        swap="" if sampler.swap is None else sampler.swap.singer,
        swap_at=0 if sampler.swap is None else sampler.swap.at,
        defect=sampler.defect,
        label=manifest.label,
        note=manifest.note,
        seconds=round(manifest.seconds, 2),
        bytes=manifest.bytes,
        fingerprint=manifest.fingerprint,
    )


def rows_of(traces: list[Trace]) -> pd.DataFrame:
    """Rows of these traces, as a catalogue holds them. Raises CatalogueError for what it could not read again."""
    rows = [
        asdict(entry_of(trace.manifest))
        | {name: value for name, value in trace.manifest.scores.items() if name not in NAMES}
        for trace in traces
    ]
    return _in_order(pd.DataFrame(rows, columns=None if rows else list(NAMES)))


def join_rows(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """Both, in the order of ids; of two rows of one id the new one."""
    kept = old[~old["id"].isin(new["id"])]
    plain = [part.astype({name: "object" for name in TEXTS}) for part in (kept, new) if len(part)]
    return _in_order(pd.concat(plain, ignore_index=True) if plain else kept)


def _in_order(table: pd.DataFrame) -> pd.DataFrame:
    scores = sorted(name for name in table.columns if name not in NAMES)
    return table.sort_values("id", ignore_index=True)[[*NAMES[:-1], *scores, LAST]]


def write_rows(table: pd.DataFrame) -> bytes:
    """The text of catalogue.csv, scores to six digits; the same rows give the same bytes."""
    return table.to_csv(index=False, lineterminator="\n", float_format="%.6g").encode()


def read_catalogue(parent: str | Path | Place) -> Catalogue:
    """The traces that are listed there. Raises CatalogueError."""
    place = place_of(parent)
    if place.path is not None and not (place.path / CATALOGUE).is_file():
        raise CatalogueError(
            f"There are no traces here: {place.path / CATALOGUE} is missing. Run svc_core.precompute to make some."
        )
    try:
        data = place.read(CATALOGUE, MOST_BYTES)
    except PlaceError as error:
        raise CatalogueError(f"The list of traces cannot be read: {error}") from error
    try:
        return Catalogue(parse_rows(data))
    except (ValueError, OverflowError, pd.errors.ParserError) as error:
        reason = " ".join(str(error).split())[:200]
        raise CatalogueError(f"{CATALOGUE} in {place.address} is damaged ({reason}). {REMEDY}") from error


def parse_rows(data: bytes) -> pd.DataFrame:
    """Raises ValueError, OverflowError or ParserError, saying what is wrong."""
    header = data[: data.find(b"\n") + 1]
    if not header or len(header) > LONGEST_HEADER or header.count(b",") >= MOST_COLUMNS:
        raise ValueError("its first line is no list of columns")
    if b"\0" in data or not data.endswith(b"\n"):
        raise ValueError("it is no text, or its last line is cut off")
    if max(line.count(b",") for line in data.splitlines()) > MOST_COMMAS:
        raise ValueError("a line has too many cells")
    columns = header.decode().strip().split(",")
    if missing := set(NAMES) - set(LATER) - set(columns):
        raise ValueError(f"no column {', '.join(sorted(missing))}")
    scores = [name for name in columns if name not in NAMES]
    if len(set(columns)) < len(columns) or not all(map(SCORE_NAME.fullmatch, scores)):
        raise ValueError("a column has a name that it cannot have, or two have the same")
    table = pd.read_csv(
        io.BytesIO(data),
        dtype=KINDS | {name: "float64" for name in scores},
        keep_default_na=False,
        na_values={name: [""] for name in [*scores, LAST, "id"]},
        index_col=False,
        encoding="utf-8",
    )
    for name in set(LATER) - set(columns):
        table[name] = pd.Series(LATER[name], table.index, dtype=KINDS[name])
    _check(table, scores)
    return table[[*NAMES[:-1], *scores, LAST]]


def _check(table: pd.DataFrame, scores: list[str]) -> None:
    for name in TEXTS:
        for text in table[name].cat.categories:
            _must(len(text) <= LONGEST_TEXT and text.isprintable(), f"a {name} is no name", str(text))
    for name in ("id", LAST):
        _must(not table[name].isna().any(), f"a row has no {name}: it is cut off or wrong")
    for trace in table["id"]:
        _must(SAFE_ID.fullmatch(trace) is not None, "an id is none", trace)
    _must(table["id"].is_unique, "an id is there twice")
    _must(set(table["detail"].cat.categories) <= {"full", "light"}, "a detail is neither full nor light")
    for name, (low, high) in RANGES.items():
        _must(bool(table[name].between(low, high).all()), f"a value of {name} is out of range")
    for name in scores:
        _must(not np.isinf(table[name]).any(), f"a value of {name} is infinite")
    for text in table[LAST]:
        _must(len(text) <= LONGEST_TEXT and text.isprintable(), f"a {LAST} is none", text)


def _must(holds: bool, otherwise: str, shown: str = "") -> None:
    if not holds:
        raise ValueError(f"{otherwise}: {shown[:40]!r}" if shown else otherwise)
