"""F0 by CREPE: a judge of melodies that is no part of what it judges.

CREPE (Kim et al. 2018, arXiv 1802.06182) is a convolutional network that looks at 64 ms of sound at
16 kHz and gives the probability of each of 360 pitches, 20 cents apart. Here it is the port torchcrepe
with its smallest size, "tiny", whose weights come with the package. The path through the pitches is
Viterbi's with torchcrepe's own transitions, and between two pitches the mean of the nine nearest
decides, weighted by their probabilities (both are the paper's). A frame is voiced where

* the path's pitch has a probability (the "periodicity") above 0.2, and
* the sound lies less than 40 dB below its loudest frame: CREPE hears pitch in the noise of a pause.

Why not Harvest again, which measures the F0 that the model is given? It would judge by its own errors,
and it makes more of them. On 19 phrases of real singing and the same through a vocoder, where nothing
has changed, Harvest called 95.6 % of the frames right and F0CORR was .95, for on consonants and soft
frames it jumps by octaves from one to the other. CREPE called 98.5 % right (99.7 % of those voiced in
both), and F0CORR was .9995.

The windows stand on the frames' own centres, so nothing is interpolated and nothing lags; torchcrepe's
own loop has a hop of whole samples at 16 kHz, and 256 samples at 24 kHz are 170.7. torchcrepe.predict
also adds noise of up to 20 cents to each F0 and starts a new path with each batch. Neither is done here.
On glides, CREPE itself is 2 ms early below 300 Hz, a fifth of a frame, and not at all above 400 Hz.

F0 is in Hz, 0 where unvoiced or not sounding; shape (frame,).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import librosa
import numpy as np
import torch

from svc_core.config import GridConfig
from svc_core.metrics.alignment import MetricError
from svc_core.metrics.spectrum import sounding_frames
from svc_core.sound.loudness import FLOOR_DB, a_weighted_loudness
from svc_core.sound.pitch import frame_times_s

RATE_HZ = 16_000
WINDOW = 1024  # samples
BINS = 360
CENTS_PER_BIN = 20.0
LOWEST_HZ = 10 * 2 ** (1997.3794084376191 / 1200)  # of the first pitch, 31.7 Hz
WIDEST_STEP = 12  # pitches between two frames, with less probability the wider it is: 240 cents
NEAREST = 4  # pitches to either side of the path's that have a say in F0
VOICED = 0.2  # .1 to .5 give accuracies less than one hundredth apart; the package's author has .21
BATCH = 256  # windows at a time: 20 MB in the widest layer
NAME = f"CREPE tiny (torchcrepe), Viterbi, periodicity above {VOICED}"
INSTALL = "pip install torchcrepe==0.0.24"


def track_f0(samples: np.ndarray, grid: GridConfig) -> np.ndarray:
    """F0 in Hz at every frame centre, 0 where unvoiced or not sounding: (samples,) -> (frame,) float64.

    Raises MetricError where torchcrepe is not installed.
    """
    listen = load_network()
    frames = grid.frame_count(len(samples))
    loudness_db = a_weighted_loudness(samples, grid) if frames else np.zeros(0)
    if loudness_db.max(initial=FLOOR_DB) <= FLOOR_DB:
        return np.zeros(frames)
    windows = torch.from_numpy(_windows(samples, grid))
    probability = np.concatenate([listen(some) for some in windows.split(BATCH)])
    allowed = (pitches_hz() >= grid.f0_low_hz) & (pitches_hz() <= grid.f0_high_hz)
    path = best_path(np.where(allowed, probability, 0.0), allowed)
    voiced = probability[np.arange(frames), path] > VOICED
    return np.where(voiced & sounding_frames(loudness_db), refine_hz(probability, path), 0.0)


@lru_cache(maxsize=1)
def load_network() -> Callable[[torch.Tensor], np.ndarray]:
    """The network: windows (frame, 1024) -> probability of each pitch (frame, 360). Raises MetricError.

    It runs on the CPU, which gives the same figures everywhere.
    """
    try:
        import torchcrepe
    except ImportError as error:
        raise MetricError(f"CREPE needs the package torchcrepe ({error}); install it: {INSTALL}.") from error

    def listen(windows: torch.Tensor) -> np.ndarray:
        with torch.inference_mode():
            return torchcrepe.infer(windows, "tiny", "cpu").numpy()

    return listen


def pitches_hz() -> np.ndarray:
    """The pitches that CREPE tells apart, shape (360,)."""
    return LOWEST_HZ * 2 ** (np.arange(BINS) * CENTS_PER_BIN / 1200)


def _windows(samples: np.ndarray, grid: GridConfig) -> np.ndarray:
    """The sound around each frame's centre as the network hears it: no mean, unit deviation; (frame, 1024)."""
    sound = librosa.resample(samples.astype(np.float32), orig_sr=grid.sample_rate_hz, target_sr=RATE_HZ)
    centres = np.rint(frame_times_s(grid.frame_count(len(samples)), grid) * RATE_HZ).astype(int)
    padded = np.pad(sound, (WINDOW // 2, WINDOW))
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[centres]
    windows = windows - windows.mean(axis=1, keepdims=True)
    return windows / np.maximum(windows.std(axis=1, ddof=1, keepdims=True), 1e-10)


def best_path(probability: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """The most likely sequence of pitches: probabilities (frame, pitch) -> numbers (frame,).

    A frame's probabilities are the network's, each for itself, brought to a sum of 1 by a softmax as
    torchcrepe does. That is a mild opinion, a factor of e at most, so a frame or two do not move the path.
    """
    seen = np.exp(probability) * allowed
    apart = np.abs(np.arange(BINS)[:, None] - np.arange(BINS))
    step = np.maximum(WIDEST_STEP - apart, 0)
    return librosa.sequence.viterbi(
        (seen / seen.sum(axis=1, keepdims=True)).T, step / step.sum(axis=1, keepdims=True)
    ).astype(int)


def refine_hz(probability: np.ndarray, path: np.ndarray) -> np.ndarray:
    """F0 (frame,) between the pitches: the mean, in cents, of the nine nearest to the path's."""
    near = path[:, None] + np.arange(-NEAREST, NEAREST + 1)
    weight = np.take_along_axis(probability, near.clip(0, BINS - 1), axis=1) * ((near >= 0) & (near < BINS))
    place = (weight * near).sum(axis=1) / np.maximum(weight.sum(axis=1), 1e-12)
    return LOWEST_HZ * 2 ** (place * CENTS_PER_BIN / 1200)
