"""The noise schedule against Ho et al., written down another way."""

import math
from decimal import Decimal, localcontext

import numpy as np
import pytest

from svc_core.diffusion.schedule import Schedule

SCHEDULE = Schedule()


def alpha_bar(t: int) -> float:
    """Product of 1 - beta up to t, term by term; 1 before the first step."""
    return math.prod(1 - (1e-4 + (0.02 - 1e-4) * s / 999) for s in range(t + 1))


def posterior(t: int) -> tuple[float, float, float]:
    """Weights of x_0 and x_t, and spread, of q(x_{t-1} | x_t, x_0), by Bayes' rule.

    Two Gaussians in x_{t-1} are multiplied: what x_0 says of it, N(sqrt(abar_{t-1}) x_0, 1 - abar_{t-1}),
    and what x_t says of it, of mean x_t / sqrt(1 - beta) and variance beta / (1 - beta).
    """
    before, beta = alpha_bar(t - 1), 1e-4 + (0.02 - 1e-4) * t / 999
    told_by_clean, told_by_state = 1 / (1 - before), (1 - beta) / beta
    variance = 1 / (told_by_clean + told_by_state)
    return (
        variance * told_by_clean * math.sqrt(before),
        variance * told_by_state / math.sqrt(1 - beta),
        math.sqrt(variance),
    )


def exact_alpha_bar(t: int) -> Decimal:
    """The same product in whole decimal digits, forty of them."""
    with localcontext(prec=40):
        left, first, last = Decimal(1), Decimal("0.0001"), Decimal("0.02")
        for s in range(t + 1):
            left *= 1 - (first + (last - first) * s / 999)
        return left


@pytest.mark.parametrize(
    ("t", "snr_db", "sigma"),
    [
        (0, 39.999566, 0.010001),
        (100, 9.312885, 0.342260),
        (200, 2.810134, 0.723591),
        (300, -1.869562, 1.240161),
        (500, -10.738657, 3.442967),
        (700, -21.601589, 12.024844),
        (900, -35.681257, 60.822303),
        (999, -43.940496, 157.407281),
    ],
)
def test_signal_to_noise_ratio_and_noise_level_are_the_known_ones(t, snr_db, sigma):
    """Power of the signal abar, of the noise 1 - abar; EDM's sigma is the root of the inverse ratio."""
    abar = exact_alpha_bar(t)
    assert SCHEDULE.snr_db[t] == pytest.approx(float(10 * (abar / (1 - abar)).log10()), abs=1e-9)
    assert SCHEDULE.sigma[t] == pytest.approx(float(((1 - abar) / abar).sqrt()), rel=1e-10)
    assert SCHEDULE.snr_db[t] == pytest.approx(snr_db, abs=1e-5)
    assert SCHEDULE.sigma[t] == pytest.approx(sigma, rel=1e-5, abs=1e-6)


def test_beta_rises_in_a_straight_line():
    assert SCHEDULE.beta[[0, -1]].tolist() == [1e-4, 0.02]
    np.testing.assert_allclose(np.diff(SCHEDULE.beta), (0.02 - 1e-4) / 999, rtol=1e-9)


@pytest.mark.parametrize("t", [0, 1, 500, 999])
def test_alpha_bar_is_the_product_of_what_each_step_leaves(t):
    assert SCHEDULE.alpha_bar[t] == pytest.approx(alpha_bar(t), rel=1e-12)
    assert SCHEDULE.alpha_bar_before[t] == pytest.approx(alpha_bar(t - 1), rel=1e-12)


@pytest.mark.parametrize("t", [1, 2, 10, 250, 500, 998, 999])
def test_weights_of_a_step_are_the_posteriors(t):
    clean, state, spread = posterior(t)
    assert SCHEDULE.predicted_weight[t] == pytest.approx(clean, rel=1e-9)
    assert SCHEDULE.state_weight[t] == pytest.approx(state, rel=1e-9)
    assert SCHEDULE.noise_weight[t] == pytest.approx(spread, rel=1e-9)


def test_the_last_step_is_the_prediction_alone():
    assert SCHEDULE.predicted_weight[0] == pytest.approx(1.0, abs=1e-12)
    assert SCHEDULE.state_weight[0] == 0.0
    assert SCHEDULE.noise_weight[0] == 0.0


def test_a_step_without_noise_follows_the_mean_of_the_noising():
    """From x_t = sqrt(abar_t) x_0 exactly one comes to sqrt(abar_{t-1}) x_0."""
    arrived = SCHEDULE.predicted_weight + SCHEDULE.state_weight * np.sqrt(SCHEDULE.alpha_bar)
    np.testing.assert_allclose(arrived, np.sqrt(SCHEDULE.alpha_bar_before), rtol=0, atol=1e-12)


def test_a_step_takes_noise_to_the_level_of_the_next():
    """Noise of variance 1 - abar_t, weighted, plus the fresh noise has variance 1 - abar_{t-1}."""
    variance = SCHEDULE.state_weight**2 * (1 - SCHEDULE.alpha_bar) + SCHEDULE.noise_weight**2
    np.testing.assert_allclose(variance, 1 - SCHEDULE.alpha_bar_before, rtol=0, atol=1e-12)


def test_weights_of_all_predictions_in_a_state_sum_to_at_most_one():
    """Why an error of an interpolated prediction does not grow in a replay."""
    total = 0.0
    for t in range(999, -1, -1):
        total = total * SCHEDULE.state_weight[t] + SCHEDULE.predicted_weight[t]
        assert total <= 1 + 1e-12


def test_a_short_schedule_has_its_own_length():
    short = Schedule(steps=20, beta_last=0.5)
    for name in ("beta", "alpha_bar", "sigma", "snr_db", "predicted_weight", "state_weight", "noise_weight"):
        assert getattr(short, name).shape == (20,)


def test_a_schedule_of_one_step_is_the_prediction():
    assert Schedule(steps=1).predicted_weight.tolist() == pytest.approx([1.0])
