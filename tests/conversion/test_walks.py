"""The walk that is written down against the sampler itself, for all five: what it says happens, happens."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from svc_core.conversion.sampling import SAMPLERS, choose_sampling, sample
from svc_core.conversion.walks import unit_scale, walk_of
from svc_core.diffusion.noise import seeded_noise
from svc_core.model.conditions import ConditionInputs, condition_inputs
from svc_core.sound.features import Features

SEED, FRAMES = 5, 24
STEPS = {"ddpm": None, "ddim": 7, "euler": 6, "heun": 5, "consistency": 4}
CASES = [*STEPS.items(), ("ddim", 20), ("euler", 1), ("heun", 1), ("heun", 2), ("consistency", 1)]
BROKEN = [("ddpm", "clamp"), ("euler", "sigma-max"), ("heun", "sigma-max"), ("consistency", "sigma-max")]


@pytest.fixture(scope="module")
def inputs(sung_features) -> ConditionInputs:
    clip = Features(
        sung_features.mel[:, :FRAMES],
        sung_features.f0_hz[:FRAMES],
        sung_features.loudness_db[:FRAMES],
        sung_features.content[..., :FRAMES],
        sung_features.gain_db,
    )
    return condition_inputs(clip, 0)


def sampled(loaded, inputs, sampling, monkeypatch):
    """What the callback was told, everything the network predicted, and the result."""
    model, told, said = loaded.model, [], []
    own = model.denoise

    def listening(*given):
        said.append(own(*given))
        return said[-1]

    monkeypatch.setattr(model, "denoise", listening)
    result = sample(
        model,
        inputs,
        lambda step: torch.from_numpy(seeded_noise(SEED, step, 100, FRAMES))[None],
        sampling,
        callback=lambda step, sigma, state, predicted: told.append((step, sigma, state[0].numpy().copy(), predicted)),
    )
    return told, [value[0].numpy() for value in said], result[0].numpy()


@pytest.mark.parametrize(
    ("sampler", "steps", "defect"), [(*case, "") for case in CASES] + [(name, STEPS[name], bug) for name, bug in BROKEN]
)
def test_the_walk_is_the_samplers_own(teacher, student, inputs, monkeypatch, sampler, steps, defect):
    loaded = student if sampler == "consistency" else teacher
    if defect == "sigma-max":
        config = loaded.model.config
        monkeypatch.setattr(loaded.model, "config", replace(config, train=replace(config.train, noise="log-normal")))
    sampling = choose_sampling(loaded.model, sampler, steps, SEED, defect=defect)
    told, said, result = sampled(loaded, inputs, sampling, monkeypatch)
    walk = walk_of(loaded.model, sampling)
    assert len(walk) == len(told) == sampling.steps
    assert walk.step.tolist() == [step for step, *_ in told]
    np.testing.assert_allclose(walk.sigma, [sigma for _, sigma, *_ in told], rtol=1e-12)
    assert walk.has_second == (len(said) > len(told)) == (sampler == "heun" and sampling.steps > 1)
    state = np.float32(walk.start_weight) * seeded_noise(SEED, walk.start_address, 100, FRAMES)
    each, tolerance = 2 if walk.has_second else 1, 2e-5
    for place, (_, sigma, expected, predicted) in enumerate(told):
        np.testing.assert_allclose(state, expected * unit_scale(sampling, sigma), atol=tolerance)
        first = said[each * place]
        np.testing.assert_array_equal(first, predicted[0].numpy())
        second = np.zeros_like(first)
        if walk.second[place]:
            often = sigma / (2 * told[place + 1][1])  # 2500 times in two steps of Heun's
            second, tolerance = first + often * (said[2 * place + 1] - first), 2e-5 + 1e-5 * often
        noise = seeded_noise(SEED, int(walk.address[place]), 100, FRAMES) if walk.noise[place] else 0.0
        state = (
            walk.predicted[place] * first
            + walk.second[place] * second
            + walk.state[place] * state
            + walk.noise[place] * noise
        )
        if walk.clamp is not None:
            state = state.clip(-walk.clamp, walk.clamp)
    assert (walk.clamp == 1.0) == (defect == "clamp")
    assert (walk.sigma[0] == pytest.approx(80)) == (defect == "sigma-max")
    np.testing.assert_array_equal(result, said[-1])  # the last prediction is the result


def test_there_is_a_case_for_every_sampler():
    assert set(STEPS) == set(SAMPLERS)


@pytest.mark.parametrize(("sampler", "scale"), [("ddpm", 1), ("ddim", 1), ("euler", 0.6), ("heun", 0.6)])
def test_states_are_scaled_to_unit_variance(teacher, sampler, scale):
    """At sigma 4/3 a signal of unit variance with its noise has a spread of 5/3."""
    assert unit_scale(choose_sampling(teacher.model, sampler), 4 / 3) == pytest.approx(scale)


def test_a_students_state_is_scaled_as_well(student):
    assert unit_scale(choose_sampling(student.model), 4 / 3) == pytest.approx(0.6)
