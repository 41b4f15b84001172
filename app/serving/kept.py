"""What was used last, kept in memory up to a limit."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sized
from typing import Generic, TypeVar

T = TypeVar("T", bound=Sized)


class Kept(Generic[T]):
    """The values that were used last, ``most`` bytes of them at most, by their len(); safe among threads."""

    def __init__(self, most: int) -> None:
        self.most, self.bytes = most, 0
        self._lock = threading.Lock()
        self._values: OrderedDict[tuple[str, ...], T] = OrderedDict()

    def get(self, key: tuple[str, ...]) -> T | None:
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def put(self, key: tuple[str, ...], value: T) -> None:
        with self._lock:
            before = self._values.pop(key, None)
            self.bytes += len(value) - (len(before) if before is not None else 0)
            self._values[key] = value
            while self.bytes > self.most:
                self.bytes -= len(self._values.popitem(last=False)[1])
