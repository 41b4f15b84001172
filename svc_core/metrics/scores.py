"""All figures of one conversion, from its samples: melody, spectrum, singer and content in one go.

Both sounds, at the grid's rate, are heard by the same judges: what the model was asked for and what
came out of the vocoder are judged alike. F0 of the melody is the chosen tracker's; Harvest's is
measured besides, for CheapTrick and the recogniser expect it. What is heard of a source serves all
of its conversions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from svc_core.config import GridConfig
from svc_core.metrics.alignment import MetricError, same_frames
from svc_core.metrics.content import ContentScores, PhoneRecogniser, content_scores
from svc_core.metrics.melody import MelodyScores, melody_scores
from svc_core.metrics.singer import SingerEncoder, SingerScores, mean_embedding, singer_scores
from svc_core.metrics.spectrum import SpectrumScores, spectrum_scores
from svc_core.metrics.tracker import HARVEST, Tracker
from svc_core.sound.pitch import track_f0


@dataclass(frozen=True)
class SingerReferences:
    """The singers to compare with: an embedding each, the windows it is a mean of, and of how many clips."""

    encoder: SingerEncoder
    embeddings: Mapping[str, np.ndarray]  # (256,)
    windows: Mapping[str, np.ndarray]  # (window, 256), of all of the singer's clips
    clips: Mapping[str, int]


@dataclass(frozen=True)
class Judges:
    """Who listens to the sounds; without references or a recogniser there are no figures of theirs."""

    references: SingerReferences | None = None
    recogniser: PhoneRecogniser | None = None
    tracker: Tracker = HARVEST


@dataclass(frozen=True)
class Heard:
    """What the judges make of one sound, source or conversion."""

    samples: np.ndarray = field(repr=False)
    f0_hz: np.ndarray  # (frame,), Harvest's
    melody_hz: np.ndarray  # (frame,), the tracker's
    windows: np.ndarray | None  # (window, 256), of the singer encoder
    phones: np.ndarray | None  # as PhoneRecogniser.listen gives them
    notes: tuple[str, ...]  # sentences about what could not be heard


@dataclass(frozen=True)
class ConversionScores:
    """Every per-clip figure of one conversion.

    ``windows`` (window, 256) are the conversion's own embeddings, for the distances of sets (see
    distribution). ``notes`` are sentences about what could not be measured of it.
    """

    melody: MelodyScores
    spectrum: SpectrumScores
    singer: SingerScores | None
    content: ContentScores | None
    windows: np.ndarray | None
    notes: tuple[str, ...]


def refer_to_singers(
    encoder: SingerEncoder, recordings: Mapping[str, list[np.ndarray]], rate_hz: int
) -> tuple[SingerReferences, list[str]]:
    """Embeddings of each singer's recordings, each (samples,), averaged over them.

    Returns them, and one sentence for each recording that is not enough of a voice and was left out.
    """
    embeddings, windows, clips, problems = {}, {}, {}, []
    for singer, sounds in recordings.items():
        heard = []
        for number, samples in enumerate(sounds, start=1):
            try:
                heard.append(encoder.windows(samples, rate_hz, f"reference {number} of {singer}"))
            except MetricError as error:
                problems.append(str(error))
        if heard:
            embeddings[singer] = mean_embedding(np.stack([mean_embedding(clip) for clip in heard]))
            windows[singer] = np.concatenate(heard)
            clips[singer] = len(heard)
    return SingerReferences(encoder, embeddings, windows, clips), problems


def measure_conversion(
    source: np.ndarray,
    converted: np.ndarray,
    key_shift_semitones: float,
    grid: GridConfig,
    target: str = "",
    references: SingerReferences | None = None,
    recogniser: PhoneRecogniser | None = None,
    tracker: Tracker = HARVEST,
) -> ConversionScores:
    """Score ``converted`` (samples,) against its ``source`` (samples,); singer and content where these can be.

    The key shift may be any number of semitones. A conversion without a voiced frame is scored: its
    RPA is 0, its F0RMSE NaN. Raises MetricError where there is nothing to compare: a silent source or
    one without a voiced frame, samples that are not numbers, or lengths more than a frame apart.
    """
    same_length(source, converted, grid)  # before the tracker takes its seconds
    judges = Judges(references, recogniser, tracker)
    heard_source, heard = hear(source, grid, judges, "the source"), hear(converted, grid, judges, "the conversion")
    return compare(heard_source, heard, key_shift_semitones, grid, target, judges)


def same_length(source: np.ndarray, converted: np.ndarray, grid: GridConfig) -> None:
    """Raises MetricError where two sounds (samples,) are empty or more than a frame apart."""
    same_frames(np.zeros(grid.frame_count(len(source))), np.zeros(grid.frame_count(len(converted))), "the sound")


def hear(samples: np.ndarray, grid: GridConfig, judges: Judges, name: str, f0_hz: np.ndarray | None = None) -> Heard:
    """All that is measured of one sound (samples,) alone; ``name`` stands in messages.

    ``f0_hz`` (frame,): Harvest's, where it is known already. Raises MetricError where samples are not numbers.
    """
    if not np.isfinite(samples).all():
        raise MetricError(f"{name} holds samples that are not numbers; export the sound again.")
    f0_hz = track_f0(samples, grid) if f0_hz is None else f0_hz
    windows, notes = None, []
    if judges.references is not None:
        try:
            windows = judges.references.encoder.windows(samples, grid.sample_rate_hz, name)
        except MetricError as error:
            notes.append(str(error))
    return Heard(
        samples=samples,
        f0_hz=f0_hz,
        melody_hz=f0_hz if judges.tracker is HARVEST else judges.tracker.track(samples, grid),
        windows=windows,
        phones=judges.recogniser.listen(samples, f0_hz, grid) if judges.recogniser is not None else None,
        notes=tuple(notes),
    )


def compare(
    source: Heard, converted: Heard, key_shift_semitones: float, grid: GridConfig, target: str, judges: Judges
) -> ConversionScores:
    """Scores of two sounds that the same ``judges`` have heard. Raises MetricError as measure_conversion does."""
    if not (source.melody_hz > 0).any():
        raise MetricError("no voiced frame was found in the source: there is no sung note to compare with.")
    notes = list(dict.fromkeys((*converted.notes, *source.notes)))
    if not (converted.melody_hz > 0).any():
        notes.insert(0, "no voiced frame was found in the conversion: its RPA is 0, its F0RMSE is not defined.")
    singer = content = None
    if judges.references is not None and converted.windows is not None and source.windows is not None:
        of_converted, of_source = mean_embedding(converted.windows), mean_embedding(source.windows)
        singer = singer_scores(of_converted, of_source, judges.references.embeddings, target)
    if judges.recogniser is not None and source.phones is not None and converted.phones is not None:
        content = content_scores(source.phones, converted.phones, judges.recogniser.name, judges.recogniser.silence)
    return ConversionScores(
        melody=melody_scores(source.melody_hz, converted.melody_hz, key_shift_semitones),
        spectrum=spectrum_scores(source.samples, converted.samples, source.f0_hz, converted.f0_hz, grid),
        singer=singer,
        content=content,
        windows=converted.windows,
        notes=tuple(notes),
    )
