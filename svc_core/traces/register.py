"""Writing the catalogue: anew from the folders, or rows of new traces into the one that is there.

One writer at a time (the lock of traces.writing), and the file is replaced in one go: two commands
that record into the same folder lose nothing of each other's, and a reader sees the old or the new one.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd
from filelock import Timeout

from svc_core.traces.catalogue import (
    CATALOGUE,
    Catalogue,
    CatalogueError,
    join_rows,
    parse_rows,
    read_catalogue,
    rows_of,
    write_rows,
)
from svc_core.traces.trace import Trace, TraceError, open_trace
from svc_core.traces.writing import WritingError, hold_folder
from svc_core.whole import write_whole

MATERIAL = "lessons"  # a folder of this name holds what pages fetch beside the traces


def rebuild_catalogue(parent: str | Path) -> tuple[Catalogue, list[str]]:
    """Read every trace folder in ``parent`` and write its catalogue.

    Returns it, and one sentence for each folder that is no whole trace. Hidden folders (unfinished
    traces) are passed over. Raises CatalogueError, or WritingError where it cannot be written.
    """
    parent = Path(parent)
    if not parent.is_dir():
        raise CatalogueError(f"{parent}: there is no such folder.")
    try:
        with hold_folder(parent):
            return _rebuild(parent)
    except (OSError, Timeout) as error:
        raise _unwritten(parent, error) from error


def register_traces(parent: str | Path, traces: Iterable[Trace]) -> None:
    """Put rows of these traces into the catalogue of ``parent``; a row of the same id is replaced.

    No other folder is looked at, unless there is no catalogue yet or it cannot be read: then it is
    rebuilt. Raises CatalogueError, or WritingError where it cannot be written.
    """
    parent, fresh = Path(parent), rows_of(list(traces))
    if fresh.empty:
        return
    try:
        with hold_folder(parent):
            try:
                listed = read_catalogue(parent).table
            except CatalogueError:
                listed, _ = _collect(parent)
            _write(parent, join_rows(listed, fresh))
    except (OSError, Timeout) as error:
        raise _unwritten(parent, error) from error


def trace_folders(parent: Path) -> list[Path]:
    """Folders that are traces, or should be: all but hidden ones (unfinished traces) and the lessons' material."""
    folders = (path for path in parent.iterdir() if path.is_dir() and not path.name.startswith("."))
    return sorted(path for path in folders if path.name != MATERIAL)


def _rebuild(parent: Path) -> tuple[Catalogue, list[str]]:
    table, problems = _collect(parent)
    return _write(parent, table), problems


def _collect(parent: Path) -> tuple[pd.DataFrame, list[str]]:
    traces, problems = [], []
    for folder in trace_folders(parent):
        try:
            traces.append(open_trace(folder))
        except TraceError as error:
            problems.append(str(error))
    return rows_of(traces), problems


def _write(parent: Path, table: pd.DataFrame) -> Catalogue:
    """Nothing is written that could not be read again."""
    text = write_rows(table)
    try:
        catalogue = Catalogue(parse_rows(text))
    except ValueError as error:
        raise CatalogueError(f"the catalogue of {parent} cannot be written: {error}; leave that trace out.") from error
    write_whole(parent / CATALOGUE, text)
    return catalogue


def _unwritten(parent: Path, error: Exception) -> WritingError:
    return WritingError(
        f"the catalogue of {parent} could not be written ({error}); the traces themselves are whole. "
        "See to it that the folder may be written, and run: python -m svc_core.precompute --rebuild-catalogue."
    )
