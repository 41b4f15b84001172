"""A disk that has no room left: nothing half written stays, and whoever waits is told so."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

NO_ROOM = "This server has no room left just now, so nothing of this was kept. Please try again in a few minutes."
FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def whole_or_gone(*paths: Path) -> Iterator[None]:
    """Files that are written inside: where that fails, none of them stays."""
    try:
        yield
    except BaseException:
        for path in paths:
            with suppress(OSError):
                path.unlink(missing_ok=True)
        raise


def is_full(error: BaseException | None) -> bool:
    """Whether a full disk is the reason of an error, or of what it was raised from."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in FULL:
            return True
        error = error.__cause__
    return False
