"""Distances in decibels: by hand, blind to what they should be blind to, and against SPTK's cepstra."""

import numpy as np
import pytest

from svc_core.metrics import spectrum
from svc_core.metrics.alignment import MetricError
from svc_core.metrics.spectrum import (
    log_mel_l1_db,
    loudness_rmse_db,
    mel_cepstra,
    mel_cepstral_distortion_db,
    sounding_frames,
    spectrum_scores,
)
from svc_core.sound.pitch import track_f0
from tests.conftest import is_sentence

ANGLES = np.linspace(0, np.pi, 513)

# pysptk 1.0.1, sp2mc(power, order=24, alpha=0.466)[1:] of the envelope in test_cepstra_are_sptks
SPTK = [
    0.89453,
    -1.00161,
    0.41932,
    -0.02527,
    0.16060,
    -0.16021,
    -0.00138,
    0.01135,
    0.04170,
    -0.10714,
    0.09419,
    -0.05297,
]
SPTK += [
    -0.00681,
    0.03424,
    -0.04282,
    0.02193,
    0.00102,
    -0.02949,
    0.04538,
    -0.05773,
    0.05764,
    -0.05612,
    0.04747,
    -0.04102,
]


@pytest.fixture(scope="module")
def source_f0_hz(source, grid):
    return track_f0(source, grid)


def test_distortion_of_two_frames_by_hand():
    reference = np.zeros((24, 2))
    estimate = np.zeros((24, 2))
    estimate[0, 0], estimate[1, 0] = 0.3, 0.4  # 0.5 away; the second frame not at all
    assert mel_cepstral_distortion_db(reference, estimate) == pytest.approx(10 * np.sqrt(2) / np.log(10) * 0.5 / 2)
    first = np.array([True, False])
    assert mel_cepstral_distortion_db(reference, estimate, first) == pytest.approx(3.0709, abs=1e-4)


def test_distortion_is_the_rms_distance_of_the_envelopes_in_db_on_the_warped_axis():
    def ln_amplitude(warped, second, fifth):
        return second * np.cos(2 * warped) + fifth * np.cos(5 * warped)

    evenly = (np.arange(1000) + 0.5) * np.pi / 1000
    apart_db = 20 / np.log(10) * (ln_amplitude(evenly, 1.0, 0.2) - ln_amplitude(evenly, 0.4, -0.3))
    powers = [np.exp(2 * ln_amplitude(warp(ANGLES), *series))[None] for series in ((1.0, 0.2), (0.4, -0.3))]
    measured_db = mel_cepstral_distortion_db(*(mel_cepstra(power) for power in powers))
    assert measured_db == pytest.approx(np.sqrt(np.mean(apart_db**2)), rel=1e-3)


def warp(angle: np.ndarray) -> np.ndarray:
    """Phase of the all-pass that stands for the mel scale."""
    return np.angle((np.exp(1j * angle) - 0.466) / (1 - 0.466 * np.exp(1j * angle))) % (2 * np.pi)


def test_an_envelope_of_one_cosine_has_one_cepstrum():
    power = np.exp(2 * (0.7 + 0.5 * np.cos(3 * warp(ANGLES))))[None]
    expected = np.zeros((24, 1))
    expected[2] = 0.5
    np.testing.assert_allclose(mel_cepstra(power), expected, atol=1e-4)


def test_cepstra_are_sptks():
    w = ANGLES
    power = np.exp(2 * (1.5 * np.cos(w) - 0.8 * np.cos(2 * w + 0.3) + 0.5 * np.sin(3 * w) + 0.3 * np.cos(9 * w) - 1))
    np.testing.assert_allclose(mel_cepstra(power[None])[:, 0], SPTK, atol=2e-3)


def test_a_gain_moves_no_cepstrum():
    power = np.exp(np.cos(4 * ANGLES))[None]
    np.testing.assert_allclose(mel_cepstra(power), mel_cepstra(4 * power), atol=1e-9)


def test_log_mel_distance_is_in_decibels_band_by_band():
    reference = np.zeros((2, 3))
    estimate = np.array([[0.0, 1.0, -1.0], [np.log(10) / 20, np.log(10) / 20, np.log(10) / 20]])
    np.testing.assert_allclose(log_mel_l1_db(reference, estimate), [20 / np.log(10) * 2 / 3, 1.0])
    only = np.array([True, False, False])
    np.testing.assert_allclose(log_mel_l1_db(reference, estimate, only), [0, 1])


def test_loudness_rmse_by_hand():
    assert loudness_rmse_db(np.zeros(4), np.array([3.0, -3, 0, 4])) == pytest.approx(np.sqrt(34 / 4))


def test_frames_40_db_under_the_loudest_do_not_sound():
    assert sounding_frames(np.array([-20.0, -59.9, -60.1, -100])).tolist() == [True, True, False, False]


def test_a_sound_against_itself_is_no_distance(source, source_f0_hz, grid):
    scores = spectrum_scores(source, source, source_f0_hz, source_f0_hz, grid)
    figures = (scores.mcd_db, scores.log_mel_l1_db, scores.loudness_rmse_db, scores.level_offset_db)
    np.testing.assert_allclose(figures, 0, atol=1e-6)
    assert len(scores.log_mel_l1_band_db) == grid.n_mels


def test_six_decibels_more_change_the_level_and_nothing_else(source, source_f0_hz, grid):
    scores = spectrum_scores(source, 2 * source, source_f0_hz, source_f0_hz, grid)
    assert scores.level_offset_db == pytest.approx(20 * np.log10(2), abs=1e-3)
    assert scores.mcd_db < 1e-3
    assert scores.log_mel_l1_db < 0.01 and scores.loudness_rmse_db < 0.01


def test_a_frame_more_at_the_end_changes_next_to_nothing(source, source_f0_hz, grid):
    longer = np.append(source, np.zeros(grid.hop, dtype=np.float32))
    scores = spectrum_scores(source, longer, source_f0_hz, np.append(source_f0_hz, 0), grid)
    assert scores.mcd_db < 0.3 and scores.log_mel_l1_db < 0.3
    with pytest.raises(MetricError, match="frames"):
        spectrum_scores(source, np.append(longer, longer), source_f0_hz, np.append(source_f0_hz, 0), grid)


def test_a_drop_out_is_heard_in_the_dynamics_and_not_taken_for_the_level(source, source_f0_hz, grid):
    broken = source.copy()
    broken[6000:9000] *= 0.01  # 40 dB down for an eighth of a second
    scores = spectrum_scores(source, broken, source_f0_hz, source_f0_hz, grid)
    assert abs(scores.level_offset_db) < 0.1
    assert 10 < scores.loudness_rmse_db < 20  # about 40 dB in a tenth of the frames


def test_noise_in_a_pause_is_not_measured(source, source_f0_hz, grid):
    pause = np.zeros(24_000, dtype=np.float32)
    noise = 1e-3 * np.random.default_rng(0).standard_normal(24_000).astype(np.float32)
    f0_hz = np.concatenate([source_f0_hz, np.zeros(grid.frame_count(len(source) + 24_000) - len(source_f0_hz))])
    sounds = [np.concatenate([source, tail]) for tail in (pause, noise)]
    scores = spectrum_scores(*sounds, f0_hz, f0_hz, grid)
    assert scores.mcd_db < 0.3  # the frames that reach into the pause
    assert scores.sounding_frames < len(source_f0_hz) + 3


def test_another_throat_is_told_from_another_key(source, converted, source_f0_hz, grid):
    """MCD follows formants: about 5 dB for a tract 15 % shorter, whatever the key."""
    scores = spectrum_scores(source, converted, source_f0_hz, track_f0(converted, grid), grid)
    assert 3 < scores.mcd_db < 8
    assert scores.level_offset_db < -1  # it was made softer
    assert scores.mcd_definition == "WORLD CheapTrick, mel-cepstra 1-24, alpha 0.466"


def test_a_conversion_that_is_silent_is_far_away_and_finite(source, source_f0_hz, grid):
    scores = spectrum_scores(source, np.zeros_like(source), source_f0_hz, np.zeros_like(source_f0_hz), grid)
    assert 5 < scores.mcd_db < 100 and scores.level_offset_db < -60


def test_a_silent_reference_cannot_be_measured(source, grid):
    f0_hz = np.zeros(grid.frame_count(len(source)))
    with pytest.raises(MetricError, match=r"^the reference is silent") as caught:
        spectrum_scores(np.zeros_like(source), source, f0_hz, f0_hz, grid)
    assert is_sentence(str(caught.value))


@pytest.mark.parametrize(
    ("frames", "said"),
    [(np.zeros(4, bool), "no frame is chosen"), (np.ones(7, bool), "a choice among 7")],
    ids=["none", "another sound's"],
)
def test_a_choice_of_frames_that_does_not_fit_is_refused(frames, said):
    with pytest.raises(MetricError, match=said) as caught:
        mel_cepstral_distortion_db(np.ones((24, 4)), np.ones((24, 4)), frames)
    assert is_sentence(str(caught.value))


def test_the_sum_over_the_warped_axis_is_fine_enough(monkeypatch):
    power = np.exp(3 * np.cos(9 * ANGLES))[None]
    fine = mel_cepstra(power)
    monkeypatch.setattr(spectrum, "WARPED_POINTS", 65_536)
    spectrum._cosine_series.cache_clear()
    np.testing.assert_allclose(mel_cepstra(power), fine, atol=2e-4)
    spectrum._cosine_series.cache_clear()
