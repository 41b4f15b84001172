"""Masks: what is padding counts for nothing."""

import pytest
import torch

from svc_core.model.frames import masked_mean, zero_padding

MASK = torch.tensor([[True, True, False], [True, False, False]])


def test_padding_becomes_zero_in_every_channel():
    x = torch.arange(1.0, 13).reshape(2, 2, 3)
    assert zero_padding(x, MASK).tolist() == [[[1, 2, 0], [4, 5, 0]], [[7, 0, 0], [10, 0, 0]]]


def test_without_a_mask_nothing_is_padding():
    x = torch.randn(2, 4, 3)
    assert zero_padding(x, None) is x
    assert masked_mean(x, None) == x.mean()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_precision_stays_what_it_was(dtype):
    x = torch.ones(2, 2, 3, dtype=dtype)
    assert zero_padding(x, MASK).dtype == dtype
    assert masked_mean(x, MASK).dtype == dtype


def test_the_mean_is_over_the_frames_that_are_there():
    """(1 + 2 + 4 + 5 + 7 + 10) / 6; the rest would raise it."""
    x = torch.tensor([[[1.0, 2, 99], [4, 5, 99]], [[7, 99, 99], [10, 99, 99]]])
    assert masked_mean(x, MASK).item() == pytest.approx(29 / 6)


def test_every_frame_counts_alike_in_whichever_clip_it_stands():
    x = torch.tensor([[[0.0, 0.0, 9.0]], [[3.0, 9.0, 9.0]]])
    assert masked_mean(x, MASK).item() == pytest.approx(1.0)


def test_a_batch_of_padding_alone_has_the_mean_zero():
    assert masked_mean(torch.ones(1, 2, 3), torch.zeros(1, 3, dtype=torch.bool)).item() == 0.0


def test_padding_has_no_gradient():
    x = torch.randn(2, 2, 3, requires_grad=True)
    masked_mean(x**2, MASK).backward()
    assert (x.grad[~MASK.unsqueeze(1).expand(-1, 2, -1)] == 0).all()
    torch.testing.assert_close(x.grad[0, :, :2], x.detach()[0, :, :2] * 2 / 6)
