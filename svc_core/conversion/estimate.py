"""What a plan will cost, before it is made: conversions, bytes and time, the latter by a few seconds' trial here."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from svc_core.config import GridConfig
from svc_core.conversion.convert import place_inputs
from svc_core.conversion.detail import DETAIL
from svc_core.conversion.engine import Batch, LoadedModel
from svc_core.conversion.hearing import StepEar
from svc_core.conversion.hidden import NAMES
from svc_core.conversion.material import seconds_of
from svc_core.conversion.record import sampling_of
from svc_core.conversion.walks import walk_of
from svc_core.model.conditions import ConditionInputs, keep_all
from svc_core.model.guidance import guided
from svc_core.model.system import VoiceConverter
from svc_core.traces.steps import spread_places

# Bytes, measured on full and light traces of 5 s of singing by DDPM, Euler and Heun
PICTURE_BYTES_A_FRAME = {"full": 20, "light": 33}  # of a kept prediction; fewer of them differ more
REFERENCE_BYTES_A_SECOND = {"full": 97_000, "light": 32_000}  # source, target and result
STEP_SOUND_BYTES_A_SECOND = {"full": 6_400, "light": 5_100}
CONTOUR_BYTES_A_FRAME = 1.0
MELS_BYTES_A_FRAME = 125  # source and target
HIDDEN_BYTES_A_NUMBER = 1.0
OTHER_BYTES = 35_000  # manifest, metrics, walk
MAP_S = 2.3  # t-SNE of one hidden feature of a thousand steps
TRIAL_S = 2.0  # of sound: enough to be typical, little enough to wait for


@dataclass(frozen=True)
class Estimate:
    """What a plan comes to; see :func:`estimate`."""

    conversions: int
    seconds: float  # of sound
    bytes: int
    sampling_s: float
    finishing_s: float  # of one worker
    workers: int

    @property
    def expected_s(self) -> float:
        """On a CPU the sampler takes its share of the cores; a GPU works beside them."""
        return self.sampling_s + self.finishing_s / self.workers

    def sentence(self) -> str:
        """The same in words, for the terminal."""
        return (
            f"{self.conversions} conversions of {self.seconds:.0f} s of singing: about {_size(self.bytes)} and "
            f"{_duration(self.expected_s)} here (sampling {_duration(self.sampling_s)}, sound and metrics "
            f"{_duration(self.finishing_s)} of work for {self.workers} workers)."
        )


def estimate(batches: Sequence[Batch], models: Mapping[str, LoadedModel], vocoder: str, workers: int) -> Estimate:
    """Tries one evaluation of each model, and the sound of one step, on this machine."""
    evaluation_s: dict[str, float] = {}
    hearing_s = 0.0
    count, seconds, size, sampling_s, finishing_s = 0, 0.0, 0.0, 0.0, 0.0
    for batch in batches:
        model = models[batch.model].model
        if batch.model not in evaluation_s:
            evaluation_s[batch.model] = _try_evaluation(model)
        if not hearing_s:
            hearing_s = _try_hearing(model.config.grid, vocoder)
        for job in batch.jobs:
            sampling = sampling_of(job, model)
            walk, detail = walk_of(model, sampling), DETAIL[job.detail]
            length_s = seconds_of(job.source)
            frames = length_s * 1000 / model.config.grid.hop_ms
            heard = len(spread_places(walk.snr_db, detail.heard))
            states = heard if detail.states_heard else 0
            measured = min(len(walk), detail.measured)
            mapped = -(-len(walk) // -(-len(walk) // detail.mapped))
            evaluations = len(walk) * (2 if walk.has_second else 1) * (1 + len(sampling.guidance.weights()))
            count, seconds = count + 1, seconds + length_s
            sampling_s += evaluations * length_s * evaluation_s[batch.model]
            finishing_s += (measured + states + 8) * length_s * hearing_s + len(NAMES) * MAP_S * mapped / 1000
            size += (
                frames * min(len(walk), detail.pictures) * PICTURE_BYTES_A_FRAME[job.detail]
                + length_s * REFERENCE_BYTES_A_SECOND[job.detail]
                + (heard + states) * length_s * STEP_SOUND_BYTES_A_SECOND[job.detail]
                + frames * ((measured + states) * CONTOUR_BYTES_A_FRAME + MELS_BYTES_A_FRAME)
                + mapped * len(NAMES) * (detail.components + 8) * HIDDEN_BYTES_A_NUMBER
                + OTHER_BYTES
            )
    return Estimate(count, seconds, round(size), sampling_s, finishing_s, workers)


def _try_evaluation(model: VoiceConverter) -> float:
    """Seconds that one evaluation of a second of sound takes."""
    frames = round(TRIAL_S * 1000 / model.config.grid.hop_ms)
    device = model.mel_mean.device
    inputs = ConditionInputs(
        torch.zeros(1, model.config.model.content_width, frames),
        torch.full((1, frames), 220.0),
        torch.ones(1, frames),
        torch.full((1, frames), -20.0),
        torch.zeros(1, dtype=torch.long),
    )
    with torch.inference_mode():
        denoise, _ = guided(model, place_inputs(inputs, device), None, keep_all(1))
        noisy = torch.zeros(1, model.config.grid.n_mels, frames, device=device)
        return _best_of_three(lambda: denoise(noisy, 1.0).sum().item()) / TRIAL_S


def _try_hearing(grid: GridConfig, vocoder: str) -> float:
    """Seconds that the sound of one step takes, and what is measured of it, for a second of sound."""
    frames = round(TRIAL_S * 1000 / grid.hop_ms)
    rng = np.random.default_rng(0)
    time_s = np.arange(frames * grid.hop) / grid.sample_rate_hz
    source = 0.1 * np.sign(np.sin(2 * np.pi * 220 * time_s)).astype(np.float32)
    mel = rng.normal(-5, 2, (grid.n_mels, frames)).astype(np.float32)
    ear = StepEar(source, np.full(frames, 220.0), mel, 0, None, vocoder, grid)
    return _best_of_three(lambda: ear.hear(mel)) / TRIAL_S


def _best_of_three(work: Callable[[], object]) -> float:
    times_s = []
    for _ in range(3):
        start = time.perf_counter()
        work()
        times_s.append(time.perf_counter() - start)
    return min(times_s)


def _size(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"


def _duration(seconds: float) -> str:
    if seconds >= 5400:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"
