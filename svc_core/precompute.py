"""Record conversions as traces: python -m svc_core.precompute --plan precomputed/plan.toml --corpus CORPUS

Which conversions: those of a plan file (see conversion/plan_file), or phrases of a corpus (--phrases), or a
recording of one's own (--source), each into every singer of --targets, or into a singer that is learnt
from a folder of recordings (--target-recordings). They are sampled in batches, on a GPU where there is
one, while workers make and measure the sounds of the batch before; with --cluster on the machines of a
Ray cluster. A trace appears whole or not at all, and those that are there already, made by the same
model in the same way, are left alone: a run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from svc_core.config import AdaptConfig, GridConfig
from svc_core.conversion.engine import (
    Batch,
    LoadedModel,
    Making,
    Outcome,
    load_for_recording,
    make_batches,
    run_batches,
)
from svc_core.conversion.estimate import estimate
from svc_core.conversion.hearing import mean_voices, step_vocoder
from svc_core.conversion.job import Credit, Job, JobError, read_credits
from svc_core.conversion.plan import Block, Plan, plan_jobs
from svc_core.conversion.plan_file import read_plan
from svc_core.conversion.record import ModelFacts, sampling_of
from svc_core.conversion.references import (
    corpus_recordings,
    save_ranges,
    save_voices,
    trace_recordings,
    usual_ranges,
)
from svc_core.conversion.sampling import SAMPLERS, SamplingError
from svc_core.conversion.sources import SourceError, find_sources
from svc_core.conversion.target import Target, with_target
from svc_core.conversion.walks import walk_of
from svc_core.corpora.corpus import Corpus, CorpusError, read_corpus
from svc_core.learn_singer import LearnError, learn_singer
from svc_core.model.checkpoint import CheckpointError
from svc_core.options import key_shift, positive, whole
from svc_core.sound.align import AlignmentError
from svc_core.sound.audio import AudioError, load_audio
from svc_core.sound.encoders import EncoderError
from svc_core.traces.catalogue import CATALOGUE, CatalogueError, read_catalogue
from svc_core.traces.register import rebuild_catalogue, register_traces, trace_folders
from svc_core.traces.trace import Trace, TraceError, open_trace
from svc_core.traces.writing import WritingError, sweep_unfinished
from svc_core.training.trainer import TrainingError
from svc_core.vocoders.vocoder import SHIPPED, SPECS, VocoderError, vocoder_beside
from svc_core.workers import worker_pool

CREDITS = Path(__file__).resolve().parents[1] / "precomputed" / "credits.csv"
SINGERS = Path("runs/singers")  # models that learnt one more singer
GPU_BATCH, CPU_BATCH = 32, 4  # a card is filled by many; on CPU cores a larger batch only makes the workers wait
REGISTER_EVERY = 16  # traces, until the catalogue tells of them: each telling rewrites all of it
TOLD = (
    JobError, CorpusError, CheckpointError, CatalogueError, SamplingError, EncoderError, AlignmentError, SourceError,
    LearnError, VocoderError, WritingError, TrainingError, AudioError,
)  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    try:
        if given.verify:
            return verify(given.out)
        if given.rebuild_catalogue:
            return _rebuild(given.out)
        return precompute(given)
    except TOLD as error:
        print(f"precompute: {error}", file=sys.stderr)
    except BrokenProcessPool:
        print("precompute: a worker was killed (too little memory?); run the same command again.", file=sys.stderr)
    return 2


def precompute(given: argparse.Namespace) -> int:
    """Record all jobs that are not yet there; returns the exit status."""
    credits_of = read_credits(given.credits)
    corpus = None if given.corpus is None else read_corpus(given.corpus)
    if given.dry_run and given.target_recordings is not None:
        raise JobError("--dry-run makes nothing, so it cannot learn --target-recordings: leave one of them out.")
    target = None if given.target_recordings is None else _learn_target(given)
    plan = read_plan(given.plan) if given.plan else _plan_of_options(given, target)
    models = _load_models(plan, credits_of)
    jobs = plan_jobs(plan, corpus, credits_of, {name: loaded.model for name, loaded in models.items()})
    grid = next(iter(models.values())).model.config.grid
    if target is not None:
        jobs = [with_target(job, target) for job in jobs]
    vocoder = given.vocoder or vocoder_beside(given.model or Path(plan.models[0]))
    maker = step_vocoder(vocoder, grid).name
    there = {job.id: _recorded(given.out / job.id, job, models[job.model].facts, maker) for job in jobs}
    todo = [job for job in jobs if there[job.id] is None]
    print(f"{len(jobs)} conversions asked for, {len(jobs) - len(todo)} already recorded.")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    for loaded in models.values():
        loaded.model.to(device).eval()
    most = given.batch or (GPU_BATCH if device.type == "cuda" else CPU_BATCH)
    batches = make_batches(todo, {name: loaded.model for name, loaded in models.items()}, most)
    if given.dry_run:
        print(estimate(batches, models, vocoder, given.jobs).sentence())
        return 0
    given.out.mkdir(parents=True, exist_ok=True)
    sweep_unfinished(given.out)
    failed = 0
    if todo:
        recordings = {} if target is None else {target.name: list(target.recordings)}
        sounds = _references(corpus, given.out, recordings, grid)
        voices = mean_voices(sounds, grid)
        if corpus is not None and voices:
            save_voices(given.out, voices)
            save_ranges(given.out, usual_ranges(sounds, grid))
        making = Making(given.out.resolve(), vocoder, voices)
        if given.cluster is not None:
            from svc_core.conversion.cluster import run_on_cluster  # ray is not everybody's

            paths = {name: Path(name) for name in models}
            outcomes = run_on_cluster(batches, models, paths, making, given.cluster, given.gpus_per_task)
            failed = _report(outcomes, given.out, None)
        else:
            failed = _run_here(batches, models, making, given)
    register_traces(given.out, [trace for trace in there.values() if trace is not None])
    listed = read_catalogue(given.out) if (given.out / CATALOGUE).is_file() else rebuild_catalogue(given.out)[0]
    print(f"catalogue: {len(listed)} traces in {given.out}")
    return int(failed > 0)


def _run_here(
    batches: Sequence[Batch], models: Mapping[str, LoadedModel], making: Making, given: argparse.Namespace
) -> int:
    """Returns how many jobs failed."""
    on_cpu = not torch.cuda.is_available()
    if on_cpu:  # the workers have the other cores
        torch.set_num_threads(max(1, (os.cpu_count() or 1) // 2))
    steps = sum(
        len(walk_of(models[batch.model].model, sampling_of(job, models[batch.model].model)))
        for batch in batches
        for job in batch.jobs
    )
    with (
        worker_pool(given.jobs) as pool,
        tqdm(total=steps, unit="step", mininterval=1, disable=None) as bar,
    ):
        outcomes = run_batches(batches, models, making, pool, given.jobs, bar.update)
        return _report(outcomes, given.out, bar)


def _report(outcomes: Iterable[Outcome], out: Path, bar: tqdm | None) -> int:
    """Tell of each and enter it in the catalogue; returns how many failed."""
    failed, fresh = 0, []
    for outcome in outcomes:
        if outcome.made is None:
            failed += 1
            tqdm.write(f"skipped {outcome.job.id}: {outcome.problem}", file=sys.stderr)
            continue
        made = outcome.made
        tqdm.write(f"{made.id}: {made.bytes / 1e6:.2f} MB, replay within {made.state_error_db} dB")
        fresh.append(open_trace(out / made.id))
        if len(fresh) >= REGISTER_EVERY:
            register_traces(out, fresh)
            fresh = []
    register_traces(out, fresh)
    return failed


def verify(out: Path) -> int:
    """Read every file of every trace in ``out`` against its checksum; returns the exit status."""
    if not out.is_dir():
        raise CatalogueError(f"{out}: there is no such folder.")
    folders = trace_folders(out)
    problems = []
    for folder in tqdm(folders, unit="trace", disable=None):
        try:
            open_trace(folder).verify()
        except TraceError as error:
            problems.append(str(error))
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{len(folders) - len(problems)} of {len(folders)} traces in {out} are as they were written.")
    return int(bool(problems))


def _learn_target(given: argparse.Namespace) -> Target:
    """Learn the singer of --target-recordings, or take what was learnt from the very same before.

    Raises JobError where the options do not go together.
    """
    if given.plan is not None or given.targets:
        raise JobError("--target-recordings makes a target of its own: leave out --targets and --plan.")
    if given.model is None:
        raise JobError("--model is missing: which model is to learn the singer?")
    name = given.target_name or re.sub(r"[^\w-]+", "-", given.target_recordings.resolve().stem).strip("-")
    recordings = tuple(find_sources([given.target_recordings]).values())
    learnt = learn_singer(
        given.model,
        [given.target_recordings],
        name,
        given.singers / f"{name}.safetensors",
        AdaptConfig(seed=given.seed),
    )
    return Target(name, learnt, recordings, Credit(name, given.licence, given.attribution))


def _plan_of_options(given: argparse.Namespace, target: Target | None) -> Plan:
    """The one block that the command line describes. Raises JobError for what is missing."""
    if given.model is None:
        raise JobError("--model is missing: which model is to convert?")
    if not given.targets and target is None:
        raise JobError("--targets is missing: into which singers is to be converted?")
    if (given.source is None) == (given.phrases is None):
        raise JobError("give either --corpus with --phrases, or --source with a recording of your own, or a --plan.")
    if given.phrases is not None and given.corpus is None:
        raise JobError("--phrases needs --corpus: the folder with the recordings.")
    sampler = given.sampler if given.steps is None else f"{given.sampler}:{given.steps}"
    block = Block(
        str(given.model if target is None else target.model),
        tuple(given.targets) if target is None else (target.name,),
        sources=tuple(given.phrases or ()),
        recordings=() if given.source is None else (given.source,),
        start_s=given.start,
        end_s=given.end,
        licence=given.licence,
        attribution=given.attribution,
        keys=(given.key_shift,),
        samplers=(sampler,),
        seeds=(given.seed,),
        detail=given.detail,
        label=given.label,
    )
    return Plan((block,))


def _load_models(plan: Plan, credits_of: Mapping[str, Credit]) -> dict[str, LoadedModel]:
    """The models that are there. What a plan asks for in vain, plan_jobs tells; a single one is told right away."""
    names = plan.models if len(plan.models) == 1 else [name for name in plan.models if Path(name).is_file()]
    return {name: load_for_recording(name, credits_of) for name in names}


def _recorded(folder: Path, job: Job, facts: ModelFacts, vocoder: str) -> Trace | None:
    """The job's trace, where it is there already; a full one will do where a light one is asked for."""
    wanted = {one.fingerprint(facts.sha256_12, vocoder) for one in (job, replace(job, detail="full"))}
    try:
        trace = open_trace(folder)
    except TraceError:
        return None
    return trace if trace.manifest.fingerprint in wanted else None


def _references(
    corpus: Corpus | None, out: Path, others: Mapping[str, list[Path]], grid: GridConfig
) -> dict[str, list[np.ndarray]]:
    """Recordings (samples,) of the singers: of the corpus's, else of those that lie in traces; and ``others``."""
    recordings = corpus_recordings(corpus) if corpus is not None else trace_recordings([out, CREDITS.parent])
    sounds: dict[str, list[np.ndarray]] = {}
    for singer, paths in (recordings | dict(others)).items():
        for path in paths:
            try:
                sounds.setdefault(singer, []).append(load_audio(path, grid))
            except AudioError as error:
                print(f"reference of {singer} left out: {error}", file=sys.stderr)
    return sounds


def _rebuild(out: Path) -> int:
    entries, problems = rebuild_catalogue(out)
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"catalogue: {len(entries)} traces in {out}")
    return int(bool(problems))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m svc_core.precompute", description=__doc__.splitlines()[0])
    what = parser.add_argument_group("which conversions")
    what.add_argument("--plan", type=Path, metavar="FILE", help="a plan in TOML, such as precomputed/plan.toml")
    what.add_argument("--model", type=Path, help="a model.safetensors")
    what.add_argument("--targets", nargs="+", default=[], metavar="SINGER", help="singers to convert into")
    what.add_argument("--target-recordings", type=Path, metavar="FOLDER", help="of a singer that is learnt first")
    what.add_argument("--target-name", metavar="NAME", help="of that singer (default: the folder's name)")
    what.add_argument("--singers", type=Path, default=SINGERS, help=f"where learnt singers are kept ({SINGERS})")
    what.add_argument("--corpus", type=Path, help="folder with metadata.csv and phrases.csv")
    what.add_argument("--credits", type=Path, default=CREDITS, help="table: singer, licence, attribution")
    what.add_argument("--phrases", nargs="+", metavar="PHRASE[:SINGER]", help="phrases of the corpus")
    what.add_argument("--source", type=Path, help="a recording of one's own (WAV, FLAC, OGG, MP3)")
    what.add_argument("--start", type=float, default=0.0, metavar="S", help="of --source: from second")
    what.add_argument("--end", type=float, metavar="S", help="of --source: to second")
    what.add_argument("--licence", default="all rights reserved", help="of --source")
    what.add_argument("--attribution", default="own recording", help="of --source")
    how = parser.add_argument_group("how")
    how.add_argument(
        "--key-shift", type=key_shift, default=None, metavar="auto|N", help="whole semitones (default auto)"
    )
    how.add_argument("--seed", type=whole, default=0, help="of the noise (default 0)")
    how.add_argument("--sampler", choices=SAMPLERS, default="ddpm", help="default ddpm")
    how.add_argument("--steps", type=positive, help="of the sampler (default: its usual number)")
    how.add_argument("--detail", choices=("full", "light"), default="full", help="how much is kept (default full)")
    how.add_argument("--label", default="", help="tells apart what else would have one name")
    how.add_argument("--vocoder", metavar="SPEC", help=f"{SPECS}; default: {SHIPPED} beside the model, or griffin-lim")
    run = parser.add_argument_group("the run")
    run.add_argument("--out", type=Path, default=Path("precomputed"), help="folder of the traces")
    run.add_argument("--jobs", type=positive, default=os.cpu_count(), help="workers for sound, F0 and metrics")
    run.add_argument("--batch", type=positive, help=f"clips together (default {GPU_BATCH} on a GPU, {CPU_BATCH} else)")
    run.add_argument("--cluster", metavar="ADDRESS", help="of a Ray cluster; 'auto' for the one that runs here")
    run.add_argument("--gpus-per-task", type=float, default=0.0, metavar="N", help="of a cluster's sampling tasks")
    run.add_argument("--dry-run", action="store_true", help="tell what it would cost, after a short trial")
    run.add_argument("--verify", action="store_true", help="only read all traces in --out against their checksums")
    run.add_argument("--rebuild-catalogue", action="store_true", help="only list the traces in --out anew")
    return parser


if __name__ == "__main__":
    sys.exit(main())
