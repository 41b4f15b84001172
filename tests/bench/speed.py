"""The times that the lesson on fewer steps shows: python -m tests.bench.speed [--out precomputed/lessons/speed.csv]

The shipped models convert the lessons' own phrase (its recording lies in its trace, so no corpus is needed)
on the CPU, with two threads: each sampler alone, and apart from them what all of them need once, namely
the conditions with the draft before and the vocoder after. One run to warm up, then the median of three.
"""

from __future__ import annotations

import argparse
import csv
import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from svc_core.diffusion.consistency import consistency_sigmas, sample_consistency
from svc_core.diffusion.ddpm import sample_ddpm
from svc_core.diffusion.edm import karras_sigmas, sample_euler
from svc_core.diffusion.noise import seeded_noise
from svc_core.model.checkpoint import load_model
from svc_core.model.conditions import ConditionInputs, condition_inputs, keep_all
from svc_core.model.guidance import guided
from svc_core.model.system import VoiceConverter
from svc_core.sound.audio import load_audio
from svc_core.sound.features import extract_features
from svc_core.traces.trace import Trace, open_trace
from svc_core.vocoders.vocoder import open_vocoder, vocoder_beside
from tests.support.dashboard import REPOSITORY

MODELS = REPOSITORY / "models"
TRACE = REPOSITORY / "precomputed" / "kimseye_nakarat--makam-f3--makam-m2--keyauto--ddpm--seed0"
OUT = REPOSITORY / "precomputed" / "lessons" / "speed.csv"
THREADS = 2
RUNS = 3
COLUMNS = ("sampler", "steps", "seconds", "clip_seconds", "runs", "machine", "command")
STUDENT_STEPS = (4, 2, 1)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.speed", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=OUT, help="table to write")
    given = parser.parse_args()
    torch.set_num_threads(THREADS)
    load = os.getloadavg()[0]
    measured, clip_s = measure_speed(open_trace(TRACE))
    machine = f"{processor()}, CPU, {THREADS} threads, load {load:.1f} at the beginning"
    with given.out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for sampler, steps, seconds in measured:
            writer.writerow(
                [sampler, steps, f"{seconds:.5g}", f"{clip_s:.3f}", RUNS, machine, "python -m tests.bench.speed"]
            )
            print(f"{sampler:12s} {steps:5d} steps {seconds:8.3f} s, {seconds / clip_s:.4f} s for a second of sound")


@torch.inference_mode()
def measure_speed(trace: Trace) -> tuple[list[tuple[str, int, float]], float]:
    """(sampler, steps, median seconds) of each, "conditions" and "vocoder" with 0 steps; and the clip's seconds."""
    teacher, ddpm, student = (load_model(MODELS / f"{name}.safetensors") for name in ("teacher", "ddpm", "student"))
    samples = load_audio(trace.folder / "sound" / "source.flac", teacher.config.grid)
    features = extract_features(samples, teacher.config)
    inputs = condition_inputs(features, teacher.singer_id(trace.manifest.target), trace.manifest.key_shift_semitones)
    vocoder = open_vocoder(vocoder_beside(MODELS / "teacher.safetensors"), teacher.config.grid)
    mel = trace.result_levels() * np.float32(np.log(10) / 40) + np.float32(-110 * np.log(10) / 20)  # natural log
    works: list[tuple[str, int, Callable[[], object]]] = [
        ("ddpm", ddpm.schedule.steps, walk(ddpm, inputs, "ddpm")),
        ("euler", teacher.config.edm.steps, walk(teacher, inputs, "euler", teacher.config.edm.steps)),
        *(("consistency", steps, walk(student, inputs, "consistency", steps)) for steps in STUDENT_STEPS),
        ("conditions", 0, lambda: teacher.condition(inputs, keep_all(1))),
        ("vocoder", 0, lambda: vocoder.synthesize(mel)),
    ]
    measured = [(name, steps, median_s(work)) for name, steps, work in works]
    return measured, trace.manifest.seconds


def walk(model: VoiceConverter, inputs: ConditionInputs, sampler: str, steps: int = 0) -> Callable[[], object]:
    """A sampler alone: conditions and draft are there already."""
    denoise, conditioned = guided(model, inputs)
    bands, frames = conditioned.draft.shape[1:]
    edm, schedule = model.config.edm, model.schedule

    def noise(step: int) -> torch.Tensor:
        return torch.from_numpy(seeded_noise(0, step, bands, frames))[None]

    def predict(state: torch.Tensor, step: int) -> torch.Tensor:
        sigma = float(schedule.sigma[step])
        return denoise(state * (1 + sigma**2) ** 0.5, sigma)

    def start() -> torch.Tensor:
        return edm.sigma_max * noise(schedule.steps)

    if sampler == "ddpm":
        return lambda: sample_ddpm(predict, noise, schedule)
    if sampler == "euler":
        grid = karras_sigmas(steps, edm.sigma_min, edm.sigma_max, edm.rho)
        return lambda: sample_euler(denoise, start(), grid)
    levels = consistency_sigmas(steps, edm.sigma_min, edm.sigma_max, edm.rho)
    return lambda: sample_consistency(denoise, start(), noise, levels, edm.sigma_min)


def median_s(work: Callable[[], object]) -> float:
    """Median seconds of RUNS runs after one that does not count."""
    work()
    seconds = []
    for _ in range(RUNS):
        began = time.perf_counter()
        with torch.inference_mode():
            work()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def processor() -> str:
    """What the machine calls its processor."""
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text().splitlines() if facts.is_file() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()


if __name__ == "__main__":
    main()
