"""What a learner should know of a recording before it is converted: plain sentences, each with its measure.

Thresholds were set on 40 recordings of solo singing, five seconds each, and on the same with another singer, or a
chord, sounding as loud beside them.
"""

from __future__ import annotations

import numpy as np

from svc_core.config import GridConfig
from svc_core.sound.audio import AudioError
from svc_core.sound.features import Features

SUNG_SHARE = 0.03  # of the frames have a pitch: less is a tracker's slip, in noise or speech
QUIET_GAIN_DB = 30.0  # a recording that must be made louder by as much brings its noise along
CLIPPED_SHARE = 1e-3  # of the samples stand at the rim
LITTLE_SUNG = 0.35  # of the sounding frames have a pitch: less is speech, or breath
SOUNDING_DB = 40.0  # below the loudest
# More than one sound: of how many voiced frames less than HARMONIC of the power lies at multiples of F0. Above .33
# lay 1 in 20 of the solo recordings, 7 in 10 of two singers, and 9 in 10 with a chord.
MIXED_SHARE, HARMONIC = 0.33, 0.9
WINDOW = 2048  # samples, 85 ms: the harmonics of 50 Hz just part
LOW_HZ, HIGH_HZ = 60.0, 2000.0
NEAR_HZ, NEAR_SHARE, NEAR_F0 = 18.0, 0.03, 0.35  # the window's width; vibrato, of the harmonic; at most, of F0


def remark(samples: np.ndarray, clipped_share: float, features: Features, grid: GridConfig) -> list[str]:
    """Warnings, none for a good take. Raises AudioError where nothing is sung at all.

    samples (sample,): at the project's level; ``clipped_share``: of them as they were sent.
    """
    voiced = features.f0_hz > 0
    if float(voiced.mean()) < SUNG_SHARE:
        raise AudioError("No sung note was found in your recording; sing a vowel, one voice alone, close by.")
    found = []
    if features.gain_db > QUIET_GAIN_DB:
        found.append("It is very quiet: go closer to the microphone, or turn it up; noise is converted, too.")
    if clipped_share > CLIPPED_SHARE:
        found.append("It is clipped: the loudest parts are cut off; sing more softly, or turn the microphone down.")
    sounding = features.loudness_db > features.loudness_db.max() - SOUNDING_DB
    if float(np.mean(voiced[sounding])) < LITTLE_SUNG:
        found.append("Little of it has a pitch: speech, whispering and noise do not convert well.")
    shares = harmonic_shares(samples, features.f0_hz, grid)
    if len(shares) and float(np.mean(shares < HARMONIC)) > MIXED_SHARE:
        found.append("There may be several voices, or music, in it: the model was made for one voice alone.")
    return found


def harmonic_shares(samples: np.ndarray, f0_hz: np.ndarray, grid: GridConfig) -> np.ndarray:
    """Share of the power between LOW_HZ and HIGH_HZ that lies at multiples of F0, of every voiced frame (voiced,).

    samples (sample,), f0_hz (frame,); frames whose window reaches beyond an end are left out.
    """
    centres = np.arange(len(f0_hz)) * grid.hop + grid.hop // 2
    used = (f0_hz > 0) & (centres >= WINDOW // 2) & (centres + WINDOW // 2 <= len(samples))
    around = centres[used, None] + np.arange(-WINDOW // 2, WINDOW // 2)
    power = np.abs(np.fft.rfft(samples[around] * np.hanning(WINDOW), axis=1)) ** 2
    hz = np.fft.rfftfreq(WINDOW, 1 / grid.sample_rate_hz)
    heard = (hz > LOW_HZ) & (hz < HIGH_HZ)
    power, hz, pitch_hz = power[:, heard], hz[heard], f0_hz[used, None]
    harmonic_hz = pitch_hz * np.maximum(1, np.rint(hz / pitch_hz))
    reach_hz = np.minimum(NEAR_HZ + NEAR_SHARE * harmonic_hz, NEAR_F0 * pitch_hz)
    return (power * (np.abs(hz - harmonic_hz) <= reach_hz)).sum(axis=1) / np.maximum(power.sum(axis=1), 1e-12)
