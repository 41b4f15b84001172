"""Recordings of visitors, and what is made of them: a folder each, taken away soon after the last look at it.

The folder's name is the only key to it: 128 bits that nobody can guess, known to the browser that sent the
recording and to nobody else. Nothing is logged, and nothing outlives the server: what a killed one left behind
is swept away by the next. All takes together have a bound, so that strangers cannot fill the disk.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from app.own.limits import Limits

PREFIX = "singsteps-own-"
KEY = re.compile(r"[A-Za-z0-9_-]{22}")  # what secrets.token_urlsafe(16) gives
FULL = "Too many recordings are on this server just now; please try again in a few minutes."


class TakesError(ValueError):
    """There is no room for more; the message says so."""


class Takes:
    """Thread-safe. ``clock`` gives seconds that never go back."""

    def __init__(self, limits: Limits, place: Path | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.limits = limits
        place = place or Path(tempfile.gettempdir())
        sweep_left_behind(place)
        self.root = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=place))  # for this user alone
        self._clock = clock
        self._seen_s: dict[str, float] = {}
        self._bytes: dict[str, int] = {}  # of each take, when it was last weighed
        self._lock = threading.Lock()

    def create(self) -> tuple[str, Path]:
        """A new take's key and its empty folder. Raises TakesError."""
        key = secrets.token_urlsafe(16)
        folder = self.root / key
        with self._lock:
            if len(self._seen_s) >= self.limits.most_takes or self._is_full():
                raise TakesError(FULL)
            self.root.mkdir(mode=0o700, exist_ok=True)  # some machines clear their temporary files every few days
            folder.mkdir(mode=0o700)
            self._seen_s[key] = self._clock()
        return key, folder

    def __len__(self) -> int:
        """How many are kept just now."""
        with self._lock:
            return len(self._seen_s)

    def weigh(self, key: str) -> None:
        """Note how much a take has come to hold. Raises TakesError where there is no room for more in any."""
        size = sum(_size(path) for path in (self.root / key).rglob("*"))
        with self._lock:
            if key in self._seen_s:
                self._bytes[key] = size
            if self._is_full():
                raise TakesError(FULL)

    def _is_full(self) -> bool:
        return sum(self._bytes.values()) > self.limits.most_stored_bytes

    def folder(self, key: str) -> Path | None:
        """Of a take that is there, which counts as a look at it; None of any other."""
        with self._lock:
            if key not in self._seen_s:
                return None
            self._seen_s[key] = self._clock()
        return self.root / key

    def file(self, key: str, name: str) -> Path | None:
        """A file of a take, or None: what leads out of its folder is none of its files."""
        folder = self.folder(key)
        if folder is None:
            return None
        try:
            path = (folder / name).resolve()
            return path if path.is_relative_to(folder.resolve()) and path.is_file() else None
        except (OSError, ValueError):  # longer than a name may be, or with a null in it
            return None

    def forget(self, key: str) -> bool:
        """Whether there was such a take; its files are gone when this returns."""
        with self._lock:
            known = self._seen_s.pop(key, None) is not None
            self._bytes.pop(key, None)
        if known:
            shutil.rmtree(self.root / key, ignore_errors=True)
        return known

    def sweep(self) -> list[str]:
        """Takes away what nobody has looked at for long; returns the keys."""
        with self._lock:
            now_s = self._clock()
            old = [key for key, seen_s in self._seen_s.items() if now_s - seen_s > self.limits.kept_s]
            # what a worker still wrote when its take was forgotten
            strays = [
                path for path in self.root.glob("*") if KEY.fullmatch(path.name) and path.name not in self._seen_s
            ]
        for path in strays:
            shutil.rmtree(path, ignore_errors=True)
        return [key for key in old if self.forget(key)]

    def close(self) -> None:
        """Takes all of them away."""
        with self._lock:
            self._seen_s.clear()
            self._bytes.clear()
        shutil.rmtree(self.root, ignore_errors=True)


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:  # gone meanwhile
        return 0


def sweep_left_behind(place: Path) -> None:
    """Takes away the folders of servers that are no more."""
    for folder in place.glob(f"{PREFIX}*"):
        found = re.fullmatch(rf"{PREFIX}(\d+)-.*", folder.name)
        if found and not _runs(int(found[1])) and folder.is_dir() and not folder.is_symlink():
            shutil.rmtree(folder, ignore_errors=True)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        return True
    return True
