"""Two conversions to be told apart by one figure: which is better, and where that figure misleads.

The two differ in one thing, so that nothing else can be heard: the better one is the best by its score
among plain conversions of the lessons' walk (exhibits.WALK), the other lacks the condition that the figure
is about. Where a set of traces has no such two, they are the best and the worst of its plain conversions.
"""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

import pandas as pd

from app.parts.exhibits import WALK
from app.parts.glossary import with_terms
from app.parts.names import peculiarities
from svc_core.traces.catalogue import Catalogue

ALIKE = ("phrase", "source", "target", "key_shift_semitones", "sampler", "steps")
UNUSUAL = ("guidance", "without", "swap", "defect", "label")  # all empty in a plain conversion


@dataclass(frozen=True)
class Measure:
    """A figure and how to doubt it. Texts may hold [[terms]]; ``trap`` also {the name of any score}, {good} and {bad}."""

    id: str  # in the address, so it is never changed
    name: str
    score: str  # column of the catalogue; "" where it is not kept for single conversions
    unit: str  # "%" shows a share; anything else is written behind the number
    digits: int
    better: str  # "high" or "low"
    lacking: str  # the condition without which it should be bad
    ask: str
    tells: str
    misleads: str
    trap_without: str = ""  # the condition without which a conversion misleads it; "" where none is kept
    trap: str = ""


MEASURES = (
    Measure(
        "rpa", "RPA", "rpa", "%", 1, "high", "melody",
        "Which of the two sings the melody that was asked for?",
        "[[rpa|Raw pitch accuracy]] is the share of the source's voiced frames in which the sung pitch lies within "
        "half a semitone of the one asked for. More is better; 100 % is all of them.",
        "It hears nothing but pitch. Words, voice and loudness may all be wrong. And it is all or nothing: 49 cents "
        "off counts as right, 51 as wrong.",
        "content",
        "This one was never told the words. RPA gives it {rpa}, beside {good} for the good one.",
    ),
    Measure(
        "f0-rmse", "F0RMSE", "f0_rmse_cents", "cents", 0, "low", "melody",
        "Which of the two stays closer to the melody that was asked for?",
        "[[f0rmse|F0RMSE]] is the usual distance between the sung pitch and the one asked for, in [[cent|cents]]: a "
        "semitone is 100. Less is better; 0 is perfect.",
        "Large errors count for more than their share: squared, one frame an octave off weighs as much as 576 frames "
        "that are 50 cents off. And frames that lost their pitch do not count at all.",
        "content",
        "By F0RMSE this one is far worse: {f0_rmse_cents}, beside {good}. Yet {rpa} of its frames lie within half a "
        "semitone of the melody. A few frames that are far off make the difference.",
    ),
    Measure(
        "f0-corr", "F0CORR", "f0_corr", "", 3, "high", "melody",
        "In which of the two does the melody rise and fall as asked?",
        "[[f0corr|F0CORR]] says how well the sung melody rises and falls with the one asked for. 1 is perfectly, 0 is "
        "not at all; more is better.",
        "It is blind to being off by the same interval throughout: sing everything a whole semitone too high, and it "
        "does not change at all, while RPA falls to nothing. A long held note correlates badly however well it is "
        "sung. And with time warping almost anything correlates, as you can try below.",
    ),
    Measure(
        "mcd", "MCD", "mcd_db", "dB", 2, "low", "melody",
        "Which of the two stays closer to the sound of the source?",
        "[[mcd|MCD]] is how far apart the outlines of two spectra are, in decibels, here from the source. Less is "
        "more alike.",
        "More alike is not better: a conversion is asked to change the [[timbre]], and that counts as distance, too. "
        "It is an error only where the same voice sings the same, as in [[self-conversion]]. Leave "
        "[[c0]] in, the loudness of a frame, and merely playing everything 6 dB louder adds some 4.3 dB.",
        "singer",
        "This one was told no singer at all. MCD gives it {mcd_db}, beside {good} for the one called good above: "
        "who changes less is rewarded.",
    ),
    Measure(
        "loudness", "Loudness", "loudness_rmse_db", "dB", 2, "low", "loudness",
        "Which of the two grows louder and softer where the source does?",
        "[[loudness-rmse|Loudness RMSE]] is how far the loudness strays from the source's, frame by frame, in "
        "decibels. Less is better.",
        "It is taken by the ear's sensitivity to frequencies, not by any ear. Nothing but level is in it: hiss of the "
        "right level would do.",
        "content",
        "The words of this one are gone. Its loudness is followed to {loudness_rmse_db}, beside {good}.",
    ),
    Measure(
        "similarity", "Similarity", "similarity_to_target", "", 3, "high", "singer",
        "Which of the two is nearer to the voice that was asked for? (Listen to the target's own voice first.)",
        "[[cosine-similarity|Cosine similarity]] of two [[singer-embedding|singer embeddings]] of "
        "[[resemblyzer|Resemblyzer]]: the conversion's, and the mean of the target's own recordings. More is nearer. "
        "From it we also say how often the target is *named*: the nearest of seven singers.",
        "Every embedding has its own scale: by ours, strangers are not at 0 but near 0.74. It was made to tell "
        "speakers apart, and takes other things for voice, too, such as the pitch.",
        "melody",
        "This one was told the right singer, and no melody. Its similarity is {similarity_to_target}; without a "
        "singer, above, it is {bad}.",
    ),
    Measure(
        "phones", "Phones", "", "%", 1, "high", "content",
        "In which of the two can the words still be heard?",
        "[[phone-agreement|Phones heard alike]] is the share of frames in which a recogniser hears the same vowel or "
        "consonant as in the source. More is better. It was measured over all conversions together, so these two have "
        "no figure of their own: the means are in the table at the end.",
        "Our recogniser is the very encoder that the models hear with: a kind judge. And a judge that takes the "
        "damaged sound itself for the truth always finds no error.",
    ),
)  # fmt: skip
BY_ID = {measure.id: measure for measure in MEASURES}


def verdicts(catalogue: Catalogue) -> list[dict[str, object]]:
    """For each measure that has two conversions here, what the figure "verdicts" shows, in the order of MEASURES."""
    return [shown for measure in MEASURES if (shown := _verdict(catalogue, measure))]


def written(value: float, measure: Measure) -> str:
    """0.9849 -> '98.5 %'."""
    if measure.unit == "%":
        return f"{100 * value:.{measure.digits}f} %"
    return f"{value:.{measure.digits}f} {measure.unit}".replace("-", "−").strip()


def pair_of(catalogue: Catalogue, measure: Measure) -> tuple[int, int] | None:
    """Rows of the conversion that is good by the measure and of the one that is bad; None where there are no two."""
    walk = _like_walk(catalogue.table)
    good = _extreme(walk[_is_plain(walk)], measure, worst=False)
    bad = _extreme(walk[_lacks_only(walk, measure.lacking)], measure, worst=True)
    if good is not None and bad is not None:
        return good, bad
    if not measure.score:
        return None
    plain = catalogue.table[_is_plain(catalogue.table)]
    good, bad = (_extreme(plain, measure, worst) for worst in (False, True))
    if good is None or plain[measure.score][good] == plain[measure.score][bad]:
        return None
    return good, bad


def _verdict(catalogue: Catalogue, measure: Measure) -> dict[str, object] | None:
    rows = pair_of(catalogue, measure)
    if rows is None:
        return None
    shuffled = crc32(measure.id.encode()) % 2  # in any order that stays the same
    cards = [_card(catalogue, row, measure) for row in (rows[::-1] if shuffled else rows)]
    return {
        "id": measure.id,
        "name": measure.name,
        "direction": "more is better" if measure.better == "high" else "less is better",
        "ask": measure.ask,
        "tells": with_terms(measure.tells),
        "misleads": with_terms(measure.misleads),
        "cards": cards,
        "best": shuffled,
        "trap": _trap(catalogue, measure, rows),
    }


def _card(catalogue: Catalogue, row: int, measure: Measure) -> dict[str, object]:
    entry = catalogue.entry(row)
    what = ", ".join(peculiarities(entry)) or "told everything"
    number = written(catalogue.table[measure.score][row], measure) if measure.score else ""
    return {"trace": entry.id, "what": what, "number": number}


def _trap(catalogue: Catalogue, measure: Measure, rows: tuple[int, int]) -> dict[str, object] | None:
    table = catalogue.table
    walk = _like_walk(table)
    caught = walk[_lacks_only(walk, measure.trap_without)]
    if not measure.trap or len(caught) == 0:
        return None
    row = int(caught.index[0])
    if row in rows or any(other.score not in table or pd.isna(table[other.score][row]) for other in _scored()):
        return None
    numbers = {other.score: written(table[other.score][row], other) for other in _scored()}
    good, bad = (written(table[measure.score][row], measure) for row in rows)
    return {"trace": catalogue.entry(row).id, "text": with_terms(measure.trap.format(**numbers, good=good, bad=bad))}


def _scored() -> list[Measure]:
    return [measure for measure in MEASURES if measure.score]


def _like_walk(table: pd.DataFrame) -> pd.DataFrame:
    fits = pd.Series(True, table.index)
    for name in ALIKE:
        fits &= table[name] == getattr(WALK, name)
    return table[fits]


def _is_plain(table: pd.DataFrame) -> pd.Series:
    return _lacks_only(table, "")


def _lacks_only(table: pd.DataFrame, condition: str) -> pd.Series:
    fits = table["without"] == condition
    for name in UNUSUAL:
        if name != "without":
            fits &= table[name] == ""
    return fits


def _extreme(table: pd.DataFrame, measure: Measure, worst: bool) -> int | None:
    """Row of the best or the worst by the measure; the first, where it is not kept; None of nothing."""
    if not measure.score:
        return int(table.index[0]) if len(table) else None
    scores = table[measure.score].dropna() if measure.score in table else pd.Series(dtype=float)
    if len(scores) == 0:
        return None
    highest = (measure.better == "high") != worst
    return int(scores.idxmax() if highest else scores.idxmin())
