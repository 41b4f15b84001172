"""A training run: its schedule, its average, and that stopping and resuming changes no bit."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from svc_core.config import Config, TrainConfig
from svc_core.model.checkpoint import CheckpointError, load_model, read_tensors
from svc_core.model.system import VoiceConverter
from svc_core.sound.features import Features
from svc_core.training.crops import Crops
from svc_core.training.run import Run, held_out_loss
from tests.conftest import is_sentence


@pytest.fixture(scope="module")
def crops(sung_features: Features, tiny_config: Config) -> Crops:
    train = tiny_config.train
    return Crops([sung_features] * 2, [0, 1], train.crop_frames, train.batch, train.singer_balance, train.seed)


def new_run(config: Config, weights_seed: int = 0, singers: tuple[str, ...] = ("alto", "bass")) -> Run:
    torch.manual_seed(weights_seed)
    return Run(VoiceConverter(config, singers), config.train)


def advanced(run: Run, crops: Crops, steps: int) -> Run:
    for _ in range(steps):
        run.advance(crops)
    return run


def copy_of(run: Run) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in run.model.state_dict().items()}


def same_file(first: Path, second: Path) -> bool:
    """The same tensors to the last bit, and the same metadata."""
    (tensors, metadata), (other_tensors, other_metadata) = read_tensors(first), read_tensors(second)
    equal = [torch.equal(tensor, other_tensors[name]) for name, tensor in tensors.items()]
    return tensors.keys() == other_tensors.keys() and metadata == other_metadata and all(equal)


def test_the_draft_comes_first(tiny_config):
    run = new_run(tiny_config)
    assert run.total_steps == 12
    assert [run.part_of(step) for step in (0, 5, 6, 11)] == ["draft", "draft", "denoiser", "denoiser"]


def test_learning_rate_warms_up_and_falls_to_a_twentieth_in_each_part():
    run = Run.__new__(Run)
    run.train = TrainConfig(draft_steps=100, denoiser_steps=200, warmup_steps=10, learning_rate=1.0)
    assert run.learning_rate(0) == pytest.approx(0.1)
    assert run.learning_rate(9) == pytest.approx(0.05 + 0.95 * (0.5 + 0.5 * math.cos(0.09 * math.pi)))
    assert run.learning_rate(50) == pytest.approx(0.525)
    assert run.learning_rate(99) == pytest.approx(0.05, abs=1e-3)
    assert run.learning_rate(100) == pytest.approx(0.1)
    assert run.learning_rate(200) == pytest.approx(0.525)


def test_the_first_average_is_nine_tenths_of_the_first_step(tiny_config, crops):
    """keep = (1 + 0) / (10 + 0): the beginning is soon forgotten."""
    run = new_run(tiny_config)
    before = copy_of(run)
    run.advance(crops)
    name = "draft.leave.weight"
    expected = 0.1 * before[name] + 0.9 * run.model.state_dict()[name]
    assert not torch.equal(before[name], run.model.state_dict()[name])
    torch.testing.assert_close(run.average[name], expected)


def test_each_part_leaves_the_other_alone(tiny_config, crops):
    run = new_run(tiny_config)
    before = copy_of(run)
    advanced(run, crops, 5)
    during = copy_of(run)
    assert all(torch.equal(before[name], during[name]) for name in before if name.startswith("denoiser"))
    advanced(run, crops, 1)
    fixed = copy_of(run)
    advanced(run, crops, 6)
    after = copy_of(run)
    assert all(torch.equal(fixed[name], after[name]) for name in fixed if not name.startswith("denoiser"))
    assert not torch.equal(fixed["denoiser.leave.weight"], after["denoiser.leave.weight"])


def test_the_denoiser_starts_from_the_averaged_draft_and_its_measured_miss(tiny_config, crops):
    run = advanced(new_run(tiny_config), crops, 6)
    for name, tensor in run.model.state_dict().items():
        assert torch.equal(tensor, run.average[name])
    assert run.model.residual_std.item() not in (0.0, 1.0)
    miss = crops.draw(0).mel - run.model.mel_mean
    assert 0.1 * miss.std() < run.model.residual_std < 10 * miss.std()


def test_loss_falls_when_one_clip_is_learnt_by_heart(tiny_config, crops):
    train = replace(tiny_config.train, draft_steps=80, denoiser_steps=80, learning_rate=1e-2)
    run = new_run(replace(tiny_config, train=train))
    mean, spread = crops.mel_statistics()
    run.model.mel_mean.fill_(mean)
    run.model.mel_std.fill_(spread)
    losses = [run.advance(crops) for _ in range(160)]
    draft, denoiser = np.array(losses[:80]), np.array(losses[80:])
    assert draft[-10:].mean() < 0.6 * draft[:5].mean()
    assert denoiser[-20:].mean() < 0.9 * denoiser[:10].mean()


@pytest.mark.parametrize("stopped_at", [3, 6, 9])
def test_a_resumed_run_ends_with_exactly_the_weights_of_one_that_was_not_stopped(
    tmp_path, tiny_config, crops, stopped_at
):
    """In the draft, at its very end, and in the denoiser; the resumed model starts from other weights."""
    whole = advanced(new_run(tiny_config), crops, 12)
    advanced(new_run(tiny_config), crops, stopped_at).save(tmp_path)
    resumed = new_run(tiny_config, weights_seed=99)
    resumed.resume(tmp_path / "state.safetensors")
    assert resumed.step == stopped_at
    advanced(resumed, crops, 12 - stopped_at)
    for kept, name in ((whole, "whole"), (resumed, "resumed")):
        kept.save(tmp_path / name)
    for name in ("model.safetensors", "state.safetensors"):
        assert same_file(tmp_path / "whole" / name, tmp_path / "resumed" / name)


def test_the_saved_model_is_the_average(tmp_path, tiny_config, crops):
    run = advanced(new_run(tiny_config), crops, 3)
    run.save(tmp_path)
    saved = load_model(tmp_path / "model.safetensors").state_dict()
    assert all(torch.equal(saved[name], run.average[name]) for name in saved)
    assert not torch.equal(saved["draft.leave.weight"], run.model.state_dict()["draft.leave.weight"])


def test_a_run_of_another_configuration_is_not_resumed(tmp_path, tiny_config):
    new_run(tiny_config).save(tmp_path)
    other = new_run(replace(tiny_config, train=replace(tiny_config.train, seed=1)))
    with pytest.raises(CheckpointError, match="another configuration") as caught:
        other.resume(tmp_path / "state.safetensors")
    assert is_sentence(str(caught.value))


@pytest.mark.parametrize("singers", [("alto", "tenor"), ("alto", "bass", "tenor")])
def test_a_run_of_other_singers_is_not_resumed(tmp_path, tiny_config, singers):
    """A singer's place is the singer's id: a new singer in an old place would be taught the old one's voice."""
    new_run(tiny_config).save(tmp_path)
    with pytest.raises(CheckpointError) as caught:
        new_run(tiny_config, singers=singers).resume(tmp_path / "state.safetensors")
    assert is_sentence(str(caught.value))


def test_a_damaged_state_is_refused(tmp_path, tiny_config):
    run = new_run(tiny_config)
    run.save(tmp_path)
    path = tmp_path / "state.safetensors"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(CheckpointError) as caught:
        run.resume(path)
    assert is_sentence(str(caught.value))


def test_a_model_is_no_state(tmp_path, tiny_config):
    run = new_run(tiny_config)
    run.save(tmp_path)
    with pytest.raises(CheckpointError):
        run.resume(tmp_path / "none.safetensors")


def test_held_out_loss_is_of_the_average_and_changes_nothing(tiny_config, crops):
    run = advanced(new_run(tiny_config), crops, 3)
    before = copy_of(run)
    loss = held_out_loss(run, crops)
    assert all(torch.equal(before[name], tensor) for name, tensor in run.model.state_dict().items())
    assert held_out_loss(run, crops) == loss
    run.model.load_state_dict(run.average)
    assert held_out_loss(run, crops) == loss


def test_held_out_loss_draws_no_numbers_of_the_training(tmp_path, tiny_config, crops):
    """Measured between two steps it must not change the next."""
    plain, watched = new_run(tiny_config), new_run(tiny_config)
    advanced(plain, crops, 4)
    advanced(watched, crops, 2)
    held_out_loss(watched, crops)
    advanced(watched, crops, 2)
    assert torch.equal(plain.average["draft.leave.weight"], watched.average["draft.leave.weight"])


def test_held_out_loss_at_the_end_of_the_draft_is_still_the_drafts(tiny_config, crops):
    """It is drawn into the draft's curve: the last point must be of the same kind as the one before."""
    run = advanced(new_run(tiny_config), crops, 6)
    draft = []
    for index in range(8):
        batch = crops.draw(index)
        conditioned = run.model.condition(batch.inputs, torch.ones(2, 4, dtype=torch.bool))
        draft.append((conditioned.draft - run.model.normalise(batch.mel)).abs().mean().item())
    assert held_out_loss(run, crops) == pytest.approx(np.mean(draft), rel=1e-4)
