"""Explain: what each condition, a swapped singer, other noise and each step do to a result, from sets of conversions.

The sets are found by what their conversions are, as precomputed/README.md says: rows alike in all but
``without``, ``swap`` or ``seed``. The figure fetches the results and computes the rest in the browser.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
import streamlit as st

from app.figures.component import show_figure
from app.parts.exhibits import TEACHER, WALK, find_conversion
from app.parts.lesson import say
from app.parts.names import key_label, sampler_label
from app.parts.remembered import once_a_catalogue
from svc_core.traces.catalogue import Catalogue, Entry

CONDITIONS = frozenset({"content", "melody", "loudness", "singer"})
COALITIONS = 2 ** len(CONDITIONS)
ALIKE = ["phrase", "source", "target", "key_shift_semitones", "sampler", "steps", "label"]
MOST_OFFERED = 12  # sets, or conversions, in one list


def show_explain(sets: dict[str, list[dict[str, object]]]) -> None:
    """The section: four views of why a result is as it is. ``sets`` as :func:`explained` finds them."""
    st.header("Explain", anchor="explain")
    say(
        "Why is a result as it is? Sets of conversions that differ in one thing answer: in what was told "
        "([[coalition|coalitions]]), in when the singer was told, in the [[seed|noise]] the walk began with. And the "
        "[[snr]] says how much of a band can be there at a step."
    )
    show_figure("explain", sets)


@once_a_catalogue
def explained(catalogue: Catalogue) -> dict[str, list[dict[str, object]]]:
    """What the figure can show, by view: sets with a ``name`` and the ids of their conversions; the largest first."""
    table = catalogue.table
    table = table[(table["guidance"] == "") & (table["defect"] == "")]
    swapped = table["swap"] != ""
    told_all = table["without"] == ""
    return {
        "shares": _coalitions(table[~swapped]),
        "swap": _swaps(table[told_all & swapped], table[told_all & ~swapped]),
        "seeds": _seeds(table[told_all & ~swapped]),
        "snr": _walks(catalogue),
    }


def _coalitions(table: pd.DataFrame) -> list[dict[str, object]]:
    """Sets of which more than half of the sixteen are listed; ``ids`` by what is taken away ("content melody")."""
    known = table["without"].map(lambda away: set(away.split()) <= CONDITIONS).astype(bool)
    groups = _groups(table[known], [*ALIKE, "seed"], "without", COALITIONS // 2 + 1)
    return [{"name": _name(row), "ids": ids} for row, ids in groups]


def _swaps(swapped: pd.DataFrame, plain: pd.DataFrame) -> list[dict[str, object]]:
    """Conversions told another singer on the way, ``swapped``, the one that was not, ``plain``, and its ``seeds``."""
    sets = []
    for row, ids in _groups(swapped, [*ALIKE, "seed", "swap"], "swap_at", 1):
        alike = plain[(plain[ALIKE].astype(object) == row[ALIKE]).all(axis=1)]
        same = alike[alike["seed"] == row["seed"]]
        sets.append(
            {
                "name": f"{_name(row)}, told {row['swap']} on the way",
                "singer": row["swap"],
                "plain": None if same.empty else same["id"].iloc[0],
                "swapped": [ids[at] for at in sorted(ids)],
                "seeds": alike.drop_duplicates("seed")["id"].head(MOST_OFFERED).tolist(),
            }
        )
    return sets


def _seeds(table: pd.DataFrame) -> list[dict[str, object]]:
    """The same conversion from at least two noises: ``ids`` by ascending seed."""
    return [
        {"name": _name(row), "seeds": sorted(ids), "ids": [ids[seed] for seed in sorted(ids)]}
        for row, ids in _groups(table, ALIKE, "seed", 2)
    ]


def _walks(catalogue: Catalogue) -> list[dict[str, object]]:
    """Conversions of several steps to begin with; those that the page compares are added in the browser."""
    wanted = [find_conversion(catalogue, exhibit) for exhibit in (WALK, TEACHER)]
    table = catalogue.table
    full = table[(table["detail"] == "full") & (table["steps"] > 1)]["id"].head(MOST_OFFERED)
    ids = dict.fromkeys([*(entry.id for entry in wanted if entry), *full])
    return [{"name": _name(catalogue.find(trace)), "id": trace} for trace in list(ids)[:MOST_OFFERED]]


def _groups(
    table: pd.DataFrame, alike: list[str], differs: str, least: int
) -> Iterator[tuple[pd.Series, dict[Any, str]]]:
    """(first row, {what differs: id}) of the largest groups of rows that are alike, of at least so many.

    Of two rows of a group that do not differ, the first counts.
    """
    if table.empty:
        return
    table = table.drop_duplicates([*alike, differs])
    group = table.groupby(alike, observed=True, sort=False).ngroup()
    sizes = group.value_counts()
    largest = sizes[sizes >= least].reset_index().sort_values(["count", "index"], ascending=[False, True])
    for number in largest["index"].head(MOST_OFFERED):
        rows = table[group == number]
        yield rows.iloc[0], dict(zip(rows[differs].tolist(), rows["id"].tolist(), strict=True))


def _name(row: pd.Series | Entry) -> str:
    phrase = row.phrase.replace("_", " ")
    label = f", {row.label}" if row.label else ""
    sampler = sampler_label(row.sampler, int(row.steps))
    return f"{phrase}: {row.source} → {row.target}, {key_label(int(row.key_shift_semitones))}, {sampler}{label}"
