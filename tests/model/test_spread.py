"""The foretold spread: what its loss is least for, that it looks on, and that it is the decoder's sigma_data."""

import math

import pytest
import torch

from svc_core.config import ModelConfig
from svc_core.model.conditions import join_inputs, keep_all
from svc_core.model.spread import LIMIT, Spread, spread_loss
from tests.model.clips import BANDS, LENGTHS, random_clip, random_clips, random_model, small_config

SEEN = 8  # channels of the condition vectors


def test_the_loss_is_the_likelihood_of_a_gaussian():
    """-ln N(2; 0, s^2) without its constant: ln s + 2^2 / (2 s^2), at s = 2 and s = 1."""
    missed = torch.full((1, 1, 2), 2.0)
    log_spread = torch.tensor([[[math.log(2.0), 0.0]]])
    assert spread_loss(log_spread, missed, None).item() == pytest.approx((math.log(2) + 0.5 + 0 + 2.0) / 2)
    mask = torch.tensor([[True, False]])
    assert spread_loss(log_spread, missed, mask).item() == pytest.approx(math.log(2) + 0.5)


def test_the_loss_is_least_at_the_true_spread():
    missed = 0.3 * torch.randn(1, 4, 4_000, generator=torch.Generator().manual_seed(0))
    losses = {s: spread_loss(torch.full_like(missed, math.log(s)), missed, None).item() for s in (0.2, 0.3, 0.45)}
    assert min(losses, key=losses.get) == 0.3


def test_a_new_one_foretells_the_mean_everywhere_and_never_goes_beyond_its_limit():
    spread = Spread(SEEN + BANDS, BANDS)
    vector, draft = torch.randn(2, SEEN, 9), torch.randn(2, BANDS, 9)
    assert torch.equal(spread(vector, draft), torch.zeros(2, BANDS, 9))
    torch.nn.init.normal_(spread.leave.weight, std=100.0)
    told = spread(vector, draft)
    assert told.abs().max() <= LIMIT
    assert told.max() > 0.9 * LIMIT
    assert told.min() < -0.9 * LIMIT


def test_it_learns_nothing_into_the_draft():
    spread = Spread(SEEN + BANDS, BANDS)
    torch.nn.init.normal_(spread.leave.weight)
    vector, draft = (torch.randn(1, size, 9, requires_grad=True) for size in (SEEN, BANDS))
    spread_loss(spread(vector, draft), 1.0 - draft, None).backward()
    assert vector.grad is None
    assert draft.grad is None
    assert spread.enter.weight.grad.abs().sum() > 0


@torch.no_grad()
def test_a_clip_is_foretold_the_same_alone_and_in_company():
    torch.manual_seed(0)
    spread = Spread(SEEN + BANDS, BANDS)
    torch.nn.init.normal_(spread.leave.weight)
    vectors, drafts = torch.randn(3, SEEN, 23), torch.randn(3, BANDS, 23)
    together = spread(vectors, drafts, torch.arange(23) < torch.tensor(LENGTHS)[:, None])
    for row, frames in enumerate(LENGTHS):
        alone = spread(vectors[row : row + 1, :, :frames], drafts[row : row + 1, :, :frames])
        torch.testing.assert_close(together[row : row + 1, :, :frames], alone, rtol=1e-4, atol=1e-6)


@torch.no_grad()
@pytest.mark.parametrize("draft", ["convnext", "conformer"])
def test_it_is_the_decoders_sigma_data(draft):
    """With F = 0: mu + s^2 / (s^2 + sigma^2) (y - mu), s a picture; and the decoder is told ln s."""
    model = random_model(small_config(draft=draft, local_spread=True))
    torch.nn.init.normal_(model.spread.leave.weight)
    model.denoiser.leave.weight.zero_()
    model.denoiser.leave.bias.zero_()
    gathered = model.gather(random_clip(9), keep_all(1))
    log_spread = gathered.seen[:, -BANDS:]
    torch.testing.assert_close(gathered.spread, 0.4 * log_spread.exp())  # in units of the residual's, 0.4
    assert gathered.spread.std() > 0.1
    noisy, sigma = gathered.draft + torch.randn(1, BANDS, 9), torch.tensor([0.7])
    share = gathered.spread**2 / (gathered.spread**2 + 0.7**2)
    torch.testing.assert_close(
        model.denoise(noisy, sigma, model.condition(random_clip(9), keep_all(1))),
        gathered.draft + share * (noisy - gathered.draft),
    )


@torch.no_grad()
def test_a_batch_of_clips_is_denoised_as_each_alone():
    model = random_model(small_config(draft="conformer", local_spread=True))
    torch.nn.init.normal_(model.spread.leave.weight)
    clips = random_clips()
    together = model.condition(join_inputs(clips), keep_all(3))
    noisy = torch.randn(3, BANDS, max(LENGTHS))
    result = model.denoise(noisy, torch.full((3,), 0.7), together)
    for row, (clip, frames) in enumerate(zip(clips, LENGTHS, strict=True)):
        alone = model.denoise(noisy[row : row + 1, :, :frames], torch.tensor([0.7]), model.condition(clip, keep_all(1)))
        torch.testing.assert_close(result[row : row + 1, :, :frames], alone, rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_a_student_with_it_leaves_the_least_noise_alone():
    model = random_model(small_config(draft="conformer", local_spread=True, consistency=True))
    torch.nn.init.normal_(model.spread.leave.weight)
    noisy = torch.randn(1, BANDS, 9)
    least = torch.tensor([model.config.edm.sigma_min])
    torch.testing.assert_close(model.denoise(noisy, least, model.condition(random_clip(9), keep_all(1))), noisy)


@pytest.mark.parametrize(
    "wrong", [{"draft": "none", "decoder_sees": "conditions"}, {"draft": "conformer", "prediction": "epsilon"}]
)
def test_it_needs_a_draft_that_misses_and_preconditioning(wrong):
    with pytest.raises(ValueError, match="local spread"):
        random_model(small_config(local_spread=True, **wrong))


def test_models_of_before_have_none():
    assert ModelConfig().local_spread is False
    assert random_model(small_config(draft="conformer")).spread is None
