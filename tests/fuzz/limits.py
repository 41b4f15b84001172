"""What one call takes: seconds, memory at its peak, and how it ends."""

from __future__ import annotations

import gc
import os
import re
import resource
import signal
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from tests.fuzz.children import Children, reset_peak
from tests.support.memory import SELF, status_bytes

MOST_S, MOST_BYTES = 1.0, 200 * 10**6
GIVEN_UP_S = 5.0  # a call that takes longer is ended
ROOM_BYTES = 3 << 30  # beyond what a process has, it is refused more: the machine is not only ours
TRIES = 3  # a call over a second is made again: another program may have had the processor


class GivenUpError(BaseException):
    """No Exception: a reader that catches everything does not catch this."""


@dataclass(frozen=True)
class Outcome:
    """``error``: of no kind that is allowed, and where it was raised; empty otherwise. ``grown``: in bytes."""

    seconds: float
    grown: int
    error: str = ""

    @property
    def is_slow(self) -> bool:
        return self.seconds > MOST_S

    @property
    def is_large(self) -> bool:
        return self.grown > MOST_BYTES


def measure(act: Callable[[], object], allowed: tuple[type[Exception], ...], tries: int = TRIES) -> Outcome:
    """One call of ``act``; where it is slow, the fastest of several."""
    outcomes = []
    while not outcomes or (outcomes[-1].is_slow and len(outcomes) < tries):
        outcomes.append(_once(act, allowed))
    fastest = min(outcomes, key=lambda outcome: outcome.seconds)
    return Outcome(fastest.seconds, max(outcome.grown for outcome in outcomes), fastest.error)


def _once(act: Callable[[], object], allowed: tuple[type[Exception], ...]) -> Outcome:
    gc.collect(0)
    before, began_s, error = _reset_peak(), time.perf_counter(), ""
    with Children() as children, _limited():
        try:
            act()
        except allowed:
            pass
        except GivenUpError:
            pass  # its seconds tell
        except Exception as raised:
            error = _told(raised)
    seconds = time.perf_counter() - began_s
    return Outcome(seconds, max(_peak() - before, children.grown, 0), error)


class limited_memory:
    """Meanwhile this process is refused what would hurt the machine: a MemoryError, then. Making inputs is not."""

    def __enter__(self) -> None:
        if now := status_bytes(SELF, "VmSize"):
            _refuse_beyond(now + ROOM_BYTES)

    def __exit__(self, *_: object) -> None:
        _refuse_beyond(resource.RLIM_INFINITY)


def _refuse_beyond(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (size, resource.RLIM_INFINITY))


class _limited:
    """Ends what takes longer than GIVEN_UP_S, where Python gets to look: between two of its own instructions."""

    def __enter__(self) -> None:
        self.can = threading.current_thread() is threading.main_thread()
        if self.can:
            self.old = signal.signal(signal.SIGALRM, _give_up)
            # again every second: what Python itself calls back, collecting garbage, swallows it
            signal.setitimer(signal.ITIMER_REAL, GIVEN_UP_S, 1.0)

    def __exit__(self, *_: object) -> None:
        if self.can:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, self.old)


def _give_up(*_: object) -> None:
    raise GivenUpError


def _told(error: Exception) -> str:
    """Kind and text of an error, and the line of this project that it came through last."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if re.search(r"/(svc_core|app)/", frame.filename)] or frames
    where = f"{re.sub(r'.*/(?=(svc_core|app|tests)/)', '', ours[-1].filename)}:{ours[-1].lineno}"
    return f"{type(error).__name__} at {where}: {' '.join(str(error).split())[:120]}"


def _reset_peak() -> int:
    """Sets the peak of resident memory back to what there is now, where the system can; that, in bytes."""
    if not SELF.exists():
        return _peak()
    return reset_peak(SELF)


def _peak() -> int:
    if SELF.exists():
        return status_bytes(SELF, "VmHWM")
    unit = 1 if os.uname().sysname == "Darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
