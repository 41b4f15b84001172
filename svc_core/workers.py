"""Worker processes that never outlive the command that started them."""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context, parent_process

from threadpoolctl import threadpool_limits


def worker_pool(jobs: int | None = None) -> ProcessPoolExecutor:
    """A pool of ``jobs`` workers (one a core by default), each of one thread.

    Spawned, not forked: a child that is forked beside torch's threads can hang.
    """
    return ProcessPoolExecutor(jobs or os.cpu_count(), mp_context=get_context("spawn"), initializer=_begin)


def _begin() -> None:
    """Run in a worker. Threads of several workers would wait for one another: as many workers as cores are enough."""
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")  # yet to be loaded
    threadpool_limits(1)  # loaded with the command's own module
    if "torch" in sys.modules:  # which has a number of its own
        sys.modules["torch"].set_num_threads(1)
    _end_with_parent()


def _end_with_parent() -> None:
    """A command that is killed cannot tell its workers, and they would wait for ever."""

    parent = parent_process()
    assert parent is not None  # this is run in a worker

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
