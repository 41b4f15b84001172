"""One reader, thousands of inputs, in a process of its own: one that hangs or dies is ended, and another goes on."""

from __future__ import annotations

import math
import multiprocessing
import pickle
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded

from tests.fuzz.limits import Outcome, limited_memory, measure
from tests.fuzz.reader import Reader
from tests.fuzz.readers import READERS

HUNG_S = 40.0  # without a word from a process, what is left of a call that Python's own clock could not end
STARTING_S = 240.0  # importing torch, and making whole files, on a busy machine
MOST_DEATHS = 50
PRESENT = "present.pickle"  # the input that is being read


@dataclass
class Defect:
    times: int
    shown: str  # the smallest input


@dataclass
class Tally:
    inputs: int = 0
    unhandled: int = 0
    slow: int = 0
    large: int = 0
    slowest_s: float = 0.0
    largest: int = 0
    defects: dict[str, Defect] = field(default_factory=dict)

    def add(self, given: Any, outcome: Outcome) -> None:
        self.inputs += 1
        self.unhandled += bool(outcome.error)
        self.slow += outcome.is_slow
        self.large += outcome.is_large
        self.slowest_s = max(self.slowest_s, outcome.seconds)
        self.largest = max(self.largest, outcome.grown)
        if outcome.error:
            self.tell(outcome.error.split(": ")[0], given, outcome.error)
        if outcome.is_slow:
            self.tell("over 1 s", given, f"{outcome.seconds:.1f} s")
        if outcome.is_large:
            self.tell("over 200 MB", given, f"{outcome.grown / 1e6:.0f} MB")

    def tell(self, what: str, given: Any, how: str) -> None:
        shown = f"{how}\n  {given!r}"
        known = self.defects.setdefault(what, Defect(0, shown))
        known.times += 1
        known.shown = min(known.shown, shown, key=len)


class HarnessError(Exception):
    """Making a reader or its inputs failed: nothing is known of the reader."""


def fuzz(
    name: str,
    examples: int,
    seed: int,
    readers: dict[str, Callable[[Path], Reader]] = READERS,
    most_s: float = math.inf,
) -> Tally:
    """``examples`` inputs for one reader, or all where there are fewer. The same seed makes the same inputs.

    After ``most_s`` seconds no other input is read. Raises HarnessError where inputs cannot be made.
    """
    tally, ends_s = Tally(), time.monotonic() + most_s
    for death in range(MOST_DEATHS):
        with tempfile.TemporaryDirectory(prefix="singsteps-fuzz-") as folder:
            asked = Asked(readers[name], examples - tally.inputs, seed + 1_000_003 * death, Path(folder))
            if _fuzz_until_death(tally, asked, ends_s) or tally.inputs >= examples:
                break
    return tally


@dataclass(frozen=True)
class Asked:
    """What a process is to do."""

    make: Callable[[Path], Reader]
    examples: int
    seed: int
    folder: Path


def _fuzz_until_death(tally: Tally, asked: Asked, ends_s: float) -> bool:
    """Whether every input was read, or the time is up; otherwise the process died of the last one."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    worker = context.Process(target=_work, args=(asked, there), daemon=True)
    worker.start()
    there.close()
    try:
        patience_s = STARTING_S
        while here.poll(patience_s):
            kind, *what = here.recv()
            if kind == "end":
                return True
            if kind == "fault":
                raise HarnessError(what[0])
            tally.add(*what)
            patience_s = HUNG_S
            if time.monotonic() > ends_s:
                return True
        _died(tally, asked.folder, "hung in code that is not Python's")
    except EOFError:
        worker.join(5)
        _died(tally, asked.folder, f"the process ended (exit code {worker.exitcode})")
    finally:
        worker.kill()
        worker.join()
    return False


def _died(tally: Tally, folder: Path, how: str) -> None:
    present = folder / PRESENT
    if not present.is_file():
        raise HarnessError(f"before the first input: {how}")
    tally.add(pickle.loads(present.read_bytes()), Outcome(0.0, 0, how))


def fuzz_here(make: Callable[[Path], Reader], examples: int, seed: int, folder: Path) -> Tally:
    """As :func:`fuzz` in this process, which an input may end: for a few."""
    tally = Tally()
    reader = make(folder)
    _try(reader)

    def one(given: Any) -> None:
        reader.lay(given)
        tally.add(given, measure(reader.read, reader.allowed))

    each_of(reader.inputs, examples, seed, one)
    return tally


def _work(asked: Asked, told: Any) -> None:
    warnings.simplefilter("ignore")  # pandas and NumPy warn of much that is refused a line later
    try:
        place = asked.folder / "files"
        place.mkdir()
        reader = asked.make(place)
        _try(reader, asked.folder / PRESENT)  # what only the first call takes: imports

        def one(given: Any) -> None:
            (asked.folder / PRESENT).write_bytes(pickle.dumps(given))
            reader.lay(given)
            with limited_memory():
                outcome = measure(reader.read, reader.allowed)
            told.send(("done", given if outcome.error or outcome.is_slow or outcome.is_large else None, outcome))

        each_of(reader.inputs, asked.examples, asked.seed, one)
    except Exception:
        told.send(("fault", traceback.format_exc()))
    else:
        told.send(("end",))


def _try(reader: Reader, present: Path | None = None) -> None:
    def one(given: Any) -> None:
        if present is not None:
            present.write_bytes(pickle.dumps(given))
        reader.lay(given)
        measure(reader.read, (Exception,))

    each_of(reader.inputs, 3, 0, one)


def each_of(inputs: Any, examples: int, seed: int, act: Callable[[Any], object]) -> None:
    """Hypothesis's generator alone: no search for a smaller failure, since ``act`` never fails."""
    run = settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    run(seeded(seed)(given(inputs)(act)))()
