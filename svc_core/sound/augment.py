"""More singing from the same singers: recordings changed in pitch, formants, tempo and colour.

Pitch, formants and tempo are changed in one pass through WORLD (Morise et al. 2016): F0, spectral
envelope and aperiodicity are measured every half hop, changed, and sung again. F0 is multiplied, the
envelope is stretched along frequency, and the frames are laid out further apart or closer together.
A few peaking filters (biquads of R. Bristow-Johnson's Audio EQ Cookbook) then stand for another
microphone and room. What is drawn depends on the file's name and the copy's number alone.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import pyworld
from scipy.signal import sosfilt

from svc_core.config import AugmentConfig, GridConfig
from svc_core.sound.pitch import track_f0

EQ_BANDS = 3  # enough for a low, a middle and a high colour
EQ_LOW_HZ, EQ_HIGH_HZ = 100.0, 9_000.0  # from under the fundamental to the sibilants
EQ_Q = 1.0  # about an octave and a half wide: microphones colour broadly


@dataclass(frozen=True)
class EqBand:
    """A peaking filter: ``gain_db`` at ``centre_hz``, 0 dB far from it."""

    centre_hz: float
    gain_db: float
    q: float = EQ_Q


@dataclass(frozen=True)
class Change:
    """What is done to one recording. The defaults leave it as it is."""

    pitch_semitones: float = 0.0
    formant_ratio: float = 1.0
    stretch_ratio: float = 1.0  # above 1 it becomes longer
    eq: tuple[EqBand, ...] = ()


def draw_change(file: str, copy: int, bounds: AugmentConfig) -> Change:
    """The change that makes copy number ``copy`` of a corpus's ``file``: the same on every machine.

    Ratios are drawn evenly in octaves, so that up and down, longer and shorter are as likely. Wider
    bounds change the amount of a draw, not its direction.
    """
    seed = hashlib.sha256(f"{file}\n{copy}".encode()).digest()
    rng = np.random.default_rng(int.from_bytes(seed[:8], "little"))
    pitch, formant, stretch = rng.uniform(-1, 1, 3)
    centres = EQ_LOW_HZ * (EQ_HIGH_HZ / EQ_LOW_HZ) ** ((np.arange(EQ_BANDS) + rng.uniform(0, 1, EQ_BANDS)) / EQ_BANDS)
    gains = bounds.eq_db * rng.uniform(-1, 1, EQ_BANDS)
    return Change(
        pitch_semitones=float(bounds.pitch_semitones * pitch),
        formant_ratio=float(bounds.formant_ratio**formant),
        stretch_ratio=float(bounds.stretch_ratio**stretch),
        eq=tuple(EqBand(float(hz), float(db)) for hz, db in zip(centres, gains, strict=True)),
    )


def change_recording(
    samples: np.ndarray, change: Change, grid: GridConfig, f0_hz: np.ndarray | None = None
) -> np.ndarray:
    """(samples,) -> (about samples * stretch_ratio,) float32; a change of nothing returns the very samples.

    ``f0_hz`` (frame,) is the recording's F0 at the mel frames where it is known already; it is tracked
    otherwise.
    """
    if (change.pitch_semitones, change.formant_ratio, change.stretch_ratio) != (0.0, 1.0, 1.0):
        samples = _sing_again(samples, change, grid, track_f0(samples, grid) if f0_hz is None else f0_hz)
    bands = [band for band in change.eq if band.gain_db != 0.0]
    if bands:
        filters = np.stack([peaking_filter(band, grid.sample_rate_hz) for band in bands])
        samples = sosfilt(filters, samples).astype(np.float32)
    return samples


def _sing_again(samples: np.ndarray, change: Change, grid: GridConfig, f0_hz: np.ndarray) -> np.ndarray:
    sound, rate_hz, period_ms = samples.astype(np.float64), grid.sample_rate_hz, grid.hop_ms / 2
    f0 = _every_half_hop(f0_hz.astype(np.float64))
    times_s = np.arange(len(f0)) * period_ms / 1000
    n_fft = pyworld.get_cheaptrick_fft_size(rate_hz, grid.f0_low_hz)
    envelope = pyworld.cheaptrick(sound, f0, times_s, rate_hz, f0_floor=grid.f0_low_hz, fft_size=n_fft)
    aperiodicity = pyworld.d4c(sound, f0, times_s, rate_hz, threshold=grid.voiced_share, fft_size=n_fft)
    sung = pyworld.synthesize(
        f0 * 2 ** (change.pitch_semitones / 12),
        move_formants(envelope, change.formant_ratio),
        aperiodicity,
        rate_hz,
        period_ms * change.stretch_ratio,
    )
    wanted = round(len(samples) * change.stretch_ratio)
    return np.pad(sung, (0, max(0, wanted - len(sung))))[:wanted].astype(np.float32)


def _every_half_hop(f0_hz: np.ndarray) -> np.ndarray:
    """F0 at hop / 2, 3 hop / 2, ... -> at 0, hop / 2, hop, ...; between two voiced frames their geometric mean."""
    both = np.sqrt(f0_hz[:-1] * f0_hz[1:])  # 0 where either is unvoiced
    between = np.where(both > 0, both, np.maximum(f0_hz[:-1], f0_hz[1:]))
    fine = np.empty(2 * len(f0_hz) + 1)
    fine[1::2], fine[2:-1:2] = f0_hz, between
    fine[0], fine[-1] = f0_hz[0], f0_hz[-1]
    return fine


def move_formants(envelope: np.ndarray, ratio: float) -> np.ndarray:
    """Stretch envelopes (frame, bin) along frequency, so that what was at f is at ratio * f; the end is held."""
    if ratio == 1.0:
        return envelope
    last = envelope.shape[1] - 1
    at = np.minimum(np.arange(last + 1) / ratio, last)
    low = np.minimum(at.astype(int), last - 1)
    logs = np.log(envelope)
    return np.ascontiguousarray(np.exp((1 - (at - low)) * logs[:, low] + (at - low) * logs[:, low + 1]))


def peaking_filter(band: EqBand, rate_hz: int) -> np.ndarray:
    """One second-order section (6,) for scipy.signal.sosfilt: the Audio EQ Cookbook's peakingEQ.

    scipy has none with a gain, and torchaudio's clips what is louder than full scale.
    """
    amplitude = 10 ** (band.gain_db / 40)
    angle = 2 * np.pi * band.centre_hz / rate_hz
    alpha = np.sin(angle) / (2 * band.q)
    middle = -2 * np.cos(angle)
    zeros = [1 + alpha * amplitude, middle, 1 - alpha * amplitude]
    poles = [1 + alpha / amplitude, middle, 1 - alpha / amplitude]
    return np.array([*zeros, *poles]) / poles[0]
