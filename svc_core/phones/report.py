"""The probes of one trained encoder, as rows for a table and a file.

Three things are probed: the raw cepstra, the code, and the recogniser's bare decisions, one phone a
frame. The last shows what a singer probe finds in *which* phones are heard, and when: no code that
keeps them can leak less, so that, not chance, is what the code's leak is to be measured by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
import torch

from svc_core.config import GridConfig
from svc_core.corpora.corpus import Clip, Phrase
from svc_core.phones.encoder_file import Recogniser
from svc_core.phones.probes import (
    Figure,
    Sung,
    probe_phones,
    probe_singer,
    probe_singer_in_parallel,
    probe_singer_within_phones,
    share_right,
)
from svc_core.phones.training import Lesson, first_alignment, log_posteriors, realign
from svc_core.phones.transcript import Transcript, first_frame


@dataclass(frozen=True)
class Row:
    """One probe; None where there was nothing to probe. Phones of decisions need no probe: they are counted."""

    probe: str
    better: str  # "low" or "high"
    cepstra: Figure | None
    code: Figure | None
    decisions: Figure | None


def probe_encoder(
    recogniser: Recogniser,
    plain: int,
    learnt: tuple[Sequence[Clip], Sequence[Lesson]],
    tested: tuple[Sequence[Clip], Sequence[Lesson]],
    phrases: Sequence[Phrase],
    grid: GridConfig,
) -> list[Row]:
    """Every probe on cepstra, code and decisions; ``phrases`` may name parts of tested clips that singers share."""
    aligned = [_aligned(recogniser, plain, lessons) for _, lessons in (learnt, tested)]
    of_each = [
        [
            [_sung(recogniser, plain, kind, *of_clip) for of_clip in zip(*split, phones, strict=True)]
            for split, phones in zip((learnt, tested), aligned, strict=True)
        ]
        for kind in ("cepstra", "code", "decisions")
    ]

    def parallel(one: list[Sung], other: list[Sung]) -> Figure | None:
        return probe_singer_in_parallel(one, _parts(other, tested[0], phrases, grid))

    rows = [
        Row("singer", "low", *(probe_singer(*both) for both in of_each)),
        Row("singer, within a phone", "low", *(probe_singer_within_phones(*both) for both in of_each)),
        Row("singer, within a phone of a phrase sung by two", "low", *(parallel(*both) for both in of_each)),
    ]
    timed = [lesson.transcript is not None and lesson.transcript.timed for lesson in tested[1]]
    for name, wanted in (("timed by hand", True), ("aligned by the encoder itself", False)):
        chosen = [index for index, by_hand in enumerate(timed) if by_hand == wanted]
        cepstra, code, decisions = ((one, [other[index] for index in chosen]) for one, other in of_each)
        rows.append(Row(f"phone, {name}", "high", probe_phones(*cepstra), probe_phones(*code), share_right(*decisions)))
    return rows


def as_table(rows: Sequence[Row]) -> str:
    """Lines for the command line; shares in percent, what guessing reaches in brackets."""

    def cell(figure: Figure | None) -> str:
        return "-" if figure is None else f"{100 * figure.value:.0f} % ({100 * figure.chance:.0f} %)"

    head = ("probe (guessing reaches)", "should be", "cepstra", "code", "bare decisions", "on")
    lines: list[tuple[str, ...]] = [head]
    for row in rows:
        figures = (row.cepstra, row.code, row.decisions)
        lines.append((row.probe, row.better, *map(cell, figures), "-" if row.code is None else row.code.count))
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def as_records(rows: Sequence[Row]) -> list[dict]:
    """The same as plain values, for a JSON file."""
    return [asdict(row) for row in rows]


def _aligned(recogniser: Recogniser, plain: int, lessons: Sequence[Lesson]) -> list[np.ndarray]:
    known = [replace(lesson, transcript=_known(lesson, recogniser)) for lesson in lessons]
    first = first_alignment(known, recogniser.inventory)
    return realign(recogniser.encoder, recogniser.head, known, plain, recogniser.inventory, first)


def _known(lesson: Lesson, recogniser: Recogniser) -> Transcript | None:
    """The transcript, without parts in which a phone is sung that the recogniser has never met."""
    if lesson.transcript is None:
        return None
    symbols = set(recogniser.inventory.symbols)
    parts = [
        part if all(symbols.issuperset(word) for word in part.words) else replace(part, words=())
        for part in lesson.transcript.parts
    ]
    return replace(lesson.transcript, parts=tuple(parts))


@torch.no_grad()
def _sung(recogniser: Recogniser, plain: int, kind: str, clip: Clip, lesson: Lesson, phones: np.ndarray) -> Sung:
    """A clip as its cepstra, its code, or the phone that is heard in each frame, (phone, frame) of 0 and 1."""
    cepstra = np.ascontiguousarray(lesson.content[plain])
    if kind == "cepstra":
        values = cepstra
    elif kind == "code":
        device = next(recogniser.encoder.parameters()).device
        values = recogniser.encoder(torch.from_numpy(cepstra).to(device)[None])[0].cpu().numpy()
    else:
        heard = log_posteriors(recogniser.encoder, recogniser.head, cepstra).argmax(axis=0)
        values = np.eye(len(recogniser.inventory), dtype=np.float32)[:, heard]
    return Sung(values, phones, clip.singer)


def _parts(sung: Sequence[Sung], clips: Sequence[Clip], phrases: Sequence[Phrase], grid: GridConfig) -> list[Sung]:
    by_file = {clip.file: whole for clip, whole in zip(clips, sung, strict=True)}
    parts = []
    for phrase in phrases:
        if phrase.clip.file in by_file:
            whole = by_file[phrase.clip.file]
            part = slice(first_frame(phrase.start_s, grid), first_frame(phrase.end_s, grid))
            parts.append(Sung(whole.values[:, part], whole.phone[part], whole.singer, phrase.name))
    return parts
