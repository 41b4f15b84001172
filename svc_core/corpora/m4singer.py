"""M4Singer: Mandarin pop songs by twenty singers of four voices (Zhang et al. 2022, NeurIPS).

    meta.json                       a list of {item_name, txt, phs, ph_dur, ...}
    Alto-1#song/0000.wav .TextGrid .mid

An item is named ``singer#song#number``; its phones and their durations stand in meta.json. Songs are named
by their titles, and several singers sing the same ones.
"""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

from svc_core.corpora.corpus import Clip
from svc_core.corpora.labels import Labels, labels_of_durations
from svc_core.corpora.layout import (
    NO_AUDIO,
    NO_TRANSCRIPT,
    LayoutError,
    Reading,
    Skipped,
    audio_below,
    inside,
    nfc,
    refusal,
    text_of,
)

WANTED = "meta.json and folders like 'Tenor-1#song' with 0000.wav in them"
SILENCES = {"<AP>": "AP", "<SP>": "SP"}  # breath and silence, spelt as Opencpop spells them

_clip = partial(Clip, split="", may_ship=False, licence="CC BY-NC-SA 4.0", language="zh", label_kind="phones")


def read_m4singer(folder: Path) -> Reading:
    if not (folder / "meta.json").is_file():
        raise refusal(folder, "M4Singer", WANTED)
    recordings = [path for path in audio_below(folder) if "#" in path.parent.name]
    if not recordings:
        raise refusal(folder, "M4Singer", WANTED)
    clips, phones = [], {}
    skipped: list[Skipped] = []
    items = _items(folder / "meta.json", skipped)
    for path in recordings:
        file, (singer, song) = inside(path, folder), nfc(path.parent.name).split("#", 1)
        item = items.pop(f"{singer}#{song}#{path.stem}", None)
        if item is None:
            skipped.append(Skipped(file, NO_TRANSCRIPT, "meta.json has no such item."))
            continue
        try:
            phones[file] = _phones(item)
        except (KeyError, TypeError, ValueError) as error:
            detail = f"meta.json does not time its phones ({str(error).rstrip('.')})."
            skipped.append(Skipped(file, NO_TRANSCRIPT, detail))
            continue
        clips.append(_clip(path=path, file=file, singer=singer, song=song))
    skipped += [Skipped(name, NO_AUDIO, "meta.json names it, but there is no such file.") for name in items]
    return Reading(tuple(clips), tuple(skipped), phones)


def _items(path: Path, skipped: list[Skipped]) -> dict[str, dict[str, Any]]:
    """Entries of meta.json by name; of two with one name, the first."""
    try:
        entries = json.loads(text_of(path))
        names = [nfc(entry["item_name"]) for entry in entries]
    except (ValueError, TypeError, KeyError) as error:
        raise LayoutError(f"{path}: not a list of items with an item_name each ({error}).") from error
    items: dict[str, dict[str, Any]] = {}
    for name, entry in zip(names, entries, strict=True):
        if items.setdefault(name, entry) is not entry:
            skipped.append(Skipped(name, "listed twice", "meta.json has two items of that name; the first was taken."))
    return items


def _phones(item: dict[str, Any]) -> Labels:
    return labels_of_durations(
        [SILENCES.get(phone, phone) for phone in item["phs"]], [float(duration_s) for duration_s in item["ph_dur"]]
    )
