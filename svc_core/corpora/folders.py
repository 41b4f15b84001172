"""Recordings of one's own: a folder for each singer, or a folder with a metadata.csv.

    singer/song.wav                 a song a file
    singer/song/01.wav              or a folder a song, where songs are cut into phrases

The first level names the singer, the second the song: files of one name by two singers count as the
same song, and all of them fall on the same side of the train and test split.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from svc_core.corpora.corpus import LABEL_SUFFIXES, Clip, label_beside, read_corpus
from svc_core.corpora.layout import AUDIO_SUFFIXES, NO_TRANSCRIPT, Reading, Skipped, audio_below, inside, nfc, refusal

WANTED = f"a folder for each singer with {', '.join(AUDIO_SUFFIXES)} files in it"

_clip = partial(Clip, split="", may_ship=False, licence="unknown")  # nobody said that it may be published


def read_singers(folder: Path) -> Reading:
    """Any folder of ``singer/file``, deeper ones included; a .lab or .TextGrid beside a file labels it."""
    clips, skipped = [], []
    for path in audio_below(folder):
        file, parts = inside(path, folder), path.relative_to(folder).parts
        if len(parts) == 1:
            skipped.append(Skipped(file, "no singer", "it lies in no singer's folder."))
            continue
        labels = label_beside(path)
        clips.append(
            _clip(
                path=path,
                file=file,
                singer=nfc(parts[0]),
                song=nfc(parts[1] if len(parts) > 2 else path.stem),
                label_kind=LABEL_SUFFIXES[labels.suffix] if labels else "",
                label_file=labels,
            )
        )
    if not clips:
        raise refusal(folder, "a folder of singers", WANTED)
    return Reading(tuple(clips), tuple(skipped))


def read_metadata(folder: Path) -> Reading:
    """A corpus (see `corpus`): its own splits, licences and phrases are kept. Raises CorpusError."""
    corpus = read_corpus(folder)
    broken = {clip.file for clip in corpus.clips if clip.label_kind and clip.label_file is None}
    return Reading(
        tuple(clip for clip in corpus.clips if clip.file not in broken),
        tuple(
            Skipped(file, NO_TRANSCRIPT, "metadata.csv promises labels, but no .lab or .TextGrid is there.")
            for file in sorted(broken)
        ),
        phrases=corpus.phrases,
    )
