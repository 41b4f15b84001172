"""Questions that an expert comes with, each as a state of the page that answers it with the listed conversions.

A question whose conversions are not listed is left out. Texts of a state are those of the page's address
(see app/web/view_state.js).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from urllib.parse import urlencode

import pandas as pd

from app.expert.explain import explained
from app.expert.selection import PLAIN, fitting
from app.parts.exhibits import STUDENT, TEACHER, WALK, Exhibit, find_conversion
from app.parts.remembered import once_a_catalogue
from svc_core.traces.catalogue import Catalogue

USUAL = dict.fromkeys(("without", "guidance", "swap", "defect"), PLAIN)  # told everything, nothing tried
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


@once_a_catalogue
def questions(catalogue: Catalogue) -> list[Question]:
    """Those that the listed conversions can answer."""
    usual = catalogue.table.iloc[fitting(catalogue, USUAL)]
    return [
        *_failures(usual),
        *_explained(explained(catalogue)),
        *_methods(catalogue),
        *_pairs(usual),
        *_along(catalogue),
    ]


def _compared(ids: list[str]) -> dict[str, str]:
    return {"compare": ",".join(ids[:MOST_COMPARED])}


def _failures(usual: pd.DataFrame) -> list[Question]:
    if PITCH not in usual.columns:
        return []
    ranked = usual.dropna(subset=PITCH).sort_values(PITCH, kind="stable")
    if len(ranked) < 2:
        return []
    state = {**USUAL, PITCH: f":{FAILS_BELOW:g}", "sort": PITCH, "mean": PITCH, "by": "source"}
    worst_and_best = _compared([ranked["id"].iloc[0], ranked["id"].iloc[-1]])
    look = f"Those with less than {100 * FAILS_BELOW:.0f} % in tune, the worst first; below, the worst beside the best."
    return [Question("Which conversions fail on pitch?", look, "filter", state | worst_and_best)]


def _explained(sets: Mapping[str, Sequence[object]]) -> list[Question]:
    asked = (
        ("swap", "When is the singer decided?", "The singer is swapped at a step: from where on does nothing change?"),
        ("shares", "What does each condition bring?", "Shapley shares of content, melody, loudness and singer."),
        ("seeds", "What is chance, what is method?", "Where conversions from other noise differ."),
    )
    return [Question(words, look, "explain", {"explain": view}) for view, words, look in asked if sets[view]]


def _methods(catalogue: Catalogue) -> list[Question]:
    found = []
    if ids := _ids(catalogue, TEACHER, STUDENT):
        cost = {**USUAL, "sampler": "euler40,consistency1", "mean": "similarity_to_target", "by": "sampler"}
        look = "Means of forty steps and of one; below, the two side by side."
        found.append(Question("What does one step cost?", look, "filter", cost | _compared(ids)))
    if ids := _ids(catalogue, *(replace(TEACHER, guidance=text) for text in ("", "singer=1", "singer=2", "singer=4"))):
        look = "From none to four times; what differs from A is in colour."
        state = {**_compared(ids), "against": ids[0]}
        found.append(Question("What does guidance to the singer do?", look, "side-by-side", state))
    return found


def _ids(catalogue: Catalogue, *exhibits: Exhibit) -> list[str]:
    """Of all these conversions; none where one of them is missing."""
    entries = [find_conversion(catalogue, exhibit) for exhibit in exhibits]
    ids = [entry.id for entry in entries if entry is not None]
    return ids if len(ids) == len(exhibits) else []


def _pairs(usual: pd.DataFrame) -> list[Question]:
    """One thing differs: the target, the source, the song."""
    walks = usual.query("sampler == 'ddpm' and seed == 0 and label == ''").drop_duplicates(
        ["phrase", "source", "target"]
    )
    return [
        *_differing(
            walks, "target", ["phrase", "source"], "One phrase, other voices",
            "The same phrase by the same singer, in the voices of others.",
        ),
        *_differing(
            walks.drop_duplicates(["target", "source"]), "source", ["target"], "Other singers, one voice",
            "What singers of different phrases become in the same voice.",
        ),
        *_differing(
            walks.drop_duplicates(["source", "target", "song"]), "song", ["source", "target"], "Other songs, one pair",
            "The same two singers, with other songs.",
        ),
    ]  # fmt: skip


def _differing(walks: pd.DataFrame, what: str, alike: list[str], words: str, look: str) -> list[Question]:
    """The largest set of walks that differ in ``what`` and are alike otherwise; the first of those as large."""
    groups = [rows for _, rows in walks.groupby(alike, sort=False) if rows[what].nunique() > 1]
    if not groups:
        return []
    largest = max(groups, key=lambda rows: min(len(rows), MOST_COMPARED))
    return [Question(words, look, "side-by-side", _compared(list(largest["id"])))]


def _along(catalogue: Catalogue) -> list[Question]:
    walk = _ids(catalogue, WALK)
    if not walk:
        return []
    both = walk + _ids(catalogue, replace(WALK, seed=1))
    return [
        Question(
            "Two steps of one walk",
            "A cell of the matrix is a pair of steps: a click on it shows both and how far they are apart.",
            "inside",
            {**_compared(walk), "at": "0.7"},
        ),
        Question(
            "When does a walk become right?",
            "How much of the pitch is right, step by step; two walks from other noise.",
            "along-the-walks",
            {**_compared(both), "measure": "rpa"},
        ),
    ]
