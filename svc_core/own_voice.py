"""A worker of the page "Your own voice": python -m svc_core.own_voice --models models --traces precomputed

Reads one request a line from its input, JSON, and answers in lines, as app/own/crew.py expects:

    {"do": "warm"}
    {"do": "look", "folder": F, "origin": {...} or null}
    {"do": "student" or "teacher", "folder": F, "target": "makam-f3", "key_shift": 3 or null, "seed": 0}

    {"share": 0.4, "words": "..."}  {"early": {...}}  and at last  {"done": {...}} or {"problem": "a sentence"}

A student's sound is told early; what is left of it ends with {"later": a request}, which makes its pictures and
figures when there is time.

With torch it converts by both models and records traces; without it by the student's ONNX export alone.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TextIO

import numpy as np

from svc_core.config import GridConfig
from svc_core.conversion.key import ConversionError
from svc_core.light.files import LightError
from svc_core.metrics.alignment import MetricError
from svc_core.own.look import look
from svc_core.own.made import FIGURES, STUDENT, TEACHER, Making, Telling, Wanted, go_on
from svc_core.own.room import NO_ROOM, is_full
from svc_core.own.take import Origin, Take
from svc_core.sound.audio import AudioError
from svc_core.sound.features import FeatureError, Features
from svc_core.traces.writing import WritingError

NICE = 10  # pages come first
NO_MEMORY = "There is not enough memory for this just now; try a shorter part."
UNEXPECTED = "Something went wrong while this was made, and it was not kept. Please try again."
TOLD = (AudioError, ConversionError, FeatureError, LightError, MetricError, WritingError)


class Voices(Protocol):
    """What can be converted with here; see own.with_torch and own.without_torch."""

    @property
    def grid(self) -> GridConfig: ...

    @property
    def methods(self) -> tuple[str, ...]: ...

    @property
    def singers(self) -> dict[str, float]: ...

    def measure(self, samples: np.ndarray) -> Features: ...

    def sound(self, take: Take, wanted: Wanted, tell: Telling) -> Making: ...

    def figures(self, making: Making, tell: Telling) -> dict[str, object]: ...

    def watch(self, take: Take, wanted: Wanted, tell: Telling) -> dict[str, object]: ...


def open_voices(models: Path, traces: Path, threads: int) -> Voices:
    """Neither way of converting imports the other's packages."""
    if importlib.util.find_spec("torch") is not None:
        from svc_core.own.with_torch import TorchVoices

        return TorchVoices(models, traces, threads)
    from svc_core.own.without_torch import LightVoices

    return LightVoices(models, threads)


def serve(voices: Voices, requests: TextIO, answers: TextIO) -> None:
    """Answer request after request until there are no more."""

    def say(line: dict[str, object]) -> None:
        answers.write(json.dumps(line, allow_nan=False) + "\n")
        answers.flush()

    for line in requests:
        try:
            say(answer(voices, json.loads(line), say))
        except Exception as error:  # one recording must not take the worker from the others
            say({"problem": _problem(error)})


def answer(voices: Voices, request: dict[str, Any], say: Callable[[dict[str, object]], None]) -> dict[str, object]:
    """What is done at a request, and the line that ends it. Raises one of TOLD with a sentence for the visitor."""
    if request["do"] == "warm":
        return {"done": warm_up(voices)}
    take = Take(Path(str(request["folder"])))
    if request["do"] == "look":
        origin = Origin(**request["origin"]) if request.get("origin") else Origin()
        return {"done": look(take.folder, origin, voices.grid, voices.singers, voices.measure)}
    tell = Telling(
        lambda share, words: say({"share": round(share, 3), "words": words}), lambda facts: say({"early": facts})
    )
    method = TEACHER if request["do"] == TEACHER else STUDENT
    wanted = Wanted(method, str(request["target"]), request["key_shift"], int(request["seed"]))
    if wanted.target not in voices.singers:
        raise ConversionError(f"there is no voice '{wanted.target}'; there are {', '.join(voices.singers)}.")
    if request["do"] == TEACHER:
        return {"done": voices.watch(take, wanted, tell)}
    if request["do"] == FIGURES:
        return {"done": voices.figures(go_on(take, str(request["name"]), wanted), tell)}
    made = voices.sound(take, wanted, tell)
    return {"later": request | {"do": FIGURES, "name": made.name, "key_shift": made.key_shift}}


def warm_up(voices: Voices) -> dict[str, object]:
    """Measure and convert a second of a tone, so that the first singer need not wait: what librosa compiles when it
    is first used takes seconds in every process."""
    import tempfile

    from svc_core.conversion.material import Source

    grid = voices.grid
    times_s = np.arange(grid.sample_rate_hz) / grid.sample_rate_hz
    tone = (0.1 * np.sign(np.sin(2 * np.pi * 220 * times_s))).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        take = Take(Path(folder))
        take.keep(Source(tone, voices.measure(tone)), Origin(), grid)
        nobody = Telling(lambda *_: None, lambda _: None)
        making = voices.sound(take, Wanted(STUDENT, next(iter(voices.singers)), 0, 0), nobody)
        voices.figures(making, nobody)
    return {"methods": list(voices.methods)}


def _problem(error: Exception) -> str:
    """What went wrong, as the visitor reads it: it begins with a capital."""
    if is_full(error):  # before TOLD: what cannot be written is said with its folder, which is the key to it
        return NO_ROOM
    if isinstance(error, TOLD):
        message = str(error)
        return message[:1].upper() + message[1:]
    if isinstance(error, MemoryError):
        return NO_MEMORY
    print(f"{type(error).__name__}: {error}", file=sys.stderr)
    return UNEXPECTED


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m svc_core.own_voice", description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=Path, default=Path("models"), help="folder of the models (default models)")
    parser.add_argument("--traces", type=Path, default=Path("precomputed"), help="default precomputed")
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1), help="things made at once")
    given = parser.parse_args(arguments)
    os.nice(NICE)
    # read when torch is first imported: its threads wait for one another, which beside busy neighbours takes minutes
    os.environ["OMP_NUM_THREADS"] = "1"
    serve(open_voices(given.models, given.traces, given.threads), sys.stdin, sys.stdout)


if __name__ == "__main__":
    main()
