"""Turkish makam a cappella sections: six amateurs and professionals (Dzhambazov et al. 2015, ISMIR).

    singer/02_Gel_2_zemin.wav, 02_Gel_2_zemin.TextGrid, ...

A recording is a section (zemin, nakarat, meyan) of a song; a TextGrid beside it times the words. Not every
recording has one, and some TextGrids belong to commercial recordings that are not there. The recordings are
CC BY 4.0, but some compositions are still in copyright, so nothing is marked as fit to publish.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

from svc_core.corpora.corpus import Clip, label_beside
from svc_core.corpora.layout import Reading, Skipped, audio_below, inside, nfc, refusal

WANTED = "a folder for each singer, with recordings like 'song_2_zemin.wav' and their .TextGrid"
NAME = re.compile(r"(?:\d+_)?(?P<song>.+?)_(?:part)?\d+_(?P<section>[a-z]+)")
# One song, several names: sections were also named after the singer or the first words of a model recording.
SAME_SONG = {
    "kimseye_whole_last": "kimseye",
    "melihat_gulses": "kimseye",
    "sakin--gec--kalma": "bu_aksam",
    "bu_aksam_last": "bu_aksam",
}

_clip = partial(Clip, split="", may_ship=False, licence="CC BY 4.0", language="tr")


def read_makam(folder: Path) -> Reading:
    clips, skipped = [], []
    for path in audio_below(folder):
        file, parts = inside(path, folder), path.relative_to(folder).parts
        if len(parts) == 1:
            skipped.append(Skipped(file, "no singer", "it lies in no singer's folder."))
            continue
        found, labels = NAME.match(nfc(path.stem).lower()), label_beside(path)
        song = found["song"] if found else nfc(path.stem).lower()
        clips.append(
            _clip(
                path=path,
                file=file,
                singer=nfc(parts[0]),
                song=SAME_SONG.get(song, song),
                section=found["section"] if found else "",
                label_kind="words" if labels else "",
                label_file=labels,
            )
        )
    if not any(clip.label_file for clip in clips):
        raise refusal(folder, "the makam sections", WANTED)
    return Reading(tuple(clips), tuple(skipped))
