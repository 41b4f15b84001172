"""Worker processes: one thread each, gone with the command (which tests/test_precompute.py kills)."""

import os

import numpy as np
import torch
from threadpoolctl import threadpool_info

from svc_core.workers import worker_pool


def threads() -> tuple[int, set[int], int]:
    """Run by a worker: its number of threads in torch and in the libraries beneath, and its process."""
    np.ones((50, 50)) @ np.ones((50, 50))
    return torch.get_num_threads(), {library["num_threads"] for library in threadpool_info()}, os.getpid()


def test_a_worker_is_a_process_of_one_thread():
    """Two workers of two threads each would wait for one another on two cores."""
    with worker_pool(1) as pool:
        of_torch, of_others, process = pool.submit(threads).result()
    assert (of_torch, of_others) == (1, {1})
    assert process != os.getpid()
