"""SVCC: the training data of the Singing Voice Conversion Challenge 2023 (Huang et al. 2023, ASRU).

    Data/IDM1/10001.wav .txt        IDM1, IDF1: they sing;  CDM1, CDF1: they speak

Cut from NHSS, in which everybody sings the same songs: the sentence in the .txt tells which phrases are
the same. Where it is missing nobody can tell, and the clip may only be trained on. The challenge's own
test phrases (evaluation/, ground_truth/) mix singers in one folder and are left out.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

from svc_core.corpora.corpus import Clip
from svc_core.corpora.layout import LayoutError, Reading, Skipped, audio_below, inside, refusal, text_of

WANTED = "Data with folders like IDM1, IDF1, CDM1 or CDF1 in it"
SINGER = re.compile(r"[IC]D[MF]\d+")

_clip = partial(Clip, may_ship=False, licence="NHSS licence agreement", language="en")


def read_svcc(folder: Path) -> Reading:
    clips, skipped = [], []
    for path in audio_below(folder / "Data"):
        file, singer = inside(path, folder), path.relative_to(folder / "Data").parts[0]
        if SINGER.fullmatch(singer):
            try:
                song, split = " ".join(text_of(path.with_suffix(".txt")).split()), ""
            except LayoutError:
                song, split = "", "train"
            clips.append(_clip(path=path, file=file, singer=singer, song=song, split=split))
        else:
            skipped.append(Skipped(file, "not training data", "its folder is not named after one of the targets."))
    if not clips:
        raise refusal(folder, "SVCC", WANTED)
    return Reading(tuple(clips), tuple(skipped))
