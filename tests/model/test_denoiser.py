"""BiDilConv: what it sees, and that it adds nothing before it has learnt."""

import math

import numpy as np
import pytest
import torch

from svc_core.model.denoiser import BiDilConv, DilatedLayer, StepEmbedding
from tests.model.clips import LENGTHS, ragged_mask, ragged_mels


def random_denoiser(layers: int = 4, n_mels: int = 10) -> BiDilConv:
    torch.manual_seed(0)
    denoiser = BiDilConv(
        n_mels=n_mels, width=8, layers=layers, dilation_cycle=4, condition_width=6, step_embedding=16
    ).eval()
    torch.nn.init.normal_(denoiser.leave.weight)
    return denoiser


@torch.no_grad()
def test_output_has_the_shape_of_the_mel():
    denoiser = random_denoiser()
    for frames in (1, 9, 40):
        projected = denoiser.project(torch.randn(2, 6, frames))
        assert [tuple(told.shape) for told in projected] == [(2, 16, frames)] * 4
        assert denoiser(torch.randn(2, 10, frames), torch.tensor([0, 999]), projected).shape == (2, 10, frames)


@torch.no_grad()
def test_untrained_it_adds_nothing():
    denoiser = BiDilConv(n_mels=10, width=8, layers=2, dilation_cycle=4, condition_width=6, step_embedding=16)
    projected = denoiser.project(torch.randn(2, 6, 20))
    assert (denoiser(torch.randn(2, 10, 20), torch.tensor([3, 4]), projected) == 0).all()


@torch.no_grad()
@pytest.mark.parametrize(("layers", "reach"), [(1, 1), (2, 3), (4, 15), (5, 16)])
def test_it_looks_as_far_to_either_side_as_its_dilations_add_up_to(layers, reach):
    """1 + 2 + 4 + 8 frames in one cycle; the fifth layer begins the next."""
    denoiser, x = random_denoiser(layers), torch.randn(1, 10, 61)
    projected = denoiser.project(torch.zeros(1, 6, 61))
    touched = x.clone()
    touched[:, :, 30] += 10.0
    step = torch.tensor([5])
    changed = (denoiser(touched, step, projected) - denoiser(x, step, projected)).abs().amax(dim=(0, 1)) > 0
    places = torch.nonzero(changed).flatten()
    assert (30 - places.min().item(), places.max().item() - 30) == (reach, reach)


@torch.no_grad()
def test_step_and_condition_both_matter():
    denoiser, x, condition = random_denoiser(), torch.randn(1, 10, 20), torch.randn(1, 6, 20)
    projected = denoiser.project(condition)
    plain = denoiser(x, torch.tensor([5]), projected)
    assert not torch.allclose(denoiser(x, torch.tensor([6]), projected), plain)
    assert not torch.allclose(denoiser(x, torch.tensor([5.5]), projected), plain)  # steps are not whole for EDM
    for layer in range(4):
        other = [told + (index == layer) for index, told in enumerate(projected)]
        assert not torch.allclose(denoiser(x, torch.tensor([5]), other), plain)


@torch.no_grad()
def test_each_of_a_batch_has_its_own_step():
    denoiser, x, condition = random_denoiser(), torch.randn(2, 10, 20), torch.randn(2, 6, 20)
    steps = torch.tensor([3, 700])
    together = denoiser(x, steps, denoiser.project(condition))
    for row in range(2):
        part = slice(row, row + 1)
        torch.testing.assert_close(together[part], denoiser(x[part], steps[part], denoiser.project(condition[part])))


@torch.no_grad()
def test_each_clip_of_a_padded_batch_has_its_own_result():
    denoiser, steps = random_denoiser(n_mels=12), torch.tensor([3, 700, 40])
    noisy, together = ragged_mels()
    condition = torch.randn(3, 6, max(LENGTHS))
    results = denoiser(together, steps, denoiser.project(condition), ragged_mask())
    for row, frames in enumerate(LENGTHS):
        projected = denoiser.project(condition[row : row + 1, :, :frames])
        alone = denoiser(noisy[row], steps[row : row + 1], projected)
        torch.testing.assert_close(results[row : row + 1, :, :frames], alone, rtol=0, atol=1e-5)
    unmasked = denoiser(together, steps, denoiser.project(condition))
    assert (unmasked - results)[0, :, : LENGTHS[0]].abs().max() > 1e-2  # what the mask is for


@torch.no_grad()
def test_the_last_layers_residual_is_not_used_but_every_skip_is():
    """Sum of skips over the root of their number, then two 1x1 convolutions."""
    denoiser, x = random_denoiser(2), torch.randn(1, 10, 6)
    projected, skips = denoiser.project(torch.randn(1, 6, 6)), []
    for layer in denoiser.layers:
        layer.register_forward_hook(lambda module, given, result: skips.append(result[1]))
    result = denoiser(x, torch.tensor([9]), projected)
    mixed = torch.relu(denoiser.mix((skips[0] + skips[1]) / 2**0.5))
    torch.testing.assert_close(result, denoiser.leave(mixed))


@torch.no_grad()
def test_the_step_enters_as_sinusoids_with_periods_up_to_ten_thousand():
    embedding, seen = StepEmbedding(8), []
    embedding.mlp.register_forward_pre_hook(lambda module, arguments: seen.append(arguments[0]))
    assert embedding(torch.tensor([0, 7])).shape == (2, 32)
    angles = [7 / 10_000 ** (k / 4) for k in range(4)]
    expected = [[0.0] * 4 + [1.0] * 4, [math.sin(a) for a in angles] + [math.cos(a) for a in angles]]
    np.testing.assert_allclose(seen[0], expected, atol=1e-6)


@torch.no_grad()
def test_all_thousand_steps_are_told_apart():
    torch.manual_seed(0)
    embedded = StepEmbedding(128)(torch.arange(1000))
    distance = torch.cdist(embedded, embedded) + torch.eye(1000) * 1e3
    assert distance.min() > 1e-4


@torch.no_grad()
def test_a_layer_is_gated_and_split_as_in_the_paper():
    """Written out with matrix products at one frame: width 2, no neighbours (kernel's sides zeroed)."""
    torch.manual_seed(0)
    layer = DilatedLayer(width=2, condition_width=3, step_width=4, dilation=1)
    layer.dilated.weight[:, :, [0, 2]] = 0.0
    x, step, condition = torch.randn(1, 2, 1), torch.randn(1, 4), torch.randn(1, 3, 1)
    entered = x[0, :, 0] + layer.step.weight @ step[0] + layer.step.bias
    y = layer.dilated.weight[:, :, 1] @ entered + layer.dilated.bias
    y += layer.condition.weight[:, :, 0] @ condition[0, :, 0] + layer.condition.bias
    gated = torch.tanh(y[:2]) / (1 + torch.exp(-y[2:]))
    left = layer.leave.weight[:, :, 0] @ gated + layer.leave.bias
    residual, skip = layer(x, step, layer.condition(condition), None)
    torch.testing.assert_close(residual[0, :, 0], (x[0, :, 0] + left[:2]) / 2**0.5)
    torch.testing.assert_close(skip[0, :, 0], left[2:])
