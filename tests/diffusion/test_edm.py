"""EDM: identities of the preconditioning, the Karras grid by hand, and two solvers on a known trajectory."""

import math

import numpy as np
import pytest
import torch

from svc_core.diffusion.edm import heun_step, karras_sigmas, precondition, sample_euler, sample_heun
from tests.diffusion.gaussian import Gaussian, normal

SOLVERS = [sample_euler, sample_heun]
SIGMAS = torch.tensor([0.002, 0.1, 0.5, 1.0, 7.0, 80.0], dtype=torch.float64)
SPREAD = torch.tensor(0.5, dtype=torch.float64)


# preconditioning


def test_preconditioning_by_hand():
    """sigma_data 0.5, sigma 0.5: half the input is kept, and 0.25 / sqrt(0.5) and 1 / sqrt(0.5) scale the network."""
    c_skip, c_out, c_in = precondition(SPREAD, SPREAD)
    assert c_skip.item() == pytest.approx(0.5, abs=1e-12)
    assert c_out.item() == pytest.approx(0.3535534, abs=1e-7)
    assert c_in.item() == pytest.approx(1.4142136, abs=1e-7)


def test_preconditioning_is_table_one_of_the_paper():
    c_skip, c_out, c_in = precondition(SIGMAS, SPREAD)
    s2, d2 = SIGMAS**2, 0.25
    torch.testing.assert_close(c_skip, d2 / (s2 + d2), rtol=0, atol=1e-12)
    torch.testing.assert_close(c_out, SIGMAS * 0.5 / (s2 + d2).sqrt(), rtol=0, atol=1e-12)
    torch.testing.assert_close(c_in, 1 / (s2 + d2).sqrt(), rtol=1e-12, atol=0)


def test_the_network_is_given_unit_variance():
    """Variances of independent x_0 and n add: c_in^2 (sigma_data^2 + sigma^2) = 1."""
    _, _, c_in = precondition(SIGMAS, SPREAD)
    torch.testing.assert_close(c_in**2 * (SPREAD**2 + SIGMAS**2), torch.ones_like(SIGMAS), rtol=0, atol=1e-12)


def test_the_network_is_asked_for_unit_variance():
    """Its target is (x_0 - c_skip (x_0 + sigma n)) / c_out."""
    c_skip, c_out, _ = precondition(SIGMAS, SPREAD)
    variance = ((1 - c_skip) ** 2 * SPREAD**2 + c_skip**2 * SIGMAS**2) / c_out**2
    torch.testing.assert_close(variance, torch.ones_like(SIGMAS), rtol=0, atol=1e-10)


def test_c_skip_makes_the_networks_errors_count_least():
    """c_out^2 is the least of (1 - c)^2 sigma_data^2 + c^2 sigma^2 over all c, reached at c = c_skip."""
    c_skip, c_out, _ = precondition(SIGMAS, SPREAD)

    def power(c):
        return (1 - c) ** 2 * SPREAD**2 + c**2 * SIGMAS**2

    torch.testing.assert_close(c_out**2, power(c_skip), rtol=1e-9, atol=0)
    for away in (-1e-3, 1e-3):
        assert (power(c_skip + away) > c_out**2).all()


def test_a_student_is_the_identity_at_the_least_noise_and_nearly_a_teacher_far_above():
    least = torch.tensor(0.002)
    c_skip, c_out, _ = precondition(least, torch.tensor(0.5), 0.002)
    assert (c_skip.item(), c_out.item()) == (1.0, 0.0)
    far = torch.tensor([1.0, 80.0])
    student, teacher = (precondition(far, torch.tensor(0.5), least) for least in (0.002, 0.0))
    torch.testing.assert_close(torch.stack(student), torch.stack(teacher), rtol=5e-3, atol=0)


def test_a_students_preconditioning_is_the_papers_appendix_c():
    beyond = SIGMAS - 0.002
    c_skip, c_out, c_in = precondition(SIGMAS, SPREAD, 0.002)
    torch.testing.assert_close(c_skip, 0.25 / (beyond**2 + 0.25), rtol=0, atol=1e-12)
    torch.testing.assert_close(c_out, 0.5 * beyond / (0.25 + SIGMAS**2).sqrt(), rtol=0, atol=1e-12)
    torch.testing.assert_close(c_in, 1 / (0.25 + SIGMAS**2).sqrt(), rtol=1e-12, atol=0)


# the grid


def test_a_karras_grid_by_hand():
    """rho 1 is a straight line; rho 2 is one in the square root: 9, ((3 + 1) / 2)^2, 1."""
    assert karras_sigmas(3, 1.0, 9.0, 1.0) == pytest.approx([9.0, 5.0, 1.0, 0.0])
    assert karras_sigmas(3, 1.0, 9.0, 2.0) == pytest.approx([9.0, 4.0, 1.0, 0.0])


@pytest.mark.parametrize("steps", [2, 3, 5])
def test_a_karras_grid_is_equation_five(steps):
    low, high, rho = 0.002, 80.0, 7.0
    expected = [
        (high ** (1 / rho) + i / (steps - 1) * (low ** (1 / rho) - high ** (1 / rho))) ** rho for i in range(steps)
    ]
    np.testing.assert_allclose(karras_sigmas(steps, low, high, rho), [*expected, 0.0], rtol=1e-12)


@pytest.mark.parametrize("steps", [2, 18, 40, 400])
def test_a_karras_grid_falls_from_the_most_to_the_least_noise_and_then_to_none(steps):
    sigmas = karras_sigmas(steps, 0.002, 10.0, 7.0)
    assert sigmas.shape == (steps + 1,)
    assert sigmas[[0, -2, -1]] == pytest.approx([10.0, 0.002, 0.0], rel=1e-12)
    assert (np.diff(sigmas) < 0).all()


def test_one_step_goes_from_the_most_noise_to_none():
    assert karras_sigmas(1, 0.002, 10.0, 7.0) == pytest.approx([10.0, 0.0])


@pytest.mark.parametrize("steps", [0, -3])
def test_no_step_is_refused(steps):
    with pytest.raises(ValueError, match="at least one"):
        karras_sigmas(steps, 0.002, 10.0, 7.0)


def test_seventeen_of_the_seeds_forty_levels_lie_where_it_hardly_trained():
    """What sigma_max 80 costs: sigma > 5 is 2.34 spreads above the mean of ln sigma ~ N(-1.2, 1.2^2)."""
    assert (karras_sigmas(40, 0.002, 80.0, 7.0) > 5.0).sum() == 17
    assert 0.5 * math.erfc((math.log(5.0) + 1.2) / 1.2 / 2**0.5) < 0.01


# solvers


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("steps", [1, 2, 9])
def test_a_known_signal_is_recovered_when_it_is_predicted(solver, steps):
    known = normal(1, 3, 4, seed=1)
    result = solver(lambda x, sigma: known, 10.0 * normal(1, 3, 4), karras_sigmas(steps, 0.002, 10.0, 7.0))
    torch.testing.assert_close(result, known, rtol=0, atol=1e-12)


@pytest.mark.parametrize("solver", SOLVERS)
def test_states_are_the_known_signal_under_ever_less_of_the_same_noise(solver):
    known, noise, seen = normal(30, seed=1), normal(30), []
    solver(
        lambda x, sigma: known,
        known + 10.0 * noise,
        karras_sigmas(8, 0.002, 10.0, 7.0),
        lambda i, sigma, state, said: seen.append((sigma, state)),
    )
    for sigma, state in seen:
        torch.testing.assert_close(state, known + sigma * noise, rtol=0, atol=1e-10)


def test_a_step_of_each_by_hand():
    """D(x) = x / 2 everywhere, from x = 4 at sigma 2 to sigma 1.

    The slope at the start is (4 - 2) / 2 = 1, so Euler arrives at 3. There it is (3 - 1.5) / 1 = 1.5,
    so Heun goes down by the mean of both and arrives at 2.75.
    """

    def halve(x, sigma):
        return x / 2

    x = torch.tensor(4.0)
    assert sample_euler(halve, x, [2.0, 1.0]).item() == pytest.approx(3.0)
    assert heun_step(halve, x, halve(x, 2.0), 2.0, 1.0).item() == pytest.approx(2.75)
    assert sample_heun(halve, x, [2.0, 1.0]).item() == pytest.approx(2.75)
    assert sample_heun(halve, x, [2.0, 1.0, 0.0]).item() == pytest.approx(1.375)  # the last step is Euler's


@pytest.mark.parametrize(("solver", "order", "closeness"), [(sample_euler, 1, 0.02), (sample_heun, 2, 5e-4)])
def test_solvers_close_in_on_the_probability_flow_at_their_order(solver, order, closeness):
    """On Gaussian data, whose trajectory is known: twice the steps, 1/2 of Euler's error, 1/4 of Heun's.

    It is measured at sigma_min; the step from there to 0 is of no order, being as long on every grid.
    """
    data, start = Gaussian(), 10.0 * normal(100)
    end, errors = data.follow(start, 10.0, 0.002), []
    for steps in (40, 80, 160, 320):
        result = solver(data.denoise, start, karras_sigmas(steps, 0.002, 10.0, 7.0)[:-1])
        errors.append((result - end).abs().max().item())
    np.testing.assert_allclose(np.log2(np.array(errors[:-1]) / errors[1:]), order, atol=0.1)
    assert errors[-1] < closeness


@pytest.mark.parametrize(("solver", "steps"), [(sample_euler, 400), (sample_heun, 40)])
def test_noise_is_mapped_to_a_gaussian_of_the_right_mean_and_spread(solver, steps):
    """The map is linear: where 0 goes is the mean (less what sigma_max leaves of it), where 1 goes the spread."""
    data, sigmas = Gaussian(), karras_sigmas(steps, 0.002, 10.0, 7.0)
    zero, one = solver(data.denoise, torch.tensor([0.0, 10.0]).double(), sigmas)
    assert zero.item() == pytest.approx(data.mean * (1 - data.spread / 10), abs=0.002)
    assert (one - zero).item() == pytest.approx(data.spread, rel=0.01)


@pytest.mark.parametrize("solver", SOLVERS)
def test_the_callback_is_told_each_step_once_what_the_denoiser_saw_and_said(solver):
    asked, told, sigmas = [], [], karras_sigmas(5, 0.01, 10.0, 7.0)

    def denoise(x, sigma):
        asked.append((sigma, x.clone(), torch.tanh(x)))
        return torch.tanh(x)

    watched = solver(denoise, normal(7), sigmas, lambda *seen: told.append(seen))
    assert [step for step, *_ in told] == [0, 1, 2, 3, 4]
    assert [sigma for _, sigma, *_ in told] == sigmas[:-1].tolist()
    own = asked if solver is sample_euler else [*asked[::2]]  # every other of Heun's is its second look
    for (sigma, state, predicted), (_, told_sigma, told_state, told_predicted) in zip(own, told, strict=True):
        assert told_sigma == sigma
        assert torch.equal(told_state, state)
        assert torch.equal(told_predicted, predicted)
    assert torch.equal(watched, solver(lambda x, sigma: torch.tanh(x), normal(7), sigmas))


def test_heun_evaluates_twice_a_step_but_for_the_last():
    levels = []

    def denoise(x, sigma):
        levels.append(sigma)
        return 0.5 * x

    sample_heun(denoise, normal(3), [4.0, 2.0, 1.0, 0.0])
    assert levels == [4.0, 2.0, 2.0, 1.0, 1.0]


@pytest.mark.parametrize("solver", SOLVERS)
def test_states_are_not_clamped(solver):
    seen = []
    solver(
        lambda x, sigma: torch.full((1,), 5.0),
        torch.full((1,), 80.0),
        karras_sigmas(6, 0.01, 10.0, 7.0),
        lambda i, sigma, state, said: seen.append(state.item()),
    )
    assert max(seen) == 80.0
    assert min(seen) >= 5.0
