"""Pulses and noise without torch: torch's own, number by number."""

import numpy as np
import pytest
import torch

from svc_core.config import GridConfig
from svc_core.light.excitation import pulse_train, to_sample_rate, torch_normal, white_noise
from svc_core.vocoders import excitation

GRID = GridConfig()


@pytest.mark.parametrize("count", [16, 1024, 256 * 469 + 768])
@pytest.mark.parametrize("seed", [0, 1, 2**31])
def test_the_noise_is_what_torch_draws(count, seed):
    drawn = torch.randn((1, count), generator=torch.Generator().manual_seed(seed))[0].numpy()
    again = torch_normal(count, seed)
    assert again.dtype == np.float32
    np.testing.assert_allclose(again, drawn, atol=1e-6, rtol=0)


def test_a_rest_of_sixteen_is_refused():
    with pytest.raises(ValueError, match="groups of 16"):
        torch_normal(20, 0)


def test_white_noise_has_unit_power_in_a_hann_window():
    noise = white_noise(256 * 400, GRID, seed=1)
    assert np.mean(noise.astype(float) ** 2) * 384 == pytest.approx(1, abs=0.03)  # 3/8 of 1024
    expected = excitation.noise_like(torch.zeros(256 * 400), GRID, torch.Generator().manual_seed(1))
    np.testing.assert_allclose(noise, expected, atol=1e-6)


@pytest.mark.parametrize("beyond", [0, 100, 384])
def test_values_between_frames_are_torch_s(beyond):
    values = np.array([1.0, 3.0, 2.0, 7.0], np.float32)
    expected = excitation.to_sample_rate(torch.from_numpy(values)[None], GRID, beyond)[0]
    np.testing.assert_allclose(to_sample_rate(values, GRID, beyond), expected, atol=1e-5)


def test_frame_values_stand_at_frame_centres():
    dense = to_sample_rate(np.array([0.0, 256.0, 512.0]), GRID)
    assert dense.shape == (768,)
    assert dense[128 + 256] == pytest.approx(256.5)  # centres lie between two samples
    assert (dense[0], dense[-1]) == (0, 512)


@pytest.mark.parametrize("frames", [1, 2, 300])
def test_pulses_are_torch_s_to_the_end_of_a_glide(frames):
    f0_hz = np.geomspace(70, 900, frames).astype(np.float32)
    voiced = (np.arange(frames) % 50 < 40).astype(np.float32)
    given = torch.from_numpy(f0_hz)[None], torch.from_numpy(voiced)[None]
    expected = excitation.pulse_train(*given, GRID, GRID.edge_pad)[0].numpy()
    pulses = pulse_train(f0_hz, voiced, GRID, GRID.edge_pad)
    assert pulses.shape == (256 * frames + 768,)
    assert np.abs(expected).max() > 0.1
    np.testing.assert_allclose(pulses, expected, atol=1e-6)


def test_there_are_no_pulses_where_there_is_no_voice():
    assert (pulse_train(np.full(9, 200.0), np.zeros(9), GRID) == 0).all()
