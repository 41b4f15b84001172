"""The fuzzer itself: every reader can be made ready and read from, and what is planted is found."""

import os
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import strategies as st

from tests.fuzz.reader import Reader
from tests.fuzz.readers import READERS
from tests.fuzz.worker import HarnessError, fuzz, fuzz_here

FEW = 30


class PlantedError(Exception):
    """No reader documents it."""


@pytest.mark.parametrize("name", READERS)
def test_a_few_inputs_do_no_harm(name, tmp_path):
    alone = name == "requests"  # it puts its own in the place of the app's methods, and runs an event loop
    tally = fuzz(name, FEW, 0) if alone else fuzz_here(READERS[name], FEW, 0, tmp_path)
    assert tally.inputs >= FEW // 2  # some are drawn twice
    assert tally.unhandled == 0, tally.defects
    assert tally.large == 0, tally.defects


def with_a_defect(read):
    """A reader of numbers from 0 to 9 that comes upon its defect at 7."""

    def make(folder: Path) -> Reader:
        path = folder / "number"

        def act() -> None:
            if path.read_text() == "7":
                read()
            if path.read_text() == "8":
                raise ValueError("documented")

        return Reader(st.integers(0, 9), lambda number: path.write_text(str(number)), act, (ValueError,))

    return make


def fail() -> None:
    raise PlantedError("planted")


def linger() -> None:
    time.sleep(1.1)


def hang() -> None:
    while True:
        pass


def take_memory() -> None:
    np.ones(300 << 17).sum()  # 300 MiB


@pytest.mark.parametrize(
    ("read", "count", "told"),
    [
        (fail, "unhandled", "PlantedError at tests/fuzz/test_fuzz.py"),
        (linger, "slow", "over 1 s"),
        (take_memory, "large", "over 200 MB"),
    ],
)
def test_what_is_planted_is_found(read, count, told, tmp_path):
    tally = fuzz_here(with_a_defect(read), FEW, 0, tmp_path)
    assert getattr(tally, count) == 1
    assert [tally.unhandled, tally.slow, tally.large].count(0) == 2
    assert any(told in what for what in tally.defects)
    assert all(defect.shown.endswith("7") for defect in tally.defects.values())  # the input that it was


def test_what_does_not_end_is_ended(monkeypatch, tmp_path):
    monkeypatch.setattr("tests.fuzz.limits.GIVEN_UP_S", 1.2)
    monkeypatch.setattr("tests.fuzz.limits.TRIES", 1)
    tally = fuzz_here(with_a_defect(hang), FEW, 0, tmp_path)
    assert tally.slow == 1
    assert tally.inputs == 10


def dying(folder: Path) -> Reader:
    """Ends its process at 7."""
    laid = []

    def read() -> None:
        if laid[-1] == 7:
            os._exit(3)

    return Reader(st.integers(0, 9), laid.append, read, ())


def unmade(folder: Path) -> Reader:
    raise PlantedError("cannot be made")


def test_an_input_that_ends_the_process_is_told():
    tally = fuzz("dying", 10, 0, {"dying": dying})
    assert tally.unhandled >= 1
    assert tally.defects["the process ended (exit code 3)"].shown.endswith("7")


def test_a_reader_that_cannot_be_made_is_no_clean_reader():
    with pytest.raises(HarnessError, match="cannot be made"):
        fuzz("unmade", 10, 0, {"unmade": unmade})
