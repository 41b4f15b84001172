"""Choosing a sampler, and sampling with it: every sampler by name, alone and in company."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from svc_core.config import DiffusionConfig
from svc_core.conversion.sampling import SAMPLERS, Sampling, SamplingError, choose_sampling, noise_levels, sample
from svc_core.diffusion.noise import seeded_noise
from svc_core.model.conditions import ConditionInputs, condition_inputs, keep_all
from svc_core.model.guidance import guided
from svc_core.model.system import VoiceConverter
from svc_core.model.weights import Guidance
from svc_core.sound.features import Features
from svc_core.training.objectives import as_student
from tests.conftest import is_sentence

OF_TEACHERS = tuple(sampler for sampler in SAMPLERS if sampler != "consistency")


def student_of(teacher: VoiceConverter) -> VoiceConverter:
    student = VoiceConverter(as_student(teacher.config), teacher.singers)
    student.load_state_dict(teacher.state_dict())
    return student.eval()


@pytest.fixture
def student(tiny_model) -> VoiceConverter:
    return student_of(tiny_model)


@pytest.fixture(scope="module")
def usual_model(tiny_config) -> VoiceConverter:
    """A model with the usual thousand steps."""
    return VoiceConverter(replace(tiny_config, diffusion=DiffusionConfig()), ("alto",))


@pytest.fixture(scope="module")
def clip(sung_features) -> Features:
    """A third of a second: all that is asked of it is asked frame by frame."""
    return Features(
        sung_features.mel[:, :32],
        sung_features.f0_hz[:32],
        sung_features.loudness_db[:32],
        sung_features.content[..., :32],
        sung_features.gain_db,
    )


@pytest.fixture(scope="module")
def inputs(clip) -> ConditionInputs:
    return condition_inputs(clip, 0)


@pytest.fixture
def model_of(tiny_model, student):
    return lambda sampler: student if sampler == "consistency" else tiny_model


def sampled(model: VoiceConverter, inputs: ConditionInputs, sampling: Sampling, **options) -> Tensor:
    shape = model.config.grid.n_mels, inputs.f0_hz.shape[1]
    return sample(
        model,
        inputs,
        lambda step: torch.from_numpy(seeded_noise(sampling.seed, step, *shape))[None],
        sampling,
        **options,
    )


# choosing


@pytest.mark.parametrize(
    ("sampler", "steps"), [("ddpm", 1000), ("ddim", 50), ("euler", 40), ("heun", 20), ("consistency", 1)]
)
def test_every_sampler_has_a_usual_number_of_steps(usual_model, sampler, steps):
    model = student_of(usual_model) if sampler == "consistency" else usual_model
    assert choose_sampling(model, sampler) == Sampling(sampler, steps, 0, Guidance())


def test_a_short_schedule_has_fewer(tiny_model):
    assert [choose_sampling(tiny_model, sampler).steps for sampler in OF_TEACHERS] == [20, 20, 20, 20]


def test_auto_is_what_the_model_was_trained_for(tiny_model, student):
    assert choose_sampling(student).sampler == "consistency"
    assert choose_sampling(tiny_model).sampler == "ddim"
    tiny_model.config = replace(tiny_model.config, train=replace(tiny_model.config.train, noise="log-normal"))
    assert choose_sampling(tiny_model).sampler == "euler"


def test_what_is_asked_for_is_taken(tiny_model):
    guidance = Guidance(singer=1.5)
    assert choose_sampling(tiny_model, "heun", 3, 9, guidance) == Sampling("heun", 3, 9, guidance)


def refusal(model: VoiceConverter, sampler: str, steps: int | None = None, **options) -> str:
    with pytest.raises(SamplingError) as caught:
        choose_sampling(model, sampler, steps, **options)
    assert is_sentence(str(caught.value))
    return str(caught.value)


@pytest.mark.parametrize("sampler", OF_TEACHERS)
def test_a_student_is_sampled_by_consistency_alone(student, sampler):
    assert "is a student" in refusal(student, sampler)


def test_a_teacher_is_not(tiny_model):
    assert "distill it first" in refusal(tiny_model, "consistency")


def test_an_unknown_sampler_is_refused_with_those_there_are(tiny_model):
    assert "there is no sampler 'magic'; there are ddpm, ddim, euler, heun, consistency." in refusal(
        tiny_model, "magic"
    )


def test_ddpm_takes_all_its_steps_or_none(usual_model):
    assert choose_sampling(usual_model, "ddpm", 1000).steps == 1000
    assert "all its 1000 steps; for 7 of them choose 'ddim'" in refusal(usual_model, "ddpm", 7)


@pytest.mark.parametrize("steps", [0, -1, 1001])
@pytest.mark.parametrize("sampler", ["auto", "ddim", "euler", "heun"])
def test_no_step_and_too_many_are_refused(usual_model, sampler, steps):
    assert f"{steps} steps are outside 1 to 1000." in refusal(usual_model, sampler, steps)


# sampling


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_swap_needs_a_place_between_the_first_and_the_last(model_of, sampler):
    model = model_of(sampler)
    steps = None if sampler == "ddpm" else 7
    last = (steps or 20) - 1
    assert choose_sampling(model, sampler, steps, swap_at=1).swap_at == 1
    assert choose_sampling(model, sampler, steps, swap_at=last).swap_at == last
    for place in (-1, 0, last + 1):
        assert f"place {place} of a walk" in refusal(model, sampler, steps, swap_at=place)


def test_one_step_leaves_no_place_for_a_swap(student):
    assert "no place to swap the singer at" in refusal(student, "consistency", 1, swap_at=1)


@pytest.mark.parametrize(("sampler", "defect"), [("euler", "clamp"), ("ddpm", "sigma-max"), ("ddpm", "hiccup")])
def test_a_defect_that_the_sampler_cannot_have_is_refused(tiny_model, sampler, defect):
    assert f"'{defect}'" in refusal(tiny_model, sampler, defect=defect)


def test_noise_levels_are_those_that_the_callback_is_told(model_of, inputs):
    for sampler in SAMPLERS:
        model, told = model_of(sampler), []
        sampling = choose_sampling(model, sampler, None if sampler == "ddpm" else 5)
        sampled(model, inputs, sampling, callback=lambda step, sigma, *rest, told=told: told.append(sigma))
        np.testing.assert_array_equal(noise_levels(model, sampling), told)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_from_the_swap_on_the_sampler_is_told_the_other_singer(model_of, clip, monkeypatch, sampler):
    """Every evaluation, guided too, is what the model says of that state for the one singer or the other."""
    model, guidance, asked = model_of(sampler), Guidance(melody=0.5), []
    sampling = choose_sampling(model, sampler, None if sampler == "ddpm" else 6, 3, guidance, swap_at=4)
    border = noise_levels(model, sampling)[4]
    own = model.denoise

    def listening(noisy, sigma, conditioned):
        asked.append((noisy[:1], float(sigma[0]), own(noisy, sigma, conditioned)))
        return asked[-1][2]

    monkeypatch.setattr(model, "denoise", listening)
    sampled(model, condition_inputs(clip, 1), sampling, others=torch.tensor([0]))
    monkeypatch.undo()
    assert len(asked) == {"ddpm": 20, "heun": 11}.get(sampler, 6)
    singers = []
    with torch.inference_mode():
        for noisy, sigma, said in asked:
            rows = {}
            for singer in (0, 1):
                _, conditioned = guided(model, condition_inputs(clip, singer), guidance)
                rows[singer] = own(noisy.repeat(2, 1, 1), torch.full((2,), sigma), conditioned)
            assert not torch.equal(rows[0], rows[1])
            singers.append(0 if torch.equal(said, rows[0]) else 1)
            torch.testing.assert_close(said, rows[singers[-1]], rtol=0, atol=0)
    # by the level: Heun's second look from the place before already has the other's
    assert singers == [1 if sigma > 1.0001 * border else 0 for _, sigma, _ in asked]
    assert singers.index(0) == {"heun": 7}.get(sampler, 4)


def test_a_swap_without_singers_and_singers_without_a_swap_are_a_mistake(tiny_model, inputs):
    with pytest.raises(ValueError, match="both a place and the singers"):
        sampled(tiny_model, inputs, choose_sampling(tiny_model, "ddim", 3, swap_at=1))
    with pytest.raises(ValueError, match="both a place and the singers"):
        sampled(tiny_model, inputs, choose_sampling(tiny_model, "ddim", 3), others=torch.tensor([1]))


@pytest.mark.parametrize("sampler", ["euler", "heun", "consistency"])
def test_with_the_seeds_sigma_max_the_network_is_told_a_level_that_it_never_saw(model_of, inputs, monkeypatch, sampler):
    model = model_of(sampler)
    model.config = replace(model.config, train=replace(model.config.train, noise="log-normal"))
    told, noise = [], []
    model.denoiser.register_forward_pre_hook(lambda module, given: told.append(float(given[1][0])))
    for defect in ("", "sigma-max"):
        sampling = choose_sampling(model, sampler, 4, defect=defect)
        sampled(model, inputs, sampling, callback=lambda step, sigma, state, said: noise.append((sigma, state.std())))
    calls = len(told) // 2
    highest = float(model.step_of(torch.tensor([model.config.edm.sigma_max])))
    assert told[0] == pytest.approx(highest)
    assert told[calls] > highest + 1
    assert [noise[0][0], noise[4][0]] == pytest.approx([model.config.edm.sigma_max, 80.0])
    assert float(noise[4][1]) == pytest.approx(80, rel=0.1)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_seed_alone_decides(model_of, inputs, sampler):
    model = model_of(sampler)
    first, again, other = (sampled(model, inputs, choose_sampling(model, sampler, seed=seed)) for seed in (5, 5, 6))
    assert first.shape == (1, 100, inputs.f0_hz.shape[1])
    assert torch.isfinite(first).all()
    assert torch.equal(first, again)
    assert (first - other).abs().max() > 1e-2


@pytest.mark.parametrize("sampler", ["ddim", "euler", "heun", "consistency"])
@pytest.mark.parametrize("steps", [1, 2, 4])
def test_few_steps_are_enough_for_a_result(model_of, inputs, sampler, steps):
    model, told = model_of(sampler), []
    result = sampled(model, inputs, choose_sampling(model, sampler, steps), callback=lambda *step: told.append(step))
    assert torch.isfinite(result).all()
    assert len(told) == steps


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_callback_sees_noise_fall_and_changes_nothing(model_of, inputs, sampler):
    model, told = model_of(sampler), []
    sampling = choose_sampling(model, sampler, 2 if sampler == "consistency" else None, seed=5)
    watched = sampled(model, inputs, sampling, callback=lambda *step: told.append(step))
    assert torch.equal(watched, sampled(model, inputs, sampling))
    sigmas = [sigma for _, sigma, _, _ in told]
    assert sigmas == sorted(sigmas, reverse=True)
    assert len(told) == sampling.steps
    assert {tuple(part.shape) for step in told for part in step[2:]} == {tuple(watched.shape)}
    torch.testing.assert_close(told[-1][3], watched, rtol=0, atol=1e-5 if sampler == "ddpm" else 0.2)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_all_start_from_one_noise(model_of, inputs, sampler):
    """The state first shown is, on the sampler's own scale, the seed's noise at the schedule's end."""
    model, told = model_of(sampler), []
    sampling = choose_sampling(model, sampler, seed=5)
    sampled(model, inputs, sampling, callback=lambda *step: told.append(step))
    scale = 1.0 if sampler in ("ddpm", "ddim") else model.config.edm.sigma_max
    noise = seeded_noise(5, model.schedule.steps, 100, inputs.f0_hz.shape[1])
    np.testing.assert_allclose(told[0][2][0].numpy(), scale * noise, rtol=1e-6)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_denoiser_with_nothing_to_add_gives_the_draft(model_of, inputs, sampler):
    """If the draft never missed, every sampler ends at the draft, whatever the noise."""
    model = model_of(sampler)
    model.residual_std.fill_(1e-7)
    with torch.no_grad():
        draft = model.gather(inputs, keep_all(1)).draft
    # a student is the identity at sigma_min, so what is left there of the noise stays
    torch.testing.assert_close(sampled(model, inputs, choose_sampling(model, sampler)), draft, rtol=0, atol=1e-4)


@pytest.mark.parametrize("sampler", ["ddim", "euler", "consistency"])
def test_guidance_changes_the_result_in_proportion_at_the_first_prediction(model_of, inputs, sampler):
    """x0(w) - x0(0) is w times the same difference, as long as the state is still the same."""
    model = model_of(sampler)

    def first_prediction(weight: float) -> Tensor:
        told = []
        sampling = choose_sampling(model, sampler, guidance=Guidance(singer=weight))
        sampled(model, inputs, sampling, callback=lambda *step: told.append(step[3]))
        return told[0]

    plain = first_prediction(0.0)
    once, thrice = first_prediction(1.0) - plain, first_prediction(3.0) - plain
    assert once.abs().max() > 1e-3
    torch.testing.assert_close(thrice, 3 * once, rtol=1e-3, atol=1e-4)


def test_a_weight_of_minus_one_leaves_the_condition_out(tiny_model, inputs):
    keep = keep_all(1)
    keep[0, 3] = False  # the singer
    sampling = choose_sampling(tiny_model, "euler", 4)
    without = sampled(tiny_model, inputs, sampling, keep=keep)
    guided = sampled(tiny_model, inputs, choose_sampling(tiny_model, "euler", 4, guidance=Guidance(singer=-1.0)))
    torch.testing.assert_close(guided, without, rtol=1e-4, atol=1e-4)
    assert (without - sampled(tiny_model, inputs, sampling)).abs().max() > 1e-2


def test_what_is_not_kept_has_no_say(tiny_model, clip):
    keep = keep_all(1)
    keep[0, 3] = False
    sampling = choose_sampling(tiny_model, "heun", 3)
    alto, bass = (sampled(tiny_model, condition_inputs(clip, s), sampling, keep=keep) for s in (0, 1))
    assert torch.equal(alto, bass)
