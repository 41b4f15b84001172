"""What is sung, and as little as possible of who sings: a content encoder that needs no download.

WORLD's CheapTrick (Morise 2015) estimates the spectral envelope with the harmonics removed; a
cosine transform of its log over mel bands gives cepstra c1..c20, the coarse shape that vowels and
consonants are made of. Two things take the singer out:

* each coefficient is centred and scaled over the clip's sounding frames (cepstral mean and variance
  normalisation), which removes microphone, room and average timbre;
* in training the envelope is stretched along frequency by a random factor (vocal tract length
  perturbation, Jaitly & Hinton 2013), so formant positions no longer tell who sings.

c0, the level, is left out: loudness is a condition of its own. Axis order (coefficient, frame).
"""

from __future__ import annotations

import librosa
import numpy as np
import pyworld
from scipy.fft import dct

from svc_core.config import ContentConfig, GridConfig
from svc_core.sound.pitch import frame_times_s

ENVELOPE_BANDS = 48  # enough to resolve formants up to 12 kHz on the mel scale
SOUNDING_DB = 40.0  # frames less than this below the clip's loudest count as sounding
OUTLIER = 4.0  # standard deviations; beyond it are clicks and near-silence, not phones


def spectral_envelope(samples: np.ndarray, f0_hz: np.ndarray, grid: GridConfig) -> np.ndarray:
    """CheapTrick power envelope at the frame centres: (samples,), (frame,) -> (frame, bin)."""
    return pyworld.cheaptrick(
        samples.astype(np.float64),
        f0_hz,
        frame_times_s(len(f0_hz), grid),
        grid.sample_rate_hz,
        fft_size=grid.n_fft,
        f0_floor=3.0 * grid.sample_rate_hz / (grid.n_fft - 3),
    )


def envelope_cepstra(envelope: np.ndarray, warp: float, grid: GridConfig, content: ContentConfig) -> np.ndarray:
    """Cepstra c1.. of an envelope (frame, bin) whose formants are moved up by ``warp`` -> (cepstrum, frame)."""
    bins = np.arange(envelope.shape[1])
    bands_hz = librosa.mel_frequencies(n_mels=ENVELOPE_BANDS, fmin=60.0, fmax=grid.mel_high_hz)
    at_bins = np.minimum(bands_hz / warp, grid.mel_high_hz) * grid.n_fft / grid.sample_rate_hz
    log_envelope = np.log(np.maximum(envelope, 1e-12))
    low = np.minimum(at_bins.astype(int), bins[-1] - 1)
    share = at_bins - low
    bands = (1 - share) * log_envelope[:, low] + share * log_envelope[:, low + 1]
    return dct(bands, axis=1, norm="ortho")[:, 1 : content.cepstra + 1].T


def encode_content(
    samples: np.ndarray,
    f0_hz: np.ndarray,
    loudness_db: np.ndarray,
    grid: GridConfig,
    content: ContentConfig,
    warps: tuple[float, ...] = (1.0,),
) -> np.ndarray:
    """Content of a clip, once for each warp: -> (warp, cepstrum, frame) float32, zero mean, unit spread."""
    envelope = spectral_envelope(samples, f0_hz, grid)
    sounding = loudness_db > loudness_db.max() - SOUNDING_DB
    encoded = []
    for warp in warps:
        cepstra = envelope_cepstra(envelope, warp, grid, content)
        heard = cepstra[:, sounding]
        centred = (cepstra - heard.mean(axis=1, keepdims=True)) / (heard.std(axis=1, keepdims=True) + 1e-3)
        encoded.append(np.clip(centred, -OUTLIER, OUTLIER))
    return np.stack(encoded).astype(np.float32)
