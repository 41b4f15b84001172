"""Tables of comma-separated values that anybody may have written -> their rows, one after another.

Nothing is read ahead and no column that was not asked for is kept, so a hostile table costs no more than its size.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path


class TableError(ValueError):
    """A table that cannot be read as asked; the message says why, without the file's name."""


def read_rows(
    path: Path, columns: tuple[str, ...], further: tuple[str, ...] = (), most_bytes: int = 1 << 20
) -> Iterator[tuple[int, dict[str, str]]]:
    """Number of the line and what it says by column, of every line that is not empty; "" where it is cut short.

    ``columns`` must be there, ``further`` may. UTF-8, with or without a byte order mark. Raises TableError, OSError.
    """
    if path.stat().st_size > most_bytes:
        raise TableError(f"larger than {most_bytes >> 20} MiB; split it.")
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.reader(file)
            head = next(rows, [])
            if missing := [column for column in columns if column not in head]:
                raise TableError(f"the column(s) '{', '.join(missing)}' are missing.")
            places = {column: head.index(column) for column in (*columns, *further) if column in head}
            for row in filter(None, rows):
                yield (
                    rows.line_num,
                    {column: row[place] if place < len(row) else "" for column, place in places.items()},
                )
    except (csv.Error, UnicodeDecodeError) as error:
        raise TableError(f"not a table of comma-separated values ({str(error).strip()}).") from error
