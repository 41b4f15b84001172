"""What traces, singers and keys are called on the pages."""

from __future__ import annotations

import re

from svc_core.traces.catalogue import Entry


def singer_label(singer: str) -> str:
    """'makam-f2' -> 'woman makam-f2'; singers' names are neutral on purpose, so they are kept."""
    sex = re.search(r"-([fm])\d+$", singer)
    return f"{'woman' if sex[1] == 'f' else 'man'} {singer}" if sex else singer.replace("-", " ")


def key_label(semitones: int) -> str:
    """-9 -> '9 semitones lower'."""
    if semitones == 0:
        return "same key"
    size = abs(semitones)
    return f"{size} semitone{'s' if size > 1 else ''} {'higher' if semitones > 0 else 'lower'}"


def trace_label(entry: Entry) -> str:
    """One line that tells conversions apart: who, into whom, which phrase, which key."""
    phrase = entry.phrase.replace("_", " ").replace("-", " ")
    return (
        f"{singer_label(entry.source)} → {singer_label(entry.target)} · “{phrase}” · "
        f"{key_label(entry.key_shift_semitones)}"
    )
