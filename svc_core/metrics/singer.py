"""Does it sound like the target singer? By the cosine of a named singer embedding.

The embedding is Resemblyzer's: a network trained to tell speakers apart (GE2E, Wan et al. 2018,
arXiv 1710.10467), three LSTM layers over 1.6 s windows at 16 kHz, 256 non-negative numbers of
length 1. A clip's embedding is the mean of its windows', a singer's the mean over several recordings,
each brought back to length 1 (one recording would carry its song and its room into the reference).

similarity to the target, to the source
    Cosine with the target singer's embedding, and with that of the source clip itself. The latter has
    the same words, melody and room as the conversion: being closer to the target is the harder for it.
source to target
    Cosine of the source clip itself with the target singer's embedding: what similarity to the target
    begins at, before anything is converted.
closer to target
    Whether the first is the larger; over a set, the share of conversions for which it is.
nearest
    The singer, among the N of the references, whose embedding is nearest; over a set, how often that
    is the target. N is part of the figure: 1/N is chance.

Pitfalls
--------
* The scale belongs to the encoder, and starts nowhere near 0. Measured on 68 recordings of eight
  singers (nine references, the clip itself left out): own singer .94 +- .03, another singer .74 +- .08.
  So .74 is not "74 % like the target"; it is what strangers have. Publish the name, and such a floor.
* Pitch counts, too. Eight recordings resynthesised by WORLD have .85 to their own singer, and .81 to
  .82 with F0 alone moved by seven semitones: a large key shift costs what is no fault of timbre.
* Level counts, for the network hears power and not decibels: -30 and -18 dBFS of one recording are .89
  apart. Resemblyzer's own preprocessing raises what is below -30 dBFS and leaves louder sounds as they
  are, so that a softer conversion would sound like somebody else. Here every voice is brought to
  -20 dBFS; of the 68 clips all then have their own singer nearest (67 by the package's way).
* Pauses are cut as the package does, by a voice activity detector (webrtcvad) made for speech. Of
  singing it takes 6 to 25 %, but in 24 recordings no frame within 15 dB of the loud ones. What it
  leaves of a short or soft clip may be too little, and is then refused.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import librosa
import numpy as np

from svc_core.metrics.alignment import MetricError

ENCODER_RATE_HZ = 16_000
VAD_DBFS = -30  # the level that Resemblyzer raises quiet sounds to before it looks for the voice
VOICE_DBFS = -20  # RMS of what the network hears; about that of unlevelled singing once its pauses are cut
EMBEDDING = f"Resemblyzer, voice at {VOICE_DBFS} dBFS"
SHORTEST_VOICE_S = 0.4  # a quarter of the encoder's window; the rest of it would be padding
INSTALL = 'pip install resemblyzer "setuptools<81"'  # its webrtcvad asks setuptools for pkg_resources


@dataclass(frozen=True)
class SingerScores:
    """Cosines of one conversion's embedding; NaN and None where the target has no reference."""

    similarity_to_target: float
    similarity_to_source: float
    source_to_target: float  # of the source itself: the floor of the first
    closer_to_target: bool | None
    nearest_singer: str | None
    nearest_is_target: bool | None
    singers: int  # references that "nearest" chose among
    embedding: str = EMBEDDING


class SingerEncoder:
    """Resemblyzer's network, loaded once (it comes with the package, 17 MB).

    It runs on the CPU unless told otherwise: a few windows are not worth a GPU, and the CPU gives the
    same figures everywhere. Raises MetricError where the package is not installed.
    """

    def __init__(self, device: str = "cpu") -> None:
        try:
            with warnings.catch_warnings():  # the package's imports of names that SciPy has since moved
                warnings.simplefilter("ignore")
                from resemblyzer import VoiceEncoder, preprocess_wav
        except ImportError as error:
            raise MetricError(
                f"the singer embedding needs the package resemblyzer ({error}); install it: {INSTALL}."
            ) from error
        self._preprocess = preprocess_wav
        self._encoder = VoiceEncoder(device, verbose=False)

    def windows(self, samples: np.ndarray, rate_hz: int, name: str = "the sound") -> np.ndarray:
        """Embeddings of the 1.6 s windows, 1.3 a second, of a sound (samples,) -> (window, 256).

        Raises MetricError, with ``name``, where too little of the sound is taken for a voice.
        """
        if not np.isfinite(samples).all():
            raise MetricError(f"{name}: holds samples that are not numbers; export it again.")
        voiced = np.zeros(0)
        if len(samples) >= SHORTEST_VOICE_S * rate_hz and np.any(samples):
            at_16k = librosa.resample(samples.astype(np.float32), orig_sr=rate_hz, target_sr=ENCODER_RATE_HZ)
            at_16k = np.clip(_at_level(at_16k, VAD_DBFS), -1, 1)  # the detector's 16 bits wrap around beyond 1
            voiced = self._preprocess(at_16k)
        if len(voiced) < SHORTEST_VOICE_S * ENCODER_RATE_HZ:
            raise MetricError(
                f"{name}: Resemblyzer takes {len(voiced) / ENCODER_RATE_HZ:.2f} s of it for a voice, and needs "
                f"{SHORTEST_VOICE_S} s; choose a longer part."
            )
        return self._encoder.embed_utterance(_at_level(voiced, VOICE_DBFS), return_partials=True)[1]


def _at_level(samples: np.ndarray, dbfs: float) -> np.ndarray:
    """The sound with that RMS in dB re full scale."""
    return (samples * (10 ** (dbfs / 20) / np.sqrt(np.mean(samples**2)))).astype(np.float32)


def mean_embedding(embeddings: np.ndarray) -> np.ndarray:
    """Mean of embeddings (n, dimension), of length 1 again: a clip of its windows, a singer of clips."""
    embeddings = np.asarray(embeddings, dtype=float)
    if embeddings.ndim != 2 or len(embeddings) == 0 or not np.isfinite(embeddings).all():
        raise MetricError(f"embeddings of shape {embeddings.shape} have no mean; give at least one, of numbers.")
    mean = embeddings.mean(axis=0)
    if np.linalg.norm(mean) == 0:
        raise MetricError("the mean of these embeddings is 0 and has no direction; check what was embedded.")
    return mean / np.linalg.norm(mean)


def cosine(first: np.ndarray, second: np.ndarray) -> float:
    """Cosine of the angle between two embeddings, 1 for the same direction."""
    return float(np.dot(first, second) / (np.linalg.norm(first) * np.linalg.norm(second)))


def singer_scores(
    converted: np.ndarray, source: np.ndarray, references: Mapping[str, np.ndarray], target: str
) -> SingerScores:
    """Scores of a conversion's embedding against its source's and the singers' (each (dimension,))."""
    to_source = cosine(converted, source)
    to_singers = {singer: cosine(converted, embedding) for singer, embedding in references.items()}
    nearest = max(to_singers, key=to_singers.__getitem__) if to_singers else None
    known = target in to_singers
    return SingerScores(
        similarity_to_target=to_singers[target] if known else math.nan,
        similarity_to_source=to_source,
        source_to_target=cosine(source, references[target]) if known else math.nan,
        closer_to_target=to_singers[target] > to_source if known else None,
        nearest_singer=nearest,
        nearest_is_target=nearest == target if known else None,
        singers=len(to_singers),
    )
