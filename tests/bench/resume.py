"""Training that is killed (SIGKILL) and called again, against training that nothing stopped."""

from __future__ import annotations

import tempfile
from pathlib import Path

from svc_core.model.checkpoint import read_tensors
from tests.bench.page import Row
from tests.support.dashboard import REPOSITORY
from tests.support.killed import kill_training

SONGS = REPOSITORY / "tests" / "songs"


def measure_resume() -> list[Row]:
    """The smallest training, on the excerpts of real singing that the tests ship."""
    with tempfile.TemporaryDirectory() as folder:
        killed, whole = kill_training(SONGS, Path(folder) / "features", Path(folder))
        stages = ", ".join(f"{stage} at step {step}" for stage, step in killed.killed_at.items())
        losses = [abs(killed.losses[name] - value) for name, value in whole.losses.items()]
        first = read_tensors(killed.folder / "model.safetensors")[0]
        second = read_tensors(whole.folder / "model.safetensors")[0]
        weights = [float((first[name].double() - tensor.double()).abs().max()) for name, tensor in second.items()]
    return [
        (f"final losses after kill -9 ({stages}) against a whole run, largest difference", f"{max(losses):.1e}", "0"),
        ("their weights, largest difference", f"{max(weights):.1e}", "0"),
    ]
