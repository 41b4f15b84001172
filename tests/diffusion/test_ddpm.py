"""DDPM's samplers, ancestral and DDIM, on signals whose answer is known."""

import numpy as np
import pytest
import torch

from svc_core.diffusion.ddpm import add_noise, ddim_steps, sample_ddim, sample_ddpm
from svc_core.diffusion.edm import sample_euler
from svc_core.diffusion.schedule import Schedule
from tests.diffusion.gaussian import Gaussian, normal

SCHEDULE = Schedule(steps=20, beta_last=0.5)


def noise_like(shape: tuple[int, ...], seed: int = 0):
    """N(0, 1) of a step, the same at every call."""
    return lambda step: torch.randn(shape, generator=torch.Generator().manual_seed(1_000 * seed + step))


def test_a_known_signal_is_recovered_when_it_is_predicted():
    known = torch.linspace(-2, 2, 12).reshape(1, 3, 4)
    result = sample_ddpm(lambda state, t: known, noise_like((1, 3, 4)), SCHEDULE)
    torch.testing.assert_close(result, known, rtol=0, atol=0)


def test_states_are_the_known_signal_with_the_schedules_own_noise():
    """Before step t, x_t must be distributed as noising the clean signal says."""
    known, seen = torch.full((1, 200, 200), 1.5), {}

    def keep(step, sigma, state, predicted):
        seen[step] = (state.mean().item(), state.std().item())

    sample_ddpm(lambda state, t: known, noise_like((1, 200, 200)), SCHEDULE, keep)
    for t in range(19):  # the first state, at 19, is noise alone
        mean, spread = seen[t]
        reached = np.sqrt(SCHEDULE.alpha_bar[t])
        lost = np.prod(SCHEDULE.state_weight[t + 1 :]) * np.sqrt(SCHEDULE.alpha_bar[19])  # it held none of the signal
        assert mean == pytest.approx(1.5 * (reached - lost), abs=0.03)
        assert spread == pytest.approx(np.sqrt(1 - SCHEDULE.alpha_bar[t]), abs=0.03)


def test_a_gaussian_is_sampled_with_its_mean_and_spread():
    """With the exact mean of x_0 given x_t as predictor, N(0.7, 0.3^2) must come out of pure noise."""
    mean, spread, schedule = 0.7, 0.3, Schedule()
    result = sample_ddpm(Gaussian(mean, spread).predict(schedule), noise_like((10_000,)), schedule)
    assert result.mean().item() == pytest.approx(mean, abs=0.012)
    assert result.std().item() == pytest.approx(spread, rel=0.03)
    within = ((result - mean).abs() < spread).float().mean().item()
    assert within == pytest.approx(0.683, abs=0.02)


def test_one_step_is_the_posterior_sample_of_the_paper():
    """Equations 6 and 7 of Ho et al., from beta and abar, at the first step of the walk."""
    first, fresh, told = torch.tensor([0.4]), torch.tensor([-1.3]), torch.tensor([2.0])
    states = []
    sample_ddpm(
        lambda state, t: told,
        lambda step: first if step == 20 else fresh,
        SCHEDULE,
        lambda step, sigma, state, predicted: states.append(state.item()),
    )
    beta = 0.5
    abar, before = SCHEDULE.alpha_bar[19], SCHEDULE.alpha_bar[18]
    mean = (np.sqrt(before) * beta * 2.0 + np.sqrt(1 - beta) * (1 - before) * 0.4) / (1 - abar)
    spread = np.sqrt((1 - before) / (1 - abar) * beta)
    assert states[:2] == pytest.approx([0.4, mean - 1.3 * spread], rel=1e-6)


def test_the_callback_sees_every_step_once_from_noise_to_result():
    steps, shapes = [], set()

    def watch(step, sigma, state, predicted):
        steps.append(step)
        shapes.update((tuple(state.shape), tuple(predicted.shape)))

    sample_ddpm(lambda state, t: 0.5 * state, noise_like((2, 3, 4)), SCHEDULE, watch)
    assert steps == list(range(19, -1, -1))
    assert shapes == {(2, 3, 4)}


def test_the_callback_is_told_what_the_predictor_saw_and_said():
    asked, told = [], []

    def predict(state, t):
        asked.append((t, state.clone(), 0.5 * state))
        return 0.5 * state

    sample_ddpm(predict, noise_like((5,)), SCHEDULE, lambda *seen: told.append(seen))
    for (t, state, predicted), (told_t, sigma, told_state, told_predicted) in zip(asked, told, strict=True):
        assert t == told_t
        assert sigma == pytest.approx(np.sqrt(1 / np.prod(1 - np.linspace(1e-4, 0.5, 20)[: t + 1]) - 1))
        torch.testing.assert_close(told_state, state)
        torch.testing.assert_close(told_predicted, predicted)


def test_watching_changes_nothing():
    alone = sample_ddpm(lambda state, t: torch.tanh(state), noise_like((2, 5, 7)), SCHEDULE)
    watched = sample_ddpm(lambda state, t: torch.tanh(state), noise_like((2, 5, 7)), SCHEDULE, lambda *seen: None)
    assert torch.equal(alone, watched)


def test_the_first_state_is_the_noise_of_the_step_before_the_first():
    drawn = []

    def noise(step):
        drawn.append(step)
        return torch.full((1,), float(step))

    first = []
    sample_ddpm(
        lambda state, t: state, noise, SCHEDULE, lambda step, sigma, state, predicted: first.append(state.item())
    )
    assert first[0] == 20.0
    assert drawn == [20, *range(19, 0, -1)]  # nothing is added on the way to the result


def test_states_are_not_clamped():
    loud = torch.full((1,), 5.0)
    seen = []
    sample_ddpm(
        lambda state, t: loud,
        lambda step: loud,
        SCHEDULE,
        lambda step, sigma, state, predicted: seen.append(state.item()),
    )
    assert max(seen) > 4.9


def test_states_are_clamped_where_that_is_asked_for_but_neither_the_first_nor_the_result():
    loud = torch.full((1,), 5.0)
    seen = []
    result = sample_ddpm(
        lambda state, t: loud,
        lambda step: -loud,
        SCHEDULE,
        lambda step, sigma, state, predicted: seen.append(state.item()),
        clamp=1.0,
    )
    assert seen[0] == -5.0
    assert max(abs(state) for state in seen[1:]) == 1.0
    assert result.item() == 5.0


def test_clamped_noise_has_the_spread_that_is_said():
    """E min(|z|, 1)^2 = 1 - 2 phi(1) = 0.516 of unit noise: a spread of 0.72."""
    schedule, seen = Schedule(), []
    sample_ddpm(
        lambda state, t: torch.zeros(10_000),
        noise_like((10_000,)),
        schedule,
        lambda step, sigma, state, predicted: seen.append(state.std().item()),
        clamp=1.0,
    )
    assert seen[:2] == [pytest.approx(1.0, abs=0.02), pytest.approx(0.72, abs=0.01)]


def test_a_schedule_without_steps_is_refused():
    with pytest.raises(ValueError, match="at least one step"):
        sample_ddpm(lambda state, t: state, noise_like((1,)), Schedule(steps=0))


def test_noise_is_added_to_each_of_a_batch_at_its_own_step():
    clean = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    noise = torch.tensor([[0.5, -0.5], [1.0, -1.0]])
    noisy = add_noise(clean, noise, torch.tensor([0, 19]), SCHEDULE)
    for row, t in ((0, 0), (1, 19)):
        abar = np.prod(1 - np.linspace(1e-4, 0.5, 20)[: t + 1])
        expected = np.sqrt(abar) * clean[row].numpy() + np.sqrt(1 - abar) * noise[row].numpy()
        np.testing.assert_allclose(noisy[row].numpy(), expected, rtol=1e-6)


@pytest.mark.parametrize("shape", [(3,), (3, 2), (3, 100, 8)])
def test_noise_is_added_to_signals_of_any_shape(shape):
    noisy = add_noise(torch.ones(shape), torch.zeros(shape), torch.tensor([0, 5, 19]), SCHEDULE)
    assert noisy.shape == shape
    np.testing.assert_allclose(noisy.reshape(3, -1)[:, 0], np.sqrt(SCHEDULE.alpha_bar[[0, 5, 19]]), rtol=1e-6)


# DDIM


def test_ddim_takes_steps_from_the_last_to_the_first():
    assert ddim_steps(4, Schedule()).tolist() == [999, 666, 333, 0]
    assert ddim_steps(1, SCHEDULE).tolist() == [19]
    assert ddim_steps(20, SCHEDULE).tolist() == list(range(19, -1, -1))


def test_ddim_never_takes_a_step_twice():
    for steps in range(1, 1001):
        assert (np.diff(ddim_steps(steps, Schedule())) < 0).all()


@pytest.mark.parametrize("steps", [0, 21, -1])
def test_ddim_refuses_more_steps_than_there_are(steps):
    with pytest.raises(ValueError, match=rf"1 to 20 steps, not {steps}\."):
        sample_ddim(lambda state, t: state, normal(1), SCHEDULE, steps)


@pytest.mark.parametrize("steps", [1, 2, 7, 20])
def test_ddim_recovers_a_known_signal(steps):
    known = torch.linspace(-2, 2, 12, dtype=torch.float64).reshape(1, 3, 4)
    result = sample_ddim(lambda state, t: known, normal(1, 3, 4), SCHEDULE, steps)
    assert torch.equal(result, known)


def test_ddims_states_are_the_known_signal_under_the_same_noise():
    """Equation 12 with eta = 0: x_t = sqrt(abar_t) x_0 + sqrt(1 - abar_t) eps, with one eps from end to end."""
    known, start, schedule = normal(50, seed=1), normal(50), Schedule()
    first = schedule.alpha_bar[999]
    noise = (start - first**0.5 * known) / (1 - first) ** 0.5
    seen = {}
    sample_ddim(lambda state, t: known, start, schedule, 10, lambda t, sigma, state, said: seen.update({t: state}))
    for t, state in seen.items():
        abar = schedule.alpha_bar[t]
        torch.testing.assert_close(state, abar**0.5 * known + (1 - abar) ** 0.5 * noise, rtol=0, atol=1e-12)


@pytest.mark.parametrize("steps", [3, 20])
def test_ddim_is_eulers_method_in_unscaled_signals_on_the_schedules_levels(steps):
    """At every step, not only at the end; the network is any function of signal and level."""

    def denoise(x, sigma):
        return torch.tanh(2 * x) / (1 + sigma)

    times = ddim_steps(steps, SCHEDULE)
    scale = SCHEDULE.alpha_bar**0.5
    start, by_ddim, by_euler = normal(2, 5, 7), [], []
    ddim = sample_ddim(
        lambda state, t: denoise(state / scale[t], float(SCHEDULE.sigma[t])),
        start,
        SCHEDULE,
        steps,
        lambda t, sigma, state, said: by_ddim.append((sigma, state / scale[t])),
    )
    euler = sample_euler(
        denoise,
        start / scale[19],
        [*SCHEDULE.sigma[times], 0.0],
        lambda i, sigma, state, said: by_euler.append((sigma, state)),
    )
    torch.testing.assert_close(ddim, euler, rtol=0, atol=1e-10)
    for (sigma, state), (other_sigma, other_state) in zip(by_ddim, by_euler, strict=True):
        assert sigma == other_sigma
        torch.testing.assert_close(state, other_state, rtol=1e-10, atol=1e-10)


def test_ddim_closes_in_on_the_probability_flow_at_first_order():
    """On Gaussian data the trajectory's end is known: twice the steps, half the error."""
    data, schedule, start = Gaussian(), Schedule(), normal(100)
    first = schedule.alpha_bar[999]
    end = data.follow(start / first**0.5, float(schedule.sigma[999]), 0.0)
    errors = [
        (sample_ddim(data.predict(schedule), start, schedule, steps) - end).abs().max().item()
        for steps in (50, 100, 200, 400)
    ]
    assert errors[-1] < 0.02
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    np.testing.assert_allclose(orders, 1.0, atol=0.15)


def test_ddim_maps_noise_to_a_gaussian_of_the_right_mean_and_spread():
    """The map is linear, so its mean and spread follow from where 0 and 1 go."""
    data, schedule = Gaussian(), Schedule()
    zero, one = sample_ddim(data.predict(schedule), torch.tensor([0.0, 1.0]).double(), schedule, 1000)
    assert zero.item() == pytest.approx(data.mean, abs=0.005)
    assert (one - zero).item() == pytest.approx(data.spread, rel=0.01)


def test_ddim_tells_each_step_once_and_is_not_changed_by_it():
    asked, told = [], []

    def predict(state, t):
        asked.append((t, state.clone(), 0.5 * state))
        return 0.5 * state

    watched = sample_ddim(predict, normal(5), SCHEDULE, 6, lambda *seen: told.append(seen))
    assert [t for t, *_ in told] == ddim_steps(6, SCHEDULE).tolist()
    for (t, state, predicted), (told_t, sigma, told_state, told_predicted) in zip(asked, told, strict=True):
        assert (t, sigma) == (told_t, SCHEDULE.sigma[t])
        assert torch.equal(told_state, state)
        assert torch.equal(told_predicted, predicted)
    assert torch.equal(watched, sample_ddim(lambda state, t: 0.5 * state, normal(5), SCHEDULE, 6))


def test_ddims_states_are_not_clamped():
    seen = []
    loud = torch.full((1,), 5.0)
    sample_ddim(lambda state, t: loud, loud, SCHEDULE, 20, lambda t, sigma, state, said: seen.append(state.item()))
    assert max(seen) > 4.9
