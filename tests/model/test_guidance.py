"""Guidance: a weight for each condition, composed as the module says, in as many evaluations as it needs."""

import pytest
import torch

from svc_core.model.conditions import CONDITION_NAMES, join_inputs, keep_all
from svc_core.model.guidance import guided
from svc_core.model.weights import Guidance
from tests.model.clips import (
    BANDS,
    LENGTHS,
    ragged_batch,
    ragged_mels,
    random_clip,
    random_clips,
    random_model,
    small_config,
)

SIGMA = 0.8


@pytest.fixture(scope="module")
def model():
    return random_model(small_config())


def without(*names: str, clips: int = 1) -> torch.Tensor:
    keep = keep_all(clips)
    for name in names:
        keep[:, CONDITION_NAMES.index(name)] = False
    return keep


@torch.no_grad()
def plain(model, inputs, noisy, keep) -> torch.Tensor:
    """One ordinary evaluation, with nothing but ``keep``."""
    return model.denoise(noisy, torch.full((len(noisy),), SIGMA), model.condition(inputs, keep))


@torch.no_grad()
def guided_by(model, inputs, noisy, guidance=None, keep=None) -> torch.Tensor:
    denoise, _ = guided(model, inputs, guidance, keep)
    return denoise(noisy, SIGMA)


def noisy_clip(frames: int = 10) -> tuple:
    return random_clip(frames), torch.randn(1, BANDS, frames, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("guidance", [None, Guidance(), Guidance(content=0.0, singer=0.0)])
def test_without_weights_it_is_the_model_itself(model, guidance):
    inputs, noisy = noisy_clip()
    assert torch.equal(guided_by(model, inputs, noisy, guidance), plain(model, inputs, noisy, keep_all(1)))


@pytest.mark.parametrize("name", CONDITION_NAMES)
def test_minus_one_leaves_the_condition_out(model, name):
    inputs, noisy = noisy_clip()
    left_out = plain(model, inputs, noisy, without(name))
    assert (left_out - plain(model, inputs, noisy, keep_all(1))).abs().max() > 1e-2
    result = guided_by(model, inputs, noisy, Guidance(**{name: -1.0}))
    torch.testing.assert_close(result, left_out, rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", CONDITION_NAMES)
def test_a_weight_pushes_away_from_what_is_said_without_the_condition(model, name):
    inputs, noisy = noisy_clip()
    told, untold = plain(model, inputs, noisy, keep_all(1)), plain(model, inputs, noisy, without(name))
    result = guided_by(model, inputs, noisy, Guidance(**{name: 1.5}))
    torch.testing.assert_close(result, told + 1.5 * (told - untold), rtol=0, atol=1e-5)


def test_weights_add_up_each_with_its_own_condition(model):
    inputs, noisy = noisy_clip()
    told = plain(model, inputs, noisy, keep_all(1))
    weights = {"content": 0.5, "loudness": -0.3, "singer": 2.0}
    expected = told + sum(
        weight * (told - plain(model, inputs, noisy, without(name))) for name, weight in weights.items()
    )
    torch.testing.assert_close(guided_by(model, inputs, noisy, Guidance(**weights)), expected, rtol=0, atol=1e-5)


def test_what_is_taken_away_altogether_is_not_told_in_any_evaluation(model):
    inputs, noisy = noisy_clip()
    base = plain(model, inputs, noisy, without("melody"))
    expected = base + 2.0 * (base - plain(model, inputs, noisy, without("melody", "singer")))
    result = guided_by(model, inputs, noisy, Guidance(singer=2.0), without("melody"))
    torch.testing.assert_close(result, expected, rtol=0, atol=1e-5)


def test_a_weight_on_what_is_taken_away_changes_nothing(model):
    inputs, noisy = noisy_clip()
    result = guided_by(model, inputs, noisy, Guidance(melody=3.0), without("melody"))
    torch.testing.assert_close(result, plain(model, inputs, noisy, without("melody")), rtol=0, atol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize(
    ("guidance", "evaluations"),
    [(Guidance(), 1), (Guidance(melody=1.0), 2), (Guidance(1.0, 0.0, -1.0, 0.5), 4), (Guidance(1, 1, 1, 1), 5)],
)
def test_every_weight_that_is_not_zero_costs_one_evaluation_in_the_same_batch(model, guidance, evaluations):
    rows = []
    hook = model.denoiser.register_forward_hook(lambda module, given, result: rows.append(len(result)))
    inputs = join_inputs([random_clip(10), random_clip(10, 1)])
    denoise, conditioned = guided(model, inputs, guidance)
    assert denoise(torch.randn(2, BANDS, 10), SIGMA).shape == (2, BANDS, 10)
    hook.remove()
    assert rows == [2 * evaluations]
    assert len(conditioned.draft) == 2 * evaluations
    assert torch.equal(conditioned.draft[:2], model.condition(inputs, keep_all(2)).draft)  # the plain ones come first


@torch.no_grad()
def test_each_clip_may_have_a_noise_level_of_its_own(model):
    inputs, guidance = join_inputs([random_clip(10), random_clip(10, 1)]), Guidance(melody=1.0)
    noisy, sigma = torch.randn(2, BANDS, 10), torch.tensor([0.1, 3.0])
    denoise, _ = guided(model, inputs, guidance)
    together = denoise(noisy, sigma)
    for row in range(2):
        torch.testing.assert_close(together[row], denoise(noisy, sigma[row].item())[row], rtol=0, atol=1e-5)


def test_each_clip_of_a_padded_batch_is_guided_as_if_alone(model):
    clips, guidance = random_clips(), Guidance(content=1.0, singer=0.5)
    noisy, together = ragged_mels()
    results = guided_by(model, ragged_batch(clips), together, guidance)
    for row, (clip, frames) in enumerate(zip(clips, LENGTHS, strict=True)):
        alone = guided_by(model, clip, noisy[row], guidance)
        torch.testing.assert_close(results[row : row + 1, :, :frames], alone, rtol=0, atol=2e-5)


def test_the_callers_choice_of_conditions_is_left_alone(model):
    keep = keep_all(1)
    guided(model, random_clip(5), Guidance(content=1.0), keep)
    assert keep.all()


def test_weights_are_named_in_the_order_of_the_conditions():
    assert list(Guidance(1, 2, 3, 4).weights()) == list(CONDITION_NAMES)
    assert Guidance(singer=-1.0).weights() == {"singer": -1.0}
