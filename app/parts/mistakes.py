"""The bug gallery as a game: beside each conversion that was broken on purpose, the same one made rightly."""

from __future__ import annotations

from dataclasses import dataclass, replace
from zlib import crc32

from app.parts.exhibits import TEACHER, WALK, find_conversion
from app.parts.glossary import with_terms
from app.parts.verdicts import UNUSUAL
from app.serving.library import NEARNESS
from svc_core.traces.catalogue import Catalogue, Entry

FAILURE = "failure"


@dataclass(frozen=True)
class Mistake:
    """What may be wrong. ``sign``: how one would notice; ``because``: what it is, said to who has found it."""

    id: str
    text: str
    sign: str
    because: str
    shows: bool = True  # whether it can be heard at all


MISTAKES = (
    Mistake(
        "clamp",
        "After every step, the noisy picture is cut off at −1 and +1",
        "That would make the picture flat and the sound dull and faint.",
        "The sampler cuts every [[x-t|noisy picture]] off at one spread above and below the mean. Noise like that "
        "the network never saw, and a third of a clean mel lies outside: the loud places go under, and the voice with "
        "them. Look at the melody, though: it is sung nearly as well as before.",
    ),
    Mistake(
        "early-f0",
        "The model is told the melody 27 ms too early",
        "That would shift the sung line to the left of the one asked for; look at the close view.",
        "The melody comes two and a half [[frame|frames]] early. By ear it is hardly a fault, in the close view the "
        "solid line runs ahead of the dashed one, and RPA loses a fifth of the frames. In [[amphion|Amphion]] the "
        "melody was early by as much.",
    ),
    Mistake(
        "sigma-max",
        "A third of the steps is spent at noise that training never covered",
        "That would leave hardly a trace in the sound, in the picture or in the melody.",
        "You cannot hear it, and hardly see it: the steps are wasted, not wrong, and those that are left suffice. It "
        "is found by reading the code and by counting, not by listening. Not every mistake can be heard.",
        shows=False,
    ),
    Mistake(
        FAILURE,
        "The models hardly know the voice that was asked for",
        "That would leave melody and loudness in order, and give you somebody else's voice: compare with the target's "
        "own.",
        "Nothing was broken here: it is a plain failure. The models heard little more than a minute of this singer, "
        "and the source's singer never. The melody is nearly right, and the result is nearer to another singer than "
        "to her. Beside it stands the same song in a voice they know.",
    ),
)  # fmt: skip


def rounds(catalogue: Catalogue) -> list[dict[str, object]]:
    """For each mistake that is among the listed conversions, what the figure "mistake" shows."""
    return [shown for mistake in MISTAKES if (shown := _round(catalogue, mistake))]


def choices() -> list[dict[str, str]]:
    """What the reader may take for the mistake, in one order for all rounds."""
    return [{"id": mistake.id, "text": mistake.text, "sign": with_terms(mistake.sign)} for mistake in MISTAKES]


def _round(catalogue: Catalogue, mistake: Mistake) -> dict[str, object] | None:
    broken, plain = _two(catalogue, mistake.id)
    if broken is None or plain is None:
        return None
    first = crc32(f"round {mistake.id}".encode()) % 2  # in any order that stays the same
    cards = [broken.id, plain.id] if first == 0 else [plain.id, broken.id]
    return {
        "mistake": mistake.id,
        "cards": cards,
        "broken": first,
        "because": with_terms(mistake.because),
        "shows": mistake.shows,
    }


def _two(catalogue: Catalogue, mistake: str) -> tuple[Entry | None, Entry | None]:
    """The broken conversion and a right one, the same but for the mistake.

    Beside the failure stands what the same singer's same song became in the voice that was met best.
    """
    if mistake != FAILURE:
        right = TEACHER if mistake == "sigma-max" else WALK
        return find_conversion(catalogue, replace(right, defect=mistake)), find_conversion(catalogue, right)
    table = catalogue.table
    row = next(iter(table.index[table["label"] == FAILURE]), None)
    if row is None or NEARNESS not in table:
        return None, None
    broken = catalogue.entry(int(row))
    fits = (table["source"] == broken.source) & (table["song"] == broken.song) & (table["sampler"] == broken.sampler)
    for name in UNUSUAL:
        fits &= table[name] == ""
    near = table.loc[fits, NEARNESS].dropna()
    return broken, catalogue.entry(int(near.idxmax())) if len(near) else None
