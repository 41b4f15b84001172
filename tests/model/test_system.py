"""The whole system: its formulas with an untrained denoiser, and what does not change its answer."""

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from svc_core.config import PRESETS, Config, EdmConfig, TrainConfig
from svc_core.model.checkpoint import load_model
from svc_core.model.conditions import ConditionInputs, condition_inputs, join_inputs, keep_all
from svc_core.model.system import VoiceConverter
from svc_core.sound.features import extract_features
from tests.conftest import contour, voice
from tests.model.clips import (
    BANDS,
    KINDS,
    LENGTHS,
    ragged_batch,
    ragged_mels,
    random_clip,
    random_clips,
    random_model,
    small_config,
)

SHIPPED = Path(__file__).parents[2] / "models" / "ddpm.safetensors"


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


# conditions and draft


@torch.no_grad()
@pytest.mark.parametrize(("draft", "sees"), KINDS)
def test_a_decoder_sees_what_it_was_made_to_see(draft, sees):
    model, clip = random_model(small_config(draft=draft, decoder_sees=sees)), random_clip(10)
    vector = model.conditions(clip, keep_all(1))
    expected = torch.zeros(1, BANDS, 10) if draft == "none" else model.draft(vector)
    gathered = model.gather(clip, keep_all(1))
    assert torch.equal(gathered.draft, expected)
    wanted = {"conditions": vector, "draft": expected, "both": torch.cat([vector, expected], dim=1)}[sees]
    assert torch.equal(gathered.seen, wanted)
    conditioned = model.condition(clip, keep_all(1))
    assert torch.equal(conditioned.draft, expected)
    for layer, told in zip(model.denoiser.layers, conditioned.projected, strict=True):
        assert torch.equal(told, layer.condition(wanted))


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        ({"draft": "none", "decoder_sees": "both"}, r"cannot see 'both' where the draft is 'none'\."),
        ({"draft": "none", "decoder_sees": "draft"}, r"cannot see 'draft' where the draft is 'none'\."),
        ({"decoder_sees": "everything"}, r"cannot see 'everything'"),
        ({"draft": "sketch"}, r"no draft 'sketch'; there are convnext, conformer and none\."),
        ({"draft": "conformer", "draft_heads": 3}, r"width 8 cannot be cut into 3 heads"),
    ],
)
def test_a_build_that_makes_no_sense_is_refused(model, sentence):
    with pytest.raises(ValueError, match=sentence):
        VoiceConverter(small_config(**model), ("alto",))


@torch.no_grad()
@pytest.mark.parametrize("prediction", ["edm", "epsilon"])
@pytest.mark.parametrize(("draft", "sees"), KINDS)
def test_each_clip_of_a_padded_batch_has_the_conditions_draft_and_prediction_that_it_has_alone(draft, sees, prediction):
    model = random_model(small_config(draft=draft, decoder_sees=sees, prediction=prediction))
    clips, keep = random_clips(), torch.tensor([[True] * 4, [True, False, True, True], [False, True, False, True]])
    noisy, together = ragged_mels()
    sigma = torch.tensor([0.05, 0.6, 4.0])
    batch = model.condition(ragged_batch(clips), keep)
    predicted = model.denoise(together, sigma, batch)
    for row, (clip, frames) in enumerate(zip(clips, LENGTHS, strict=True)):
        part = slice(row, row + 1)
        alone = model.condition(clip, keep[part])
        pairs = [(batch.draft, alone.draft), (predicted, model.denoise(noisy[row], sigma[part], alone))]
        for whole, single in [*pairs, *zip(batch.projected, alone.projected, strict=True)]:
            torch.testing.assert_close(whole[part, :, :frames], single, rtol=0, atol=1e-5)


# the prediction


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
    _, sigma = noise_levels(untrained.config)
    level = torch.tensor(sigma[steps.numpy()]).float()
    loss = untrained.prediction_weight(level, conditioned.spread) * moved**2
    torch.testing.assert_close(loss, torch.ones_like(loss), rtol=1e-2, atol=0)
    c_out = sigma[step] * 0.4 / np.sqrt(sigma[step] ** 2 + 0.4**2)
    assert untrained.prediction_weight(level, conditioned.spread).shape == (1, 1, 1)
    assert untrained.prediction_weight(level, conditioned.spread).item() == pytest.approx(1 / c_out**2, rel=1e-5)


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
@pytest.mark.parametrize(("draft", "sees"), [("none", "conditions"), ("convnext", "both")])
def test_predicted_noise_is_subtracted_as_in_the_paper(draft, sees):
    """x0_hat = (x_t - sqrt(1 - abar) eps_hat) / sqrt(abar), whatever the draft; eps_hat is what the network says."""
    model, said = random_model(small_config(draft=draft, decoder_sees=sees, prediction="epsilon")), []
    model.denoiser.register_forward_hook(lambda module, given, result: said.append(result))
    conditioned, state = model.condition(random_clip(10), keep_all(1)), torch.randn(1, BANDS, 10)
    for t in (0, 10, 300, 999):
        abar = np.prod(1 - np.linspace(1e-4, 0.02, 1000)[: t + 1])
        predicted = model.predict(state, torch.tensor([t]), conditioned)
        expected = (state - np.sqrt(1 - abar) * said[-1]) / np.sqrt(abar)
        torch.testing.assert_close(predicted, expected.float(), rtol=1e-4, atol=1e-5)
        sigma = torch.tensor([np.sqrt(1 / abar - 1)], dtype=torch.float32)
        torch.testing.assert_close(
            model.denoise(state / np.sqrt(abar), sigma, conditioned), predicted, rtol=1e-3, atol=1e-4
        )
        assert model.prediction_weight(sigma, conditioned.spread).item() == pytest.approx(
            1 / sigma.item() ** 2, rel=1e-6
        )


@torch.no_grad()
def test_a_network_that_predicts_noise_is_given_unit_variance():
    """c_in = 1 / sqrt(1 + sigma^2): a mel of unit variance is taken for granted, and there is no draft."""
    model, seen = random_model(small_config(draft="none", decoder_sees="conditions", prediction="epsilon")), []
    model.denoiser.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    conditioned, y = model.condition(random_clip(10), keep_all(1)), torch.randn(1, BANDS, 10)
    model.denoise(y, torch.tensor([2.0]), conditioned)
    torch.testing.assert_close(seen[0], y / 5**0.5)


@torch.no_grad()
@pytest.mark.parametrize(("draft", "sees"), KINDS)
def test_a_student_leaves_a_mel_of_the_least_noise_as_it_is(draft, sees):
    """The boundary condition f(x, sigma_min) = x, whatever the network says; a teacher need not meet it."""
    config = small_config(draft=draft, decoder_sees=sees, consistency=True)
    config = replace(config, edm=EdmConfig(sigma_min=0.05))
    student, teacher = (
        random_model(config),
        random_model(replace(config, model=replace(config.model, consistency=False))),
    )
    noisy, least = torch.randn(2, BANDS, 10), torch.tensor([0.05, 0.05])
    inputs = join_inputs([random_clip(10), random_clip(10, 1)])
    result = student.denoise(noisy, least, student.condition(inputs, keep_all(2)))
    torch.testing.assert_close(result, noisy, rtol=0, atol=1e-6)
    assert (teacher.denoise(noisy, least, teacher.condition(inputs, keep_all(2))) - noisy).abs().max() > 1e-2


@torch.no_grad()
def test_a_student_is_preconditioned_from_the_least_noise_upwards():
    """With F = 0 nothing is left but c_skip = s^2 / ((sigma - sigma_min)^2 + s^2), s = 0.4."""
    model = random_model(small_config(draft="none", decoder_sees="conditions", consistency=True))
    torch.nn.init.zeros_(model.denoiser.leave.weight)
    torch.nn.init.zeros_(model.denoiser.leave.bias)
    noisy = torch.randn(1, BANDS, 10)
    result = model.denoise(noisy, torch.tensor([1.5]), model.condition(random_clip(10), keep_all(1)))
    torch.testing.assert_close(result, 0.16 / (1.498**2 + 0.16) * noisy)


@torch.no_grad()
def test_another_denoiser_can_take_the_place_of_the_models_own():
    model, other = random_model(small_config()), random_model(small_config())
    torch.nn.init.normal_(other.denoiser.leave.bias)
    conditioned, noisy = model.condition(random_clip(10), keep_all(1)), torch.randn(1, BANDS, 10)
    sigma = torch.tensor([0.7])
    borrowed = model.denoise(noisy, sigma, conditioned, other.denoiser)
    assert torch.equal(borrowed, other.denoise(noisy, sigma, conditioned))
    assert not torch.equal(borrowed, model.denoise(noisy, sigma, conditioned))


# noise levels as steps


def level_model(noise: str = "uniform", **edm: float) -> VoiceConverter:
    config = small_config(draft="none", decoder_sees="conditions")
    return VoiceConverter(replace(config, train=TrainConfig(noise=noise), edm=EdmConfig(**edm)), ("alto",))


@pytest.mark.parametrize("model", [level_model(), level_model("log-normal", sigma_max=200.0)])
def test_the_schedules_own_levels_are_told_as_their_steps(model):
    sigma = torch.tensor(model.schedule.sigma).float()
    np.testing.assert_allclose(model.step_of(sigma), np.arange(1000), atol=2e-3)


def test_between_two_steps_a_level_is_told_by_its_logarithm():
    model = level_model()
    low, high = model.schedule.sigma[[400, 401]]
    assert model.step_of(torch.tensor([(low * high) ** 0.5])).item() == pytest.approx(400.5, abs=2e-3)
    assert model.step_of(torch.tensor([low**0.75 * high**0.25])).item() == pytest.approx(400.25, abs=2e-3)


@pytest.mark.parametrize("noise", ["uniform", "log-normal"])
def test_more_noise_is_never_told_as_an_earlier_step(noise):
    model = level_model(noise)
    steps = model.step_of(torch.logspace(-4, 3, 2_000))
    assert (steps.diff() >= 0).all()
    within = model.step_of(torch.logspace(-1.9, 0.9, 500))  # where neither is held
    assert (within.diff() > 0).all()


def test_below_the_first_step_the_line_goes_on():
    """EDM trains below the schedule's 0.01: one more such distance in ln sigma is one more step, to -1, -2, ..."""
    model = level_model("log-normal")
    first, second = model.schedule.sigma[:2]
    sigma = torch.tensor([first * (first / second) ** count for count in (0, 1, 2, 3.5)])
    np.testing.assert_allclose(model.step_of(sigma), [0.0, -1.0, -2.0, -3.5], atol=1e-3)


def test_levels_that_training_did_not_cover_are_told_as_the_nearest_that_it_did():
    uniform, edm = level_model(), level_model("log-normal")
    assert uniform.step_of(torch.tensor([1e-4, 0.005, 160.0, 1e5])).tolist() == pytest.approx(
        [0, 0, 999, 999], abs=1e-3
    )
    least, most = edm.step_of(torch.tensor([0.002, 10.0])).tolist()
    assert edm.step_of(torch.tensor([1e-5, 0.0015, 11.0, 80.0])).tolist() == pytest.approx([least, least, most, most])
    assert least < 0
    assert 650 < most < 700  # 12.02 is the level of step 700


@torch.no_grad()
def test_the_network_is_told_the_step_of_the_level():
    model, told = level_model().eval(), []
    model.denoiser.step.register_forward_pre_hook(lambda module, given: told.append(given[0]))
    conditioned = model.condition(random_clip(10), keep_all(1))
    model.predict(torch.randn(1, BANDS, 10), torch.tensor([321]), conditioned)
    assert told[0].tolist() == pytest.approx([321], abs=2e-3)


# what does not change the answer


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


# sizes


def parameters(module: torch.nn.Module) -> int:
    return sum(weight.numel() for weight in module.parameters())


def sketched(config: Config) -> VoiceConverter:
    """Shapes alone: nothing is allocated."""
    with torch.device("meta"):
        return VoiceConverter(config, ("alto", "bass"))


@pytest.mark.parametrize(("preset", "published"), [("diffwavenetsvc", 30.3e6), ("comosvc", 25.9e6)])
def test_the_denoisers_of_the_seeds_presets_have_the_seeds_size(preset, published):
    """The seed projects the step embedding to 384 channels once; here each of the 20 layers does, as in DiffWave."""
    denoiser = sketched(PRESETS[preset]).denoiser
    projections = sum(parameters(layer.step) for layer in denoiser.layers)
    assert parameters(denoiser) - projections * 19 / 20 == pytest.approx(published, rel=0.005)


def test_the_conformer_of_the_seeds_preset_has_the_seeds_size():
    """A few per cent more: every block here has a second half of feed-forward, as in the Conformer's paper."""
    assert parameters(sketched(PRESETS["comosvc"]).draft) == pytest.approx(10.7e6, rel=0.06)


@pytest.mark.parametrize("preset", ["small", "small-ddpm"])
def test_small_presets_are_small(preset):
    assert 2e6 < parameters(sketched(PRESETS[preset])) < 6e6


@torch.no_grad()
@pytest.mark.parametrize("preset", [name for name in PRESETS if name not in ("diffwavenetsvc", "comosvc")])
def test_a_preset_makes_a_model_that_predicts(preset):
    model, clip = VoiceConverter(PRESETS[preset], ("alto", "bass")).eval(), random_clip(40)
    conditioned = model.condition(clip, keep_all(1))
    predicted = model.denoise(10 * torch.randn(1, 100, 40), torch.tensor([10.0]), conditioned)
    assert predicted.shape == (1, 100, 40)
    assert torch.isfinite(predicted).all()


@torch.no_grad()
def test_the_shipped_model_drafts_and_refines_a_voice_that_it_never_heard():
    """Whatever version wrote it. Where noise and draft miss the mel by as much, together they are better than each."""
    model = load_model(SHIPPED)
    features = extract_features(voice(contour(1.0, 220.0, 262.0)), model.config)
    conditioned = model.condition(condition_inputs(features, 0), keep_all(1))
    mel = model.normalise(torch.from_numpy(features.mel))[None]
    assert np.corrcoef(conditioned.draft.flatten(), mel.flatten())[0, 1] > 0.5
    torch.manual_seed(0)
    predicted = model.denoise(mel + 0.5 * torch.randn(mel.shape), torch.tensor([0.5]), conditioned)
    misses = [(guess - mel).pow(2).mean().sqrt().item() for guess in (predicted, conditioned.draft)]
    assert misses[0] < 0.45
    assert misses[0] < 0.85 * misses[1]
