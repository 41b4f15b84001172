"""A prepared corpus on disk: labels/, phrases.csv, skipped.csv and, last, the metadata.csv that `corpus` reads.

Every file appears whole under its name or not at all, so a run that is killed leaves the corpus as it was.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from svc_core.corpora.corpus import CLIP_COLUMNS, PHRASE_COLUMNS, Clip, CorpusError, Phrase
from svc_core.corpora.labels import Labels, write_lab
from svc_core.corpora.layout import Skipped
from svc_core.whole import write_whole

COLUMNS = (*CLIP_COLUMNS, "path", "data_set", "language", "labels", "label_file", "seconds")
SKIPPED_COLUMNS = ("data_set", "file", "reason", "detail")


def check_target(out: Path, folders: Iterable[Path]) -> None:
    """Refuse to write over a data set or over a metadata.csv that somebody made by hand. Raises CorpusError."""
    if out.exists() and not out.is_dir():
        raise CorpusError(f"{out}: a file lies there; name a folder for the prepared corpus.")
    for folder in folders:
        if out.resolve() == folder.resolve():
            raise CorpusError(f"{out}: a data set lies there; give the prepared corpus a folder of its own.")
    table = out / "metadata.csv"
    if table.is_file():
        with table.open(encoding="utf-8-sig", errors="replace") as file:
            if file.readline().strip() != ",".join(COLUMNS):
                raise CorpusError(
                    f"{table}: not made by this command, so it is not overwritten; choose another folder."
                )


def write_labels(out: Path, phones: dict[str, Labels]) -> dict[str, Path]:
    """Write ``out``/labels/FILE.lab for every file; returns their paths by file."""
    written = {file: out / "labels" / f"{file}.lab" for file in phones}
    for file, path in written.items():
        write_lab(path, phones[file])
    return written


def write_tables(
    out: Path, clips: Sequence[Clip], phrases: Sequence[Phrase], skipped: Sequence[Skipped], seconds: dict[str, float]
) -> None:
    """Write the three tables; ``seconds`` are the lengths by file."""
    out.mkdir(parents=True, exist_ok=True)
    _write(
        out / "phrases.csv",
        PHRASE_COLUMNS,
        ((phrase.name, phrase.clip.file, phrase.start_s, phrase.end_s) for phrase in phrases),
    )
    _write(
        out / "skipped.csv", SKIPPED_COLUMNS, ((item.data_set, item.file, item.reason, item.detail) for item in skipped)
    )
    _write(out / "metadata.csv", COLUMNS, (_row(clip, out, seconds[clip.file]) for clip in clips))


def _row(clip: Clip, out: Path, seconds: float) -> tuple[str, ...]:
    label_file = ""
    if clip.label_file is not None:  # those that lie in the corpus move with it
        inside = clip.label_file.is_relative_to(out)
        label_file = str(clip.label_file.relative_to(out).as_posix() if inside else clip.label_file.resolve())
    return (
        clip.file,
        clip.singer,
        clip.song,
        clip.section,
        clip.split,
        "yes" if clip.may_ship else "no",
        clip.licence,
        str(clip.path.resolve()),
        clip.data_set,
        clip.language,
        clip.label_kind,
        label_file,
        f"{seconds:.3f}",
    )


def _write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    file = io.StringIO(newline="")
    csv.writer(file).writerows([columns, *rows])
    write_whole(path, file.getvalue().encode())
