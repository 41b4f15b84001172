"""Keeping memory down without holding visitors up.

By default Streamlit collects all garbage after every run of a page, which took four fifths of a busy server's time and
is off (.streamlit/config.toml). Instead, what is loaded at the start is taken out of what Python's own collections
look through, so that these are short and can be frequent; and every half minute the rest is collected and given back
to the machine.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from starlette.concurrency import run_in_threadpool
from streamlit import runtime

EVERY_S = 30.0
# mallopt(3), by <malloc.h>: threads share two pools of memory instead of sixteen (M_ARENA_MAX); what is larger than
# 32 KiB, as pages' messages are, goes back as soon as it is freed (M_MMAP_THRESHOLD), and so does a pool's free end
# (M_TRIM_THRESHOLD)
MALLOPT = {-8: 2, -3: 32 << 10, -1: 128 << 10}


@asynccontextmanager
async def tidied() -> AsyncIterator[None]:
    """The server's life, with its memory looked after."""
    set_up_memory()
    gc.collect()
    gc.freeze()
    task = asyncio.create_task(_tidy_now_and_then())
    try:
        yield
    finally:
        task.cancel()


async def _tidy_now_and_then() -> None:
    while True:
        await asyncio.sleep(EVERY_S)
        forget_sessions()
        gc.collect()
        await run_in_threadpool(give_back)


def forget_sessions() -> None:
    """Let go of the sessions of pages that were closed more than two minutes ago.

    Streamlit keeps them for those who come back, and, up to 128, until another page is closed: after a class,
    overnight.
    """
    if runtime.exists():
        server: Any = runtime.get_instance()  # Any: nothing public tells it to (1.67; tests/app/host/test_tidied.py)
        with suppress(AttributeError):
            server._session_mgr._session_storage._cache.expire()


def set_up_memory() -> None:
    """Have glibc hold on to less of what is freed."""
    for parameter, value in MALLOPT.items():
        _tell_malloc("mallopt", parameter, value)


def give_back() -> None:
    """Have glibc hand free memory back to the machine."""
    _tell_malloc("malloc_trim", 0)


def _tell_malloc(function: str, *numbers: int) -> None:
    """Call one of glibc's functions; other C libraries, such as musl, are left as they are."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            getattr(ctypes.CDLL(None), function)(*numbers)
