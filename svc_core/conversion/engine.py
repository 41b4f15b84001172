"""Many conversions at once: batches for the sampler, and workers behind it for sound, F0, metrics and files.

    jobs -> batches of one kind and of like length
         -> phrases measured by the workers, a batch ahead of the sampler
         -> sampled together on the device, every step recorded
         -> finished by the workers while the next batch is sampled

A job that fails is told and passed over; the others go on. What is finished is whole on the disk, so a
run that was stopped goes on where it was.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from svc_core.config import Config, GridConfig
from svc_core.conversion.convert import ConversionError
from svc_core.conversion.finish import Made, finish_trace
from svc_core.conversion.job import Credit, Excerpt, Job
from svc_core.conversion.material import Reference, Source, measure_reference, measure_source, seconds_of
from svc_core.conversion.record import ModelFacts, make_wish, record_batch, sampling_of
from svc_core.metrics.alignment import MetricError
from svc_core.model.checkpoint import load_model, model_hash
from svc_core.model.system import VoiceConverter
from svc_core.sound.align import AlignmentError
from svc_core.sound.audio import AudioError
from svc_core.sound.encoders import EncoderError

BATCHES_AHEAD = 1  # measured before they are wanted
MOST_MEASURED = 256  # phrases: about half a gigabyte
REFERENCE = "reference"  # beside a source's features: the same recording may be both
WAITING_PER_WORKER = 2  # recorded conversions of some 60 MB each: enough that no worker idles
JobFailed = (AudioError, ConversionError, AlignmentError, EncoderError, MetricError)  # of one recording, not of the run


@dataclass(frozen=True)
class LoadedModel:
    """A model, ready to convert, and what traces say of it."""

    model: VoiceConverter
    facts: ModelFacts


def load_for_recording(path: str | Path, credits_of: Mapping[str, Credit]) -> LoadedModel:
    """A model file and what traces say of it. Raises CheckpointError."""
    model = load_model(Path(path))
    attribution = sorted({credits_of[singer].attribution for singer in model.singers if singer in credits_of})
    parameters = sum(parameter.numel() for parameter in model.parameters())
    return LoadedModel(model, ModelFacts(model_hash(path), parameters, tuple(attribution)))


@dataclass(frozen=True)
class Batch:
    """Jobs that are sampled together, by the model of that name."""

    model: str
    jobs: tuple[Job, ...]


@dataclass(frozen=True)
class Outcome:
    """Of one job: what was made, or why not."""

    job: Job
    made: Made | None
    problem: str = ""


@dataclass(frozen=True)
class Making:
    """What all finished traces have in common."""

    out: Path
    vocoder: str
    voices: Mapping[str, np.ndarray]  # singers' mean embeddings, of unit length


def make_batches(jobs: Sequence[Job], models: Mapping[str, VoiceConverter], most: int) -> list[Batch]:
    """Jobs of one model and detail that are sampled alike but for their seeds, the longest together and first.

    At most ``most`` clips a batch. Long before short: what needs most memory fails at once, and the
    last batch to be waited for is the shortest.
    """
    groups: dict[tuple, list[Job]] = {}
    for job in jobs:
        sampling = sampling_of(job, models[job.model])
        kind = (job.model, replace(sampling, seed=0), job.detail)
        groups.setdefault(kind, []).append(job)
    batches = []
    for (model, *_), group in groups.items():
        group.sort(key=lambda job: -seconds_of(job.source))
        batches += [Batch(model, tuple(group[start : start + most])) for start in range(0, len(group), most)]
    return batches


def run_batches(
    batches: Sequence[Batch],
    models: Mapping[str, LoadedModel],
    making: Making,
    pool: Executor,
    workers: int,
    told: Callable[[int], object] | None = None,
) -> Iterator[Outcome]:
    """Outcomes of all jobs, as they come. ``told(clips)`` is called after every step of the sampler.

    Raises WritingError where a trace cannot be written: the next would not be, either.
    """
    measured = _Measured(pool)
    pending: dict[Future, Job] = {}
    for number, batch in enumerate(batches):
        for ahead in batches[number : number + 1 + BATCHES_AHEAD]:
            measured.ask(ahead, models[ahead.model].model.config)
        loaded = models[batch.model]
        wishes = []
        for job in batch.jobs:
            try:
                wishes.append(make_wish(job, *measured.take(job, loaded.model.config), loaded.model))
            except JobFailed as error:
                yield Outcome(job, None, str(error))
        try:
            recorded = record_batch(wishes, loaded.model, loaded.facts, told) if wishes else []
        except ConversionError as error:
            yield from (Outcome(wish.job, None, str(error)) for wish in wishes)
            continue
        for one in recorded:
            while len(pending) >= workers * WAITING_PER_WORKER:
                yield from _finished(pending)
            future = pool.submit(finish_trace, one, making.out, making.vocoder, making.voices)
            pending[future] = one.wish.job
        yield from _finished(pending, wait_s=0)
    while pending:
        yield from _finished(pending)


def _finished(pending: dict[Future, Job], wait_s: float | None = None) -> Iterator[Outcome]:
    """Takes those that are done out of ``pending``; waits for at least one where ``wait_s`` does not limit it."""
    for future in wait(pending, wait_s, FIRST_COMPLETED).done:
        job = pending.pop(future)
        try:
            yield Outcome(job, future.result())
        except JobFailed as error:
            yield Outcome(job, None, str(error))


class _Measured:
    """Sources and references, each measured once by a worker however many jobs want it.

    Those that were asked for last are kept: a plan of thousands of phrases would fill the memory.
    """

    def __init__(self, pool: Executor) -> None:
        self.pool = pool
        self._futures: OrderedDict[tuple[Excerpt, str], Future[Any]] = OrderedDict()  # REFERENCE's hold references

    def ask(self, batch: Batch, config: Config) -> None:
        """Have the workers begin with what a batch needs and nobody has asked for yet."""
        for job in batch.jobs:
            self._ask(_source_key(job, config), measure_source, job.source, config)
            if job.reference is not None:
                self._ask((job.reference, REFERENCE), measure_reference, job.reference, config.grid)
        # two to a job: what this batch and those ahead of it want is never among the oldest
        most = max(MOST_MEASURED, 2 * (1 + BATCHES_AHEAD) * len(batch.jobs))
        while len(self._futures) > most:
            self._futures.popitem(last=False)

    def _ask(self, key: tuple[Excerpt, str], measure: Callable, excerpt: Excerpt, by: Config | GridConfig) -> None:
        if key not in self._futures:
            self._futures[key] = self.pool.submit(measure, excerpt, by)
        self._futures.move_to_end(key)

    def take(self, job: Job, config: Config) -> tuple[Source, Reference | None]:
        """Waits until a job's material is measured. Raises what measuring it raised (see JobFailed)."""
        source = self._futures[_source_key(job, config)].result()
        return source, None if job.reference is None else self._futures[job.reference, REFERENCE].result()


def _source_key(job: Job, config: Config) -> tuple[Excerpt, str]:
    return job.source, repr((config.grid, config.content))


def record_one(job: Job, loaded: LoadedModel, making: Making) -> Made:
    """One job by itself, from its recording to its trace, in this process: what batches are measured against."""
    config = loaded.model.config
    source = measure_source(job.source, config)
    reference = None if job.reference is None else measure_reference(job.reference, config.grid)
    (recorded,) = record_batch([make_wish(job, source, reference, loaded.model)], loaded.model, loaded.facts)
    return finish_trace(recorded, making.out, making.vocoder, making.voices)
