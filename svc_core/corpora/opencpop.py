"""Opencpop: 100 Mandarin pop songs by one woman (Wang et al. 2022, Interspeech).

    segments/wavs/2001000001.wav
    segments/transcriptions.txt     utterance|text|phones|notes|note durations|phone durations|slurs
    segments/test.txt               the same lines, of the five songs that the owners hold out

The first four digits name the song. The whole songs in wavs/ are the same takes uncut: only segments are read.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from svc_core.corpora.corpus import Clip
from svc_core.corpora.labels import labels_of_durations
from svc_core.corpora.layout import NO_AUDIO, NO_TRANSCRIPT, Reading, Skipped, audio_below, inside, refusal, text_of

WANTED = "segments/wavs, segments/transcriptions.txt and segments/test.txt"
SONG_DIGITS = 4

_clip = partial(
    Clip, singer="f1", may_ship=False, licence="CC BY-NC-ND 4.0", language="zh", label_kind="phones"
)  # the singer is not named


def read_opencpop(folder: Path) -> Reading:
    segments = folder / "segments"
    needed = (segments / "wavs", segments / "transcriptions.txt", segments / "test.txt")
    if not all(path.exists() for path in needed):
        raise refusal(segments if segments.is_dir() else folder, "Opencpop", WANTED)
    clips, phones, skipped = [], {}, []
    rows: dict[str, list[str]] = {}
    for line in filter(None, text_of(segments / "transcriptions.txt").splitlines()):
        fields = line.strip().split("|")
        if rows.setdefault(fields[0], fields) is not fields:
            detail = "transcriptions.txt has two lines of that name; the first was taken."
            skipped.append(Skipped(fields[0], "listed twice", detail))
    held_out = {line.split("|")[0] for line in text_of(segments / "test.txt").splitlines()}
    for path in audio_below(segments / "wavs"):
        file, utterance = inside(path, folder), path.stem
        if utterance not in rows:
            skipped.append(Skipped(file, NO_TRANSCRIPT, "transcriptions.txt has no line of that name."))
            continue
        fields = rows.pop(utterance)
        try:
            phones[file] = labels_of_durations(fields[2].split(), [float(text) for text in fields[5].split()])
        except (IndexError, ValueError) as error:
            detail = f"its line of transcriptions.txt does not time its phones ({str(error).rstrip('.')})."
            skipped.append(Skipped(file, NO_TRANSCRIPT, detail))
            continue
        song, split = f"opencpop-{utterance[:SONG_DIGITS]}", "test" if utterance in held_out else "train"
        clips.append(_clip(path=path, file=file, song=song, split=split))
    skipped += [Skipped(name, NO_AUDIO, "transcriptions.txt names it, but there is no such file.") for name in rows]
    return Reading(tuple(clips), tuple(skipped), phones)
