"""Coroutines in tests that are none themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def settled(coroutine: Coroutine[object, object, T]) -> T:
    """What it comes to. It runs in a thread of its own: in this one a browser of other tests may have its loop."""
    with ThreadPoolExecutor(1) as aside:
        return aside.submit(asyncio.run, coroutine).result()
