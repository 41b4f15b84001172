"""What is minimised, against the same sums written out."""

import numpy as np
import pytest
import torch

from svc_core.training.losses import BRIGHTNESS, MEL_RANGE, l1, prior_loss, pseudo_huber, squared, ssim_loss
from tests.model.clips import LENGTHS, ragged_mask, ragged_mels

LOSSES = [l1, ssim_loss, prior_loss, pseudo_huber, squared]
MASK = torch.tensor([[True, True, False], [True, False, False]])


def pictures(frames: int = 15, bands: int = 13, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """A mel of two clips and a draft that is near it in places."""
    generator = torch.Generator().manual_seed(seed)
    mel = torch.randn(2, bands, frames, generator=generator)
    return mel + 0.5 * torch.randn(mel.shape, generator=generator), mel


def similarity_at(draft: np.ndarray, mel: np.ndarray, band: int, frame: int) -> float:
    """SSIM of two pictures around one place, as the paper says it: weighted means, variances and covariance."""
    rows, columns = np.indices(draft.shape)
    near = (abs(rows - band) <= 5) & (abs(columns - frame) <= 5)  # eleven by eleven, less what lies beyond the edges
    weight = np.where(near, np.exp(-((rows - band) ** 2 + (columns - frame) ** 2) / (2 * 1.5**2)), 0.0)
    weight /= weight.sum()
    draft, mel = draft + BRIGHTNESS, mel + BRIGHTNESS
    mean_d, mean_m = (weight * draft).sum(), (weight * mel).sum()
    var_d, var_m = (weight * (draft - mean_d) ** 2).sum(), (weight * (mel - mean_m) ** 2).sum()
    covariance = (weight * (draft - mean_d) * (mel - mean_m)).sum()
    c1, c2 = (0.01 * MEL_RANGE) ** 2, (0.03 * MEL_RANGE) ** 2
    light = (2 * mean_d * mean_m + c1) / (mean_d**2 + mean_m**2 + c1)
    return light * (2 * covariance + c2) / (var_d + var_m + c2)


# by hand


def test_l1_and_l2_by_hand():
    """Errors 1, -2 and 4 where frames are there: (1 + 2 + 4) / 3 and (1 + 4 + 16) / 3."""
    mel = torch.zeros(2, 1, 3)
    draft = torch.tensor([[[1.0, -2.0, 99.0]], [[4.0, 99.0, 99.0]]])
    assert l1(draft, mel, MASK).item() == pytest.approx(7 / 3)
    assert squared(draft, mel, MASK).item() == pytest.approx(7.0)
    assert l1(draft, mel, None).item() == pytest.approx((7 + 3 * 99) / 6)


def test_pseudo_huber_by_hand():
    """Errors 3 and 4 in one clip of two values: sqrt(25 / 2 + c^2) - c; the other clip is alike: half of it."""
    x, y = torch.tensor([[[3.0, 4.0]], [[0.5, 0.5]]]), torch.tensor([[[0.0, 0.0]], [[0.5, 0.5]]])
    c = 0.00054
    assert pseudo_huber(x, y, None).item() == pytest.approx(((12.5 + c**2) ** 0.5 - c) / 2, rel=1e-5)


def test_pseudo_huber_is_the_papers_over_the_root_of_the_dimension():
    """(sqrt(|x - y|^2 + c^2) - c) / sqrt(d) with c = 0.00054 sqrt(d), of a clip of d values."""
    x, y = pictures()
    d = x[0].numel()
    c = 0.00054 * d**0.5
    norms = [np.linalg.norm((a - b).numpy().astype(np.float64)) for a, b in zip(x, y, strict=True)]
    expected = np.mean([(np.sqrt(norm**2 + c**2) - c) / d**0.5 for norm in norms])
    assert pseudo_huber(x, y, None).item() == pytest.approx(expected, rel=1e-5)


def test_pseudo_huber_is_round_where_it_is_small_and_straight_where_it_is_large():
    """Twice a tiny error costs four times, twice a large one twice: no outlier takes over."""
    zero = torch.zeros(1, 4, 4)

    def cost(error: float) -> float:
        return pseudo_huber(zero + error, zero, None).item()

    assert cost(4e-5) / cost(2e-5) == pytest.approx(4.0, rel=0.02)
    assert cost(2.0) / cost(1.0) == pytest.approx(2.0, rel=1e-2)


def test_pseudo_huber_of_equals_has_a_gradient_of_zero():
    """A plain norm would have none at all there."""
    x = torch.ones(1, 3, 3, requires_grad=True)
    pseudo_huber(x, torch.ones(1, 3, 3), None).backward()
    assert torch.equal(x.grad, torch.zeros(1, 3, 3))


# structural similarity


def test_a_picture_is_wholly_similar_to_itself():
    _, mel = pictures()
    assert ssim_loss(mel, mel, None).item() == pytest.approx(0.0, abs=1e-6)
    mels, together = ragged_mels()
    assert ssim_loss(together, together, ragged_mask()).item() == pytest.approx(0.0, abs=1e-6)
    assert prior_loss(mels[0], mels[0], None).item() == pytest.approx(0.0, abs=1e-6)


def test_similarity_is_the_papers_at_every_place():
    draft, mel = pictures(frames=7, bands=12)
    places = [
        similarity_at(d, m, band, frame)
        for d, m in zip(draft.double().numpy(), mel.double().numpy(), strict=True)
        for band in range(12)
        for frame in range(7)
    ]
    assert ssim_loss(draft, mel, None).item() == pytest.approx(1 - np.mean(places), abs=1e-5)


def test_similarity_of_a_padded_batch_is_each_clips_own_weighted_by_its_frames():
    drafts, together = ragged_mels(1)
    mels, mel_together = ragged_mels(2)
    own = [1 - ssim_loss(draft, mel, None).item() for draft, mel in zip(drafts, mels, strict=True)]
    loss = ssim_loss(together, mel_together, ragged_mask()).item()
    assert loss == pytest.approx(1 - np.average(own, weights=LENGTHS), abs=1e-5)


def test_a_blurred_picture_is_less_similar_than_one_that_is_off_by_as_much_everywhere():
    """What SSIM is for: the squared error of both is the same."""
    _, mel = pictures(40, 40)
    blurred = torch.nn.functional.avg_pool2d(mel, 3, stride=1, padding=1)
    shifted = mel + squared(blurred, mel, None).sqrt()
    assert squared(shifted, mel, None).item() == pytest.approx(squared(blurred, mel, None).item(), rel=1e-5)
    assert ssim_loss(blurred, mel, None) > 1.5 * ssim_loss(shifted, mel, None)


def test_opposite_pictures_are_dissimilar():
    """SSIM is for light, mels have both signs: taken as they are, light and structure would both change theirs."""
    _, mel = pictures(40, 40)
    assert 1.5 < ssim_loss(-mel, mel, None).item() <= 2.0


def test_a_small_change_of_level_costs_little_at_whatever_level():
    """Silence, mean and loud singing: a flat picture a tenth of a standard deviation off is nearly the same."""
    flat = torch.zeros(1, 20, 20)
    costs = [ssim_loss(flat + level + 0.1, flat + level, None).item() for level in (-2.1, 0.0, 3.0)]
    assert 0 < max(costs) < 0.01


def test_similarity_keeps_its_precision_where_a_run_computes_in_sixteen_bits():
    """A variance is a difference of squares: in bfloat16 that of a smooth picture would be noise."""
    generator = torch.Generator().manual_seed(0)
    mel = 0.1 * torch.randn(2, 30, 30, generator=generator) - 1.5
    draft = mel + 0.05 * torch.randn(mel.shape, generator=generator)
    with torch.autocast("cpu", torch.bfloat16):
        coarse = ssim_loss(draft, mel, None)
    assert coarse.dtype == torch.float32
    assert coarse.item() == pytest.approx(ssim_loss(draft, mel, None).item(), rel=1e-6)


# CoMoSVC's prior


def test_the_prior_adds_half_the_mean_squared_error():
    draft, mel = pictures()
    half = 0.5 * ((draft - mel) ** 2).mean()
    assert prior_loss(draft, mel, None).item() == pytest.approx((ssim_loss(draft, mel, None) + half).item(), rel=1e-6)


@pytest.mark.parametrize("bands", [10, 100])
def test_the_prior_does_not_depend_on_how_many_bands_there_are(bands):
    """An error of 2 everywhere counts 2, be it of ten bands or of a hundred: the seed divides once more."""
    mel = torch.zeros(1, bands, 20)
    prior = prior_loss(mel + 2.0, mel, None) - ssim_loss(mel + 2.0, mel, None)
    assert prior.item() == pytest.approx(2.0, rel=1e-5)


# padding


@pytest.mark.parametrize("loss", LOSSES)
def test_padding_neither_counts_nor_has_a_gradient(loss):
    _, draft = ragged_mels(1)
    _, mel = ragged_mels(2)
    draft.requires_grad_(True)
    first = loss(draft, mel, ragged_mask())
    first.backward()
    away = ~ragged_mask().unsqueeze(1).expand_as(draft)
    assert (draft.grad[away] == 0).all()
    assert (draft.grad[~away] != 0).any()
    other = torch.where(away, draft.detach() * -3 + 7, draft.detach())
    assert loss(other, torch.where(away, mel + 5, mel), ragged_mask()).item() == pytest.approx(first.item(), rel=1e-6)


@pytest.mark.parametrize("loss", [l1, prior_loss, squared])
def test_in_a_padded_batch_every_frame_counts_alike(loss):
    drafts, together = ragged_mels(1)
    mels, mel_together = ragged_mels(2)
    own = [loss(draft, mel, None).item() for draft, mel in zip(drafts, mels, strict=True)]
    assert loss(together, mel_together, ragged_mask()).item() == pytest.approx(
        np.average(own, weights=LENGTHS), rel=1e-5
    )


def test_in_a_padded_batch_pseudo_huber_counts_every_clip_alike():
    """Its root is taken of a whole clip, so there is nothing that a frame could count."""
    drafts, together = ragged_mels(1)
    mels, mel_together = ragged_mels(2)
    own = [pseudo_huber(draft, mel, None).item() for draft, mel in zip(drafts, mels, strict=True)]
    assert pseudo_huber(together, mel_together, ragged_mask()).item() == pytest.approx(np.mean(own), rel=1e-5)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_mask_of_frames_that_are_all_there_changes_nothing(loss):
    draft, mel = pictures()
    there = torch.ones(2, 15, dtype=torch.bool)
    assert loss(draft, mel, there).item() == pytest.approx(loss(draft, mel, None).item(), rel=1e-6)


@pytest.mark.parametrize("loss", LOSSES)
def test_losses_are_scalars_that_gradients_confirm(loss):
    """Autograd against differences, in double precision."""
    generator = torch.Generator().manual_seed(0)
    draft = torch.randn(2, 3, 4, dtype=torch.float64, generator=generator, requires_grad=True)
    mel = torch.randn(2, 3, 4, dtype=torch.float64, generator=generator)
    mask = torch.tensor([[True] * 4, [True, True, False, False]])
    assert loss(draft, mel, mask).shape == ()
    assert torch.autograd.gradcheck(lambda x: loss(x, mel, mask), draft)
