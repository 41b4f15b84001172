"""All figures of one conversion, from its samples: melody, spectrum, singer and content in one go.

F0 is measured anew on both sounds with the same tracker (Harvest), so what the model was asked for
and what came out of the vocoder are judged alike. Both sounds are at the grid's rate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from svc_core.config import GridConfig
from svc_core.metrics.alignment import MetricError, same_frames
from svc_core.metrics.content import ContentScores, PhoneRecogniser, content_scores
from svc_core.metrics.melody import MelodyScores, melody_scores
from svc_core.metrics.singer import SingerEncoder, SingerScores, mean_embedding, singer_scores
from svc_core.metrics.spectrum import SpectrumScores, spectrum_scores
from svc_core.sound.pitch import track_f0


@dataclass(frozen=True)
class SingerReferences:
    """The singers to compare with: an embedding each, the windows it is a mean of, and of how many clips."""

    encoder: SingerEncoder
    embeddings: Mapping[str, np.ndarray]  # (256,)
    windows: Mapping[str, np.ndarray]  # (window, 256), of all of the singer's clips
    clips: Mapping[str, int]


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
) -> ConversionScores:
    """Score ``converted`` (samples,) against its ``source`` (samples,); singer and content where these can be.

    The key shift may be any number of semitones. A conversion without a voiced frame is scored: its
    RPA is 0, its F0RMSE NaN. Raises MetricError where there is nothing to compare: a silent source or
    one without a voiced frame, samples that are not numbers, or lengths more than a frame apart.
    """
    lengths = [np.zeros(grid.frame_count(len(samples))) for samples in (source, converted)]
    same_frames(*lengths, "the sound")  # before the tracker takes its seconds
    if not (np.isfinite(source).all() and np.isfinite(converted).all()):
        raise MetricError("there are samples that are not numbers; export the sound again.")
    source_f0_hz, converted_f0_hz = track_f0(source, grid), track_f0(converted, grid)
    if not (source_f0_hz > 0).any():
        raise MetricError("no voiced frame was found in the source: there is no sung note to compare with.")
    notes = []
    if not (converted_f0_hz > 0).any():
        notes.append("no voiced frame was found in the conversion: its RPA is 0, its F0RMSE is not defined.")
    singer = windows = None
    if references is not None:
        try:
            windows = references.encoder.windows(converted, grid.sample_rate_hz, "the conversion")
            of_source = references.encoder.windows(source, grid.sample_rate_hz, "the source")
        except MetricError as error:
            notes.append(str(error))
        else:
            singer = singer_scores(mean_embedding(windows), mean_embedding(of_source), references.embeddings, target)
    content = None
    if recogniser is not None:
        heard = (recogniser.listen(*sound, grid) for sound in ((source, source_f0_hz), (converted, converted_f0_hz)))
        content = content_scores(*heard, recogniser.name, recogniser.silence)
    return ConversionScores(
        melody=melody_scores(source_f0_hz, converted_f0_hz, key_shift_semitones),
        spectrum=spectrum_scores(source, converted, source_f0_hz, converted_f0_hz, grid),
        singer=singer,
        content=content,
        windows=windows,
        notes=tuple(notes),
    )
