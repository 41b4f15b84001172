"""What traces, singers, keys and samplers are called on the pages, and names from data as plain text."""

from __future__ import annotations

import re
import string

from svc_core.traces.catalogue import Entry

_SPECIAL = re.compile(f"[{re.escape(string.punctuation)}]")
_LINK = re.compile(r"(?i)(https?:|www)(?=[/.])")

SAMPLERS = {
    "ddpm": "**DDPM** takes every step of the schedule and puts a little fresh noise back at each.",
    "ddim": "**DDIM** leaps over most of the schedule's steps and adds no fresh noise: the same start, the same end.",
    "euler": "**Euler's method** goes from noise to voice in straight pieces, one guess of the network each.",
    "heun": "**Heun's method** looks twice at every step: it corrects each straight piece by a guess at its far end.",
    "consistency": "A **consistency model** reaches in one step what others reach in many; further steps put noise "
    "back and reach for it again.",
}
DEFECTS = {
    "clamp": "every noisy state clamped to ±1",
    "early-f0": "told the melody 27 ms early",
    "sigma-max": "begins at noise that training did not cover",
}
SHORT = {"ddpm": "DDPM", "ddim": "DDIM", "euler": "Euler", "heun": "Heun", "consistency": "consistency"}


def as_text(name: str) -> str:
    """A name from data for Markdown: shown as it is, whatever signs it holds.

    Every sign of punctuation is escaped; what looks like a link is parted by a word joiner, which takes
    no room.
    """
    return _SPECIAL.sub(r"\\\g<0>", _LINK.sub("\\1\u2060", name))


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


def sampler_label(sampler: str, steps: int) -> str:
    """('euler', 40) -> 'Euler, 40 steps'."""
    return f"{SHORT.get(sampler, sampler)}, {steps} step{'' if steps == 1 else 's'}"


def trace_label(entry: Entry) -> str:
    """One line that tells conversions apart: who, into whom, which phrase, which key, and how it was sampled."""
    phrase = entry.phrase.replace("_", " ").replace("-", " ")
    parts = [
        f"{singer_label(entry.source)} → {singer_label(entry.target)}",
        f"“{phrase}”",
        key_label(entry.key_shift_semitones),
        sampler_label(entry.sampler, entry.steps),
    ]
    parts += peculiarities(entry)
    parts += [f"seed {entry.seed}"] if entry.seed else []
    parts += [entry.label] if entry.label else []
    return " · ".join(parts)


def peculiarities(entry: Entry) -> list[str]:
    """What was done to the conversion that is not done to a plain one, a few words each; empty for a plain one."""
    parts = []
    if entry.guidance:
        weights = ", ".join(weight.replace("=", " ").replace("-", "−") for weight in entry.guidance.split())
        parts.append(f"guidance: {weights}")
    if entry.without:
        *others, last = entry.without.split()
        parts.append(f"without {', '.join(others)} and {last}" if others else f"without {last}")
    if entry.swap:
        when = f"after {entry.swap_at} step{'' if entry.swap_at == 1 else 's'}"
        parts.append(f"singer swapped for {singer_label(entry.swap)} {when}")
    if entry.defect:
        parts.append(f"bug: {DEFECTS.get(entry.defect, entry.defect)}")
    return parts
