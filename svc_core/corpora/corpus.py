"""A corpus is a folder with a metadata.csv: one row a recording.

Columns that must be there: file (relative, unique: it also names the recording's features), singer,
song, section, split (train, test, unseen), may_ship (yes or no: whether anything made from it may be
published), licence. Columns that may be there:

    path        where the audio lies, if not at ``file`` (absolute, or relative to the corpus)
    data_set    where the recording comes from
    language    ISO 639-1 code, or nothing
    labels      what its label file times: phones or words; empty where it has none
    label_file  where the label file lies, if not beside the audio (.lab or .TextGrid of the same name)

Without a column ``labels``, a .lab beside the audio is taken for phones, a .TextGrid for words. A
phrases.csv names the parts that make good demonstrations (phrase, file, start_s, end_s); the same
phrase sung by two singers is a parallel pair.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

from svc_core.paths import is_file
from svc_core.rows import TableError, read_rows

SPLITS = ("train", "test", "unseen")
CLIP_COLUMNS = ("file", "singer", "song", "section", "split", "may_ship", "licence")
FURTHER_COLUMNS = ("path", "data_set", "language", "labels", "label_file")  # that may be there
PHRASE_COLUMNS = ("phrase", "file", "start_s", "end_s")
LABEL_KINDS = ("phones", "words")
SCORE_KINDS = ("midi", "notes")  # may stand beside them ("phones+midi"); no part of this system reads scores
LABEL_SUFFIXES = {".lab": "phones", ".TextGrid": "words", ".textgrid": "words"}  # what such a file usually times


MOST_BYTES = 32 << 20  # of a table: some 200 000 recordings


class CorpusError(ValueError):
    """A corpus that cannot be read as described; the message says where and what to do."""


@dataclass(frozen=True)
class Clip:
    """One recording of a corpus.

    ``label_kind`` without a ``label_file`` is a promise that the folder does not keep.
    """

    path: Path
    file: str
    singer: str
    song: str
    split: str
    may_ship: bool
    licence: str
    section: str = ""
    data_set: str = ""
    language: str = ""
    label_kind: str = ""
    label_file: Path | None = None


@dataclass(frozen=True)
class Phrase:
    """A part of a recording worth converting."""

    name: str
    clip: Clip
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Corpus:
    """The recordings in the order of metadata.csv, and the phrases in that of phrases.csv."""

    root: Path
    clips: tuple[Clip, ...]
    phrases: tuple[Phrase, ...]

    @property
    def trained_singers(self) -> tuple[str, ...]:
        """Singers with training recordings, sorted: a singer's place in it is the singer's id."""
        return tuple(sorted({clip.singer for clip in self.clips if clip.split == "train"}))

    def clips_of(self, split: str) -> tuple[Clip, ...]:
        """The recordings of a split."""
        return tuple(clip for clip in self.clips if clip.split == split)


def read_corpus(root: str | Path) -> Corpus:
    """Read ``root``/metadata.csv and, where there is one, phrases.csv. Raises CorpusError."""
    root = Path(root)
    clips: dict[str, Clip] = {}
    for where, row in _read_table(root / "metadata.csv", CLIP_COLUMNS, FURTHER_COLUMNS):
        if row["split"] not in SPLITS:
            raise CorpusError(f"{where}: split '{row['split']}' is none of {SPLITS}.")
        if not (row["file"] and row["singer"]):
            raise CorpusError(f"{where}: the file or the singer has no name.")
        if PurePath(row["file"]).is_absolute() or ".." in PurePath(row["file"]).parts:
            raise CorpusError(
                f"{where}: '{row['file']}' leads out of the corpus; name it inside and say where it lies in 'path'."
            )
        if row["file"] in clips:
            raise CorpusError(f"{where}: '{row['file']}' is listed twice.")
        clips[row["file"]] = _clip_of(row, root, where)
    phrases = []
    if (root / "phrases.csv").is_file():
        for where, row in _read_table(root / "phrases.csv", PHRASE_COLUMNS):
            if row["file"] not in clips:
                raise CorpusError(f"{where}: '{row['file']}' is not in metadata.csv; add it there.")
            try:
                start_s, end_s = float(row["start_s"]), float(row["end_s"])
            except ValueError as error:
                raise CorpusError(f"{where}: start_s and end_s must be seconds ({error}).") from error
            phrases.append(Phrase(row["phrase"], clips[row["file"]], start_s, end_s))
    return Corpus(root, tuple(clips.values()), tuple(phrases))


def label_beside(audio: Path) -> Path | None:
    """The label file of the same name as a recording, in the same folder."""
    return next((file for suffix in LABEL_SUFFIXES if is_file(file := audio.with_suffix(suffix))), None)


def _clip_of(row: dict[str, str], root: Path, where: str) -> Clip:
    path = root / (row.get("path") or row["file"])
    if not path.name:
        raise CorpusError(f"{where}: '{path}' is no file.")
    given = row.get("labels")
    kinds = given.split("+") if given else []
    if unknown := [kind for kind in kinds if kind not in (*LABEL_KINDS, *SCORE_KINDS)]:
        raise CorpusError(f"{where}: labels '{unknown[0]}' are none of {', '.join(LABEL_KINDS)}.")
    kind = next((kind for kind in kinds if kind in LABEL_KINDS), "")
    label_file = root / row["label_file"] if row.get("label_file") else None
    if label_file is None and (kind or given is None):
        label_file = label_beside(path)
    if label_file is not None and not kind:
        kind = LABEL_SUFFIXES.get(label_file.suffix, "words")
    return Clip(
        path=path,
        file=row["file"],
        singer=row["singer"],
        song=row["song"],
        split=row["split"],
        may_ship=row["may_ship"] == "yes",
        licence=row["licence"],
        section=row["section"],
        data_set=row.get("data_set", ""),
        language=row.get("language", ""),
        label_kind=kind,
        label_file=label_file,
    )


def _read_table(
    path: Path, columns: tuple[str, ...], further: tuple[str, ...] = ()
) -> Iterator[tuple[str, dict[str, str]]]:
    """Where each line stands, and what it says by column. Raises CorpusError."""
    if not path.is_file():
        raise CorpusError(f"{path}: there is no such file; a corpus is a folder with a metadata.csv (see README.md).")
    try:
        for line, row in read_rows(path, columns, further, MOST_BYTES):
            yield f"{path}, line {line}", row
    except TableError as error:
        raise CorpusError(f"{path}: {error}") from error
