"""CREPE against contours that are known because they were sung by arithmetic: pitch, time, voicing."""

from importlib.util import find_spec

import numpy as np
import pytest

from svc_core.metrics.crepe import BINS, best_path, pitches_hz, refine_hz, track_f0
from tests.conftest import RATE_HZ, contour, voice

needs_crepe = pytest.mark.skipif(find_spec("torchcrepe") is None, reason="the package torchcrepe is not installed")
ALL = np.ones(BINS, dtype=bool)


def at_centres(f0_hz: np.ndarray) -> np.ndarray:
    """A contour over samples, at the centres of the frames."""
    return f0_hz[128::256][: len(f0_hz) // 256]


def cents(measured_hz: np.ndarray, truth_hz: np.ndarray) -> np.ndarray:
    return 1200 * np.log2(measured_hz / truth_hz)


# the path and what lies between two pitches, by hand


def test_pitches_are_20_cents_apart_from_c1_to_b7():
    hz = pitches_hz()
    assert (len(hz), hz[0], hz[-1]) == (360, pytest.approx(31.70, abs=0.01), pytest.approx(2005.5, abs=0.1))
    np.testing.assert_allclose(cents(hz[1:], hz[:-1]), 20)


def heard(*numbers: int, probability: float = 0.9) -> np.ndarray:
    """One pitch a frame, and nothing else: (frame, pitch)."""
    rows = np.zeros((len(numbers), BINS))
    rows[np.arange(len(numbers)), numbers] = probability
    return rows


def test_the_path_stays_where_one_frame_errs_by_an_octave_and_follows_a_melody():
    assert best_path(heard(*[100] * 9, 160, *[100] * 9), ALL).tolist() == [100] * 19
    assert best_path(heard(*range(100, 120)), ALL).tolist() == list(range(100, 120))
    moved = best_path(heard(*[100] * 40, *[160] * 40), ALL)
    assert moved[0] == 100 and moved[-1] == 160 and (np.diff(moved) < 12).all()


def test_the_path_keeps_within_the_range():
    allowed = (np.arange(BINS) >= 40) & (np.arange(BINS) < 150)
    both = heard(*[200] * 9) + 0.5 * heard(*[90] * 9)
    assert best_path(both, allowed).tolist() == [90] * 9
    assert best_path(both, ALL).tolist() == [200] * 9


def test_f0_lies_between_the_pitches_by_their_probabilities():
    rows = 3 * heard(100, 100, 0, probability=0.2) + heard(101, 109, 1, probability=0.2)
    expected_cents = [20 * 100.25, 20 * 100, 20 * 0.25]  # the 109th is too far away to count
    np.testing.assert_allclose(cents(refine_hz(rows, np.array([100, 100, 0])), pitches_hz()[0]), expected_cents)


# the network


@pytest.fixture(scope="module")
def glide(grid) -> tuple[np.ndarray, np.ndarray]:
    """An octave up in one second, 200 to 400 Hz: truth at the frame centres, and what is tracked."""
    sung_hz = contour(1.0, 200.0, 400.0)
    return at_centres(sung_hz), track_f0(voice(sung_hz), grid)


@needs_crepe
def test_a_glide_is_tracked_within_a_fifth_of_a_semitone(glide):
    truth_hz, tracked_hz = glide
    assert len(tracked_hz) == 93
    assert np.abs(cents(tracked_hz[6:-6], truth_hz[6:-6])).max() < 20


@needs_crepe
def test_a_glide_up_and_the_same_down_are_tracked_without_lag(glide, grid):
    """A frame is 12.8 cents here. An error of pitch has one sign in both, an error in time has two.

    CREPE itself is 2 ms early below 300 Hz, a fifth of a frame, and not at all above 400 Hz.
    """
    truth_hz, up_hz = glide
    down_hz, down_truth_hz = track_f0(voice(contour(1.0, 400.0, 200.0)), grid), at_centres(contour(1.0, 400.0, 200.0))
    late_cents = (cents(down_hz, down_truth_hz)[8:-8].mean() - cents(up_hz, truth_hz)[8:-8].mean()) / 2
    assert abs(late_cents) < 0.3 * 12.8


@needs_crepe
def test_a_tone_begins_and_ends_when_it_does(grid):
    """Between 0.4 and 0.8 s: the middle of what is voiced is the middle of the tone, to a quarter of a frame."""
    time_s = np.arange(RATE_HZ * 6 // 5) / RATE_HZ
    on = (time_s >= 0.4) & (time_s < 0.8)
    sound = sum(np.sin(2 * np.pi * 220 * h * time_s) / h for h in range(1, 20)) * on * 0.1
    tracked_hz = track_f0((sound + 1e-5 * np.random.default_rng(0).standard_normal(len(on))).astype(np.float32), grid)
    voiced = np.flatnonzero(tracked_hz)
    first_s, last_s = (grid.frame_centre_s(frame) for frame in voiced[[0, -1]])
    assert len(voiced) == voiced[-1] - voiced[0] + 1
    assert abs((first_s + last_s) / 2 - 0.6) < 0.5 * grid.hop_ms / 1000
    assert abs(first_s - 0.4) < 3 * grid.hop_ms / 1000 and abs(last_s - 0.8) < 3 * grid.hop_ms / 1000
    assert np.abs(cents(tracked_hz[voiced[3:-3]], 220.0)).max() < 10


@needs_crepe
def test_it_is_the_same_at_every_call_and_draws_no_random_numbers(source, grid):
    state = np.random.get_state()[1].copy()  # noqa: NPY002  torchcrepe's own decoder draws from this very state
    first = track_f0(source, grid)
    np.testing.assert_array_equal(first, track_f0(source, grid))
    np.testing.assert_array_equal(first > 0, track_f0(0.01 * source, grid) > 0)  # level is no matter
    assert (np.random.get_state()[1] == state).all()  # noqa: NPY002


@needs_crepe
def test_silence_noise_and_nothing_have_no_melody(grid):
    hiss = 0.1 * np.random.default_rng(0).standard_normal(RATE_HZ).astype(np.float32)
    assert track_f0(np.zeros(RATE_HZ, np.float32), grid).tolist() == [0] * 93
    assert (track_f0(hiss, grid) > 0).mean() < 0.1
    assert track_f0(np.zeros(100, np.float32), grid).shape == (0,)


@needs_crepe
def test_what_is_40_db_softer_than_the_rest_is_a_pause(grid):
    sound = voice(contour(1.0, 220.0))
    sound[12_000:] *= 10 ** (-50 / 20)
    tracked_hz = track_f0(sound, grid)
    assert (tracked_hz[5:44] > 0).all() and (tracked_hz[50:] == 0).all()
