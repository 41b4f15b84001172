"""A corpus is a folder with a metadata.csv: one row a recording.

Columns that are read: file (relative), singer, song, section, split (train, test, unseen), may_ship
(yes or no: whether anything made from it may be published), licence. A phrases.csv beside it names
the parts that make good demonstrations (phrase, file, start_s, end_s); the same phrase sung by two
singers is a parallel pair.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

SPLITS = ("train", "test", "unseen")
CLIP_COLUMNS = ("file", "singer", "song", "section", "split", "may_ship", "licence")
PHRASE_COLUMNS = ("phrase", "file", "start_s", "end_s")


class CorpusError(ValueError):
    """A corpus that cannot be read as described; the message says where and what to do."""


@dataclass(frozen=True)
class Clip:
    """One recording of a corpus."""

    path: Path
    file: str
    singer: str
    song: str
    split: str
    may_ship: bool
    licence: str


@dataclass(frozen=True)
class Phrase:
    """A part of a recording worth converting."""

    name: str
    clip: Clip
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Corpus:
    root: Path
    clips: tuple[Clip, ...]
    phrases: tuple[Phrase, ...]

    @property
    def trained_singers(self) -> tuple[str, ...]:
        """Singers with training recordings, sorted: a singer's place in it is the singer's id."""
        return tuple(sorted({clip.singer for clip in self.clips if clip.split == "train"}))

    def clips_of(self, split: str) -> tuple[Clip, ...]:
        return tuple(clip for clip in self.clips if clip.split == split)


def read_corpus(root: str | Path) -> Corpus:
    """Read ``root``/metadata.csv and, where there is one, phrases.csv. Raises CorpusError."""
    root = Path(root)
    table = _read_table(root / "metadata.csv", CLIP_COLUMNS)
    clips = {}
    for line, row in enumerate(table.to_dict("records"), start=2):
        if row["split"] not in SPLITS:
            raise CorpusError(f"{root / 'metadata.csv'}, line {line}: split '{row['split']}' is none of {SPLITS}.")
        if row["file"] in clips:
            raise CorpusError(f"{root / 'metadata.csv'}, line {line}: '{row['file']}' is listed twice.")
        clips[row["file"]] = Clip(
            path=root / row["file"],
            file=row["file"],
            singer=row["singer"],
            song=row["song"],
            split=row["split"],
            may_ship=row["may_ship"] == "yes",
            licence=row["licence"],
        )
    phrases = []
    if (root / "phrases.csv").is_file():
        for line, row in enumerate(_read_table(root / "phrases.csv", PHRASE_COLUMNS).to_dict("records"), start=2):
            if row["file"] not in clips:
                raise CorpusError(
                    f"{root / 'phrases.csv'}, line {line}: '{row['file']}' is not in metadata.csv; add it there."
                )
            try:
                start_s, end_s = float(row["start_s"]), float(row["end_s"])
            except ValueError as error:
                raise CorpusError(
                    f"{root / 'phrases.csv'}, line {line}: start_s and end_s must be seconds ({error})."
                ) from error
            phrases.append(Phrase(row["phrase"], clips[row["file"]], start_s, end_s))
    return Corpus(root, tuple(clips.values()), tuple(phrases))


def _read_table(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    if not path.is_file():
        raise CorpusError(f"{path}: there is no such file; a corpus is a folder with a metadata.csv (see README.md).")
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise CorpusError(f"{path}: not a table of comma-separated values ({str(error).strip()}).") from error
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise CorpusError(f"{path}: the column(s) {', '.join(missing)} are missing.")
    return table
