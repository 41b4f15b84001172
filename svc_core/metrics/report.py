"""Figures of many conversions as a table: one line a clip, and at its foot mean, 95 % interval and n.

The interval is a bootstrap's (Efron 1979): the clips are drawn with replacement 2,000 times, and
the middle 95 % of the means are kept. It says how much the mean depends on which clips were taken;
it takes them for independent, which several conversions of one phrase are not, and with a handful
of clips it comes out too narrow. A figure that a clip does not have (NaN) is left out of its mean,
so every figure has an n of its own.
"""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from svc_core.metrics.distribution import SetDistance
from svc_core.metrics.scores import ConversionScores
from svc_core.metrics.singer import EMBEDDING
from svc_core.metrics.spectrum import DEFINITION

RESAMPLES = 2_000  # the interval's ends then move by a hundredth of its width from seed to seed
VOICED = "frame-aligned, voiced in both, key shift removed"
SHARES = "mir_eval, 50 cents, frame-aligned, key shift removed"
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
    Figure("vr", "VR", "share", "high", "mir_eval, frame-aligned, of frames voiced in the source", 3),
    Figure("vfa", "VFA", "share", "low", "mir_eval, frame-aligned, of frames unvoiced in the source", 3),
    Figure("mcd_db", "MCD", "dB", "low", f"{DEFINITION}, to the source, {SOUNDING}", 2),
    Figure("log_mel_l1_db", "mel L1", "dB", "low", f"to the source, {SOUNDING}", 2),
    Figure("loudness_rmse_db", "loudness", "dB", "low", f"A-weighted, to the source, {SOUNDING}", 2),
    Figure("level_offset_db", "level", "dB", "", "median A-weighted difference, removed from the three before", 1),
    Figure("similarity_to_target", "to target", "cosine", "high", f"{EMBEDDING}, mean of the target's recordings", 3),
    Figure("similarity_to_source", "to source", "cosine", "low", f"{EMBEDDING}, the source clip itself", 3),
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
    Figure("phone_error_rate", "PER", "edits a phone", "low", f"{HEARD}, repetitions joined", 3),
    Figure("posterior_distance_bits", "posteriors", "bits", "low", f"{HEARD}, Jensen-Shannon", 3),
)


@dataclass(frozen=True)
class Summary:
    """One figure over a set of clips; the interval is NaN for fewer than two."""

    figure: Figure
    mean: float
    low: float
    high: float
    n: int


def figures_of(scores: ConversionScores) -> dict[str, float]:
    """Every figure by its name; NaN where it is not defined, 0 or 1 for yes or no."""
    parts = [vars(part) for part in (scores.melody, scores.spectrum, scores.singer, scores.content) if part is not None]
    found = {name: value for part in parts for name, value in part.items()}
    values = {figure.name: found.get(figure.name) for figure in FIGURES}
    return {name: math.nan if value is None else float(value) for name, value in values.items()}


def summarise(rows: Sequence[Mapping[str, float]]) -> list[Summary]:
    """Mean, 95 % interval and n of every figure that at least one of the rows has."""
    lines = []
    for figure in FIGURES:
        values = np.array([row[figure.name] for row in rows])
        values = values[np.isfinite(values)]
        if len(values) > 0:
            lines.append(Summary(figure, float(values.mean()), *confidence_interval(values), len(values)))
    return lines


def confidence_interval(values: np.ndarray, seed: int = 0) -> tuple[float, float]:
    """95 % bootstrap interval of the mean of ``values`` (n,); NaN for fewer than two."""
    if len(values) < 2:
        return math.nan, math.nan
    drawn = np.random.default_rng(seed).choice(values, size=(RESAMPLES, len(values)))
    low, high = np.percentile(drawn.mean(axis=1), (2.5, 97.5))
    return float(low), float(high)


def markdown(
    rows: Sequence[Mapping[str, object]], summaries: Sequence[Summary], distances: Sequence[SetDistance]
) -> str:
    """The table as Markdown: ``rows`` have the keys of FIGURES, before them any others, which name the clip."""
    facts = [name for name in rows[0] if name not in {figure.name for figure in FIGURES}] if rows else []
    known = {line.figure.name: line for line in summaries}
    shown = [figure for figure in FIGURES if figure.name in known]
    unit = {figure.name: f"{figure.heading} ({figure.unit})" if figure.unit else figure.heading for figure in shown}
    table = [[*facts, *unit.values()], ["---"] * (len(facts) + len(shown))]
    table += [[*(str(row[name]) for name in facts), *(_text(row[f.name], f.digits) for f in shown)] for row in rows]
    foot = {
        "mean": lambda line: _text(line.mean, line.figure.digits),
        "95 % of means": _interval,
        "n": lambda line: str(line.n),
    }
    for name, cell in foot.items():
        table.append([f"**{name}**", *[""] * (len(facts) - 1), *(cell(known[figure.name]) for figure in shown)])
    lines = ["| " + " | ".join(cells) + " |" for cells in table]
    for found in distances:
        lines.append(
            f"\n{found.name} {found.value:.3f} ({found.embedding}, {found.dimension} dimensions; {found.estimate_rows} "
            f"windows of {found.estimate_clips} conversions, {found.reference_rows} windows of "
            f"{found.reference_clips} recordings of the target singers). {found.warning}".rstrip()
        )
    return "\n".join(lines)


def _interval(line: Summary) -> str:
    if math.isnan(line.low):
        return "–"
    return f"{_text(line.low, line.figure.digits)}…{_text(line.high, line.figure.digits)}"


def _text(value: float, digits: int) -> str:
    return "–" if math.isnan(value) else f"{value:.{digits}f}"


def summary_rows(
    summaries: Sequence[Summary], distances: Sequence[SetDistance], recogniser: str = "", singers: int = 0
) -> list[dict[str, object]]:
    """One row a figure, with its unit, what it stands on, mean, interval and n: what a paper's table needs.

    ``recogniser`` and the number of reference ``singers`` are told where figures stand on them.
    """
    rows = [
        {
            "figure": line.figure.name,
            "unit": line.figure.unit,
            "better": line.figure.better,
            "mean": line.mean,
            "ci95_low": line.low,
            "ci95_high": line.high,
            "n": line.n,
            "basis": line.figure.basis.format(recogniser=recogniser, singers=singers),
        }
        for line in summaries
    ]
    for found in distances:
        basis = (
            f"{found.embedding}, {found.dimension} dimensions, {found.estimate_rows} windows of the n conversions, "
            f"against {found.reference_rows} windows of {found.reference_clips} recordings of the target singers"
        )
        rows.append(
            {"figure": found.name.lower(), "unit": "", "better": "low", "mean": found.value}
            | {"ci95_low": math.nan, "ci95_high": math.nan, "n": found.estimate_clips}
            | {"basis": f"{basis}. {found.warning}".rstrip()}
        )
    return rows


def write_csv(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    """Write rows with the same keys as CSV, NaN as an empty cell; the file appears only when it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    with partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({name: "" if value is None or value != value else value for name, value in row.items()})
    partial.replace(path)
