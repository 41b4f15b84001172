"""The local look: bands are neighbours to it, it sees so far, and a model with it keeps what models promise."""

import math

import pytest
import torch

from svc_core.config import PRESETS, ModelConfig
from svc_core.model.conditions import join_inputs, keep_all
from svc_core.model.system import VoiceConverter
from svc_core.model.texture import SEES, LocalTexture
from tests.model.clips import BANDS, LENGTHS, random_clip, random_clips, random_model, small_config

STEP = 8  # width of the embedded step


def random_texture() -> LocalTexture:
    torch.manual_seed(0)
    texture = LocalTexture(width=5, step_width=STEP).eval()
    torch.nn.init.normal_(texture.leave.weight)
    return texture


def model_with_texture(**model) -> VoiceConverter:
    """Its local look has a say, and so has its spread."""
    converter = random_model(small_config(draft="conformer", local_spread=True, texture_width=5, **model))
    for weights in (converter.denoiser.texture.leave.weight, converter.spread.leave.weight):
        torch.nn.init.normal_(weights, std=0.3)
    return converter


@torch.no_grad()
def test_untrained_it_adds_nothing():
    assert (LocalTexture(width=5, step_width=STEP)(torch.randn(2, SEES, 12, 9), torch.randn(2, STEP)) == 0).all()


@torch.no_grad()
def test_it_sees_four_bands_and_fifteen_frames_to_either_side():
    """Kernels of 3 bands, four times; 5 frames dilated by 1, 2 and 4 and 3 frames: 2 + 4 + 8 + 1."""
    texture, pictures, step = random_texture(), torch.randn(1, SEES, 21, 61), torch.randn(1, STEP)
    touched = pictures.clone()
    touched[:, :, 10, 30] += 10.0
    changed = (texture(touched, step) - texture(pictures, step))[0].abs() > 0
    bands, frames = (torch.nonzero(changed.any(dim=side)).flatten() for side in (1, 0))
    assert (10 - bands.min().item(), bands.max().item() - 10) == (4, 4)
    assert (30 - frames.min().item(), frames.max().item() - 30) == (15, 15)


@torch.no_grad()
def test_what_it_makes_of_a_place_does_not_depend_on_the_band():
    """Weights are shared along the bands, which BiDilConv's are not: a picture moved up comes out moved up."""
    texture, step = random_texture(), torch.randn(1, STEP)
    pictures = torch.zeros(1, SEES, 30, 20)
    pictures[:, :, 8:13, 5:9] = torch.randn(1, SEES, 5, 4)
    moved = texture(pictures.roll(7, dims=2), step)
    torch.testing.assert_close(moved[:, 11:24], texture(pictures, step)[:, 4:17], rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_step_and_every_picture_matter():
    texture, pictures, step = random_texture(), torch.randn(2, SEES, 12, 9), torch.randn(2, STEP)
    plain = texture(pictures, step)
    other = texture(pictures, torch.stack([step[0], step[1] + 1]))
    torch.testing.assert_close(other[0], plain[0])  # each clip has its own step
    assert not torch.allclose(other[1], plain[1])
    for picture in range(SEES):
        changed = pictures.clone()
        changed[:, picture] += 1
        assert not torch.allclose(texture(changed, step), plain)


@torch.no_grad()
def test_the_denoiser_adds_it_to_what_it_says():
    model = model_with_texture()
    conditioned = model.condition(random_clip(9), keep_all(1))
    noisy, sigma, seen = torch.randn(1, BANDS, 9), torch.tensor([0.7]), []
    model.denoiser.texture.register_forward_hook(lambda module, given, said: seen.append((given[0], said)))
    with_it = model.denoise(noisy, sigma, conditioned)
    pictures, added = seen[0]
    _, c_out, c_in = model.preconditioning(sigma, conditioned.spread)
    torch.testing.assert_close(pictures[:, 0], c_in * (noisy - conditioned.draft))
    torch.testing.assert_close(pictures[:, 2], conditioned.draft)
    torch.testing.assert_close(pictures[:, 3], 0.5 * (math.log(0.7) - conditioned.spread.log()))
    model.denoiser.texture = None
    without = model.denoise(noisy, sigma, conditioned)
    torch.testing.assert_close(with_it - without, c_out * added)
    assert (with_it - without).abs().max() > 1e-2


@torch.no_grad()
@pytest.mark.parametrize(("noise", "least", "most"), [("log-normal", 0.002, 10.0), ("uniform", 0.01, 157.4)])
def test_levels_that_training_did_not_cover_look_as_the_nearest_that_it_did(noise, least, most):
    config = small_config(draft="conformer", texture_width=5)
    model = random_model(type(config)(**{**vars(config), "train": type(config.train)(noise=noise)}))
    seen = []
    model.denoiser.texture.register_forward_hook(lambda module, given, said: seen.append(given[0][:, 3]))
    for sigma in (least / 100, most * 100):
        model.denoise(torch.randn(1, BANDS, 9), torch.tensor([sigma]), model.condition(random_clip(9), keep_all(1)))
    for noisiness, level in zip(seen, (least, most), strict=True):
        expected = torch.full((1, BANDS, 9), 0.5 * math.log(level / 0.4))
        torch.testing.assert_close(noisiness, expected, rtol=0, atol=1e-3)


@torch.no_grad()
def test_a_batch_of_clips_is_denoised_as_each_alone():
    model, clips = model_with_texture(), random_clips()
    noisy = torch.randn(3, BANDS, max(LENGTHS))
    together = model.denoise(noisy, torch.full((3,), 0.7), model.condition(join_inputs(clips), keep_all(3)))
    for row, (clip, frames) in enumerate(zip(clips, LENGTHS, strict=True)):
        alone = model.denoise(noisy[row : row + 1, :, :frames], torch.tensor([0.7]), model.condition(clip, keep_all(1)))
        torch.testing.assert_close(together[row : row + 1, :, :frames], alone, rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_a_student_with_it_leaves_the_least_noise_alone():
    model = model_with_texture(consistency=True)
    noisy, least = torch.randn(1, BANDS, 9), torch.tensor([model.config.edm.sigma_min])
    torch.testing.assert_close(model.denoise(noisy, least, model.condition(random_clip(9), keep_all(1))), noisy)


def test_models_of_before_have_none_and_small_ones_have():
    assert ModelConfig().texture_width == 0
    assert random_model(small_config()).denoiser.texture is None
    weights = sum(weight.numel() for weight in LocalTexture(PRESETS["small"].model.texture_width, 512).parameters())
    assert 10_000 < weights < 40_000  # most of them are told the step
