"""Thousands of hostile inputs for every reader: python -m tests.fuzz [READER ...] [--examples 10000] [--seed 0]

Prints a table; with --keep FOLDER the smallest input of each defect is written there.
"""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

from tests.fuzz.readers import READERS
from tests.fuzz.worker import Tally, fuzz

GOAL = "no unhandled error, at most 1 s and 200 MB an input"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("readers", nargs="*", metavar="READER", help=f"of {', '.join(READERS)}; all of them otherwise")
    parser.add_argument("--examples", type=int, default=10_000, help="inputs a reader (10000)")
    parser.add_argument("--seed", type=int, default=0, help="the same one makes the same inputs (0)")
    parser.add_argument(
        "--seconds", type=float, default=math.inf, help="of each reader, at most; the table says how many"
    )
    parser.add_argument("--keep", type=Path, help="a folder for the smallest input of each defect")
    asked = parser.parse_args()
    if unknown := set(asked.readers) - set(READERS):
        parser.error(f"there is no reader {', '.join(sorted(unknown))}; there are {', '.join(READERS)}")
    print(f"seed {asked.seed}; goal: {GOAL}\n")
    print(
        "| reader | inputs | unhandled | over 1 s | over 200 MB | slowest | largest |\n|---|---|---|---|---|---|---|",
        flush=True,
    )
    tallies = {}
    for name in asked.readers or READERS:
        tallies[name] = found = fuzz(name, asked.examples, asked.seed, most_s=asked.seconds)
        print(
            f"| {name} | {found.inputs} | {found.unhandled} | {found.slow} | {found.large} "
            f"| {found.slowest_s:.2f} s | {found.largest / 1e6:.0f} MB |",
            flush=True,
        )
    for name, tally in tallies.items():
        _tell(name, tally, asked.keep)
    return int(any(tally.defects for tally in tallies.values()))


def _tell(name: str, tally: Tally, keep: Path | None) -> None:
    for number, (what, defect) in enumerate(sorted(tally.defects.items())):
        print(f"\n{name}: {what} ({defect.times} times)\n  {defect.shown[:600]}")
        if keep is not None:
            keep.mkdir(parents=True, exist_ok=True)
            (keep / f"{name}-{number}.txt").write_text(
                f"{what}\n{defect.shown}\n", encoding="utf-8", errors="backslashreplace"
            )


if __name__ == "__main__":
    sys.exit(main())
