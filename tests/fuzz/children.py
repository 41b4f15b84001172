"""What the programs that a call starts take of memory: by Linux's /proc; elsewhere nothing."""

from __future__ import annotations

import subprocess
import threading
from contextlib import suppress
from pathlib import Path

from tests.support.memory import PROC, status_bytes

LOOK_S = 0.005  # a program's own peak is asked for, so only what it takes in its last moment is missed


class Children:
    """``grown``: what the largest program that was started meanwhile took at its peak, in bytes.

    The system's own count of ended children will not do: a new one counts as large as the process it was split from.
    """

    def __init__(self) -> None:
        self.grown = 0
        self._started: list[Path] = []
        self._is_over = threading.Event()

    def __enter__(self) -> Children:
        started, self._kind = self._started, subprocess.Popen

        class Seen(subprocess.Popen):
            def __init__(self, *args, **named) -> None:
                super().__init__(*args, **named)
                started.append(PROC / str(self.pid))

        subprocess.Popen = Seen
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.Popen = self._kind
        self._is_over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._is_over.wait(LOOK_S):
            for child in self._started:
                with suppress(OSError):  # it has ended
                    self.grown = max(self.grown, status_bytes(child, "VmHWM"))


def reset_peak(process: Path) -> int:
    """Sets the peak of resident memory back to what there is now, where the system can; that, in bytes."""
    try:
        (process / "clear_refs").write_text("5")
    except OSError:
        return status_bytes(process, "VmHWM")
    return status_bytes(process, "VmRSS")
