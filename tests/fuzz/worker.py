"""One reader, thousands of inputs, in a process of its own: one that hangs or dies is ended, and another goes on."""

from __future__ import annotations

import multiprocessing
import pickle
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded

from tests.fuzz.limits import Outcome, limit_memory, measure
from tests.fuzz.reader import Reader
from tests.fuzz.readers import READERS

HUNG_S = 40.0  # without a word from a process, what is left of a call that Python's own clock could not end
STARTING_S = 240.0  # importing torch, and making whole files, on a busy machine
MOST_DEATHS = 50


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


def fuzz(name: str, examples: int, seed: int) -> Tally:
    """``examples`` inputs for one reader. The same seed makes the same inputs, on any machine."""
    tally = Tally()
    for death in range(MOST_DEATHS):
        if tally.inputs >= examples:
            break
        with tempfile.TemporaryDirectory(prefix="singsteps-fuzz-") as folder:
            _fuzz_until_death(tally, name, examples - tally.inputs, seed + 1_000_003 * death, Path(folder))
    return tally


def _fuzz_until_death(tally: Tally, name: str, examples: int, seed: int, folder: Path) -> None:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    worker = context.Process(target=_work, args=(name, examples, seed, folder, there), daemon=True)
    worker.start()
    there.close()
    try:
        patience_s = STARTING_S
        while here.poll(patience_s):
            kind, *what = here.recv()
            if kind == "end":
                tally.inputs = tally.inputs + max(
                    0, examples - what[0]
                )  # fewer different ones are there than asked for
                return
            tally.add(*what)
            patience_s = HUNG_S
        _died(tally, folder, "hung in code that is not Python's")
    except EOFError:
        worker.join(5)
        _died(tally, folder, f"the process ended (exit code {worker.exitcode})")
    finally:
        worker.kill()
        worker.join()


def _died(tally: Tally, folder: Path, how: str) -> None:
    given = folder / "present.pickle"
    tally.add(pickle.loads(given.read_bytes()) if given.is_file() else None, Outcome(0.0, 0, how))


def _work(name: str, examples: int, seed: int, folder: Path, told: Any) -> None:
    warnings.simplefilter("ignore")  # pandas and NumPy warn of much that is refused a line later
    place = folder / "files"
    place.mkdir()
    reader = READERS[name](place)
    measure(lambda: _try(reader), (Exception,))  # what only the first call takes: imports
    limit_memory()
    done = 0

    def one(given: Any) -> None:
        nonlocal done
        (folder / "present.pickle").write_bytes(pickle.dumps(given))
        reader.lay(given)
        outcome = measure(reader.read, reader.allowed)
        told.send(("done", given if outcome.error or outcome.is_slow or outcome.is_large else None, outcome))
        done += 1

    each_of(reader.inputs, examples, seed, one)
    told.send(("end", done))


def _try(reader: Reader) -> None:
    each_of(reader.inputs, 3, 0, lambda given: (reader.lay(given), measure(reader.read, reader.allowed)))


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
