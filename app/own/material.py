"""What the page gives its figure from the listed conversions: voices to choose from, and examples."""

from __future__ import annotations

from urllib.parse import quote

import pandas as pd

from app.parts.names import singer_label
from app.parts.remembered import once_a_catalogue
from app.serving.library import library
from svc_core.traces.catalogue import Catalogue, Entry
from svc_core.traces.manifest import Recording
from svc_core.traces.ranges import Range, RangesError, read_ranges
from svc_core.traces.trace import Trace, TraceError

MOST_EXAMPLES = 4


@once_a_catalogue
def voices(catalogue: Catalogue) -> dict[str, dict[str, object]]:
    """Of every target listed: what it is called, where it mostly sings, whose it is, and where a recording lies."""
    try:
        ranges = read_ranges(library().place)
    except RangesError:
        ranges = {}  # the figure then draws no ranges
    found = {singer: _voice(singer, ranges) for singer in ranges}
    for entry in _first_of_each(catalogue, "target"):
        trace = _open(entry)
        if trace is None or trace.manifest.reference is None:
            continue
        facts = {"about": _about(trace.manifest.reference), "reference": _sound(trace, "target")}
        found[entry.target] = _voice(entry.target, ranges) | facts
    return found


def _voice(singer: str, ranges: dict[str, Range]) -> dict[str, object]:
    """All that is known of a singer without a recording."""
    usual = vars(ranges[singer]) if singer in ranges else None
    return {"label": singer_label(singer), "about": "", "reference": None, "range": usual}


@once_a_catalogue
def examples(catalogue: Catalogue) -> list[dict[str, str]]:
    """Recordings for whoever would rather not sing, of as many singers as can be: names, credits, and addresses."""
    found = []
    for entry in _first_of_each(catalogue, "source"):
        trace = _open(entry)
        if trace is None or (address := _sound(trace, "source")) is None:
            continue
        facts = trace.manifest.source
        name = f"{singer_label(facts.singer)}, “{facts.phrase.replace('_', ' ')}”"
        found.append({"id": entry.id, "name": name, "about": _about(facts), "address": address})
        if len(found) == MOST_EXAMPLES:
            break
    return found


def _first_of_each(catalogue: Catalogue, column: str) -> list[Entry]:
    """For every value of a column one conversion without peculiarities; those of full detail first."""
    table = catalogue.table
    plain = table[(table["defect"] == "") & (table["swap"] == "") & (table["without"] == "")]
    ordered = pd.concat([plain[plain["detail"] == "full"], plain[plain["detail"] != "full"]])
    return [catalogue.find(id) for id in ordered.drop_duplicates(column)["id"]]


def _open(entry: Entry) -> Trace | None:
    try:
        return library().open(entry)
    except TraceError:
        return None  # the pages that show this conversion say what is wrong with it


def _sound(trace: Trace, which: str) -> str | None:
    """Address of a trace's recording of its source or target; None where it has none."""
    name = next((name for name in trace.manifest.files if name.startswith(f"sound/{which}.")), None)
    if name is None:
        return None
    return f"{library().roots[0]}{quote(trace.id)}/{name}?v={trace.manifest.files[name].sha256[:8]}"


def _about(recording: Recording) -> str:
    """Whose a recording is, and its licence, once."""
    if recording.licence in recording.attribution:
        return recording.attribution
    return f"{recording.attribution}; {recording.licence}"
