"""Two conversions to be told apart by one figure: which is better, and where that figure misleads.

The two differ in one thing, so that nothing else can be heard: one was told everything, the other lacks
the condition that the figure is about. Which of them is better, their scores say. Where a set of traces
has no such two, they are the best and the worst of its plain conversions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from zlib import crc32

import pandas as pd

from app.parts.exhibits import JAPANESE, STUDENT, WALK, Exhibit, find_conversion
from app.parts.glossary import with_terms
from app.parts.names import peculiarities
from app.parts.remembered import once_a_catalogue
from svc_core.traces.catalogue import Catalogue, Entry

UNUSUAL = ("guidance", "without", "swap", "defect", "label")  # all empty in a plain conversion


@dataclass(frozen=True)
class Measure:
    """A figure and how to doubt it. Texts may hold [[terms]]; ``trap`` numbers ({good}, {bad}, a score, good_score)."""

    id: str  # in the address, so it is never changed
    name: str
    score: str  # column of the catalogue; "" where it is not kept for single conversions
    unit: str  # "%" shows a share; anything else is written behind the number
    digits: int
    better: str  # "high" or "low"
    heard: Exhibit  # told everything
    lacking: str  # what the other one was not told
    ask: str
    tells: str
    misleads: str
    trap_without: str = ""  # the condition without which a conversion misleads it; "" where none is kept
    trap: str = ""


MEASURES = (
    Measure(
        "rpa", "RPA", "rpa", "%", 1, "high", WALK, "melody",
        "Which of the two sings the melody that was asked for?",
        "[[rpa|Raw pitch accuracy]] is the share of the source's voiced frames in which the sung pitch lies within "
        "half a semitone of the one asked for. More is better; 100 % is all of them.",
        "It hears nothing but pitch. Words, voice and loudness may all be wrong. And it is all or nothing: 49 cents "
        "off counts as right, 51 as wrong.",
        "content",
        "This one was never told the words. RPA gives it {rpa}, beside {good} for the good one.",
    ),
    Measure(
        "f0-rmse", "F0RMSE", "f0_rmse_cents", "cents", 0, "low", JAPANESE, "melody",
        "Which of the two stays closer to the melody that was asked for?",
        "[[f0rmse|F0RMSE]] is the usual distance between the sung pitch and the one asked for, in [[cent|cents]]: a "
        "semitone is 100. Less is better; 0 is perfect.",
        "Large errors count for more than their share: squared, one frame an octave off weighs as much as 576 frames "
        "that are 50 cents off. And frames that lost their pitch do not count at all.",
        "loudness",
        "This one was told no loudness. F0RMSE gives it {f0_rmse_cents}, beside {good} for the good one. RPA gives "
        "them {rpa} and {good_rpa}. A few frames that are far off make all the difference.",
    ),
    Measure(
        "f0-corr", "F0CORR", "f0_corr", "", 3, "high", STUDENT, "melody",
        "In which of the two does the melody rise and fall as asked?",
        "[[f0corr|F0CORR]] says how well the sung melody rises and falls with the one asked for. 1 is perfectly, 0 is "
        "not at all; more is better.",
        "It is blind to being off by the same interval throughout: sing everything a whole semitone too high, and it "
        "does not change at all, while RPA falls to nothing. A long held note correlates badly however well it is "
        "sung. And with time warping almost anything correlates, as you can try below.",
    ),
    Measure(
        "mcd", "MCD", "mcd_db", "dB", 2, "low", JAPANESE, "content",
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
        "loudness", "Loudness", "loudness_rmse_db", "dB", 2, "low", JAPANESE, "loudness",
        "Which of the two grows louder and softer where the source does?",
        "[[loudness-rmse|Loudness RMSE]] is how far the loudness strays from the source's, frame by frame, in "
        "decibels. Less is better.",
        "It is taken by the ear's sensitivity to frequencies, not by any ear. Nothing but level is in it: hiss of the "
        "right level would do.",
        "content",
        "The words of this one are gone. Its loudness is followed to {loudness_rmse_db}, beside {good}.",
    ),
    Measure(
        "similarity", "Similarity", "similarity_to_target", "", 3, "high", WALK, "singer",
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
        "phones", "Phones", "", "%", 1, "high", WALK, "content",
        "In which of the two can the words still be heard?",
        "[[phone-agreement|Phones heard alike]] is the share of frames in which a recogniser hears the same vowel or "
        "consonant as in the source. More is better. It was measured over all conversions together, so these two have "
        "no figure of their own: the means are in the table at the end.",
        "Our recogniser is the very encoder that the models hear with: a kind judge. And a judge that takes the "
        "damaged sound itself for the truth always finds no error.",
    ),
)  # fmt: skip
BY_ID = {measure.id: measure for measure in MEASURES}


@once_a_catalogue
def verdicts(catalogue: Catalogue) -> list[dict[str, object]]:
    """For each measure that has two conversions here, what the figure "verdicts" shows, in the order of MEASURES."""
    return [shown for measure in MEASURES if (shown := _verdict(catalogue, measure))]


def written(value: float, measure: Measure) -> str:
    """0.9849 -> '98.5 %'."""
    if measure.unit == "%":
        return f"{100 * value:.{measure.digits}f} %"
    return f"{value:.{measure.digits}f} {measure.unit}".replace("-", "−").strip()


def pair_of(catalogue: Catalogue, measure: Measure) -> tuple[Entry, Entry] | None:
    """The conversion that is good by the measure, and the one that is bad; None where there are no two."""
    told = find_conversion(catalogue, measure.heard)
    lacking = find_conversion(catalogue, replace(measure.heard, without=measure.lacking))
    if told and lacking and not measure.score:
        return told, lacking
    if told and lacking and len(_scores(catalogue, measure, [told.id, lacking.id])) == 2:
        return _best_and_worst(catalogue, measure, [told.id, lacking.id])
    return _best_and_worst(catalogue, measure, _plain(catalogue.table)) if measure.score else None


def _best_and_worst(catalogue: Catalogue, measure: Measure, traces: list[str]) -> tuple[Entry, Entry] | None:
    scores = _scores(catalogue, measure, traces)
    if scores.nunique() < 2:
        return None
    low, high = catalogue.find(scores.idxmin()), catalogue.find(scores.idxmax())
    return (high, low) if measure.better == "high" else (low, high)


def _scores(catalogue: Catalogue, measure: Measure, traces: list[str]) -> pd.Series:
    """Score by id of those of the traces that have one."""
    table = catalogue.table
    if measure.score not in table:
        return pd.Series(dtype=float)
    return table.set_index("id")[measure.score].loc[traces].dropna()


def _plain(table: pd.DataFrame) -> list[str]:
    plain = pd.Series(True, table.index)
    for name in UNUSUAL:
        plain &= table[name] == ""
    return table.loc[plain, "id"].tolist()


def _verdict(catalogue: Catalogue, measure: Measure) -> dict[str, object] | None:
    pair = pair_of(catalogue, measure)
    if pair is None:
        return None
    best = crc32(measure.id.encode()) % 2  # in any order that stays the same
    return {
        "id": measure.id,
        "name": measure.name,
        "direction": "more is better" if measure.better == "high" else "less is better",
        "ask": measure.ask,
        "tells": with_terms(measure.tells),
        "misleads": with_terms(measure.misleads),
        "cards": [_card(catalogue, entry, measure) for entry in (pair[::-1] if best else pair)],
        "best": best,
        "trap": _trap(catalogue, measure, *pair),
    }


def _card(catalogue: Catalogue, entry: Entry, measure: Measure) -> dict[str, object]:
    what = ", ".join(peculiarities(entry)) or "told everything"
    return {"trace": entry.id, "what": what, "number": _numbers(catalogue, entry).get(measure.score, "")}


def _numbers(catalogue: Catalogue, entry: Entry) -> dict[str, str]:
    """Every score of MEASURES that the conversion has, as it is written."""
    of_each = {measure.score: (measure, _scores(catalogue, measure, [entry.id])) for measure in MEASURES}
    return {name: written(scores.iloc[0], measure) for name, (measure, scores) in of_each.items() if len(scores)}


def _trap(catalogue: Catalogue, measure: Measure, good: Entry, bad: Entry) -> dict[str, object] | None:
    caught = find_conversion(catalogue, replace(measure.heard, without=measure.trap_without))
    if not measure.trap or caught is None or caught.id in (good.id, bad.id):
        return None
    of_good, of_bad = (_numbers(catalogue, entry) for entry in (good, bad))
    numbers = _numbers(catalogue, caught) | {f"good_{name}": number for name, number in of_good.items()}
    numbers |= {"good": of_good.get(measure.score, ""), "bad": of_bad.get(measure.score, "")}
    try:
        return {"trace": caught.id, "text": with_terms(measure.trap.format(**numbers))}
    except KeyError:
        return None  # a set whose scores are not all there
