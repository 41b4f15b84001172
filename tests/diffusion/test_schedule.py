"""The noise schedule against Ho et al., written down another way."""

import math

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


@pytest.mark.parametrize(
    ("t", "snr_db"),
    [(0, 40), (100, 9.3), (200, 2.8), (300, -1.9), (500, -10.7), (700, -21.6), (900, -35.7), (999, -43.9)],
)
def test_signal_to_noise_ratio_is_the_known_one(t, snr_db):
    assert SCHEDULE.snr_db[t] == pytest.approx(snr_db, abs=0.05)


@pytest.mark.parametrize(
    ("t", "sigma", "rounding"),
    [
        (0, 0.01, 0.005),
        (100, 0.34, 0.005),
        (200, 0.72, 0.005),
        (300, 1.24, 0.005),
        (500, 3.4, 0.05),
        (700, 12, 0.5),
        (900, 61, 0.5),
        (999, 157, 0.5),
    ],
)
def test_noise_level_is_the_known_one(t, sigma, rounding):
    assert SCHEDULE.sigma[t] == pytest.approx(sigma, abs=rounding)


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
