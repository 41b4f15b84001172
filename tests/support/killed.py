"""A command with SIGKILL in the middle of each of its stages, against the same command left alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from svc_core.model.checkpoint import read_tensors
from tests.support.dashboard import REPOSITORY

LIMIT_S = 600  # far more than it takes: a machine may have much else to do


@dataclass(frozen=True)
class Ended:
    """How a run ended."""

    folder: Path
    killed_at: dict[str, int]  # the step to which each stage had been saved when the run was killed in it
    losses: dict[str, float]  # the last value of every curve, like "held_out/denoiser"


def killed_and_whole(command: str, arguments: Sequence[str], stages: Sequence[str], root: Path) -> tuple[Ended, Ended]:
    """``python -m svc_core.COMMAND ARGUMENTS --run FOLDER`` twice, in two folders of ``root``.

    The first is killed as soon as each of its ``stages`` has saved a state, then called again to the
    end; the second is left alone.
    """
    killed, whole = root / "killed", root / "whole"
    killed_at = {stage: _kill(command, [*arguments, "--run", str(killed)], killed, stage) for stage in stages}
    main = import_module(f"svc_core.{command}").main
    for folder in (killed, whole):
        if main([*arguments, "--run", str(folder)]) != 0:
            raise RuntimeError(f"{command} failed in {folder}.")
    return Ended(killed, killed_at, last_values(killed)), Ended(whole, {}, last_values(whole))


def kill_training(corpus: Path, cache: Path, root: Path) -> tuple[Ended, Ended]:
    """The smallest training there is, killed in the draft and in the denoiser, and left alone."""
    arguments = ["--corpus", str(corpus), "--cache", str(cache), "--preset", "tiny"]
    arguments += ["--draft-steps", "8", "--denoiser-steps", "8"]
    return killed_and_whole("train", arguments, ("draft", "denoiser"), root)


def last_values(run: Path) -> dict[str, float]:
    """The last value of every curve of a run."""
    values = {}
    for log in sorted((run / "tensorboard").iterdir()):
        events = EventAccumulator(str(log)).Reload()
        values |= {
            tag: max(events.Scalars(tag), key=lambda event: event.step).value for tag in events.Tags()["scalars"]
        }
    return values


def _kill(command: str, arguments: Sequence[str], folder: Path, stage: str) -> int:
    """Start the command and kill it once the stage has saved a state; returns the step of that state."""
    state = folder / f"{stage}.state.safetensors"
    threads = str(torch.get_num_threads())  # sums are made in another order by another number of them
    with subprocess.Popen(
        [sys.executable, "-m", f"svc_core.{command}", *arguments],
        cwd=REPOSITORY,
        env={**os.environ, "OMP_NUM_THREADS": threads},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        until = time.monotonic() + LIMIT_S
        while not state.is_file() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.005)
        process.kill()
        said = process.stderr.read()
    if process.returncode != -signal.SIGKILL:
        raise RuntimeError(f"{command} ended before it could be killed in the {stage}:\n{said}")
    return int(read_tensors(state)[1]["step"])
