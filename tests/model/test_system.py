"""The whole system: its formulas with an untrained denoiser, and what does not change its answer."""

import itertools

import numpy as np
import pytest
import torch

from svc_core.config import Config
from svc_core.model.conditions import ConditionInputs, condition_inputs, keep_all
from svc_core.model.system import VoiceConverter
from svc_core.sound.features import Features


@pytest.fixture
def untrained(tiny_config: Config) -> VoiceConverter:
    torch.manual_seed(0)
    model = VoiceConverter(tiny_config, ("alto", "bass")).eval()
    model.residual_std.fill_(0.4)
    return model


def first_frames(inputs: ConditionInputs, frames: int) -> ConditionInputs:
    return ConditionInputs(
        inputs.content[..., :frames],
        inputs.f0_hz[:, :frames],
        inputs.voiced[:, :frames],
        inputs.loudness_db[:, :frames],
        inputs.singer,
    )


def noise_levels(config: Config) -> tuple[np.ndarray, np.ndarray]:
    """alpha_bar and sigma of the tiny schedule, by NumPy."""
    abar = np.cumprod(1 - np.linspace(1e-4, config.diffusion.beta_last, config.diffusion.steps))
    return abar, np.sqrt(1 / abar - 1)


@torch.no_grad()
def test_conditioning_gives_a_vector_and_a_draft_a_frame(untrained, sung_features):
    conditioned = untrained.condition(condition_inputs(sung_features, 0), keep_all(1))
    frames = sung_features.frames
    assert conditioned.draft.shape == (1, 100, frames)
    assert conditioned.vector.shape == (1, 16 + 100, frames)
    assert torch.equal(conditioned.vector[:, 16:], conditioned.draft)


@torch.no_grad()
@pytest.mark.parametrize("step", [0, 7, 19])
def test_untrained_it_predicts_the_draft_and_a_linear_share_of_the_rest(untrained, sung_features, step):
    """mu + s^2 / (s^2 + sigma^2) (x_t / sqrt(abar_t) - mu): the best guess for a rest of spread s = 0.4."""
    conditioned = untrained.condition(condition_inputs(sung_features, 0), keep_all(1))
    state = torch.randn(conditioned.draft.shape)
    abar, sigma = noise_levels(untrained.config)
    draft = conditioned.draft.numpy()
    share = 0.4**2 / (0.4**2 + sigma[step] ** 2)
    expected = draft + share * (state.numpy() / np.sqrt(abar[step]) - draft)
    predicted = untrained.predict(state, torch.tensor([step]), conditioned)
    np.testing.assert_allclose(predicted.numpy(), expected, atol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize("step", [0, 3, 19])
def test_the_weight_makes_a_unit_error_of_the_network_a_unit_of_loss(untrained, sung_features, step):
    """F + 1 instead of F moves the prediction by c_out, so the weight must be 1 / c_out^2."""
    conditioned = untrained.condition(condition_inputs(sung_features, 0), keep_all(1))
    state, steps = torch.randn(conditioned.draft.shape), torch.tensor([step])
    before = untrained.predict(state, steps, conditioned)
    untrained.denoiser.leave.bias.fill_(1.0)
    moved = untrained.predict(state, steps, conditioned) - before
    loss = untrained.prediction_weight(steps) * moved**2
    torch.testing.assert_close(loss, torch.ones_like(loss), rtol=1e-2, atol=0)
    _, sigma = noise_levels(untrained.config)
    c_out = sigma[step] * 0.4 / np.sqrt(sigma[step] ** 2 + 0.4**2)
    assert untrained.prediction_weight(steps).item() == pytest.approx(1 / c_out**2, rel=1e-5)


@torch.no_grad()
def test_the_denoiser_is_given_unit_variance(untrained, sung_features):
    """c_in: whatever the step, a rest of spread 0.4 under the step's noise arrives with spread 1."""
    conditioned = untrained.condition(condition_inputs(sung_features, 0), keep_all(1))
    abar, sigma = noise_levels(untrained.config)
    seen = []
    untrained.denoiser.register_forward_pre_hook(lambda module, arguments: seen.append(arguments[0].std().item()))
    for step in (0, 9, 19):
        rest = 0.4 * torch.randn(conditioned.draft.shape) + sigma[step] * torch.randn(conditioned.draft.shape)
        state = np.sqrt(abar[step]) * (conditioned.draft + rest.float())
        untrained.predict(state.float(), torch.tensor([step]), conditioned)
    assert seen == pytest.approx([1.0, 1.0, 1.0], abs=0.03)


@torch.no_grad()
def test_all_sixteen_coalitions_give_other_predictions(tiny_model, sung_features):
    inputs, state = condition_inputs(sung_features, 0), torch.randn(1, 100, sung_features.frames)
    torch.nn.init.normal_(tiny_model.conditions.absent)
    predictions = []
    for keep in itertools.product([True, False], repeat=4):
        conditioned = tiny_model.condition(inputs, torch.tensor([keep]))
        predictions.append(tiny_model.predict(state, torch.tensor([15]), conditioned))
    for first, second in itertools.combinations(predictions, 2):
        assert (first - second).abs().max() > 1e-3


@torch.no_grad()
def test_each_of_a_batch_is_predicted_as_if_alone(tiny_model, sung_features):
    inputs = condition_inputs(sung_features, 0)
    both = ConditionInputs(
        *(torch.cat([getattr(inputs, name)] * 2) for name in ("content", "f0_hz", "voiced", "loudness_db")),
        singer=torch.tensor([0, 1]),
    )
    state, steps = torch.randn(2, 100, sung_features.frames), torch.tensor([2, 17])
    together = tiny_model.predict(state, steps, tiny_model.condition(both, keep_all(2)))
    for singer in range(2):
        part = slice(singer, singer + 1)
        conditioned = tiny_model.condition(condition_inputs(sung_features, singer), keep_all(1))
        torch.testing.assert_close(
            together[part], tiny_model.predict(state[part], steps[part], conditioned), rtol=1e-4, atol=1e-4
        )


@torch.no_grad()
def test_a_longer_clip_with_the_same_beginning_has_the_same_draft_and_prediction_there(tiny_model, sung_features):
    """Convolutions see 5 frames here (content 2, draft 3) and 3 more in the denoiser; no norm sees the length."""
    inputs, state = condition_inputs(sung_features, 0), torch.randn(1, 100, sung_features.frames)
    steps = torch.tensor([10])
    whole, part = (
        tiny_model.condition(first_frames(inputs, frames), keep_all(1)) for frames in (sung_features.frames, 90)
    )
    torch.testing.assert_close(whole.draft[:, :, :85], part.draft[:, :, :85])
    predicted = tiny_model.predict(state, steps, whole), tiny_model.predict(state[:, :, :90], steps, part)
    torch.testing.assert_close(predicted[0][:, :, :82], predicted[1][:, :, :82])


def test_normalising_is_undone(tiny_model, sung_features):
    mel = torch.from_numpy(sung_features.mel)
    normal = tiny_model.normalise(mel)
    assert normal.mean().item() == pytest.approx(0.0, abs=1e-3)
    assert normal.std().item() == pytest.approx(1.0, abs=1e-3)
    torch.testing.assert_close(tiny_model.denormalise(normal), mel, rtol=0, atol=1e-4)


def test_singers_are_numbered_in_their_order(untrained):
    assert [untrained.singer_id(name) for name in ("alto", "bass")] == [0, 1]


def test_an_unknown_singer_is_refused_with_those_there_are(untrained):
    with pytest.raises(ValueError, match=r"no singer 'tenor'; it knows alto, bass\."):
        untrained.singer_id("tenor")


@torch.no_grad()
def test_the_usual_configuration_makes_a_model_that_predicts():
    features = Features(
        np.zeros((100, 40), np.float32),
        np.full(40, 200, np.float32),
        np.full(40, -20, np.float32),
        np.zeros((1, 20, 40), np.float32),
        0.0,
    )
    model = VoiceConverter(Config(), ("alto",)).eval()
    conditioned = model.condition(condition_inputs(features, 0), keep_all(1))
    predicted = model.predict(torch.randn(1, 100, 40), torch.tensor([999]), conditioned)
    assert predicted.shape == (1, 100, 40)
    assert torch.isfinite(predicted).all()
