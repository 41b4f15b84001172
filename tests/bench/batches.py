"""Making traces: in batches with workers behind, against one by one; and what a trace's bytes are made of."""

from __future__ import annotations

import cProfile
import os
import pstats
import tempfile
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import torch

from svc_core.config import PRESETS
from svc_core.conversion.engine import LoadedModel, Making, make_batches, record_one, run_batches
from svc_core.conversion.hearing import mean_voices
from svc_core.conversion.job import Job, corpus_jobs, read_credits
from svc_core.conversion.record import ModelFacts
from svc_core.conversion.references import corpus_recordings
from svc_core.corpora.corpus import read_corpus
from svc_core.model.checkpoint import load_model, model_hash
from svc_core.sound.audio import load_audio
from svc_core.traces.catalogue import read_catalogue
from svc_core.traces.trace import open_trace
from svc_core.workers import worker_pool
from tests.bench.engine import PEAK_BF16_FLOPS, Row
from tests.support.dashboard import REPOSITORY

SONGS = REPOSITORY / "tests" / "songs"
SHIPPED = REPOSITORY / "precomputed"
MODEL = REPOSITORY / "models" / "ddpm.safetensors"
VOCODER = f"istft:{REPOSITORY / 'models' / 'vocoder.safetensors'}"
PART_S = 2.4  # of each phrase, which is all of it
WORKERS = 2
PARTS = {  # what to look for: (function's name, file's end) in the profile
    "sampler": ("record_batch", "record.py"),
    "phrases measured (Harvest)": ("measure_source", "material.py"),
    "references measured (Harvest)": ("measure_reference", "material.py"),
    "steps' sound (vocoder)": ("synthesize", "istft.py"),
    "steps' F0 (DIO) and the result's (Harvest)": ("track_f0", "pitch.py"),
    "spectral envelopes": ("spectral_envelope", "content.py"),
    "singer embeddings": ("voice_of", "hearing.py"),
    "maps (t-SNE)": ("map_features", "maps.py"),
    "pictures chosen and coded, replay checked": ("_pack_walk", "finish.py"),
}


def bench_jobs() -> list[Job]:
    """Two phrases, each into two singers, as light DDPM traces: full ones take four times as long to hear."""
    corpus = read_corpus(SONGS)
    credits_of = read_credits(REPOSITORY / "precomputed" / "credits.csv")
    names = [f"{phrase.name}:{phrase.clip.singer}" for phrase in corpus.phrases[:2]]
    jobs = corpus_jobs(corpus, credits_of, names, ["pjs-m1", "makam-m2", "makam-f3"], None, 0)
    return [replace(job, model=str(MODEL), detail="light") for job in jobs]


def measure_batches() -> list[Row]:
    """The loop does for each job all that a batch does, in one process whose sampler has every core."""
    model = load_model(MODEL).eval()
    loaded = {str(MODEL): LoadedModel(model, ModelFacts(model_hash(MODEL), 1, ()))}
    jobs, grid = bench_jobs(), PRESETS["small"].grid
    recordings = corpus_recordings(read_corpus(SONGS))
    voices = mean_voices({s: [load_audio(path, grid) for path in paths] for s, paths in recordings.items()}, grid)
    with tempfile.TemporaryDirectory() as folder:
        loop, batch = Path(folder, "loop"), Path(folder, "batch")
        loop.mkdir(), batch.mkdir()
        torch.set_num_threads(1)
        with worker_pool(WORKERS) as pool:
            list(pool.map(_import_all, range(WORKERS)))  # starting Python is no part of a plan of thousands
            began = time.perf_counter()
            batches = make_batches(jobs, {name: one.model for name, one in loaded.items()}, 2)
            list(run_batches(batches, loaded, Making(batch, VOCODER, voices), pool, WORKERS))
            batch_s = time.perf_counter() - began
        # the loop comes last: threads that it leaves behind would stand in the workers' way
        torch.set_num_threads(os.cpu_count() or 1)
        profile, began = cProfile.Profile(), time.perf_counter()
        profile.enable()
        for job in jobs:
            record_one(job, loaded[job.model], Making(loop, VOCODER, voices))
        profile.disable()
        loop_s = time.perf_counter() - began
    sound_s = PART_S * len(jobs)
    rows = [
        (
            f"{len(jobs)} light DDPM traces of {PART_S} s, one by one",
            f"{loop_s:.0f} s ({loop_s / sound_s:.1f} s a second of sound)",
            "",
        ),
        (f"the same in batches, {WORKERS} workers behind", f"{batch_s:.0f} s: {loop_s / batch_s:.2f} x", "3 x"),
    ]
    rows += [(f"of the loop's time: {part}", f"{share:.0%}", "") for part, share in _shares(profile, loop_s).items()]
    return rows + measure_bytes() + _gpu_rows()


def _import_all(_: int) -> None:
    from svc_core.conversion.hearing import singer_encoder

    singer_encoder()


def _shares(profile: cProfile.Profile, whole_s: float) -> dict[str, float]:
    found = {}
    stats = pstats.Stats(profile).stats
    for part, (function, file) in PARTS.items():
        found[part] = (
            sum(row[3] for key, row in stats.items() if key[2] == function and key[0].endswith(file)) / whole_s
        )
    return found


def measure_bytes() -> list[Row]:
    """Of the first full and the first light trace that are shipped."""
    rows, goals = [], {"full": "6 MB a 5 s", "light": "0.7 MB a 5 s"}
    for detail, goal in goals.items():
        entry = next(entry for entry in read_catalogue(SHIPPED) if entry.detail == detail)
        named = f"bytes of a {detail} trace ({entry.sampler}, {entry.seconds:.1f} s): "
        for part, size in byte_budget(SHIPPED / entry.id).items():
            wanted = goal if part == "all" else ""
            rows.append((named + part, f"{size / 1e3:.0f} kB ({5 * size / entry.seconds / 1e3:.0f} a 5 s)", wanted))
    return rows


def byte_budget(folder: Path) -> dict[str, int]:
    """Bytes of a trace by what they are for."""
    parts: Counter[str] = Counter()
    files = open_trace(folder).manifest.files
    for name, facts in files.items():
        if name.startswith("sound/"):
            kind = name.removeprefix("sound/").split(".")[0].split("_")[0]
            parts["sound: source, target, result" if "_" not in name else f"sound: steps, {kind}"] += facts.bytes
        else:
            parts[name] += facts.bytes
    parts["trace.json"] = (folder / "trace.json").stat().st_size
    return dict(parts.most_common()) | {"all": parts.total()}


def _gpu_rows() -> list[Row]:
    if not torch.cuda.is_available():
        return [("on a GPU: conversions an hour, busy share, share of the bf16 peak", "no GPU here", "")]
    name = torch.cuda.get_device_name()
    peak = next((flops for card, flops in PEAK_BF16_FLOPS.items() if card in name), None)
    return [_gpu_row(name, peak)]


def _gpu_row(name: str, peak: float | None) -> Row:
    """Sampling alone, 32 clips of 5 s together; the workers' part is that of a CPU."""
    from torch.profiler import ProfilerActivity, profile

    from svc_core.conversion.convert import convert_batch
    from svc_core.conversion.sampling import choose_sampling
    from svc_core.diffusion.schedule import Schedule
    from tests.bench.engine import CLIP_S, random_model, sung

    device, clips = torch.device("cuda"), 32
    model = random_model(PRESETS["small"], device)
    inputs = [sung(CLIP_S, model.config)] * clips
    sampling = choose_sampling(model, "ddpm")
    convert_batch(inputs[:1], [0], [0], model, choose_sampling(model, "ddim", 5))
    began = time.perf_counter()
    with profile(activities=[ProfilerActivity.CUDA], with_flops=True) as seen:
        convert_batch(inputs, [0] * clips, list(range(clips)), model, sampling)
    seconds = time.perf_counter() - began
    busy_s = sum(event.self_device_time_total for event in seen.key_averages()) / 1e6
    weights = sum(p.numel() for p in model.denoiser.parameters())
    flops = 2 * weights * inputs[0].f0_hz.shape[1] * clips * Schedule().steps
    share = f", {flops / seconds / peak:.1%} of the bf16 peak" if peak else ""
    return (
        f"{name}: DDPM, {clips} clips of {CLIP_S:.0f} s together",
        f"{3600 * clips / seconds:.0f} conversions an hour, busy {busy_s / seconds:.0%}{share}",
        "",
    )
