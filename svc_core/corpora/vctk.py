"""VCTK 0.92: 110 people reading English sentences (Yamagishi et al. 2019). Speech, to widen the range of voices.

    wav48_silence_trimmed/p225/p225_001_mic1.flac, p225_001_mic2.flac
    txt/p225/p225_001.txt
    speaker-info.txt

Two microphones heard every sentence; mic1 is read, because mic2 failed for two people. Where only mic2 is
there it is taken. Many sentences are read by everybody: a sentence's text is its song. The texts of one
person (p315) are lost: nobody can tell which sentences those are, and they are left out.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from svc_core.corpora.corpus import Clip
from svc_core.corpora.layout import NO_TRANSCRIPT, LayoutError, Reading, Skipped, audio_below, inside, refusal, text_of

WANTED = "wav48_silence_trimmed, with recordings like p225/p225_001_mic1.flac, and txt"

_clip = partial(Clip, split="", may_ship=True, licence="CC BY 4.0", language="en")


def read_vctk(folder: Path) -> Reading:
    takes: dict[tuple[str, str], Path] = {}  # mic1 sorts before mic2
    for path in audio_below(folder / "wav48_silence_trimmed"):
        utterance, _, mic = path.stem.rpartition("_")
        if mic in ("mic1", "mic2"):
            takes.setdefault((path.parent.name, utterance), path)
    if not takes or not (folder / "txt").is_dir():
        raise refusal(folder, "VCTK", WANTED)
    clips, skipped = [], []
    for (speaker, utterance), path in takes.items():
        file, text = inside(path, folder), folder / "txt" / speaker / f"{utterance}.txt"
        try:
            clips.append(_clip(path=path, file=file, singer=speaker, song=" ".join(text_of(text).split())))
        except LayoutError as error:
            skipped.append(Skipped(file, NO_TRANSCRIPT, str(error)))
    return Reading(tuple(clips), tuple(skipped))
