"""A reader of foreign data as the fuzzer sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st


@dataclass(frozen=True)
class Reader:
    """``lay`` puts an input where it is read from and is not measured; ``read`` is.

    ``allowed`` are the errors that the reader documents.
    """

    inputs: st.SearchStrategy[Any]
    lay: Callable[[Any], object]
    read: Callable[[], object]
    allowed: tuple[type[Exception], ...]


def one_file(path) -> Callable[[bytes], object]:
    """``lay`` of a reader that reads a single file."""

    def lay(data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    return lay
