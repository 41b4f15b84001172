"""Several data sets -> one list of clips in which no name means two things.

Singers are numbered by their place in the sorted list of all trained singers (`Corpus.trained_singers`), so
their names must be unique. ``data_set-singer`` is, because a data set's own name has no hyphen and is
given once; only the names of a metadata.csv stay as they are, and if one is taken already, it is refused.
Files become ``data_set/file`` in the same way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path

from svc_core.corpora.corpus import Clip, Phrase
from svc_core.corpora.folders import read_metadata, read_singers
from svc_core.corpora.labels import Labels
from svc_core.corpora.layout import LayoutError, Reading, Skipped, nfc
from svc_core.corpora.m4singer import read_m4singer
from svc_core.corpora.makam import read_makam
from svc_core.corpora.opencpop import read_opencpop
from svc_core.corpora.opensinger import read_opensinger
from svc_core.corpora.pjs import read_pjs
from svc_core.corpora.svcc import read_svcc
from svc_core.corpora.vctk import read_vctk

READERS: dict[str, Callable[[Path], Reading]] = {
    "m4singer": read_m4singer,
    "opencpop": read_opencpop,
    "opensinger": read_opensinger,
    "svcc": read_svcc,
    "vctk": read_vctk,
    "pjs": read_pjs,
    "makam": read_makam,
    "metadata": read_metadata,  # a folder with a metadata.csv
    "folder": read_singers,  # any folder of singer/file
}
NAMED_BY_FOLDER = ("metadata", "folder")  # layouts of which there may be many data sets


def read_data_sets(asked: Sequence[tuple[str, Path]]) -> Reading:
    """Read every (layout, folder) and join them. Raises CorpusError: LayoutError, or that of a metadata.csv."""
    clips: list[Clip] = []
    skipped: list[Skipped] = []
    phones: dict[str, Labels] = {}
    phrases: list[Phrase] = []
    names: set[str] = set()
    source_of: dict[str, Path] = {}
    for layout, folder in asked:
        if layout not in READERS:
            raise LayoutError(f"'{layout}' is no data set that can be read; there are {', '.join(READERS)}.")
        if not folder.is_dir():
            raise LayoutError(f"{folder}: there is no such folder.")
        if [other.resolve() for _, other in asked].count(folder.resolve()) > 1:
            raise LayoutError(f"{folder}: this folder is given twice.")
        reading = READERS[layout](folder)
        name = _data_set_name(layout, folder, names)
        names.add(name)
        named = {
            clip.file: replace(
                clip,
                file=f"{name}/{clip.file}",
                singer=clip.singer if layout == "metadata" else f"{name}-{clip.singer}",
                data_set=clip.data_set or name,
            )
            for clip in reading.clips
        }
        for singer in sorted({clip.singer for clip in named.values()}):
            if source_of.setdefault(singer, folder) is not folder:
                raise LayoutError(
                    f"{folder}: its singer '{singer}' has the same name as one of {source_of[singer]}; "
                    "rename one of them in a metadata.csv."
                )
        clips += named.values()
        skipped += [replace(item, data_set=name) for item in reading.skipped]
        phones |= {named[file].file: labels for file, labels in reading.phones.items()}
        phrases += [replace(p, clip=named[p.clip.file]) for p in reading.phrases if p.clip.file in named]
    return Reading(tuple(clips), tuple(skipped), phones, tuple(phrases))


def _data_set_name(layout: str, folder: Path, taken: set[str]) -> str:
    """The layout's name, or the folder's where the layout says nothing; numbered from the second on; no hyphen."""
    name = re.sub(r"\W+", "_", nfc(folder.resolve().name)).strip("_") if layout in NAMED_BY_FOLDER else layout
    name = name or layout
    return next(
        tried for tried in (f"{name}{number if number > 1 else ''}" for number in count(1)) if tried not in taken
    )
