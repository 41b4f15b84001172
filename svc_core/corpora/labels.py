"""What is sung when: the label file of a recording -> intervals of phones or words.

Two formats are read. HTK's .lab (The HTK Book, ch. 6): a line ``start end text`` an interval, in units
of 100 ns. Praat's .TextGrid, long or short: the two differ only in comments, for Praat reads nothing
but free-standing numbers, "strings" and <flags> and takes the rest for decoration; so does this reader.
A TextGrid may hold many tiers; the one named after the kind that is wanted is taken.

Times are in seconds from the start of the recording; an interval with no text is silence.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from typing import TypeVar

from svc_core.corpora.corpus import Clip
from svc_core.whole import write_whole

LAB_UNITS_PER_S = 10_000_000  # of 100 ns
# Tiers that hold a kind, the best first; some annotators named them after their script, with a dot in front.
TIER_NAMES = {"phones": ("phones", "phonemes", "phone"), "words": ("words", "word", "phrases")}
_TOKENS = re.compile(r'"((?:[^"]|"")*)"|(?<!\S)(-?\d+(?:\.\d*)?(?:[eE][-+]?\d{1,2})?)(?!\S)|<\w+>|(?m:^\s*!.*$)')
_OVERLAP_S = 1e-3  # rounding; a longer overlap is an error of the annotator's


class LabelError(ValueError):
    """A label file that cannot be read; the message names the file and the line."""


@dataclass(frozen=True)
class Interval:
    """From ``start_s`` to ``end_s`` the text is sung; nothing, where the text is empty."""

    start_s: float
    end_s: float
    text: str  # of kind words, several where the annotator timed whole phrases


@dataclass(frozen=True)
class Labels:
    """Intervals of one kind, phones or words, in order and without overlap; gaps are allowed."""

    kind: str
    intervals: tuple[Interval, ...]


def read_labels(clip: Clip) -> Labels | None:
    """Labels of a recording, None where it has none. Raises LabelError."""
    if clip.label_file is None:
        return None
    read = read_lab if clip.label_file.suffix == ".lab" else read_textgrid
    return read(clip.label_file, clip.label_kind)


def read_lab(path: Path, kind: str = "phones") -> Labels:
    """Read an HTK label file; columns behind the text (scores) are passed over. Raises LabelError."""
    found = []
    for line, row in enumerate(_decoded(path).splitlines(), start=1):
        fields = row.split()
        if not fields:
            continue
        try:
            start, end = float(fields[0]), float(fields[1])
        except (IndexError, ValueError):
            raise LabelError(f"{path}, line {line}: '{row.strip()}' is not 'start end text' in 100 ns.") from None
        text = fields[2] if len(fields) > 2 else ""
        found.append((line, Interval(start / LAB_UNITS_PER_S, end / LAB_UNITS_PER_S, text)))
    return Labels(kind, _in_order(path, found))


def write_lab(path: Path, labels: Labels) -> None:
    """Write an HTK label file; it appears under its name only when it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (
        f"{round(part.start_s * LAB_UNITS_PER_S)} {round(part.end_s * LAB_UNITS_PER_S)} {part.text}\n"
        for part in labels.intervals
    )
    write_whole(path, "".join(lines).encode())


def labels_of_durations(phones: Sequence[str], durations_s: Sequence[float]) -> Labels:
    """Labels of phones that follow each other from 0 s on, as tables give them. Raises ValueError."""
    if len(phones) != len(durations_s):
        raise ValueError(f"{len(phones)} phones, but {len(durations_s)} durations.")
    if not all(0 <= duration_s < float("inf") for duration_s in durations_s):
        raise ValueError("a phone does not last 0 s or longer.")
    ends_s = list(accumulate(durations_s, initial=0.0))
    return Labels("phones", tuple(map(Interval, ends_s, ends_s[1:], phones)))


def read_textgrid(path: Path, kind: str = "words") -> Labels:
    """Read one tier of a Praat TextGrid: the one named after ``kind``, else the first that says anything.

    Point tiers are passed over. Raises LabelError.
    """
    tiers = dict(_interval_tiers(path))
    names = {name.strip(". ").lower(): name for name in reversed(tiers)}  # of two with one name, the first
    chosen = next((names[name] for name in TIER_NAMES[kind] if name in names), None)
    if chosen is None:
        chosen = next((name for name, tier in tiers.items() if any(part.text for _, part in tier)), None)
    if chosen is None:
        raise LabelError(f"{path}: no interval tier of it holds any text.")
    return Labels(kind, _in_order(path, tiers[chosen]))


Token = TypeVar("Token", float, str)


def _interval_tiers(path: Path) -> Iterator[tuple[str, list[tuple[int, Interval]]]]:
    """Name and intervals, each with its line, of every interval tier; the first of two with one name."""
    tokens = _tokens(path, _decoded(path))
    if next(tokens, (1, ""))[1] != "ooTextFile" or next(tokens, (1, ""))[1] != "TextGrid":
        raise LabelError(f"{path}, line 1: not a Praat TextGrid written as text; save it as one.")
    line = 1

    def take(kind: type[Token]) -> Token:
        nonlocal line
        try:
            line, token = next(tokens)
        except StopIteration:
            raise LabelError(f"{path}, line {line}: the TextGrid ends in the middle; save it again.") from None
        if not isinstance(token, kind):
            raise LabelError(
                f"{path}, line {line}: a {'number' if kind is float else 'text in quotes'} should stand here, "
                f"not '{token}'."
            )
        return token

    take(float), take(float)  # where the whole grid begins and ends
    seen = set()
    for _ in range(int(take(float))):
        points, name = take(str) != "IntervalTier", take(str)
        take(float), take(float)  # where the tier begins and ends
        intervals = []
        for _ in range(int(take(float))):
            start_s = take(float)
            end_s = start_s if points else take(float)
            text = " ".join(take(str).split())
            intervals.append((line, Interval(start_s, end_s, text)))
        if not points and name not in seen:
            seen.add(name)
            yield name, intervals


def _tokens(path: Path, text: str) -> Iterator[tuple[int, float | str]]:
    """What Praat reads of a text file: (line, number or string), flags and comments left out."""
    line, last = 1, 0
    for match in _TOKENS.finditer(text):
        line, last = line + text.count("\n", last, match.start()), match.start()
        if match[1] is not None:
            yield line, match[1].replace('""', '"')
        elif match[2] is not None:
            yield line, float(match[2])


def _decoded(path: Path) -> str:
    """Text of a UTF-8 or, as Praat marks it, UTF-16 file."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise LabelError(f"{path}: the label file cannot be read ({error.strerror}).") from error
    wide = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return raw.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise LabelError(f"{path}, line {line}: neither UTF-8 nor UTF-16; save it again as UTF-8.") from error


def _in_order(path: Path, found: list[tuple[int, Interval]]) -> tuple[Interval, ...]:
    for line, part in found:
        if not 0 <= part.start_s <= part.end_s < float("inf"):
            raise LabelError(f"{path}, line {line}: an interval from {part.start_s:g} s to {part.end_s:g} s.")
    for (_, before), (line, part) in pairwise(found):
        if part.start_s < before.end_s - _OVERLAP_S:
            raise LabelError(
                f"{path}, line {line}: begins at {part.start_s:g} s, before the last one ends ({before.end_s:g} s)."
            )
    return tuple(part for _, part in found)
