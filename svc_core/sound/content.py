"""What is sung, and as little as possible of who sings: a content encoder that needs no download.

WORLD's CheapTrick (Morise 2015) estimates the spectral envelope with the harmonics removed; a
cosine transform of its log over mel bands gives cepstra c1..c20, the coarse shape that vowels and
consonants are made of. Three things take the singer out:

* each coefficient is centred and scaled over the clip's sounding frames (cepstral mean and variance
  normalisation), which removes microphone, room and average timbre;
* in training the envelope is stretched along frequency by a random factor (vocal tract length
  perturbation, Jaitly & Hinton 2013), so formant positions no longer tell who sings;
* in training the envelope may also be heard as from another pitch (:func:`repitched_envelope`).

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
QUIETEST = 1e-12  # power, -120 dB: digital silence has no logarithm
OUTLIER = 4.0  # standard deviations; beyond it are clicks and near-silence, not phones


def spectral_envelope(samples: np.ndarray, f0_hz: np.ndarray, grid: GridConfig) -> np.ndarray:
    """CheapTrick power envelope at the frame centres: (samples,), (frame,) -> (frame, bin)."""
    sound, times_s = samples.astype(np.float64), frame_times_s(len(f0_hz), grid)
    envelope = _cheaptrick(sound, f0_hz, times_s, grid.n_fft, grid)
    # Three periods must fit into the FFT: a lower F0 (of a bass, under 71 Hz) would be taken for unvoiced
    low = (f0_hz > 0) & (f0_hz <= _lowest_f0_hz(grid.n_fft, grid))
    if low.any():
        envelope[low] = _cheaptrick(sound, f0_hz[low], times_s[low], 2 * grid.n_fft, grid)[:, ::2]
    return envelope


def _cheaptrick(sound: np.ndarray, f0_hz: np.ndarray, times_s: np.ndarray, n_fft: int, grid: GridConfig) -> np.ndarray:
    return pyworld.cheaptrick(
        sound, f0_hz, times_s, grid.sample_rate_hz, fft_size=n_fft, f0_floor=_lowest_f0_hz(n_fft, grid)
    )


def _lowest_f0_hz(n_fft: int, grid: GridConfig) -> float:
    return 3.0 * grid.sample_rate_hz / (n_fft - 3)


def repitched_envelope(envelope: np.ndarray, f0_hz: np.ndarray, semitones: float, grid: GridConfig) -> np.ndarray:
    """The envelope (frame, bin) as it would be known had the voice sung ``semitones`` higher, f0_hz (frame,).

    A voice shows its envelope only at its harmonics, and CheapTrick smooths over two thirds of their
    distance: the higher the F0, the fewer formants can be told apart. How blurred an envelope is thus
    tells the melody, and with it man from woman; a model that hears every voice at its own pitch alone
    learns to use that. So the envelope is read at the harmonics of the other F0 and joined by straight
    lines in dB between them: formants stay where they are, only the places where they are seen change.
    Unvoiced frames have no harmonics and stay as they are.

    Two other ways do not serve. Playing the sound faster and moving the formants back changes nothing:
    CheapTrick's windows scale with F0, so harmonic k sees the same point of the envelope as before.
    Synthesising the voice at the other F0 and measuring it again adds the vocoder's own noise, more
    than the pitch does.
    """
    harmonic_hz = (f0_hz * 2 ** (semitones / 12))[f0_hz > 0][:, None]
    voiced = np.log(np.maximum(envelope[f0_hz > 0], QUIETEST))
    bins, bin_hz = np.arange(envelope.shape[1]), grid.sample_rate_hz / grid.n_fft
    last = np.floor(bins[-1] * bin_hz / harmonic_hz)
    place = np.clip(bins * bin_hz / harmonic_hz, 1, last)  # in harmonics; beyond the first and last these are held
    below = np.minimum(np.floor(place), np.maximum(last - 1, 1))
    repitched = envelope.copy()
    levels = [_at_bins(voiced, np.minimum(k, last) * harmonic_hz / bin_hz) for k in (below, below + 1)]
    repitched[f0_hz > 0] = np.exp(levels[0] + (place - below) * (levels[1] - levels[0]))
    return repitched


def _at_bins(rows: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Rows (frame, bin) interpolated at fractions of bins (frame, place) or (place,)."""
    low = np.minimum(at.astype(int), rows.shape[1] - 2)
    low, share = np.broadcast_to(low, (len(rows), low.shape[-1])), at - low
    return (1 - share) * np.take_along_axis(rows, low, 1) + share * np.take_along_axis(rows, low + 1, 1)


def envelope_cepstra(envelope: np.ndarray, warp: float, grid: GridConfig, content: ContentConfig) -> np.ndarray:
    """Cepstra c1.. of an envelope (frame, bin) whose formants are moved up by ``warp`` -> (cepstrum, frame)."""
    bands_hz = librosa.mel_frequencies(n_mels=ENVELOPE_BANDS, fmin=60.0, fmax=grid.mel_high_hz)
    at_bins = np.minimum(bands_hz / warp, grid.mel_high_hz) * grid.n_fft / grid.sample_rate_hz
    bands = _at_bins(np.log(np.maximum(envelope, QUIETEST)), at_bins)
    return dct(bands, axis=1, norm="ortho")[:, 1 : content.cepstra + 1].T


def encode_content(
    samples: np.ndarray,
    f0_hz: np.ndarray,
    loudness_db: np.ndarray,
    grid: GridConfig,
    content: ContentConfig,
    warps: tuple[float, ...] = (1.0,),
    pitches: tuple[float, ...] = (),
) -> np.ndarray:
    """Content of a clip in several variants: -> (variant, cepstrum, frame) float32, zero mean, unit spread.

    One variant for each of ``warps`` at the clip's own pitch, then one for each of ``pitches``, in
    semitones, without a warp.
    """
    envelope = spectral_envelope(samples, f0_hz, grid)
    sounding = loudness_db > loudness_db.max() - SOUNDING_DB
    variants = [envelope_cepstra(envelope, warp, grid, content) for warp in warps]
    for semitones in pitches:
        repitched = repitched_envelope(envelope, f0_hz, semitones, grid)
        variants.append(envelope_cepstra(repitched, 1.0, grid, content))
    encoded = []
    for cepstra in variants:
        heard = cepstra[:, sounding]
        centred = (cepstra - heard.mean(axis=1, keepdims=True)) / (heard.std(axis=1, keepdims=True) + 1e-3)
        encoded.append(np.clip(centred, -OUTLIER, OUTLIER))
    return np.stack(encoded).astype(np.float32)


def plain_variant(content: ContentConfig) -> int:
    """Which variant of training features is the one that conversion hears: vocal tract as it is, pitch as it is."""
    return min(range(len(content.warps)), key=lambda variant: abs(content.warps[variant] - 1.0))
