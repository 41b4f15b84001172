"""OpenSinger: Mandarin pop songs by 28 men and 48 women (Huang et al. 2021, ACM Multimedia).

    ManRaw/0_song/0_song_0.wav .txt .lab        WomanRaw/0_song/0_song_0.wav .txt .lab

Both halves count their singers from 0: man 0 and woman 0 are two people. The .txt and .lab say what is
sung but not when, so the clips have no labels; one without its .txt is left out as damaged.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from svc_core.corpora.corpus import Clip
from svc_core.corpora.layout import NO_TRANSCRIPT, Reading, Skipped, audio_below, inside, nfc, refusal

WANTED = "ManRaw or WomanRaw, with folders like '0_song' in them"
HALVES = {"ManRaw": "man", "WomanRaw": "woman"}

_clip = partial(Clip, split="", may_ship=False, licence="CC BY-NC-SA", language="zh")


def read_opensinger(folder: Path) -> Reading:
    clips, skipped = [], []
    for half, people in HALVES.items():
        for path in audio_below(folder / half):
            file = inside(path, folder)
            number, _, song = nfc(path.parent.name).partition("_")
            if not (number.isdecimal() and song):
                skipped.append(Skipped(file, "no singer", "its folder is not named 'singer_song'."))
            elif not path.with_suffix(".txt").is_file():
                skipped.append(Skipped(file, NO_TRANSCRIPT, "there is no .txt beside it."))
            else:
                clips.append(_clip(path=path, file=file, singer=f"{people}-{number}", song=song))
    if not clips:
        raise refusal(folder, "OpenSinger", WANTED)
    return Reading(tuple(clips), tuple(skipped))
