"""Record conversions as traces: python -m svc_core.precompute --model MODEL ... --out precomputed

Either phrases of a corpus (--corpus, --phrases) or a recording of one's own (--source), each into
every singer of --targets. A trace appears whole or not at all; those that are there already, made by
the same model, are left alone, so a run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from tqdm import tqdm

from svc_core.conversion.convert import ConversionError
from svc_core.conversion.job import Credit, Excerpt, Job, JobError, corpus_jobs, read_credits
from svc_core.conversion.record import record_job
from svc_core.conversion.sampling import SamplingError, choose_sampling
from svc_core.corpora.corpus import CorpusError, read_corpus
from svc_core.model.checkpoint import CheckpointError, load_model, model_hash
from svc_core.options import key_shift, positive, whole
from svc_core.sound.align import AlignmentError
from svc_core.sound.audio import AudioError
from svc_core.sound.encoders import EncoderError
from svc_core.traces.catalogue import CatalogueError, rebuild_catalogue
from svc_core.traces.trace import TraceError, open_trace, sweep_unfinished
from svc_core.workers import worker_pool

CREDITS = Path(__file__).resolve().parents[1] / "precomputed" / "credits.csv"


def main(arguments: list[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    try:
        if given.rebuild_catalogue:
            return _rebuild(given.out)
        return precompute(given)
    except (JobError, CorpusError, CheckpointError, CatalogueError, SamplingError, EncoderError) as error:
        print(f"precompute: {error}", file=sys.stderr)
        return 2


def precompute(given: argparse.Namespace) -> int:
    """Record all jobs that are not yet there; returns the exit status."""
    if given.model is None:
        raise JobError("--model is missing: which model is to convert?")
    model = load_model(given.model)
    choose_sampling(model, "ddpm")  # a trace is of DDPM; a student cannot
    credits_of = read_credits(given.credits)
    facts = {
        "sha256_12": model_hash(given.model),
        "parameters": sum(p.numel() for p in model.parameters()),
        "attribution": sorted({credits_of[s].attribution for s in model.singers if s in credits_of}),
    }
    if not given.targets:
        raise JobError("--targets is missing: into which singers is to be converted?")
    unknown = [target for target in given.targets if target not in model.singers]
    if unknown:
        raise JobError(f"the model knows no singer {', '.join(unknown)}; it knows {', '.join(model.singers)}.")
    jobs = _jobs(given, credits_of)
    given.out.mkdir(parents=True, exist_ok=True)
    sweep_unfinished(given.out)
    todo = [job for job in jobs if not _is_recorded(given.out / job.id, facts["sha256_12"])]
    print(f"{len(jobs)} conversions asked for, {len(jobs) - len(todo)} already recorded.")
    failed = 0
    with (
        worker_pool(given.jobs) as pool,
        tqdm(total=len(todo) * model.schedule.steps, unit="step", mininterval=1) as bar,
    ):
        for number, job in enumerate(todo, start=1):
            bar.set_description(f"{number}/{len(todo)} {job.source.phrase} > {job.target}")
            try:
                trace = record_job(job, model, facts, given.out, pool, bar.update)
            except (AudioError, ConversionError, AlignmentError, EncoderError) as error:
                failed += 1
                bar.write(f"skipped {job.id}: {error}", file=sys.stderr)
            else:
                size_mb = sum(facts["bytes"] for facts in trace.manifest["files"].values()) / 1e6
                bar.write(f"{trace.id}: {size_mb:.2f} MB, replay within {trace.manifest['replay_error_db']} dB")
    return max(_rebuild(given.out), int(failed > 0))


def _jobs(given: argparse.Namespace, credits_of: dict[str, Credit]) -> list[Job]:
    if (given.source is None) == (given.phrases is None):
        raise JobError("give either --corpus with --phrases, or --source with a recording of your own.")
    if given.phrases is not None:
        if given.corpus is None:
            raise JobError("--phrases needs --corpus: the folder with the recordings.")
        return corpus_jobs(
            read_corpus(given.corpus), credits_of, given.phrases, given.targets, given.key_shift, given.seed
        )
    credit = Credit("own-voice", given.licence, given.attribution)
    stem = given.source.stem
    whole = given.start == 0 and given.end is None
    part = "" if whole else f"@{given.start:g}-{'' if given.end is None else f'{given.end:g}'}"
    excerpt = Excerpt(given.source, given.start, given.end, "own-voice", stem + part, stem, credit)
    return [Job(excerpt, target, None, given.key_shift, given.seed) for target in given.targets]


def _is_recorded(folder: Path, model: str) -> bool:
    try:
        return open_trace(folder).manifest["model"].get("sha256_12") == model
    except TraceError:
        return False


def _rebuild(out: Path) -> int:
    entries, problems = rebuild_catalogue(out)
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"catalogue: {len(entries)} traces in {out}")
    return int(bool(problems))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m svc_core.precompute", description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, help="a model.safetensors")
    parser.add_argument("--targets", nargs="+", default=[], metavar="SINGER", help="singers to convert into")
    parser.add_argument("--out", type=Path, default=Path("precomputed"), help="folder of the traces")
    parser.add_argument("--corpus", type=Path, help="folder with metadata.csv and phrases.csv")
    parser.add_argument("--credits", type=Path, default=CREDITS, help="table: singer, licence, attribution")
    parser.add_argument("--phrases", nargs="+", metavar="PHRASE[:SINGER]", help="phrases of the corpus")
    parser.add_argument("--source", type=Path, help="a recording of one's own (WAV, FLAC, OGG, MP3)")
    parser.add_argument("--start", type=float, default=0.0, metavar="S", help="of --source: from second")
    parser.add_argument("--end", type=float, metavar="S", help="of --source: to second")
    parser.add_argument("--licence", default="all rights reserved", help="of --source")
    parser.add_argument("--attribution", default="own recording", help="of --source")
    parser.add_argument(
        "--key-shift", type=key_shift, default=None, metavar="auto|N", help="whole semitones (default auto)"
    )
    parser.add_argument("--seed", type=whole, default=0, help="of the noise (default 0)")
    parser.add_argument("--jobs", type=positive, default=os.cpu_count(), help="workers for sound and F0")
    parser.add_argument("--rebuild-catalogue", action="store_true", help="only list the traces in --out anew")
    return parser


if __name__ == "__main__":
    sys.exit(main())
