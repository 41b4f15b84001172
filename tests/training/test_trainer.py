"""A run: its steps by hand, its average, and that stopping and resuming changes no bit."""

import math
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from svc_core.config import OptimiserConfig
from svc_core.model.checkpoint import CheckpointError, read_tensors, save_model
from svc_core.training.objectives import DenoiserObjective, DistillObjective, DraftObjective, as_student
from svc_core.training.processes import Processes
from svc_core.training.trainer import Objective, Trainer, TrainingError
from tests.conftest import is_sentence
from tests.model.clips import random_model, small_config
from tests.training.runs import copied, small_crops, train_by_hand, with_optimiser

OPTIMISER = OptimiserConfig(batch=8, learning_rate=0.05, warmup_steps=3, ema_decay=0.8, checkpoint_every=4, log_every=2)
STEPS = 10


@dataclass(frozen=True)
class Points:
    x: Tensor
    y: Tensor


class Line(Objective):
    """A line through points, behind a part that is held fixed; both have dropout, and the loss some noise."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.fixed = nn.Sequential(nn.Linear(3, 3), nn.Dropout(0.5)).requires_grad_(False)
        self.line = nn.Sequential(nn.Linear(3, 1), nn.Dropout(0.2))
        self.after_steps = 0

    def trained(self) -> list[nn.Module]:
        return [self.line]

    def forward(self, batch: Points) -> Tensor:
        y = batch.y + 0.1 * torch.randn_like(batch.y)
        return ((self.line(self.fixed(batch.x)) - y) ** 2).mean()

    def after_step(self) -> None:
        self.after_steps += 1


def points(step: int) -> Points:
    generator = torch.Generator().manual_seed(step)
    x = torch.randn(8, 3, generator=generator)
    return Points(x, x.sum(dim=1, keepdim=True) + 2.0)


class PointsCrops:
    """As train_by_hand wants its batches."""

    draw = staticmethod(points)


class Curves:
    """A SummaryWriter's one method."""

    def __init__(self) -> None:
        self.drawn: list[tuple[str, float, int]] = []

    def add_scalar(self, tag: str, value: float, step: int) -> None:
        self.drawn.append((tag, value, step))


def new_trainer(folder: Path, objective: Objective | None = None, **fields) -> Trainer:
    arguments = {"optimiser": OPTIMISER, "steps": STEPS, "state_path": folder / "line.state.safetensors"}
    return Trainer(objective or Line(), **arguments | {"identity": {"config": "one"}} | fields)


def same_file(first: Path, second: Path) -> bool:
    """The same tensors to the last bit, and the same metadata."""
    (tensors, metadata), (other_tensors, other_metadata) = read_tensors(first), read_tensors(second)
    equal = [torch.equal(tensor, other_tensors[name]) for name, tensor in tensors.items()]
    return tensors.keys() == other_tensors.keys() and metadata == other_metadata and all(equal)


# a step


def test_learning_rate_warms_up_and_falls_to_a_twentieth(tmp_path):
    optimiser = replace(OPTIMISER, warmup_steps=10, learning_rate=2.0)
    trainer = new_trainer(tmp_path, optimiser=optimiser, steps=100)
    assert trainer.learning_rate(0) == pytest.approx(2.0 * 0.1)
    assert trainer.learning_rate(4) == pytest.approx(2.0 * 0.5 * (0.05 + 0.95 * (0.5 + 0.5 * math.cos(0.04 * math.pi))))
    assert trainer.learning_rate(9) == pytest.approx(2.0 * (0.05 + 0.95 * (0.5 + 0.5 * math.cos(0.09 * math.pi))))
    assert trainer.learning_rate(50) == pytest.approx(2.0 * 0.525)
    assert trainer.learning_rate(100) == pytest.approx(2.0 * 0.05)


@pytest.mark.parametrize("clip_norm", [1e9, 0.05])
def test_its_steps_are_those_of_adamw_on_the_clipped_gradient(tmp_path, clip_norm):
    optimiser = replace(OPTIMISER, clip_norm=clip_norm)
    trainer, by_hand = new_trainer(tmp_path, optimiser=optimiser), Line()
    for step in range(STEPS):
        trainer.advance(points(step))
    train_by_hand(by_hand, optimiser, [PointsCrops], STEPS)
    for name, weight in by_hand.state_dict().items():
        torch.testing.assert_close(trainer.objective.state_dict()[name], weight, rtol=0, atol=1e-6)


def test_a_step_tells_its_loss_and_counts(tmp_path):
    trainer = new_trainer(tmp_path)
    losses = [trainer.advance(points(0)) for _ in range(3)]
    assert trainer.step == 3
    assert trainer.objective.after_steps == 3
    assert losses[0] == pytest.approx(new_trainer(tmp_path).advance(points(0)))


def test_only_what_is_trained_is_in_training_mode(tmp_path):
    seen = []

    class Watching(Line):
        def forward(self, batch):
            seen.append((self.training, self.line[1].training, self.fixed[1].training, self.fixed.training))
            return super().forward(batch)

    new_trainer(tmp_path, Watching().train()).advance(points(0))
    assert seen == [(True, True, False, False)]


def test_noise_and_dropout_are_functions_of_the_step_the_seed_and_the_process(tmp_path):
    def loss(seed: int = 0, rank: int = 0, step: int = 0) -> float:
        trainer = new_trainer(tmp_path, optimiser=replace(OPTIMISER, seed=seed))
        trainer.processes.rank, trainer.step = rank, step
        torch.randn(100)  # whatever was drawn before
        return trainer.advance(points(0))

    assert loss() == loss()
    losses = [loss(), loss(seed=1), loss(rank=1), loss(rank=2), loss(step=1), loss(seed=1, step=1)]
    assert len(set(losses)) == len(losses)


def test_a_run_learns(tmp_path):
    trainer = new_trainer(tmp_path, steps=400)
    losses = [trainer.advance(points(step)) for step in range(400)]
    assert sum(losses[-50:]) < 0.4 * sum(losses[:50])


# the average


def test_the_average_is_short_of_memory_at_first(tmp_path):
    """After n steps it keeps (1 + n) / (10 + n) of itself: 2 / 11, 3 / 12, 4 / 13, until that is the decay (0.3)."""
    trainer = new_trainer(tmp_path, optimiser=replace(OPTIMISER, ema_decay=0.3))
    expected = trainer.objective.line[0].weight.detach().clone()
    for keep in (2 / 11, 3 / 12, 0.3, 0.3):
        trainer.advance(points(trainer.step))
        expected = keep * expected + (1 - keep) * trainer.objective.line[0].weight.detach()
        torch.testing.assert_close(trainer.average["line.0.weight"], expected)


def test_the_average_is_of_the_trained_weights_alone(tmp_path):
    assert set(new_trainer(tmp_path).average) == {"line.0.weight", "line.0.bias"}


def test_the_average_can_be_put_in_place_and_taken_out_again(tmp_path):
    trainer = new_trainer(tmp_path)
    for step in range(3):
        trainer.advance(points(step))
    raw = copied(trainer.objective)
    present = trainer.take_average()
    for name, weight in trainer.average.items():
        assert torch.equal(trainer.objective.state_dict()[name], weight)
        assert not torch.equal(raw[name], weight)
    trainer.put_back(present)
    assert all(torch.equal(raw[name], weight) for name, weight in trainer.objective.state_dict().items())


def test_at_the_end_the_average_is_left_in_place(tmp_path):
    trainer = new_trainer(tmp_path)
    trainer.fit(points)
    assert trainer.step == STEPS
    raw, _ = read_tensors(trainer.state_path)
    for name, weight in trainer.average.items():
        assert torch.equal(trainer.objective.state_dict()[name], weight)
        assert not torch.equal(raw[f"objective/{name}"], weight)  # the state goes on from the raw weights


# checkpoints


def test_at_every_checkpoint_and_at_the_end_the_average_is_looked_at(tmp_path):
    trainer, seen, curves = new_trainer(tmp_path), [], Curves()

    def look() -> dict[str, float]:
        in_place = all(
            torch.equal(trainer.objective.state_dict()[name], weight) for name, weight in trainer.average.items()
        )
        modes = {module.training for module in trainer.objective.modules()}
        seen.append((trainer.step, in_place, modes, torch.is_grad_enabled()))
        return {"held_out": float(trainer.step)}

    trainer.fit(points, curves, look)
    assert seen == [(step, True, {False}, False) for step in (4, 8, 10)]
    assert [entry for entry in curves.drawn if entry[0] == "held_out/line"] == [
        ("held_out/line", float(step), step) for step in (4, 8, 10)
    ]
    assert [(tag, step) for tag, _, step in curves.drawn if tag.startswith("train")] == [
        ("train/line", step) for step in (2, 4, 6, 8, 10)
    ]


def test_looking_changes_nothing(tmp_path):
    """Neither weights nor the random numbers of the steps after it."""
    plain, watched = new_trainer(tmp_path / "plain"), new_trainer(tmp_path / "watched")
    plain.fit(points)
    watched.fit(points, Curves(), lambda: {"drawn": torch.randn(7).sum().item()})
    assert same_file(plain.state_path, watched.state_path)
    assert all(torch.equal(plain.average[name], weight) for name, weight in watched.average.items())


def test_without_curves_the_average_is_looked_at_all_the_same(tmp_path):
    looks = []
    new_trainer(tmp_path).fit(points, on_checkpoint=lambda: looks.append(0) or {"held_out": 0.0})
    assert len(looks) == 3


def test_the_curves_are_the_losses(tmp_path):
    by_step, curves, trainer = [], Curves(), new_trainer(tmp_path / "steps")
    by_step = [trainer.advance(points(step)) for step in range(STEPS)]
    new_trainer(tmp_path / "fit").fit(points, curves)
    assert [value for tag, value, _ in curves.drawn if tag == "train/line"] == by_step[1::2]


def test_a_process_that_is_not_the_first_writes_and_draws_nothing(tmp_path):
    processes, curves, looks = Processes(), Curves(), []
    processes.rank = 1
    trainer = new_trainer(tmp_path, processes=processes)
    trainer.fit(points, curves, lambda: looks.append(0) or {})
    assert trainer.step == STEPS
    assert (list(tmp_path.iterdir()), curves.drawn, looks) == ([], [], [])


# stopping and resuming


class Killed(BaseException):
    """As from outside: no `except Exception` can hold it."""


def killed_at(step: int, draw):
    def draw_until(at: int):
        if at == step:
            raise Killed
        return draw(at)

    return draw_until


def make_line(seed: int) -> Line:
    return Line(seed)


def made_of(kind: str):
    """Objective of a kind with weights of a seed, its crops and its optimiser."""
    config = with_optimiser(small_config(draft="convnext", draft_dropout=0.3, condition_dropout=0.5))

    def make(seed: int) -> Objective:
        model = random_model(config)
        if kind == "distill":
            objective = DistillObjective(random_model(as_student(config)), model)
        else:
            objective = {"draft": DraftObjective, "denoiser": DenoiserObjective}[kind](model)
        torch.manual_seed(seed)
        with torch.no_grad():
            for weight in objective.parameters():
                weight += 0.1 * seed * torch.randn_like(weight)
        return objective

    optimiser = config.distill if kind == "distill" else config.train
    return make, small_crops(optimiser).draw, optimiser


@pytest.mark.parametrize("kind", ["line", "draft", "denoiser", "distill"])
@pytest.mark.parametrize("killed", [3, 6, 9])
def test_a_resumed_run_ends_with_exactly_the_weights_of_one_that_was_not_stopped(tmp_path, kind, killed):
    """Killed before the first checkpoint, after it and after the second; it starts again from other weights."""
    make, draw, optimiser = (make_line, points, OPTIMISER) if kind == "line" else made_of(kind)
    fields = {"optimiser": optimiser}
    whole = new_trainer(tmp_path / "whole", make(0), **fields)
    whole.fit(draw)
    with pytest.raises(Killed):
        new_trainer(tmp_path / "resumed", make(0), **fields).fit(killed_at(killed, draw))
    resumed = new_trainer(tmp_path / "resumed", make(0 if killed == 3 else 1), **fields)
    drawn = []
    resumed.fit(lambda step: drawn.append(step) or draw(step))
    assert drawn[0] == (killed // 4) * 4
    assert same_file(whole.state_path, resumed.state_path)
    for name, tensor in whole.objective.state_dict().items():
        assert torch.equal(resumed.objective.state_dict()[name], tensor), name


def test_the_target_of_a_distillation_is_part_of_its_state(tmp_path):
    make, draw, optimiser = made_of("distill")
    trainer = new_trainer(tmp_path, make(0), optimiser=optimiser, steps=2)
    trainer.fit(draw)
    saved, _ = read_tensors(trainer.state_path)
    for name, weight in trainer.objective.target.state_dict().items():
        assert torch.equal(saved[f"objective/target.{name}"], weight)


def test_a_finished_run_takes_no_further_step(tmp_path):
    first = new_trainer(tmp_path)
    first.fit(points)
    again, drawn = new_trainer(tmp_path, Line(seed=1)), []
    again.fit(lambda step: drawn.append(step))
    assert drawn == []
    for name, tensor in first.objective.state_dict().items():
        assert torch.equal(again.objective.state_dict()[name], tensor)


def test_a_state_is_whole_or_not_there_at_all(tmp_path):
    trainer = new_trainer(tmp_path)
    trainer.save()
    assert [path.name for path in tmp_path.iterdir()] == ["line.state.safetensors"]


def test_a_run_resumes_at_the_step_that_was_saved(tmp_path):
    trainer = new_trainer(tmp_path)
    for step in range(3):
        trainer.advance(points(step))
    trainer.save()
    resumed = new_trainer(tmp_path, Line(seed=1))
    resumed.resume()
    assert resumed.step == 3
    assert resumed.optimiser.state_dict()["state"][0]["step"].item() == 3


# what is refused


@pytest.mark.parametrize("identity", [{"config": "two"}, {"config": "one", "singers": "alto"}, {"singers": "one"}])
def test_a_run_of_another_identity_is_not_resumed(tmp_path, identity):
    """A singer's place is the singer's id: a new singer in an old place would be taught the old one's voice."""
    new_trainer(tmp_path).save()
    with pytest.raises(CheckpointError, match=r"another configuration.*give --run another folder") as caught:
        new_trainer(tmp_path, identity=identity).fit(points)
    assert is_sentence(str(caught.value))
    assert str(tmp_path) in str(caught.value)


def test_a_damaged_state_is_refused(tmp_path):
    trainer = new_trainer(tmp_path)
    trainer.save()
    trainer.state_path.write_bytes(trainer.state_path.read_bytes()[:200])
    with pytest.raises(CheckpointError) as caught:
        trainer.fit(points)
    assert is_sentence(str(caught.value))


def test_a_model_is_no_state(tmp_path):
    trainer, model = new_trainer(tmp_path), random_model(small_config())
    save_model(trainer.state_path, model, model.state_dict())
    with pytest.raises(CheckpointError) as caught:
        trainer.resume()
    assert is_sentence(str(caught.value))


class Faulty(Line):
    """Like Line until step 2, of which ``fault`` makes the loss."""

    def __init__(self, fault) -> None:
        super().__init__()
        self.fault = fault

    def forward(self, batch):
        loss = super().forward(batch)
        return loss if self.after_steps < 2 else self.fault(loss)


def failing(tmp_path: Path, fault, **fields) -> tuple[Trainer, str]:
    trainer = new_trainer(tmp_path, Faulty(fault), optimiser=replace(OPTIMISER, **fields))
    with pytest.raises(TrainingError) as caught:
        trainer.fit(points)
    assert is_sentence(str(caught.value))
    return trainer, str(caught.value)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (lambda loss: loss * float("nan"), "the loss is nan"),
        (lambda loss: loss / 0.0, "the loss is inf"),
        (lambda loss: loss + (0.0 * loss).sqrt(), "its gradient's norm nan"),  # a loss that looks well
    ],
)
def test_what_is_no_number_ends_the_run_before_it_reaches_the_weights(tmp_path, fault, said):
    trainer, sentence = failing(tmp_path, fault)
    assert said in sentence
    assert "at step 2" in sentence
    assert "lower learning rate" in sentence
    assert trainer.step == 2
    tensors = [*trainer.objective.state_dict().values(), *trainer.average.values()]
    assert all(torch.isfinite(tensor).all() for tensor in tensors)
    assert not trainer.state_path.exists()


def gpu_out_of_memory(loss: Tensor) -> Tensor:
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.\nMore lines.")


def machine_out_of_memory(loss: Tensor) -> Tensor:
    return loss * torch.empty(10**15).sum()  # four petabytes: the allocator itself says so


@pytest.mark.parametrize("fault", [gpu_out_of_memory, machine_out_of_memory])
@pytest.mark.parametrize(("batch", "smaller"), [(8, 4), (7, 3), (1, 1)])
def test_out_of_memory_proposes_a_smaller_batch(tmp_path, fault, batch, smaller):
    _, sentence = failing(tmp_path, fault, batch=batch)
    assert sentence == f"out of memory at step 2 with a batch of {batch} crops; try --batch {smaller}."


def test_other_errors_are_not_taken_for_a_lack_of_memory(tmp_path):
    trainer = new_trainer(tmp_path, Faulty(lambda loss: loss @ torch.ones(2, 3)))
    with pytest.raises(RuntimeError) as caught:
        trainer.fit(points)
    assert not isinstance(caught.value, TrainingError)
