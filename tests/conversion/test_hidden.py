"""Hidden features against the layers written out by hand, in batches, and that the watch leaves no trace."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional

from svc_core.conversion.convert import convert_batch
from svc_core.conversion.hidden import NAMES, HiddenWatch
from svc_core.conversion.sampling import Sampling
from svc_core.model.conditions import ConditionInputs, condition_inputs, join_inputs, keep_all
from svc_core.model.guidance import guided
from svc_core.model.system import VoiceConverter
from svc_core.model.weights import Guidance
from svc_core.sound.features import Features

SIGMA = 0.7


def cut(features: Features, frames: int) -> Features:
    return Features(
        features.mel[:, :frames],
        features.f0_hz[:frames],
        features.loudness_db[:frames],
        features.content[..., :frames],
        features.gain_db,
    )


@pytest.fixture(scope="module")
def long(sung_features) -> ConditionInputs:
    return condition_inputs(cut(sung_features, 30), 0)


@pytest.fixture(scope="module")
def short(sung_features) -> ConditionInputs:
    return condition_inputs(cut(sung_features, 17), 1, 3)


def model_of(tiny_config, layers: int) -> VoiceConverter:
    torch.manual_seed(layers)
    config = replace(tiny_config, model=replace(tiny_config.model, denoiser_layers=layers))
    return VoiceConverter(config, ("alto", "bass")).eval()


@torch.inference_mode()
def seen_once(model: VoiceConverter, inputs: ConditionInputs, noisy: torch.Tensor, guidance=None, sigma=SIGMA):
    denoise, _ = guided(model, inputs, guidance)
    with HiddenWatch(model.denoiser, [inputs.f0_hz.shape[1]] * len(inputs.singer)) as watch:
        denoise(noisy, sigma)
        return watch.take()


@torch.inference_mode()
def by_hand(model: VoiceConverter, inputs: ConditionInputs, noisy: torch.Tensor, layers: tuple[int, int, int]):
    """The features of one clip, of the layers of those numbers."""
    gathered = model.gather(inputs, keep_all(1))
    seen, draft = gathered.seen, gathered.draft
    sigma = torch.tensor([SIGMA])
    _, _, c_in = model.preconditioning(sigma, gathered.spread)
    denoiser = model.denoiser
    embedded = denoiser.step(model.step_of(sigma))
    x = functional.relu(denoiser.enter(c_in * (noisy - draft)))
    noise, condition = [], []
    for layer in denoiser.layers:
        lifted = x + layer.step(embedded)[:, :, None]
        noise.append(lifted.mean(dim=2)[0].numpy())
        convolved = functional.conv1d(
            lifted,
            layer.dilated.weight,
            layer.dilated.bias,
            padding=layer.dilated.dilation[0],
            dilation=layer.dilated.dilation,
        )
        told = functional.conv1d(seen, layer.condition.weight, layer.condition.bias)
        condition.append((convolved + told).mean(dim=2)[0].numpy())
        x, _ = layer(x, embedded, told, None)
    return [embedded[0].numpy(), *(noise[i] for i in layers), *(condition[i] for i in layers)]


@pytest.mark.parametrize(("layers", "watched"), [(1, (0, 0, 0)), (2, (0, 0, 1)), (5, (0, 2, 4)), (8, (0, 3, 7))])
def test_features_are_those_of_the_layers_by_hand(tiny_config, long, layers, watched):
    model = model_of(tiny_config, layers)
    noisy = torch.randn(1, 100, 30)
    (found,) = seen_once(model, long, noisy)
    expected = by_hand(model, long, noisy, watched)
    assert len(found) == len(NAMES) == 7
    assert [feature.shape for feature in found] == [(64,), *[(16,)] * 3, *[(32,)] * 3]
    for feature, value in zip(found, expected, strict=True):
        np.testing.assert_allclose(feature, value, rtol=1e-4, atol=1e-5)


def test_the_features_of_the_last_evaluation_are_taken_and_kept(tiny_model, long):
    """Of two evaluations in one watch; what was taken before does not change under its owner's hands."""
    noisy = torch.randn(2, 1, 100, 30)
    with torch.inference_mode(), HiddenWatch(tiny_model.denoiser, [30]) as watch:
        denoise, _ = guided(tiny_model, long)
        taken = []
        for state, sigma in zip(noisy, (2.0, 0.1), strict=True):
            denoise(state, sigma)
            taken.append(watch.take()[0])
    for features, state, sigma in zip(taken, noisy, (2.0, 0.1), strict=True):
        (alone,) = seen_once(tiny_model, long, state, sigma=sigma)
        for feature, value in zip(features, alone, strict=True):
            np.testing.assert_allclose(feature, value, rtol=1e-5, atol=1e-6)
    assert all(np.abs(early - late).max() > 1e-3 for early, late in zip(*taken, strict=True))


def walked(model: VoiceConverter, clips: list[ConditionInputs], seeds: list[int], guidance: Guidance | None = None):
    """By clip: features at each of four steps, and the result."""
    sampling = Sampling("ddim", 4, guidance=guidance or Guidance())
    taken, frames = [], [clip.f0_hz.shape[1] for clip in clips]
    with HiddenWatch(model.denoiser, frames) as watch:
        mels = convert_batch(clips, [0] * len(clips), seeds, model, sampling, lambda *_: taken.append(watch.take()))
    return list(zip(*taken, strict=True)), mels


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["longest first", "longest last"])
def test_a_clip_in_a_batch_has_the_features_of_the_clip_alone(tiny_model, long, short, order):
    clips, seeds = [[long, short][i] for i in order], [[5, 6][i] for i in order]
    together, _ = walked(tiny_model, clips, seeds)
    assert join_inputs(clips).mask is not None
    for clip, seed, found in zip(clips, seeds, together, strict=True):
        (alone,), _ = walked(tiny_model, [clip], [seed])
        assert len(found) == len(alone) == 4
        for features, expected in zip(found, alone, strict=True):
            for feature, value in zip(features, expected, strict=True):
                np.testing.assert_allclose(feature, value, rtol=1e-3, atol=1e-4)


def test_rows_of_guidance_are_left_out(tiny_model, long):
    """At the first step, where guidance has not yet changed the state, it changes no feature."""
    guidance = Guidance(singer=2.0, content=-1.0)
    guided_steps, _ = walked(tiny_model, [long], [5], guidance)
    plain_steps, _ = walked(tiny_model, [long], [5])
    assert len(guided_steps) == 1
    for feature, value in zip(guided_steps[0][0], plain_steps[0][0], strict=True):
        np.testing.assert_allclose(feature, value, rtol=1e-4, atol=1e-5)
    assert np.abs(guided_steps[0][-1][-1] - plain_steps[0][-1][-1]).max() > 1e-3  # but then it does


def test_the_result_is_the_same_to_the_last_bit(tiny_model, long, short):
    _, watched = walked(tiny_model, [long, short], [5, 6])
    unwatched = convert_batch([long, short], [0, 0], [5, 6], tiny_model, Sampling("ddim", 4))
    assert all(torch.equal(mel, other) for mel, other in zip(watched, unwatched, strict=True))


def hooks_of(model: VoiceConverter) -> int:
    return sum(len(module._forward_hooks) + len(module._forward_pre_hooks) for module in model.modules())


def test_no_hook_is_left_behind(tiny_model):
    with HiddenWatch(tiny_model.denoiser, [5]):
        assert hooks_of(tiny_model) == 1 + 3 * 3
    assert hooks_of(tiny_model) == 0


def test_no_hook_is_left_behind_where_the_sampler_fails(tiny_model):
    with pytest.raises(RuntimeError, match="out of cheese"), HiddenWatch(tiny_model.denoiser, [5]):
        raise RuntimeError("out of cheese")
    assert hooks_of(tiny_model) == 0
