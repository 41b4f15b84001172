"""Figures of a whole set: every conversion, what it lies between, and what each group comes to.

A group's figures are never mixed with another's (see sets and bounds). Only a conversion into another's
voice is asked whether it is closer to its target than to its source, and has the unconverted source for
a floor of its similarity; in all other groups the two are one singer. ``phones_kept`` is the phone
agreement of a conversion over that of the same clip's copy-synthesis.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from svc_core.config import GridConfig
from svc_core.conversion.bounds import COPY, SOURCE, bound_of, copy_synthesis
from svc_core.conversion.sets import ALTERED, CONVERSION, SELF, SELF_MOVED, Conversion
from svc_core.metrics.alignment import MetricError
from svc_core.metrics.distribution import SetDistance, set_distances
from svc_core.metrics.report import Summary, figures_of, summarise
from svc_core.metrics.scores import (
    ConversionScores,
    Heard,
    Judges,
    SingerReferences,
    compare,
    hear,
    same_length,
)
from svc_core.metrics.singer import EMBEDDING
from svc_core.sound.audio import AudioError, load_audio
from svc_core.vocoders.vocoder import Vocoder

GROUPS = (CONVERSION, SELF, SELF_MOVED, ALTERED, COPY, SOURCE)


@dataclass(frozen=True)
class Scored:
    """One line of the table."""

    group: str
    conversion: Conversion
    scores: ConversionScores
    figures: dict[str, float]


def score_all(
    conversions: Sequence[Conversion], judges: Judges, vocoder: Vocoder | None, grid: GridConfig
) -> tuple[list[Scored], list[str]]:
    """Score conversions, and with a ``vocoder`` what they lie between; and sentences about what could not be.

    Goes from source to source, so that each is heard once. The conversions come out in the order given,
    and then the bounds.
    """
    scored: list[Scored | None] = [None] * len(conversions)
    copies, sources, problems = [], [], []
    by_clip: dict[str, list[int]] = {}
    for number, made in enumerate(conversions):
        by_clip.setdefault(made.clip, []).append(number)
    with tqdm(total=len(conversions), unit="clip", disable=None) as bar:
        for clip, numbers in by_clip.items():
            first, kept = conversions[numbers[0]], math.nan
            try:
                samples = load_audio(first.source, grid, first.start_s, first.end_s)
                source = hear(samples, grid, judges, "the source")
            except (AudioError, MetricError) as error:
                problems += [f"{conversions[number].name}: skipped; {error}" for number in numbers]
                bar.update(len(numbers))
                continue
            if vocoder is not None:
                try:
                    as_it_is, copy = score_bounds(first, source, judges, vocoder, grid)
                except MetricError as error:
                    problems.append(f"{clip}: no bounds; {error}")
                else:
                    kept = copy.figures["phone_agreement"]
                    sources.append(as_it_is)
                    copies.append(copy)
                    problems += [f"{clip}, {COPY}: {note}" for note in copy.scores.notes]
            for number in numbers:
                made = conversions[number]
                try:
                    scores = score(made, source, judges, grid)
                except (AudioError, MetricError) as error:
                    problems.append(f"{made.name}: skipped; {error}")
                else:
                    problems += [f"{made.name}: {note}" for note in scores.notes]
                    scored[number] = _scored(made.group, made, scores, kept)
                bar.update()
    return [*(line for line in scored if line is not None), *copies, *sources], problems


def score(made: Conversion, source: Heard, judges: Judges, grid: GridConfig) -> ConversionScores:
    """Load and score one conversion of a source that has been heard. Raises AudioError or MetricError."""
    samples = load_audio(made.converted, grid)
    same_length(source.samples, samples, grid)  # before the tracker takes its seconds
    heard = hear(samples, grid, judges, "the conversion")
    return compare(source, heard, made.key_shift_semitones, grid, made.target, judges)


def score_bounds(
    made: Conversion, source: Heard, judges: Judges, vocoder: Vocoder, grid: GridConfig
) -> tuple[Scored, Scored]:
    """The source of a conversion as it is, and its copy-synthesis. Raises MetricError."""
    copy = hear(copy_synthesis(source.samples, vocoder, grid), grid, judges, "the copy-synthesis")
    lines = ((SOURCE, source, bound_of(made)), (COPY, copy, bound_of(made, vocoder.name)))
    as_it_is, copied = (
        _scored(group, bound, compare(source, heard, 0.0, grid, bound.target, judges)) for group, heard, bound in lines
    )
    return as_it_is, copied


def _scored(group: str, made: Conversion, scores: ConversionScores, kept: float = math.nan) -> Scored:
    """``kept`` is the phone agreement of the same clip's copy-synthesis."""
    figures = figures_of(scores)
    figures["phones_kept"] = figures["phone_agreement"] / kept if kept > 0 else math.nan
    if group != CONVERSION:
        figures["closer_to_target"] = figures["source_to_target"] = math.nan  # the target's voice is the source's
    return Scored(group, made, scores, figures)


def summarise_groups(
    scored: Sequence[Scored], references: SingerReferences | None
) -> tuple[list[Summary], dict[str, list[SetDistance]]]:
    """What every group comes to, and how far its sounds, taken together, are from real singing."""
    summaries, distances = [], {}
    for group in GROUPS:
        lines = [line for line in scored if line.group == group]
        summaries += summarise([line.figures for line in lines], [line.conversion.clip for line in lines], group)
        distances[group] = _distances(lines, references)
    return summaries, distances


def _distances(scored: Sequence[Scored], references: SingerReferences | None) -> list[SetDistance]:
    """FAD and KAD of sounds' windows to those of the singers they were made into; none without these."""
    if references is None:
        return []
    heard = [(line.conversion.target, line.scores.windows) for line in scored if line.scores.windows is not None]
    heard = [(target, windows) for target, windows in heard if target in references.windows]
    targets = sorted({target for target, _ in heard})
    if not heard:
        return []
    real = np.concatenate([references.windows[target] for target in targets])
    made = np.concatenate([windows for _, windows in heard])
    if min(len(real), len(made)) < 2:
        return []
    return list(set_distances(real, sum(references.clips[t] for t in targets), made, len(heard), EMBEDDING))
