"""What a learner should know of a recording before it is converted: plain sentences, each with its measure.

Thresholds were set on solo singing and on what was made of it (see tests/own/test_remarks.py).
"""

from __future__ import annotations

import numpy as np

from svc_core.sound.audio import AudioError
from svc_core.sound.features import Features

QUIET_GAIN_DB = 30.0  # a recording that must be made louder by as much brings its noise along
CLIPPED_SHARE = 1e-3  # of the samples stand at the rim
RIM = 0.999  # of full scale
RUN = 3  # samples in a row at the rim: a single one is a peak, not a clipped one
LITTLE_SUNG = 0.35  # of the sounding frames have a pitch: less is speech, or breath
SOUNDING_DB = 40.0  # below the loudest


def remark(samples: np.ndarray, features: Features) -> list[str]:
    """Warnings, none for a good take. Raises AudioError where nothing is sung at all.

    samples (samples,): as recorded, full scale 1.
    """
    voiced = features.f0_hz > 0
    if not voiced.any():
        raise AudioError("No sung note was found in your recording; sing a vowel, close to the microphone.")
    found = []
    if features.gain_db > QUIET_GAIN_DB:
        found.append("It is very quiet: go closer to the microphone, or turn it up; noise is converted, too.")
    if clipped_share(samples) > CLIPPED_SHARE:
        found.append("It is clipped: the loudest parts are cut off; sing more softly, or turn the microphone down.")
    sounding = features.loudness_db > features.loudness_db.max() - SOUNDING_DB
    if float(np.mean(voiced[sounding])) < LITTLE_SUNG:
        found.append("Little of it has a pitch: speech, whispering and noise do not convert well.")
    return found


def clipped_share(samples: np.ndarray) -> float:
    """Share of the samples (samples,) that stand in runs at the rim of full scale."""
    at_rim = np.abs(samples) >= RIM
    runs = np.convolve(at_rim, np.ones(RUN), mode="valid") == RUN
    return float(np.mean(np.convolve(runs, np.ones(RUN)) > 0)) if len(samples) >= RUN else 0.0
