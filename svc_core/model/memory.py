"""Telling that memory ran out from everything else that torch raises."""

from __future__ import annotations

import torch


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether a GPU's or the machine's memory ran out (the latter has no error class of its own)."""
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)
