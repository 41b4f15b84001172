"""Which recordings are meant by what was given on the command line."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from svc_core.paths import is_file, is_folder

KINDS = (".wav", ".flac", ".mp3", ".ogg", ".aiff", ".aif")
MOST_LISTED = 20_000  # recordings, as a plan has conversions
MOST_OF_LIST = 2 << 20  # bytes: as many paths of a hundred characters


class SourceError(ValueError):
    """What was given names no recording; the message says which and what to do."""


def find_sources(given: Sequence[Path]) -> dict[str, Path]:
    """Recordings by a name that no two share: files, all of a folder (and its folders), or a list's.

    A list is a .txt with a path a line or a .json list of paths, relative to the list's own folder.
    Raises SourceError where there is nothing to convert.
    """
    found: list[Path] = []
    for path in given:
        if is_folder(path):
            inside = sorted(file for file in path.rglob("*") if file.suffix.lower() in KINDS and file.is_file())
            if not inside:
                raise SourceError(f"{path}: no recording in this folder (looked for {', '.join(KINDS)}).")
            found += inside
        elif path.suffix.lower() in (".txt", ".json"):
            found += _listed(path)
        else:
            found.append(path)  # reading it will say what is wrong with it
    return _named(found)


def _listed(path: Path) -> list[Path]:
    if not is_file(path):
        raise SourceError(f"{path}: there is no such list.")
    if path.stat().st_size > MOST_OF_LIST:
        raise SourceError(f"{path}: larger than {MOST_OF_LIST >> 20} MiB; split the list.")
    try:
        text = path.read_text(encoding="utf-8-sig")  # Windows' editors begin a text with a byte order mark
    except UnicodeDecodeError as error:
        raise SourceError(f"{path}: not a text in UTF-8 ({error}).") from error
    if path.suffix.lower() == ".txt":
        names = [line.strip() for line in text.splitlines() if line.strip()]
    else:
        try:
            names = json.loads(text)
        except (ValueError, RecursionError) as error:  # also of numbers with thousands of digits
            raise SourceError(f"{path}: not JSON ({error}).") from error
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise SourceError(f'{path}: a list of paths is expected, like ["one.wav", "two.wav"].')
    if not names:
        raise SourceError(f"{path}: the list is empty.")
    names = list(dict.fromkeys(names))  # before each becomes a path: that takes microseconds
    if len(names) > MOST_LISTED:
        raise SourceError(f"{path}: names {len(names):,} recordings, and a list has at most {MOST_LISTED:,}; split it.")
    return [path.parent / name for name in names]


def _named(paths: Sequence[Path]) -> dict[str, Path]:
    """By stem; those that share one are told apart by their folder, and then by a number."""
    named: dict[str, Path] = {}
    stems = Counter(path.stem for path in set(paths))
    for path in dict.fromkeys(paths):
        name = path.stem if stems[path.stem] == 1 else f"{path.parent.resolve().name}-{path.stem}"
        number, unique = 2, name
        while unique in named:
            unique, number = f"{name}-{number}", number + 1
        named[unique] = path
    return named
