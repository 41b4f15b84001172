"""What every reader of a data set gives, and how it says that a folder is not what it was taken for.

A reader walks over a folder as its owner publishes it and opens no audio. Its clips carry the singer's
name inside the data set, files relative to the folder, and a split only where the owner published one;
`data_sets` makes all of it unique, `splits` decides what is open.

Names are NFC: some archives spell é as e and an accent, and two spellings would be two singers.
"""

from __future__ import annotations

import os
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

from svc_core.corpora.corpus import Clip, CorpusError, Phrase
from svc_core.corpora.labels import Labels

AUDIO_SUFFIXES = (".wav", ".flac", ".mp3", ".ogg")
NO_TRANSCRIPT = "no transcript"
NO_AUDIO = "no audio"
NAMES_SHOWN = 8  # of what lies in a folder that is refused


class LayoutError(CorpusError):
    """A folder that is not laid out as its data set is; the message says what was looked for and what is there."""


@dataclass(frozen=True)
class Skipped:
    """Something that a data set offers and the corpus leaves out."""

    file: str  # relative to the data set's folder
    reason: str  # a few words, the same for all of a kind
    detail: str  # one sentence
    data_set: str = ""  # given when data sets are joined


@dataclass(frozen=True)
class Reading:
    """What a reader found. ``phones``: label files still to be written, by the file of their clip."""

    clips: tuple[Clip, ...]
    skipped: tuple[Skipped, ...] = ()
    phones: dict[str, Labels] = field(default_factory=dict)
    phrases: tuple[Phrase, ...] = ()


def nfc(text: str) -> str:
    """The one spelling of a name, with composed letters."""
    return unicodedata.normalize("NFC", text)


def inside(path: Path, folder: Path) -> str:
    """A path relative to ``folder``, with forward slashes, NFC."""
    return nfc(path.relative_to(folder).as_posix())


def audio_below(folder: Path) -> list[Path]:
    """All recordings below a folder, sorted; hidden files (as macOS leaves beside real ones) are none."""
    found = []
    for parent, folders, files in os.walk(folder, followlinks=True):  # data often lie on another disk
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [
            Path(parent, name) for name in files if name.lower().endswith(AUDIO_SUFFIXES) and not name.startswith(".")
        ]
    return sorted(found, key=lambda path: inside(path, folder))


def refusal(folder: Path, data_set: str, wanted: str) -> LayoutError:
    """The error of a folder in which ``wanted`` was looked for in vain."""
    names = sorted(path.name + ("/" if path.is_dir() else "") for path in folder.iterdir()) or ["nothing"]
    shown = ", ".join(names[:NAMES_SHOWN]) + (f" and {len(names) - NAMES_SHOWN} more" if names[NAMES_SHOWN:] else "")
    return LayoutError(f"{folder}: not laid out as {data_set} is: looked for {wanted}; there is {shown}.")


def text_of(path: Path) -> str:
    """A text file of a data set, without spaces around it. Raises LayoutError."""
    try:
        return nfc(path.read_text(encoding="utf-8-sig").strip())
    except OSError as error:
        raise LayoutError(f"{path}: cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise LayoutError(f"{path}: not UTF-8 text; save it again as UTF-8.") from error
