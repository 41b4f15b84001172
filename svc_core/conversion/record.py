"""Performing jobs while watching: several conversions together, each step of each recorded.

What comes out is plain NumPy, so that a worker process can make a trace of it (finish.py) while the
next conversions are sampled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from svc_core.config import DB_PER_LN, GridConfig
from svc_core.conversion.convert import choose_key_shift, convert_batch
from svc_core.conversion.defects import EARLY_F0, early_f0
from svc_core.conversion.detail import DETAIL
from svc_core.conversion.hidden import NAMES, HiddenWatch
from svc_core.conversion.job import Job
from svc_core.conversion.maps import FEWEST_MAPPED
from svc_core.conversion.material import Reference, Source
from svc_core.conversion.sampling import Sampling, choose_sampling
from svc_core.conversion.walks import unit_scale, walk_of
from svc_core.diffusion.walk import Walk
from svc_core.model.conditions import CONDITION_NAMES, condition_inputs, keep_all
from svc_core.model.system import VoiceConverter
from svc_core.sound.features import Features
from svc_core.traces.recorder import Recorder
from svc_core.traces.steps import spread_places


@dataclass(frozen=True)
class ModelFacts:
    """What a trace says of its model."""

    sha256_12: str
    parameters: int
    attribution: tuple[str, ...]


@dataclass(frozen=True)
class Wish:
    """A job with all that it needs: its material, measured, and its key, chosen."""

    job: Job
    source: Source
    reference: Reference | None
    key_shift: int


@dataclass(frozen=True)
class Recorded:
    """One conversion as it was made. ``hidden``: features by the order of hidden.NAMES, each (place, dimension)."""

    wish: Wish
    sampling: Sampling
    walk: Walk
    recorder: Recorder
    measured: list[int]  # places whose sound is to be measured
    heard: list[int]  # and to be kept
    hidden: list[np.ndarray] | None
    hidden_every: int
    result: np.ndarray  # (mel, frame), natural log
    model: ModelFacts
    grid: GridConfig


def sampling_of(job: Job, model: VoiceConverter) -> Sampling:
    """Raises SamplingError where the model cannot be sampled like this."""
    swap_at = None if job.swap is None else job.swap.at
    return choose_sampling(model, job.sampler, job.steps, job.seed, job.guidance, swap_at, job.defect)


def make_wish(job: Job, source: Source, reference: Reference | None, model: VoiceConverter) -> Wish:
    """Raises ConversionError, naming the recording, where the key leads out of the model's range or nothing is sung."""
    singer = model.singer_id(job.target)
    return Wish(job, source, reference, choose_key_shift(source.features, model, singer, job.key_shift))


def record_batch(
    wishes: Sequence[Wish], model: VoiceConverter, facts: ModelFacts, told: Callable[[int], object] | None = None
) -> list[Recorded]:
    """Convert ``wishes`` together; all must be sampled alike but for their seeds, and of one detail.

    ``told(clips)`` is called after every step of the sampler. Raises ConversionError where memory does
    not suffice.
    """
    jobs = [wish.job for wish in wishes]
    samplings = [sampling_of(job, model) for job in jobs]
    sampling, walk = samplings[0], walk_of(model, samplings[0])
    detail = DETAIL[jobs[0].detail]
    heard = spread_places(walk.snr_db, detail.heard)
    measured = sorted({*heard, *spread_places(walk.snr_db, detail.measured)})
    every = -(-len(walk) // detail.mapped)
    mean_db, std_db = float(model.mel_mean) * DB_PER_LN, float(model.mel_std) * DB_PER_LN
    recorders = [Recorder(walk, measured, mean_db, std_db) for _ in wishes]
    frames = [wish.source.features.frames for wish in wishes]
    hidden: list[list[list[np.ndarray]]] = [[] for _ in wishes]
    place = 0

    def watch(step: int, sigma: float, state: torch.Tensor, predicted: torch.Tensor) -> None:
        nonlocal place
        states, guesses = (state * unit_scale(sampling, sigma)).cpu().numpy(), predicted.cpu().numpy()
        inside = place % every == (len(walk) - 1) % every
        for clip, features in enumerate(inner.take() if inside else [None] * len(wishes)):
            recorders[clip].add(states[clip, :, : frames[clip]], guesses[clip, :, : frames[clip]])
            if features is not None:
                hidden[clip].append(features)
        place += 1
        if told is not None:
            told(len(wishes))

    clips = [condition_inputs(_told(w), model.singer_id(w.job.target), w.key_shift) for w in wishes]
    swapped = [model.singer_id(job.swap.singer) for job in jobs if job.swap is not None]
    others = None if sampling.swap_at is None else swapped
    keep = keep_all(len(wishes))
    for row, job in zip(keep, jobs, strict=True):
        for name in job.without:
            row[CONDITION_NAMES.index(name)] = False
    with HiddenWatch(model.denoiser, frames) as inner:
        seeds = [job.seed for job in jobs]
        mels = convert_batch(clips, [0] * len(clips), seeds, model, sampling, watch, keep, others)
    return [
        Recorded(
            wish,
            samplings[clip],
            walk,
            recorders[clip],
            measured,
            heard,
            _columns(hidden[clip]),
            every,
            mels[clip].numpy(),
            facts,
            model.config.grid,
        )
        for clip, wish in enumerate(wishes)
    ]


def _told(wish: Wish) -> Features:
    """What the model is told of the source: the wish itself, and what is measured, keep the right melody."""
    features = wish.source.features
    return replace(features, f0_hz=early_f0(features.f0_hz)) if wish.job.defect == EARLY_F0 else features


def _columns(taken: list[list[np.ndarray]]) -> list[np.ndarray] | None:
    """By place, then by feature -> by feature, each (place, dimension); None for a walk too short to be mapped."""
    if len(taken) < FEWEST_MAPPED:
        return None
    return [np.stack([features[index] for features in taken]) for index in range(len(NAMES))]
