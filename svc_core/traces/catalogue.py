"""The catalogue: one row a trace, so that a page can list traces without opening them.

catalogue.csv is made from the trace folders and can be rebuilt from them at any time; a text table,
so that a change shows as a line in a diff.
"""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass, fields
from pathlib import Path

from svc_core.traces.trace import REBUILD, Trace, TraceError, open_trace

CATALOGUE = "catalogue.csv"


class CatalogueError(ValueError):
    """A catalogue that cannot be read; the message says why and what to do."""


@dataclass(frozen=True)
class Entry:
    """One trace, as listed."""

    id: str
    song: str
    phrase: str
    source: str
    target: str
    key_shift_semitones: int
    sampler: str
    steps: int
    seed: int
    seconds: float


def entry_of(trace: Trace) -> Entry:
    manifest = trace.manifest
    grid = manifest["grid"]
    return Entry(
        id=trace.id,
        song=manifest["source"]["song"],
        phrase=manifest["source"]["phrase"],
        source=manifest["source"]["singer"],
        target=manifest["target"]["singer"],
        key_shift_semitones=manifest["key_shift_semitones"],
        sampler=manifest["sampler"]["name"],
        steps=manifest["sampler"]["steps"],
        seed=manifest["sampler"]["seed"],
        seconds=round(manifest["frames"] * grid["hop"] / grid["sample_rate_hz"], 2),
    )


def rebuild_catalogue(parent: str | Path) -> tuple[list[Entry], list[str]]:
    """Read every trace folder in ``parent`` and write its catalogue.

    Returns the entries and one sentence for each folder that is no whole trace. Hidden folders
    (unfinished traces) are passed over.
    """
    parent = Path(parent)
    if not parent.is_dir():
        raise CatalogueError(f"{parent}: there is no such folder.")
    entries, problems = [], []
    for folder in sorted(parent.iterdir()):
        if folder.is_dir() and not folder.name.startswith("."):
            try:
                entries.append(entry_of(open_trace(folder)))
            except TraceError as error:
                problems.append(str(error))
            except (KeyError, TypeError, ArithmeticError) as error:
                problems.append(
                    f"trace '{folder.name}': a field of its manifest is missing or malformed ({error}); {REBUILD}"
                )
    partial = parent / f".{CATALOGUE}.{os.getpid()}"
    with partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(field.name for field in fields(Entry))
        writer.writerows([getattr(entry, field.name) for field in fields(Entry)] for entry in entries)
    partial.replace(parent / CATALOGUE)
    return entries, problems


def read_catalogue(parent: str | Path) -> list[Entry]:
    """The listed traces, in the order of the file. Raises CatalogueError."""
    path = Path(parent) / CATALOGUE
    if not path.is_file():
        raise CatalogueError(f"There are no traces here: {path} is missing. Run svc_core.precompute to make some.")
    with path.open(newline="", encoding="utf-8") as file:
        try:
            rows = csv.DictReader(file)
            if missing := {field.name for field in fields(Entry)} - set(rows.fieldnames or ()):
                raise ValueError(f"no column {', '.join(sorted(missing))}")
            return [_entry(row) for row in rows]
        except (ValueError, KeyError, TypeError, csv.Error) as error:
            raise CatalogueError(
                f"{path} is damaged ({error}). Rebuild it: python -m svc_core.precompute --rebuild-catalogue."
            ) from error


def _entry(row: dict[str, str]) -> Entry:
    kinds = {"int": int, "float": float, "str": str}
    return Entry(**{field.name: kinds[field.type](row[field.name]) for field in fields(Entry)})
