"""How much of a walk a trace keeps: all that a lesson can ask for, or what a table of many needs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Detail:
    """The numbers that decide a trace's size, each a most: a walk of fewer steps keeps all of them."""

    pictures: int  # predictions kept; between them they are interpolated
    quantum: int  # half decibels that a value of a kept prediction is rounded to
    measured: int  # steps whose sound is made, and its F0 and metrics measured
    heard: int  # steps whose sound is kept
    states_heard: bool  # the noisy state's sound as well as the prediction's
    mapped: int  # steps whose hidden features are kept
    components: int  # of the reduced hidden features
    lossless: bool  # source, reference and result as FLAC; else as MP3 of the highest quality
    mp3_level: float  # libsndfile's compression level of the steps' MP3s, from 0, the best and largest, to below 1


DETAIL = {
    # 5 s by DDPM: replayed states within 0.25 dB of the sampler's own, interval centres 99 % as of the full features
    "full": Detail(96, 2, 120, 26, True, 1000, 48, True, 0.5),
    # 5 s by DDPM: states within 0.46 dB; an MP3 at level 0 is 0.5 dB (mean over the loud 60 dB of the mel) off
    "light": Detail(14, 3, 28, 7, False, 100, 24, False, 0.7),
    # somebody waits for it: every step of forty to be seen, a third of them to be heard
    "own": Detail(40, 2, 14, 14, False, 40, 24, True, 0.5),
}
