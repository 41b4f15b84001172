"""Where a run computes: alone, told by torchrun's variables, and two processes that train as one."""

import os
import subprocess
import sys
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import distributed

from svc_core.model.checkpoint import read_tensors
from svc_core.training.objectives import DenoiserObjective
from svc_core.training.processes import Processes
from tests.model.clips import LENGTHS, ragged_batch, random_clips, random_model
from tests.support.dashboard import free_port
from tests.training.runs import small_crops, train_by_hand
from tests.training.two_shares import CONFIG, STEPS


@dataclass(frozen=True)
class Nested:
    number: int
    inner: object
    tensor: torch.Tensor


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Backends that were asked for: no other process is there to answer."""
    backends = []
    monkeypatch.setattr(distributed, "init_process_group", backends.append)
    return backends


def test_alone_it_is_the_first_of_one_on_the_cpu(monkeypatch, started):
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)
    alone = Processes()
    assert (alone.rank, alone.count, alone.first, alone.on_gpu, alone.device.type) == (0, 1, True, False, "cpu")
    assert alone.mean(0.25) == 0.25
    assert isinstance(alone.autocast(), nullcontext)
    alone.wait()
    assert started == []


def test_torchrun_tells_each_process_its_number(monkeypatch, started):
    monkeypatch.setenv("RANK", "2")
    monkeypatch.setenv("WORLD_SIZE", "4")
    third = Processes()
    assert (third.rank, third.count, third.first) == (2, 4, False)
    assert started == ["gloo"]


def test_processes_that_know_each_other_are_not_introduced_again(monkeypatch, started):
    monkeypatch.setenv("WORLD_SIZE", "4")
    monkeypatch.setattr(distributed, "is_initialized", lambda: True)
    Processes()
    assert started == []


def test_each_process_of_a_machine_takes_a_gpu_of_its_own(monkeypatch, started):
    taken, precision = [], []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "set_device", taken.append)
    monkeypatch.setattr(torch, "set_float32_matmul_precision", precision.append)
    for name, value in (("RANK", "11"), ("WORLD_SIZE", "16"), ("LOCAL_RANK", "3")):
        monkeypatch.setenv(name, value)
    processes = Processes()
    assert processes.device == torch.device("cuda", 3)
    assert taken == [processes.device]
    assert started == ["nccl"]
    assert precision == ["high"]


def test_a_batch_is_placed_with_all_that_is_in_it():
    """ "meta" stands for another device: what is there has shapes alone."""
    processes, clips = Processes(), random_clips()
    processes.device = torch.device("meta")
    placed = processes.place(Nested(7, ragged_batch(clips), torch.ones(2, 3)))
    assert isinstance(placed, Nested)
    assert placed.number == 7
    assert (placed.tensor.device.type, placed.tensor.shape) == ("meta", (2, 3))
    for name in ("content", "f0_hz", "voiced", "loudness_db", "singer", "mask"):
        assert getattr(placed.inner, name).device.type == "meta"
    assert placed.inner.mask.shape == (3, max(LENGTHS))
    assert processes.place(clips[0]).mask is None


# two processes


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which two processes left their ends."""
    folder = tmp_path_factory.mktemp("two")
    port = str(free_port())
    started = []
    for rank in ("0", "1"):
        told = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
        started.append(
            subprocess.Popen(
                [sys.executable, "-m", "tests.training.two_shares", str(folder)],
                cwd=Path(__file__).parents[2],
                env=os.environ | told | {"CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"},
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    try:
        errors = [process.communicate(timeout=180)[1] for process in started]
    finally:
        for process in started:
            process.kill()
    assert [process.returncode for process in started] == [0, 0], "\n".join(errors)
    return folder


def part_of(folder: Path, rank: int, kind: str) -> dict[str, torch.Tensor]:
    tensors, _ = read_tensors(folder / f"{rank}.safetensors")
    return {name.removeprefix(f"{kind}/"): tensor for name, tensor in tensors.items() if name.startswith(f"{kind}/")}


@pytest.mark.parametrize("kind", ["weight", "average"])
def test_two_processes_end_with_the_same_weights(two, kind):
    first, second = (part_of(two, rank, kind) for rank in (0, 1))
    assert first.keys() == second.keys()
    assert len(first) > 20
    for name, weight in first.items():
        assert torch.equal(weight, second[name])


def test_two_processes_train_as_one_that_averages_their_gradients(two):
    """Each drew its own half of the batch and its own noise."""
    objective = DenoiserObjective(random_model(CONFIG))
    train_by_hand(objective, CONFIG.train, [small_crops(CONFIG.train, rank, 2) for rank in (0, 1)], STEPS)
    alone = DenoiserObjective(random_model(CONFIG))
    train_by_hand(alone, CONFIG.train, [small_crops(CONFIG.train, 0, 2)], STEPS)
    reached, other = part_of(two, 0, "weight"), alone.state_dict()
    for name, weight in objective.state_dict().items():
        torch.testing.assert_close(reached[name], weight, rtol=0, atol=1e-6)
    assert any((reached[name] - other[name]).abs().max() > 1e-4 for name in reached)  # the other half had its say


def test_only_the_first_of_two_writes(two):
    assert {path.name for path in two.iterdir()} == {
        "0.safetensors",
        "1.safetensors",
        "state.safetensors",
        "checkpoint of 0 at 3",
        "checkpoint of 0 at 5",
    }


def test_a_number_is_averaged_over_processes(two):
    for rank in (0, 1):
        assert read_tensors(two / f"{rank}.safetensors")[0]["mean of ranks"].item() == 0.5


def test_when_one_process_meets_what_is_no_number_all_stop_at_that_step(two):
    """Else the other would go on with weights that are none, and write them over the last checkpoint."""
    sentences = [read_tensors(two / f"{rank}.safetensors")[1]["stopped"] for rank in (0, 1)]
    assert "the loss is nan" in sentences[1]
    assert "norm nan at step 0" in sentences[0]
    assert "the loss is nan" not in sentences[0]
