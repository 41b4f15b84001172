"""The mel spectrogram: the picture that the whole project computes with.

Frame: window = FFT 1024 (Hann), hop 256, 100 bands on Slaney's mel scale with area norm, magnitude
sqrt(re^2 + im^2 + 1e-9), natural log of the value clamped at 1e-5. The ends are reflected by 384
samples, so frame i is centred on sample 256 i + 128. Axis order (mel, frame).

A natural-log mel value m is DB_PER_LN m in dB; the page shows dB, the model computes in ln.
"""

from __future__ import annotations

from functools import lru_cache

import librosa
import numpy as np

from svc_core.config import GridConfig


@lru_cache(maxsize=4)
def mel_filters(grid: GridConfig) -> np.ndarray:
    """Slaney filter bank, shape (mel, bin), area-normalised. Treat it as read-only."""
    return librosa.filters.mel(
        sr=grid.sample_rate_hz,
        n_fft=grid.n_fft,
        n_mels=grid.n_mels,
        fmin=grid.mel_low_hz,
        fmax=grid.mel_high_hz,
        htk=False,
        norm="slaney",
    )


def band_centres_hz(grid: GridConfig) -> np.ndarray:
    """Centre frequency of each mel band, shape (mel,)."""
    return librosa.mel_frequencies(n_mels=grid.n_mels + 2, fmin=grid.mel_low_hz, fmax=grid.mel_high_hz)[1:-1]


def power_spectrogram(samples: np.ndarray, grid: GridConfig) -> np.ndarray:
    """|STFT|^2 on the time grid: (samples,) -> (bin, frame)."""
    padded = np.pad(samples, grid.edge_pad, mode="reflect")
    spectrum = librosa.stft(padded, n_fft=grid.n_fft, hop_length=grid.hop, center=False)
    spectrum = spectrum[:, : grid.frame_count(len(samples))]
    return spectrum.real**2 + spectrum.imag**2


def log_mel(samples: np.ndarray, grid: GridConfig) -> np.ndarray:
    """Log-mel spectrogram in natural log: (samples,) -> (mel, frame) float32."""
    magnitude = np.sqrt(power_spectrogram(samples, grid) + 1e-9)
    mel = mel_filters(grid) @ magnitude
    return np.log(np.maximum(mel, grid.log_floor)).astype(np.float32)
