"""Sampling from a consistency model: the function's own answer at one step, a known distribution at several."""

import numpy as np
import pytest
import torch

from svc_core.diffusion.consistency import consistency_sigmas, sample_consistency
from svc_core.diffusion.edm import karras_sigmas
from tests.diffusion.gaussian import Gaussian, normal

LEAST, MOST, RHO = 0.02, 10.0, 7.0


def levels(steps: int) -> np.ndarray:
    return consistency_sigmas(steps, LEAST, MOST, RHO)


def fresh(*shape: int):
    """The noise that is put back before an evaluation."""
    return lambda i: normal(*shape, seed=100 + i)


def test_one_evaluation_stands_at_the_most_noise():
    assert levels(1) == pytest.approx([MOST])


def test_levels_are_a_karras_grid_without_its_least():
    """sigma_min^(1/7) and so on, by hand for two: the second stands halfway in the root."""
    halfway = ((MOST ** (1 / RHO) + LEAST ** (1 / RHO)) / 2) ** RHO
    assert levels(2) == pytest.approx([MOST, halfway])
    np.testing.assert_array_equal(levels(4), karras_sigmas(5, LEAST, MOST, RHO)[:4])
    assert levels(4).min() > LEAST


@pytest.mark.parametrize("steps", [0, -1])
def test_no_evaluation_is_refused(steps):
    """It would hand out the noise as if it were a result."""
    with pytest.raises(ValueError, match="at least one"):
        levels(steps)


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_a_known_signal_is_recovered_when_the_function_knows_it(steps):
    known = normal(2, 3, 4, seed=1)
    result = sample_consistency(lambda x, sigma: known, normal(2, 3, 4), fresh(2, 3, 4), levels(steps), LEAST)
    assert torch.equal(result, known)


def test_one_step_is_the_function_itself():
    start = MOST * normal(5)
    result = sample_consistency(lambda x, sigma: torch.tanh(x) / sigma, start, fresh(5), levels(1), LEAST)
    torch.testing.assert_close(result, torch.tanh(start) / MOST)


def test_before_a_further_step_noise_is_put_back_up_to_its_level():
    """The first result is 3 and stands at sigma_min: noise of variance sigma^2 - sigma_min^2 is missing (line 4)."""
    states = []
    sample_consistency(
        lambda x, sigma: torch.full((1,), 3.0),
        torch.zeros(1),
        lambda i: torch.full((1,), float(i)),
        [5.0, 1.3, 0.5],
        0.5,
        lambda i, sigma, state, said: states.append(state.item()),
    )
    assert states == pytest.approx([0.0, 3 + 1.2 * 1, 3 + 0.0])  # 1.3^2 - 0.5^2 = 1.2^2


def test_a_level_below_the_least_takes_no_noise():
    sigmas = [5.0, 0.4]
    result = sample_consistency(lambda x, sigma: x, torch.ones(1), lambda i: torch.ones(1), sigmas, 0.5)
    assert result.item() == 1.0


@pytest.mark.parametrize("steps", [1, 2, 4])
def test_a_gaussian_is_sampled_with_its_mean_and_spread(steps):
    """With the exact consistency function, and a start that holds data: N(mean, spread^2 + sigma_min^2) at any step."""
    data, count = Gaussian(), 40_000
    start = data.mean + (data.spread**2 + MOST**2) ** 0.5 * normal(count)
    result = sample_consistency(
        lambda x, sigma: data.follow(x, sigma, LEAST), start, fresh(count), levels(steps), LEAST
    )
    spread = (data.spread**2 + LEAST**2) ** 0.5
    assert result.mean().item() == pytest.approx(data.mean, abs=4 * spread / count**0.5)
    assert result.std().item() == pytest.approx(spread, rel=4 / (2 * count) ** 0.5)


def test_further_steps_mend_what_pure_noise_lacks():
    """From noise without data one step misses the mean by spread / sigma_max; a second comes closer."""
    data, count = Gaussian(mean=5.0), 10_000
    start = MOST * (normal(count) - normal(count).mean())
    misses = []
    for steps in (1, 2, 4):
        result = sample_consistency(
            lambda x, sigma: data.follow(x, sigma, LEAST), start, lambda i: torch.zeros(count), levels(steps), LEAST
        )
        misses.append(abs(result.mean().item() - data.mean))
    assert misses[0] == pytest.approx(5.0 * data.spread / MOST, rel=0.01)
    assert misses[1] < misses[0] / 2
    assert misses[2] < misses[1] / 2


@pytest.mark.parametrize("steps", [1, 3])
def test_the_callback_is_told_each_evaluation_once(steps):
    asked, told, drawn = [], [], []

    def denoise(x, sigma):
        asked.append((sigma, x.clone(), torch.tanh(x)))
        return torch.tanh(x)

    def noise(i):
        drawn.append(i)
        return normal(7, seed=i)

    watched = sample_consistency(denoise, normal(7), noise, levels(steps), LEAST, lambda *seen: told.append(seen))
    assert [i for i, *_ in told] == list(range(steps))
    assert [sigma for _, sigma, *_ in told] == levels(steps).tolist()
    assert drawn == list(range(1, steps))  # the start is given, not drawn
    for (sigma, state, predicted), (_, told_sigma, told_state, told_predicted) in zip(asked, told, strict=True):
        assert told_sigma == sigma
        assert torch.equal(told_state, state)
        assert torch.equal(told_predicted, predicted)
    assert torch.equal(watched, sample_consistency(denoise, normal(7), noise, levels(steps), LEAST))
