"""What is minimised, against the same sums written out."""

import numpy as np
import pytest
import torch

from svc_core.model.conditions import condition_inputs, keep_all
from svc_core.training.losses import denoiser_loss, draft_loss, drop_conditions, measure_residual_std


@pytest.fixture
def batch(sung_features):
    return torch.from_numpy(sung_features.mel)[None], condition_inputs(sung_features, 0)


def miss_of(model, mel, inputs) -> np.ndarray:
    """What the draft misses, in standard deviations of the mel."""
    draft = model.condition(inputs, keep_all(1)).draft.detach().numpy()
    return (mel.numpy() - model.mel_mean.item()) / model.mel_std.item() - draft


def test_draft_loss_is_the_mean_absolute_miss(tiny_model, batch):
    loss = draft_loss(tiny_model, *batch, keep_all(1))
    assert loss.item() == pytest.approx(np.abs(miss_of(tiny_model, *batch)).mean(), rel=1e-5)


def test_denoiser_loss_starts_at_the_known_value_for_a_gaussian_rest(tiny_model, sung_features):
    """With F = 0 and a rest that is N(0, residual_std^2), EDM's weight makes every step's loss 1."""
    torch.nn.init.zeros_(tiny_model.denoiser.leave.weight)
    inputs = condition_inputs(sung_features, 0)
    draft = tiny_model.condition(inputs, keep_all(1)).draft.detach()
    mel = tiny_model.denormalise(draft + tiny_model.residual_std * torch.randn(draft.shape))
    torch.manual_seed(0)
    losses = [denoiser_loss(tiny_model, mel, inputs, keep_all(1)).item() for _ in range(40)]
    assert np.mean(losses) == pytest.approx(1.0, abs=0.03)
    assert np.ptp(losses) < 0.2  # at every step alike


def test_denoiser_loss_trains_the_denoiser_alone(tiny_model, batch):
    denoiser_loss(tiny_model, *batch, keep_all(1)).backward()
    touched = {name.split(".")[0] for name, weight in tiny_model.named_parameters() if weight.grad is not None}
    assert touched == {"denoiser"}


def test_draft_loss_trains_conditions_and_draft(tiny_model, batch):
    draft_loss(tiny_model, *batch, keep_all(1)).backward()
    touched = {name.split(".")[0] for name, weight in tiny_model.named_parameters() if weight.grad is not None}
    assert touched == {"conditions", "draft"}


def test_conditions_are_dropped_each_on_its_own():
    torch.manual_seed(0)
    keep = drop_conditions(20_000, 0.12)
    assert keep.shape == (20_000, 4)
    np.testing.assert_allclose((~keep).float().mean(dim=0), 0.12, atol=0.01)
    assert (~keep).all(dim=1).float().mean().item() == pytest.approx(0.12**4, abs=5e-4)


@pytest.mark.parametrize(("chance", "kept"), [(0.0, True), (1.0, False)])
def test_no_chance_drops_nothing_and_certainty_all(chance, kept):
    assert (drop_conditions(100, chance) == kept).all()


def test_residual_spread_is_the_root_mean_square_of_what_the_draft_misses(tiny_model, batch):
    mel, inputs = batch
    misses = [miss_of(tiny_model, mel, inputs), miss_of(tiny_model, mel + 1, inputs)]
    expected = np.sqrt(np.mean(np.square(misses)))
    measured = measure_residual_std(tiny_model, [(mel, inputs), (mel + 1, inputs)], chance=0.0)
    assert measured == pytest.approx(expected, rel=1e-5)
