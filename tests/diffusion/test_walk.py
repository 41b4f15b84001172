"""Walks as plain numbers: the recurrence gives again what each sampler really did."""

import numpy as np
import pytest

from svc_core.diffusion.consistency import consistency_sigmas
from svc_core.diffusion.ddpm import ddim_steps
from svc_core.diffusion.edm import karras_sigmas
from svc_core.diffusion.noise import seeded_noise
from svc_core.diffusion.schedule import Schedule
from svc_core.diffusion.walk import COLUMNS, consistency_walk, ddim_walk, ddpm_walk, euler_walk, heun_walk
from tests.support.walks import SAMPLERS, SEED, START, Walked, run

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")  # a division by zero would hide in a weight


def walked_again(seen: Walked) -> np.ndarray:
    """All states from the sampler's own predictions and the seed's noise, in double precision."""
    walk, shape = seen.walk, seen.states.shape[1:]
    states = [walk.start_weight * seeded_noise(SEED, walk.start_address, *shape).astype(float)]
    for i in range(len(walk) - 1):
        state = walk.predicted[i] * seen.predicted[i] + walk.state[i] * states[-1]
        if walk.second[i]:
            state = state + walk.second[i] * seen.second[i]
        if walk.noise[i]:
            state = state + walk.noise[i] * seeded_noise(SEED, int(walk.address[i]), *shape)
        states.append(state if walk.clamp is None else state.clip(-walk.clamp, walk.clamp))
    return np.stack(states)


@pytest.mark.parametrize("steps", [1, 2, 20, 1000])
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_recurrence_walks_where_the_sampler_walked(sampler, steps):
    """Single precision is all that lies between them: at every step, whatever the number of steps."""
    seen = run(sampler, steps)
    assert len(seen.walk) == steps == len(seen.states)
    assert np.ptp(seen.states[-1]) > 0.5  # a walk that goes nowhere could not fail
    # two steps of Heun's method take the difference of two predictions twenty thousand times
    sigma = seen.walk.sigma
    largest = 1.0 if seen.second is None else max(1.0, (sigma[:-1] / (2 * sigma[1:])).max())
    np.testing.assert_allclose(walked_again(seen), seen.states, rtol=0, atol=2e-5 * largest)


@pytest.mark.parametrize("steps", [20, 60])
def test_a_sampler_that_clamps_is_walked_with_too(steps):
    seen, plain = run("ddpm", steps, clamp=1.0), run("ddpm", steps)
    assert (seen.walk.clamp, plain.walk.clamp) == (1.0, None)
    assert np.abs(seen.states[1:]).max() == 1.0 < np.abs(seen.states[0]).max()
    np.testing.assert_allclose(walked_again(seen), seen.states, rtol=0, atol=2e-5)
    assert np.abs(seen.states - plain.states).max() > 0.2


@pytest.mark.parametrize("steps", [1, 2, 20])
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_steps_and_noise_levels_are_those_that_the_sampler_told(sampler, steps):
    seen = run(sampler, steps)
    assert seen.walk.step.tolist() == seen.steps
    np.testing.assert_allclose(seen.walk.sigma, seen.sigmas, rtol=1e-12)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_last_prediction_is_the_result(sampler):
    """So the last row of a walk has nowhere to lead to."""
    seen = run(sampler, 6)
    np.testing.assert_allclose(seen.predicted[-1], seen.result, atol=1e-6)
    assert [getattr(seen.walk, column)[-1] for column in ("predicted", "second", "state", "noise")] == [0, 0, 0, 0]


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_each_term_of_a_walk_is_there_for_a_reason(sampler):
    has = {
        "ddpm": ("predicted", "state", "noise"),
        "ddim": ("predicted", "state"),
        "euler": ("predicted", "state"),
        "heun": ("second", "state"),
        "consistency": ("predicted", "noise"),
    }
    walk = run(sampler, 5).walk
    found = tuple(name for name in ("predicted", "second", "state", "noise") if getattr(walk, name)[:-1].all())
    assert found == has[sampler]
    for name in {"predicted", "second", "state", "noise"} - set(found):
        assert not getattr(walk, name).any()
    assert walk.has_second == (sampler == "heun")


def test_an_euler_step_by_hand():
    """From sigma 2 to 1, then to 0: x = D + (x - D) / 2; v is x / sqrt 5 before and x / sqrt 2 after."""
    walk = euler_walk(np.array([2.0, 1.0, 0.0]), 9)
    assert walk.predicted == pytest.approx([0.5 / 2**0.5, 0.0])
    assert walk.state == pytest.approx([0.5 * 5**0.5 / 2**0.5, 0.0])
    assert (walk.start_weight, walk.start_address) == (pytest.approx(2 / 5**0.5), 9)


def test_a_heun_step_by_hand():
    """Euler's step from 2 to 1, but towards the corrected prediction."""
    walk = heun_walk(np.array([2.0, 1.0, 0.0]), 9)
    assert walk.second == pytest.approx([0.5 / 2**0.5, 0.0])
    assert walk.predicted == pytest.approx([0.0, 0.0])
    assert walk.state == pytest.approx([0.5 * 5**0.5 / 2**0.5, 0.0])


def test_a_students_step_by_hand():
    """To sigma 5 with sigma_min 3: noise of 4 is put back, and all is divided by sqrt 26."""
    walk = consistency_walk(np.array([10.0, 5.0]), 3.0, 9)
    assert walk.predicted == pytest.approx([1 / 26**0.5, 0.0])
    assert walk.noise == pytest.approx([4 / 26**0.5, 0.0])
    assert walk.address[0] == 1


def test_a_ddim_step_by_hand():
    """One step of a schedule of two with beta 0.36 both times: abar is 0.64, then 0.4096."""
    walk = ddim_walk(np.array([1, 0]), Schedule(2, 0.36, 0.36))
    kept = (0.36 / 0.5904) ** 0.5
    assert walk.state == pytest.approx([kept, 0.0])
    assert walk.predicted == pytest.approx([0.8 - kept * 0.64, 0.0])
    assert (walk.start_weight, walk.start_address) == (1.0, 2)


def test_ddim_in_all_steps_starts_where_ddpm_starts():
    schedule = Schedule(12)
    all_steps = ddim_walk(ddim_steps(12, schedule), schedule)
    ancestral = ddpm_walk(schedule)
    assert (all_steps.start_weight, all_steps.start_address) == (ancestral.start_weight, ancestral.start_address)
    np.testing.assert_array_equal(all_steps.step, ancestral.step)
    np.testing.assert_array_equal(all_steps.sigma, ancestral.sigma)


@pytest.mark.parametrize(
    ("t", "snr_db"),
    [(0, 40), (100, 9.3), (200, 2.8), (300, -1.9), (500, -10.7), (700, -21.6), (900, -35.7), (999, -43.9)],
)
def test_signal_to_noise_ratios_of_a_thousand_steps(t, snr_db):
    """Of the schedule from 1e-4 to 0.02, computed from its formula."""
    walk = ddpm_walk(Schedule())
    (place,) = np.flatnonzero(walk.step == t)
    assert place == 999 - t
    assert walk.snr_db[place] == pytest.approx(snr_db, abs=0.051)


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("steps", [2, 40])
def test_a_walk_goes_from_noise_to_signal(sampler, steps):
    assert (np.diff(run(sampler, steps).walk.snr_db) > 0).all()


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_an_error_of_predictions_does_not_grow(sampler):
    """The weights of all predictions in a state are shares: none is negative, and together they are at most one."""
    walk = run(sampler, 40).walk
    share, whole = 0.0, walk.predicted + walk.second
    for i in range(len(walk)):
        assert share <= 1 + 1e-9
        share = share * walk.state[i] + whole[i]
    assert (whole >= 0).all()


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_known_signal_comes_out_at_unit_variance(sampler):
    """Where every prediction is x_0, the state at each place is x_0 / sqrt(1 + sigma^2) and noise.

    Where the walk keeps its states, it lacks what it had not at its start, which fades as their weights do.
    """
    walk = run(sampler, 30).walk
    share, lacking = 0.0, 1 / np.sqrt(1 + walk.sigma[0] ** 2)
    for i in range(len(walk)):
        assert share + lacking == pytest.approx(1 / np.sqrt(1 + walk.sigma[i] ** 2), abs=1e-9)
        share = share * walk.state[i] + walk.predicted[i] + walk.second[i]
        lacking *= walk.state[i]


def test_a_single_step_is_noise_and_a_result():
    schedule = Schedule()
    for walk in (
        ddim_walk(ddim_steps(1, schedule), schedule),
        euler_walk(karras_sigmas(1, 0.002, 80.0, 7.0), START),
        heun_walk(karras_sigmas(1, 0.002, 80.0, 7.0), START),
        consistency_walk(consistency_sigmas(1, 0.002, 80.0, 7.0), 0.002, START),
    ):
        assert len(walk) == 1
        assert not walk.has_second
        assert [getattr(walk, column).tolist() for column in ("predicted", "second", "state", "noise")] == [[0]] * 4


def test_columns_are_the_fields_that_have_a_value_at_every_step():
    walk = ddpm_walk(Schedule(3))
    assert COLUMNS == ("step", "sigma", "predicted", "second", "state", "noise", "address")
    assert {getattr(walk, column).shape for column in COLUMNS} == {(3,)}


def test_making_a_walk_leaves_the_schedule_alone():
    """The last row is set to nothing: on a copy."""
    schedule = Schedule(5)
    before = schedule.predicted_weight.copy()
    ddpm_walk(schedule)
    np.testing.assert_array_equal(schedule.predicted_weight, before)
