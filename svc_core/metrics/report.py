"""Figures of many conversions as a table: one line a clip, and mean, 95 % interval and n of each group.

Groups are never mixed: what a conversion into another's voice must do differs from what a conversion
into the own voice must, and both from what is only there to compare with (see conversion/bounds).

The interval is a bootstrap's (Efron 1979): the *source clips* are drawn with replacement 2,000 times,
each with all of its conversions, and the middle 95 % of the means are kept. Conversions of one phrase
resemble one another, so drawing them one by one would make the interval too narrow (Field and Welsh
2007). It says how much the mean depends on which clips were taken, and with a handful of them it
still comes out too narrow. A figure that a line does not have (NaN) is left out of its mean, so every
figure has an n of its own.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np

from svc_core.metrics.distribution import SetDistance
from svc_core.metrics.scores import ConversionScores
from svc_core.metrics.singer import EMBEDDING
from svc_core.metrics.spectrum import DEFINITION
from svc_core.whole import write_whole

RESAMPLES = 2_000  # the interval's ends then move by a hundredth of its width from seed to seed
VOICED = "F0 by {tracker}, frame-aligned, voiced in both, key shift removed"
SHARES = "F0 by {tracker}, mir_eval, 50 cents, frame-aligned, key shift removed"
VOICING = "F0 by {tracker}, mir_eval, frame-aligned"
HEARD = "{recogniser}, frame-aligned, against what it hears in the source"
SOUNDING = "frame-aligned, frames in which the source sounds, level matched"


@dataclass(frozen=True)
class Figure:
    """What a column holds."""

    name: str  # in the CSV file
    heading: str  # on the terminal
    unit: str
    better: str  # high, low, or nothing where neither is
    basis: str  # alignment, embedding, and whatever else the number depends on
    digits: int


FIGURES = (
    Figure("f0_rmse_cents", "F0RMSE", "cents", "low", f"{VOICED}, offset not removed", 1),
    Figure("f0_offset_cents", "offset", "cents", "", f"{VOICED}", 1),
    Figure("f0_corr", "F0CORR", "", "high", f"{VOICED}, Pearson of log F0", 3),
    Figure("rpa", "RPA", "share", "high", f"{SHARES}, of frames voiced in the source", 3),
    Figure("rca", "RCA", "share", "high", f"{SHARES}, of frames voiced in the source, octaves forgiven", 3),
    Figure("rpa_common", "RPA both voiced", "share", "high", f"{SHARES}, of frames voiced in both", 3),
    Figure("vr", "VR", "share", "high", f"{VOICING}, of frames voiced in the source", 3),
    Figure("vfa", "VFA", "share", "low", f"{VOICING}, of frames unvoiced in the source", 3),
    Figure("mcd_db", "MCD", "dB", "low", f"{DEFINITION}, F0 by Harvest, to the source, {SOUNDING}", 2),
    Figure("log_mel_l1_db", "mel L1", "dB", "low", f"to the source, {SOUNDING}", 2),
    Figure("loudness_rmse_db", "loudness", "dB", "low", f"A-weighted, to the source, {SOUNDING}", 2),
    Figure("level_offset_db", "level", "dB", "", "median A-weighted difference, removed from the three before", 1),
    Figure("similarity_to_target", "to target", "cosine", "high", f"{EMBEDDING}, mean of the target's recordings", 3),
    Figure("similarity_to_source", "to source", "cosine", "low", f"{EMBEDDING}, the source clip itself", 3),
    Figure("source_to_target", "floor", "cosine", "", f"{EMBEDDING}, of the source clip to the target's recordings", 3),
    Figure("closer_to_target", "closer", "share", "high", f"{EMBEDDING}, closer to the target than to the source", 2),
    Figure(
        "nearest_is_target",
        "nearest",
        "share",
        "high",
        EMBEDDING + ", the target is the nearest of {singers} singers",
        2,
    ),
    Figure("phone_agreement", "phones", "share", "high", HEARD, 3),
    Figure(
        "phones_kept",
        "phones kept",
        "share",
        "high",
        f"{HEARD}; over the agreement of the same clip's copy-synthesis",
        3,
    ),
    Figure("phone_error_rate", "PER", "edits a phone", "low", f"{HEARD}, repetitions joined", 3),
    Figure("posterior_distance_bits", "posteriors", "bits", "low", f"{HEARD}, Jensen-Shannon", 3),
)


@dataclass(frozen=True)
class Summary:
    """One figure over a group; the interval is NaN for fewer than two source clips."""

    group: str
    figure: Figure
    mean: float
    low: float
    high: float
    n: int
    clips: int  # different source clips among the n


def figures_of(scores: ConversionScores) -> dict[str, float]:
    """Every figure by its name; NaN where it is not defined, 0 or 1 for yes or no."""
    parts = [vars(part) for part in (scores.melody, scores.spectrum, scores.singer, scores.content) if part is not None]
    found = {name: value for part in parts for name, value in part.items()}
    values = {figure.name: found.get(figure.name) for figure in FIGURES}
    return {name: math.nan if value is None else float(value) for name, value in values.items()}


def summarise(rows: Sequence[Mapping[str, float]], clips: Sequence[str], group: str) -> list[Summary]:
    """Mean, 95 % interval and n of every figure that at least one of a group's rows has.

    ``clips`` names the source clip of each row.
    """
    lines = []
    for figure in FIGURES:
        values = np.array([row[figure.name] for row in rows])
        known = np.isfinite(values)
        if known.any():
            values, of_clips = values[known], [clip for clip, has in zip(clips, known, strict=True) if has]
            interval = confidence_interval(values, of_clips)
            lines.append(Summary(group, figure, float(values.mean()), *interval, len(values), len(set(of_clips))))
    return lines


def confidence_interval(values: np.ndarray, clips: Sequence[str], seed: int = 0) -> tuple[float, float]:
    """95 % bootstrap interval of the mean of ``values`` (n,), drawn by ``clips`` (n,); NaN for fewer than two clips."""
    names, number = np.unique(np.asarray(clips), return_inverse=True)
    if len(names) < 2:
        return math.nan, math.nan
    sums, counts = np.bincount(number, values), np.bincount(number)
    drawn = np.random.default_rng(seed).integers(len(names), size=(RESAMPLES, len(names)))
    low, high = np.percentile(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1), (2.5, 97.5))
    return float(low), float(high)


def markdown(
    rows: Sequence[Mapping[str, object]],
    summaries: Sequence[Summary],
    distances: Mapping[str, Sequence[SetDistance]],
) -> str:
    """Two tables as Markdown: a line a clip, and a line a figure with the groups side by side.

    ``rows`` have the keys of FIGURES, and any others, which name the clip; ``distances`` are by group.
    """
    named = {figure.name for figure in FIGURES}
    known = {line.figure.name for line in summaries}
    shown = [figure for figure in FIGURES if figure.name in known]
    facts = [name for name in rows[0] if name not in named]
    table = [[*facts, *(_heading(figure) for figure in shown)], ["---"] * (len(facts) + len(shown))]
    table += [
        [*(str(row[name]) for name in facts), *(_text(cast(float, row[f.name]), f.digits) for f in shown)]
        for row in rows
    ]
    groups = list(dict.fromkeys(line.group for line in summaries))
    cells = {(line.group, line.figure.name): _cell(line) for line in summaries}
    foot = [["mean (95 % interval; n)", *groups], ["---"] * (1 + len(groups))]
    foot += [[_heading(figure), *(cells.get((group, figure.name), "–") for group in groups)] for figure in shown]
    lines = [_line(cells) for cells in table] + [""] + [_line(cells) for cells in foot]
    for group, found in distances.items():
        for distance in found:
            lines.append(
                f"\n{group}: {distance.name} {distance.value:.3f} ({_stands_on(distance)}). {distance.warning}"
            )
    return "\n".join(line.rstrip(" ") for line in lines)


def _heading(figure: Figure) -> str:
    return f"{figure.heading} ({figure.unit})" if figure.unit else figure.heading


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _cell(line: Summary) -> str:
    digits = line.figure.digits
    interval = "" if math.isnan(line.low) else f"{_text(line.low, digits)}…{_text(line.high, digits)}; "
    return f"{_text(line.mean, digits)} ({interval}{line.n})"


def _text(value: float, digits: int) -> str:
    return "–" if math.isnan(value) else f"{value:.{digits}f}"


def _stands_on(found: SetDistance) -> str:
    return (
        f"{found.embedding}, {found.dimension} dimensions; {found.estimate_rows} windows of {found.estimate_clips} "
        f"sounds, {found.reference_rows} windows of {found.reference_clips} recordings of the target singers"
    )


def summary_rows(
    summaries: Sequence[Summary],
    distances: Mapping[str, Sequence[SetDistance]],
    tracker: str,
    recogniser: str = "",
    singers: int = 0,
) -> list[dict[str, object]]:
    """One row a group and figure, with unit, mean, interval, n and what it stands on: what a paper's table needs.

    ``tracker``, ``recogniser`` and the number of reference ``singers`` are told where figures stand on them.
    """
    rows = [
        {
            "group": line.group,
            "figure": line.figure.name,
            "unit": line.figure.unit,
            "better": line.figure.better,
            "mean": line.mean,
            "ci95_low": line.low,
            "ci95_high": line.high,
            "n": line.n,
            "source_clips": line.clips,
            "basis": line.figure.basis.format(tracker=tracker, recogniser=recogniser, singers=singers),
        }
        for line in summaries
    ]
    for group, found in distances.items():
        rows += [
            {"group": group, "figure": distance.name.lower(), "unit": "", "better": "low", "mean": distance.value}
            | {"ci95_low": math.nan, "ci95_high": math.nan, "n": distance.estimate_clips, "source_clips": math.nan}
            | {"basis": f"{_stands_on(distance)}. {distance.warning}".rstrip()}
            for distance in found
        ]
    return rows


def write_csv(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    """Write rows with the same keys as CSV, NaN as an empty cell; the file appears only when it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = io.StringIO()
    writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: "" if value is None or value != value else value for name, value in row.items()})
    write_whole(path, file.getvalue().encode())
