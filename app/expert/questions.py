"""Questions that an expert comes with, each as a state of the page that answers it with the listed conversions.

A question whose conversions are not listed is left out. Texts of a state are those of the page's address
(see app/web/view_state.js).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from urllib.parse import urlencode

import pandas as pd

from app.expert.explain import explained
from app.parts.exhibits import STUDENT, TEACHER, WALK, Exhibit, find_conversion
from svc_core.traces.catalogue import Catalogue

USUAL = {"without": "plain", "guidance": "plain", "swap": "plain", "defect": "plain"}  # told everything, nothing tried
PITCH = "rpa"
FAILS_BELOW = 0.9  # of frames whose pitch is right; 12 of the 83 usual conversions that are shipped have less
MOST_COMPARED = 4


@dataclass(frozen=True)
class Question:
    """``part``: anchor of the section to look at; ``look``: what is to be seen there, one sentence."""

    words: str
    look: str
    part: str
    state: dict[str, str] = field(default_factory=dict)

    def for_browser(self) -> dict[str, object]:
        """As JSON, with its address relative to the page's own."""
        return asdict(self) | {"address": f"./compare?{urlencode(self.state)}#{self.part}"}


def questions(catalogue: Catalogue) -> list[Question]:
    """Those that the listed conversions can answer."""
    found: list[Question | None] = []
    for some in (_failures, _explained, _methods, _pairs, _along):
        found += some(catalogue)
    return [question for question in found if question is not None]


def _compared(ids: list[str]) -> dict[str, str]:
    return {"compare": ",".join(ids[:MOST_COMPARED])}


def _usual(catalogue: Catalogue) -> pd.DataFrame:
    table = catalogue.table
    return table[(table[["without", "guidance", "swap", "defect"]] == "").all(axis="columns")]


def _failures(catalogue: Catalogue) -> list[Question]:
    if PITCH not in catalogue.scores:
        return []
    ranked = _usual(catalogue).dropna(subset=PITCH).sort_values(PITCH, kind="stable")
    if len(ranked) < 2:
        return []
    state = {**USUAL, PITCH: f":{FAILS_BELOW:g}", "sort": PITCH, "mean": PITCH, "by": "source"}
    worst_and_best = _compared([ranked["id"].iloc[0], ranked["id"].iloc[-1]])
    look = f"Those with less than {100 * FAILS_BELOW:.0f} % in tune, the worst first; below, the worst beside the best."
    return [Question("Which conversions fail on pitch?", look, "filter", state | worst_and_best)]


def _explained(catalogue: Catalogue) -> list[Question]:
    sets = explained(catalogue)
    asked = (
        ("swap", "When is the singer decided?", "The singer is swapped at a step: from where on does nothing change?"),
        ("shares", "What does each condition bring?", "Shapley shares of content, melody, loudness and singer."),
        ("seeds", "What is chance, what is method?", "Where conversions from other noise differ."),
    )
    return [Question(words, look, "explain", {"explain": view}) for view, words, look in asked if sets[view]]


def _methods(catalogue: Catalogue) -> list[Question | None]:
    guided = [replace(TEACHER, guidance=text) for text in ("", "singer=1", "singer=2", "singer=4")]
    cost = {**USUAL, "sampler": "euler40,consistency1", "mean": "similarity_to_target", "by": "sampler"}
    return [
        _of_exhibits(
            catalogue,
            [TEACHER, STUDENT],
            "What does one step cost?",
            "Means of forty steps and of one; below, the two side by side.",
            "filter",
            cost,
        ),
        _of_exhibits(
            catalogue,
            guided,
            "What does guidance to the singer do?",
            "From none to four times; what differs from A is in colour.",
            "side-by-side",
        ),
    ]


def _of_exhibits(
    catalogue: Catalogue,
    exhibits: list[Exhibit],
    words: str,
    look: str,
    part: str,
    state: dict[str, str] | None = None,
) -> Question | None:
    """A question that these conversions answer; None where one of them is missing."""
    entries = [find_conversion(catalogue, exhibit) for exhibit in exhibits]
    if None in entries:
        return None
    ids = [entry.id for entry in entries]
    against = {} if state else {"against": ids[0]}
    return Question(words, look, part, {**(state or {}), **_compared(ids), **against})


def _pairs(catalogue: Catalogue) -> list[Question | None]:
    """One thing differs: the target, the source, the song."""
    walks = (
        _usual(catalogue)
        .query("sampler == 'ddpm' and seed == 0 and label == ''")
        .drop_duplicates(["phrase", "source", "target"])
    )
    return [
        _differing(
            walks, "target", ["phrase", "source"], "One phrase, other voices",
            "The same phrase by the same singer, in the voices of others.",
        ),
        _differing(
            walks.drop_duplicates(["target", "source"]), "source", ["target"], "Other singers, one voice",
            "What singers of different phrases become in the same voice.",
        ),
        _differing(
            walks.drop_duplicates(["source", "target", "song"]), "song", ["source", "target"], "Other songs, one pair",
            "The same two singers, with other songs.",
        ),
    ]  # fmt: skip


def _differing(walks: pd.DataFrame, what: str, alike: list[str], words: str, look: str) -> Question | None:
    """The largest set of walks that differ in ``what`` and are alike otherwise; the first of those as large."""
    groups = [rows for _, rows in walks.groupby(alike, sort=False) if rows[what].nunique() > 1]
    if not groups:
        return None
    largest = max(groups, key=lambda rows: min(len(rows), MOST_COMPARED))
    return Question(words, look, "side-by-side", _compared(list(largest["id"])))


def _along(catalogue: Catalogue) -> list[Question | None]:
    walk = find_conversion(catalogue, WALK)
    other = find_conversion(catalogue, replace(WALK, seed=1))
    if walk is None:
        return []
    both = [walk.id, *([other.id] if other else [])]
    return [
        Question(
            "Two steps of one walk",
            "A cell of the matrix is a pair of steps: a click on it shows both and how far they are apart.",
            "inside",
            {**_compared(both[:1]), "at": "0.7"},
        ),
        Question(
            "When does a walk become right?",
            "How much of the pitch is right, step by step; two walks from other noise.",
            "along-the-walks",
            {**_compared(both), "measure": "rpa"},
        ),
    ]
