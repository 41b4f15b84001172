"""The mel spectrogram and its time grid."""

import numpy as np
import pytest
import torch
import torchaudio
from scipy.signal import get_window

from svc_core.config import GridConfig
from svc_core.sound.mel import band_centres_hz, log_mel, mel_filters, power_spectrogram
from tests.conftest import contour, voice

GRID = GridConfig()


def slaney_hz(mel):
    """Slaney's mel scale, written out: linear to 1 kHz (15 mel), then 27 mel to a factor of 6.4."""
    return np.where(mel < 15, mel * 200 / 3, 1000 * 6.4 ** ((mel - 15) / 27))


def edges_hz(n_mels: int) -> np.ndarray:
    """Edges and centres of bands evenly spaced from 0 Hz to 12 kHz on that scale."""
    return slaney_hz(np.linspace(0, 15 + 27 * np.log(12) / np.log(6.4), n_mels + 2))


@pytest.mark.parametrize(("seconds", "frames"), [(1.0, 93), (4.0, 375), (10.0, 937), (29.9, 2803)])
def test_clips_of_known_length_have_the_known_number_of_frames(seconds, frames):
    samples = np.random.default_rng(0).standard_normal(round(seconds * 24_000)).astype(np.float32)
    assert GRID.frame_count(len(samples)) == frames
    assert log_mel(samples, GRID).shape == (100, frames)


@pytest.mark.parametrize("frame", [3, 10, 25])
def test_a_frame_is_centred_on_the_middle_of_its_hop(frame):
    samples = np.zeros(32 * 256, np.float32)
    samples[256 * frame + 128] = 1.0
    level = power_spectrogram(samples, GRID).sum(axis=0)
    assert level.argmax() == frame
    assert level[frame - 1] == pytest.approx(level[frame + 1], rel=1e-4)
    # Hann's window: 1 at its centre, 1/2 a hop (a quarter of a window) away; power, so 1/4
    assert level[frame + 1] / level[frame] == pytest.approx(0.25, rel=1e-3)


def test_an_impulse_between_two_centres_belongs_to_both_alike():
    samples = np.zeros(32 * 256, np.float32)
    samples[256 * 11] = 1.0
    level = power_spectrogram(samples, GRID).sum(axis=0)
    assert level[10] == pytest.approx(level[11], rel=1e-4)


def test_power_spectrogram_is_the_windowed_fourier_transform_of_the_reflected_clip():
    samples = np.random.default_rng(1).standard_normal(4_000).astype(np.float32)
    reflected = np.concatenate([samples[384:0:-1], samples, samples[-2:-386:-1]]).astype(np.float64)
    for frame in (0, 7, 14):
        part = reflected[256 * frame : 256 * frame + 1024] * get_window("hann", 1024)
        expected = np.abs(np.fft.rfft(part)) ** 2
        np.testing.assert_allclose(power_spectrogram(samples, GRID)[:, frame], expected, rtol=1e-3, atol=1e-2)


def test_filters_are_torchaudios_slaney_filters():
    expected = torchaudio.functional.melscale_fbanks(513, 0.0, 12_000.0, 100, 24_000, norm="slaney", mel_scale="slaney")
    np.testing.assert_allclose(mel_filters(GRID), expected.numpy().T, atol=1e-6)


def test_log_mel_is_torchaudios_own_up_to_the_small_constant_under_the_root():
    samples = voice(contour(1.0, 220.0))
    padded = torch.nn.functional.pad(torch.from_numpy(samples)[None], (384, 384), mode="reflect")
    measure = torchaudio.transforms.MelSpectrogram(
        24_000, 1024, hop_length=256, n_mels=100, power=1.0, center=False, norm="slaney", mel_scale="slaney"
    )
    expected = measure(padded)[0].clamp(min=1e-5).log().numpy()
    assert expected.shape == (100, 93)
    loud = expected > np.log(1e-2)
    assert loud.mean() > 0.3
    np.testing.assert_allclose(log_mel(samples, GRID)[loud], expected[loud], atol=2e-3)


def test_a_band_answers_most_to_a_sine_at_its_centre():
    time_s = np.arange(12_000) / 24_000
    centres_hz = band_centres_hz(GRID)
    for band in (20, 45, 70, 95):
        sine = np.sin(2 * np.pi * centres_hz[band] * time_s).astype(np.float32)
        assert log_mel(sine, GRID)[:, 20].argmax() == band


def test_band_centres_are_evenly_spaced_on_slaneys_scale():
    np.testing.assert_allclose(band_centres_hz(GRID), edges_hz(100)[1:-1], rtol=1e-6)
    assert band_centres_hz(GRID).shape == (100,)


def test_each_filter_has_unit_area():
    width_hz = edges_hz(100)[2:] - edges_hz(100)[:-2]
    area = mel_filters(GRID).sum(axis=1) * 24_000 / 1024
    wide = width_hz > 10 * 24_000 / 1024  # the narrow ones hold too few bins to integrate
    assert wide.sum() > 20
    np.testing.assert_allclose(area[wide], 1.0, rtol=0.02)


def test_silence_lies_on_what_is_left_of_the_constant_under_the_root():
    """All bins are sqrt(1e-9) = 3.2e-5; a band of weight w then holds 3.2e-5 w, clamped at 1e-5."""
    expected = np.log(np.maximum(mel_filters(GRID).sum(axis=1) * 10**-4.5, 1e-5))
    mel = log_mel(np.zeros(2_560, np.float32), GRID)
    np.testing.assert_allclose(mel, np.repeat(expected[:, None], 10, axis=1), atol=1e-5)
    assert mel.min() == pytest.approx(np.log(1e-5))


def test_a_tenfold_gain_adds_the_logarithm_of_ten():
    samples = voice(contour(0.5, 220.0))
    quiet, loud = log_mel(samples, GRID), log_mel(10 * samples, GRID)
    heard = quiet > np.log(1e-2)
    np.testing.assert_allclose((loud - quiet)[heard], np.log(10), atol=1e-2)


def test_mel_is_single_precision_mel_by_frame():
    mel = log_mel(np.ones(2_000, np.float32), GRID)
    assert mel.dtype == np.float32
    assert mel.shape == (100, 7)
