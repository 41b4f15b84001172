"""On what a run computes: one CPU process, one GPU, or several processes started by torchrun.

    torchrun --nproc-per-node 4 -m -- svc_core.train --corpus CORPUS --run runs/mine

torchrun tells each process its number in RANK and how many there are in WORLD_SIZE. GPUs talk to
each other by NCCL, CPU processes by gloo.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from dataclasses import fields, is_dataclass
from typing import Any

import torch
from torch import Tensor, distributed


class Processes:
    """This process among those of the run. Alone, and on the CPU where there is no GPU."""

    def __init__(self) -> None:
        self.rank = int(os.environ.get("RANK", "0"))
        self.count = int(os.environ.get("WORLD_SIZE", "1"))
        self.on_gpu = torch.cuda.is_available()
        self.device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0"))) if self.on_gpu else CPU
        if self.on_gpu:
            torch.cuda.set_device(self.device)
            torch.set_float32_matmul_precision("high")  # TF32: what is left in 32 bits needs no more
        if self.count > 1 and not distributed.is_initialized():
            distributed.init_process_group("nccl" if self.on_gpu else "gloo")

    @property
    def first(self) -> bool:
        """Whether this is the process that writes files and draws curves."""
        return self.rank == 0

    def wait(self) -> None:
        """Go on when all processes have come this far."""
        if self.count > 1:
            distributed.barrier()

    def mean(self, value: float) -> float:
        """Mean of one number over all processes."""
        total = torch.tensor(value, device=self.device)
        if self.count > 1:
            distributed.all_reduce(total)
        return float(total) / self.count

    def autocast(self) -> AbstractContextManager:
        """bfloat16 on a GPU: its exponent is as wide as float32's, so no loss scaling is needed."""
        return torch.autocast("cuda", torch.bfloat16) if self.on_gpu else nullcontext()

    def place(self, batch: Any) -> Any:
        """A dataclass of tensors (and of such dataclasses), on this process's device."""
        if isinstance(batch, Tensor):
            return batch.to(self.device, non_blocking=True)
        if is_dataclass(batch) and not isinstance(batch, type):
            return type(batch)(*[self.place(getattr(batch, part.name)) for part in fields(batch)])
        return batch


CPU = torch.device("cpu")
