"""Whether something lies under a path that anybody may have written: to a name too long for any file, no.

Path.is_file and Path.is_dir say no to most of what cannot be there, but raise OSError for a name that is too long.
"""

from __future__ import annotations

from pathlib import Path


def is_file(path: Path) -> bool:
    """Whether ``path`` is a file; never an error."""
    try:
        return path.is_file()
    except OSError:
        return False


def is_folder(path: Path) -> bool:
    """Whether ``path`` is a folder; never an error."""
    try:
        return path.is_dir()
    except OSError:
        return False
