"""PJS: 100 short Japanese songs by one man, composed for the corpus (Koguchi & Takamichi 2020).

    PJS_corpus_ver1.1/pjs001/pjs001_song.wav, pjs001_speech.wav, pjs001.lab, pjs001.mid, ...

pjs001.lab times the phones of the song. The same sentence spoken (pjs001_speech.wav) and the background
noise are not singing and are left out.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from svc_core.corpora.corpus import Clip
from svc_core.corpora.layout import NO_TRANSCRIPT, Reading, Skipped, audio_below, inside, refusal

WANTED = "folders like pjs001 with pjs001_song.wav in them, here or in PJS_corpus_ver1.1"

_clip = partial(
    Clip, singer="m1", split="", may_ship=True, licence="CC BY-SA 4.0", language="ja", label_kind="phones"
)  # the singer is the first author; a neutral name does


def read_pjs(folder: Path) -> Reading:
    clips, skipped = [], []
    for path in audio_below(folder):
        file, song, labels = inside(path, folder), path.parent.name, path.with_name(f"{path.parent.name}.lab")
        if path.stem != f"{song}_song":
            skipped.append(Skipped(file, "not singing", "speech or background noise."))
        elif not labels.is_file():
            skipped.append(Skipped(file, NO_TRANSCRIPT, f"there is no {labels.name} beside it."))
        else:
            clips.append(_clip(path=path, file=file, song=song, label_file=labels))
    if not clips:
        raise refusal(folder, "PJS", WANTED)
    return Reading(tuple(clips), tuple(skipped))
