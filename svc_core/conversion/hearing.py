"""The sound of single steps, and what can be measured of it.

F0 is that of the step's own sound, never what the model was asked for. Melody is compared with the
source moved by the key; spectrum and loudness with the source (as svc_core.metrics do) and with the
conversion's own result, which tells how far the walk has come; the singer with the target's mean
embedding and the source's. Every figure is frame-aligned, and NaN where a step's sound has none.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import soundfile

from svc_core.config import GridConfig
from svc_core.metrics.alignment import MetricError
from svc_core.metrics.melody import melody_scores
from svc_core.metrics.singer import EMBEDDING, SingerEncoder, cosine, mean_embedding
from svc_core.metrics.spectrum import (
    log_mel_l1_db,
    loudness_rmse_db,
    mel_cepstra,
    mel_cepstral_distortion_db,
    sounding_frames,
)
from svc_core.sound.content import spectral_envelope
from svc_core.sound.loudness import a_weighted_loudness
from svc_core.sound.pitch import track_f0
from svc_core.vocoders.griffin_lim import GriffinLim
from svc_core.vocoders.vocoder import Vocoder, open_vocoder

STEP_ROUNDS = 16  # of Griffin-Lim: log-mel error of a conversion 5.10 dB, against 5.07 with 32, in half the time
PEAK = 0.9  # full scale less what a lossy coder may overshoot
SYNTHETIC = "Synthetic singing: a voice conversion made with SingSteps, no recording of a person."  # a file's tag
FIGURES = (
    "f0_rmse_cents",
    "f0_corr",
    "rpa",
    "voiced_share",
    "mcd_db",
    "mcd_to_result_db",
    "mel_to_result_db",
    "loudness_rmse_db",
    "similarity_to_target",
    "similarity_to_source",
)


@dataclass(frozen=True)
class HeardStep:
    """A step's sound (samples,), its F0 (frame,) in Hz, and its figures in the order of FIGURES."""

    samples: np.ndarray
    f0_hz: np.ndarray
    figures: tuple[float, ...]


@lru_cache(maxsize=4)
def final_vocoder(spec: str, grid: GridConfig) -> Vocoder:
    """As open_vocoder, opened once a process."""
    return open_vocoder(spec, grid)


def step_vocoder(spec: str, grid: GridConfig) -> Vocoder:
    """As final_vocoder, but quicker where nobody would hear it."""
    return GriffinLim(grid, STEP_ROUNDS) if spec == "griffin-lim" else final_vocoder(spec, grid)


@lru_cache(maxsize=1)
def singer_encoder() -> SingerEncoder | None:
    """Loaded once a process; None where the package is not installed."""
    try:
        return SingerEncoder()
    except MetricError:
        return None


def embedding_name() -> str:
    """What similarity is measured by; empty where it cannot be."""
    return "" if singer_encoder() is None else EMBEDDING


def voice_of(samples: np.ndarray, grid: GridConfig) -> np.ndarray | None:
    """Mean embedding of a sound (samples,); None where there is too little voice in it, or no encoder."""
    encoder = singer_encoder()
    if encoder is None:
        return None
    try:
        return mean_embedding(encoder.windows(samples, grid.sample_rate_hz))
    except MetricError:
        return None


class StepEar:
    """Hears steps of one conversion: made from what they are compared with, all at the grid's rate and level.

    ``result`` is the conversion's mel, natural log. Raises MetricError where the source is silent.
    """

    def __init__(
        self,
        source: np.ndarray,
        source_f0_hz: np.ndarray,
        result: np.ndarray,
        key_shift: int,
        target_embedding: np.ndarray | None,
        vocoder: str,
        grid: GridConfig,
    ) -> None:
        self.grid, self.vocoder = grid, step_vocoder(vocoder, grid)
        self.source_f0_hz, self.key_shift = source_f0_hz, key_shift
        self.loudness_db = a_weighted_loudness(source, grid)
        self.sounding = sounding_frames(self.loudness_db)
        self.cepstra = mel_cepstra(spectral_envelope(source, source_f0_hz.astype(float), grid))
        self.voices = {"target": target_embedding, "source": voice_of(source, grid)}
        self.result = result
        self.result_cepstra = self._listen(result)[2]

    def hear(self, mel: np.ndarray) -> HeardStep:
        """``mel`` (mel, frame), natural log, of a prediction or a noisy state."""
        samples, f0_hz, cepstra = self._listen(mel)
        melody = melody_scores(self.source_f0_hz, f0_hz, self.key_shift)
        loudness_db = a_weighted_loudness(samples, self.grid)
        level_db = float(np.median((loudness_db - self.loudness_db)[self.sounding]))
        voice = voice_of(samples, self.grid) if any(v is not None for v in self.voices.values()) else None
        similar = [
            math.nan if voice is None or other is None else cosine(voice, other) for other in self.voices.values()
        ]
        return HeardStep(
            samples,
            f0_hz,
            (
                melody.f0_rmse_cents,
                melody.f0_corr,
                melody.rpa,
                float(np.mean(f0_hz > 0)),
                mel_cepstral_distortion_db(self.cepstra, cepstra, self.sounding),
                mel_cepstral_distortion_db(self.result_cepstra, cepstra, self.sounding),
                float(log_mel_l1_db(self.result, mel, self.sounding).mean()),
                loudness_rmse_db(self.loudness_db, loudness_db - level_db, self.sounding),
                *similar,
            ),
        )

    def _listen(self, mel: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        samples = self.vocoder.synthesize(mel)
        f0_hz = track_f0(samples, self.grid, quick=True)
        return samples, f0_hz, mel_cepstra(spectral_envelope(samples, f0_hz, self.grid))


def encode_sound(samples: np.ndarray, grid: GridConfig, mp3_level: float | None, comment: str = "") -> bytes:
    """FLAC, or MP3 of a variable rate at libsndfile's compression level, from 0 (best) to below 1.

    ``comment`` goes into the file's own tags.
    """
    samples = samples * min(1.0, PEAK / max(float(np.abs(samples).max()), 1e-9))
    file = io.BytesIO()
    kind: dict[str, str | float] = {"format": "FLAC"}
    if mp3_level is not None:
        kind = {"format": "MP3", "bitrate_mode": "VARIABLE", "compression_level": mp3_level}
    with soundfile.SoundFile(file, "w", grid.sample_rate_hz, 1, **kind) as sound:
        if comment:
            sound.comment = comment
        sound.write(samples)
    return file.getvalue()


def mean_voices(sounds: Mapping[str, list[np.ndarray]], grid: GridConfig) -> dict[str, np.ndarray]:
    """Mean embedding of each singer's recordings, each (samples,); singers of whom none can be had are left out."""
    found = {}
    for singer, recordings in sounds.items():
        heard = [voice for voice in (voice_of(samples, grid) for samples in recordings) if voice is not None]
        if heard:
            found[singer] = mean_embedding(np.stack(heard))
    return found
