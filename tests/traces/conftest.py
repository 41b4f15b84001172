"""A trace made by hand, of plain numbers: no network, no sound."""

import numpy as np
import pytest

from svc_core.diffusion.noise import seeded_noise
from svc_core.diffusion.schedule import Schedule
from svc_core.traces.recorder import Recorder
from svc_core.traces.trace import Trace, pack_array, pack_predicted, write_trace

STEPS, BANDS, FRAMES, SEED = 8, 5, 12, 11
MEAN_DB, STD_DB = -50.0, 20.0


def predictions() -> np.ndarray:
    """Levels of the predicted clean mel at every step, (step, band, frame), wandering and all different."""
    rng = np.random.default_rng(0)
    walk = 110 + np.cumsum(rng.integers(-9, 10, (STEPS, BANDS, FRAMES)), axis=0)
    return walk.astype(np.uint8)


def hand_manifest(name: str = "amen--bass--alto", **fields) -> dict:
    return {
        "id": name,
        "source": {"singer": "bass", "phrase": "amen", "song": "Hymn 7"},
        "target": {"singer": "alto"},
        "key_shift_semitones": 12,
        "sampler": {"name": "ddpm", "seed": SEED, "steps": STEPS, "beta_first": 1e-4, "beta_last": 0.6},
        "model": {"sha256_12": "0123456789ab"},
        "vocoder": "Griffin-Lim",
        "scale": {"mel_mean_db": MEAN_DB, "mel_std_db": STD_DB},
        "grid": {"sample_rate_hz": 24_000, "hop": 256},
        "frames": FRAMES,
        "kept_steps": list(range(STEPS - 1, -1, -1)),
        "sounds": [],
        "f0_rows": ["source", "asked"],
        "licence": "CC0",
        "attribution": ["Made for tests"],
    } | fields


def hand_files() -> dict[str, bytes]:
    f0_tenths = np.array([np.full(FRAMES, 2_205), np.full(FRAMES, 4_410)], np.uint16)
    return {
        "predicted.npy.gz": pack_predicted(predictions()),
        "f0.npy.gz": pack_array(f0_tenths),
        "sound/source.flac": b"not a sound, but a file in a folder",
    }


def walk(levels: np.ndarray) -> Recorder:
    """Record a sampler whose predictions are these levels, written out as the paper's step by step."""
    schedule, recorder = Schedule(STEPS, 1e-4, 0.6), Recorder(lambda mel: mel * STD_DB + MEAN_DB)
    state = seeded_noise(SEED, STEPS, BANDS, FRAMES).astype(np.float64)
    for t, level in zip(range(STEPS - 1, -1, -1), levels, strict=True):
        clean = (level * 0.5 - 110.0 - MEAN_DB) / STD_DB
        recorder(t, float(schedule.sigma[t]), state, clean)
        beta, abar, before = schedule.beta[t], schedule.alpha_bar[t], schedule.alpha_bar_before[t]
        mean = (np.sqrt(before) * beta * clean + np.sqrt(1 - beta) * (1 - before) * state) / (1 - abar)
        state = mean + np.sqrt(beta * (1 - before) / (1 - abar)) * seeded_noise(SEED, t, BANDS, FRAMES)
    return recorder


@pytest.fixture
def hand_trace(tmp_path) -> Trace:
    """A whole trace in a folder of its own, free to be damaged."""
    return write_trace(tmp_path, hand_manifest(), hand_files())
