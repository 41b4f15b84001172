"""The same batches on the machines of a Ray cluster (https://docs.ray.io; ``pip install ray``).

A batch is one task that samples, and one task for each of its conversions that finishes the trace. Ray
puts them where there are cores (and, where asked for, a share of a GPU), hands recorded conversions from
one to the other, and repeats a task whose worker was killed: a trace is written whole or not at all, so
nothing is lost and nothing done twice but that task. All machines must see the recordings, the models
and the folder of traces under the same paths.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import torch

from svc_core.conversion.engine import Batch, JobFailed, LoadedModel, Making, Outcome
from svc_core.conversion.finish import Made, finish_trace
from svc_core.conversion.job import Job, JobError
from svc_core.conversion.material import measure_reference, measure_source
from svc_core.conversion.record import ModelFacts, Recorded, make_wish, record_batch
from svc_core.model.checkpoint import load_model
from svc_core.model.system import VoiceConverter
from svc_core.traces.writing import WritingError

RETRIES = 5  # of a task whose worker dies: more often than that it is the task's own fault
AHEAD = 4  # batches under way for each that waits: recorded conversions fill the object store


def run_on_cluster(
    batches: Sequence[Batch],
    models: Mapping[str, LoadedModel],
    paths: Mapping[str, Path],
    making: Making,
    address: str,
    gpus_per_task: float = 0.0,
) -> Iterator[Outcome]:
    """Outcomes of all jobs, as they come. ``address`` as ray.init takes it.

    Raises JobError where Ray is missing or cannot be reached, and WritingError as engine.run_batches.
    """
    try:
        import ray
    except ImportError as error:
        raise JobError("--cluster needs the package ray; install it: pip install ray.") from error
    if not ray.is_initialized():
        try:
            ray.init(address=address, log_to_driver=False)
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise JobError(f"no Ray cluster answers at '{address}' ({error}); start one: ray start --head.") from error
    sample = ray.remote(num_cpus=1, num_gpus=gpus_per_task, max_retries=RETRIES)(sample_batch)
    finish = ray.remote(num_cpus=1, max_retries=RETRIES)(finish_job)
    shared = ray.put(making)
    pending: dict[object, Job] = {}
    for batch in batches:
        facts = models[batch.model].facts
        asked = sample.options(num_returns=len(batch.jobs)).remote(batch, paths[batch.model].resolve(), facts)
        for job, recorded in zip(batch.jobs, asked if isinstance(asked, list) else [asked], strict=True):
            # Ray's types know nothing of num_returns: each of these is one of the list
            pending[finish.remote(recorded, shared)] = job  # type: ignore[arg-type]
        while len(pending) > AHEAD * max(1, len(batch.jobs)) * len(ray.nodes()):
            yield from _ready(ray, pending)
    while pending:
        yield from _ready(ray, pending)


def _ready(ray, pending: dict[object, Job]) -> Iterator[Outcome]:
    done, _ = ray.wait(list(pending), num_returns=1)
    for reference in done:
        job = pending.pop(reference)
        try:
            result = ray.get(reference)
        except ray.exceptions.RayTaskError as error:
            if isinstance(error.cause, WritingError):
                raise error.cause from error
            raise
        except ray.exceptions.RayError as error:
            yield Outcome(job, None, f"its worker died {RETRIES + 1} times ({type(error).__name__}).")
            continue
        yield Outcome(job, None, result) if isinstance(result, str) else Outcome(job, result)


def sample_batch(batch: Batch, model: Path, facts: ModelFacts) -> list[Recorded | str] | Recorded | str:
    """Run by a cluster's worker: each job recorded, or a sentence on why not; for one job no list, as Ray wants it."""
    loaded = _model(model)
    found: dict[Job, Recorded | str] = {}
    wishes = []
    for job in batch.jobs:
        try:
            config = loaded.config
            reference = None if job.reference is None else measure_reference(job.reference, config.grid)
            wishes.append(make_wish(job, measure_source(job.source, config), reference, loaded))
        except JobFailed as error:
            found[job] = str(error)
    try:
        recorded = record_batch(wishes, loaded, facts) if wishes else []
        found |= {one.wish.job: one for one in recorded}
    except JobFailed as error:
        found |= {wish.job: str(error) for wish in wishes}
    results = [found[job] for job in batch.jobs]
    return results if len(results) > 1 else results[0]


def finish_job(recorded: Recorded | str, making: Making) -> Made | str:
    """Run by a cluster's worker: what was made, or a sentence on why not."""
    if isinstance(recorded, str):
        return recorded
    try:
        return finish_trace(recorded, making.out, making.vocoder, making.voices)
    except JobFailed as error:
        return str(error)


@lru_cache(maxsize=2)
def _model(path: Path) -> VoiceConverter:
    """Loaded once a worker, which stays for many tasks."""
    torch.set_num_threads(1)  # of the one core that Ray gave
    return load_model(path).to("cuda" if torch.cuda.is_available() else "cpu").eval()
