"""Spectra on the time grid: there and back, where frames stand, and magnitudes that fit a mel."""

import numpy as np
import pytest
import torch

from svc_core.config import GridConfig
from svc_core.sound.mel import log_mel, mel_filters, power_spectrogram
from svc_core.vocoders.spectrum import (
    fit_to_mel,
    frames_of,
    refine_phase,
    spread_mel,
    to_mel,
    to_samples,
    to_spectrum,
)

GRID = GridConfig()


def noise(frames: int, seed: int = 0) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).standard_normal((1, 256 * frames)).astype(np.float32))


def test_there_and_back_is_the_same_to_the_last_edge():
    samples = noise(20)
    torch.testing.assert_close(to_samples(to_spectrum(samples, GRID), GRID), samples, atol=1e-5, rtol=0)


def test_a_spectrum_is_the_one_that_the_mel_is_measured_on(sung):
    samples = sung[: 256 * (len(sung) // 256)]
    spectrum = to_spectrum(torch.from_numpy(samples)[None], GRID)
    np.testing.assert_allclose(spectrum.abs()[0] ** 2, power_spectrogram(samples, GRID), rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(to_mel(spectrum.abs() ** 2, GRID)[0], log_mel(samples, GRID), atol=1e-3)


def test_a_frame_of_equal_phases_is_a_click_in_the_middle_of_its_hop():
    """Zero phase puts a frame's energy on its centre, sample 256 * 6 + 128."""
    spectrum = torch.zeros(1, 513, 12, dtype=torch.complex64)
    spectrum[:, :, 6] = torch.cos(torch.pi * torch.arange(513))  # zero phase around the middle of the frame
    samples = to_samples(spectrum, GRID)[0]
    assert len(samples) == 256 * 12
    assert samples.abs().argmax() == 256 * 6 + 128


def test_samples_beyond_the_edges_are_heard_where_they_are_given():
    """Frames of the middle of a sound are the same, whether its edges are given or reflected."""
    samples = noise(20)
    inner = frames_of(samples[:, 256 * 5 - 384 : 256 * 15 + 384], GRID)
    torch.testing.assert_close(inner, to_spectrum(samples, GRID)[:, :, 5:15])


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_the_shortest_clips_have_their_frames(frames):
    spectrum = to_spectrum(noise(frames), GRID)
    assert spectrum.shape == (1, 513, frames)
    assert to_samples(spectrum, GRID).shape == (1, 256 * frames)


def test_a_flat_magnitude_is_found_again_in_every_bin():
    mel = torch.log(torch.from_numpy(mel_filters(GRID)).sum(dim=1) * 0.5)[None, :, None].expand(1, 100, 3)
    torch.testing.assert_close(spread_mel(mel, GRID), torch.full((1, 513, 3), float(np.log(0.5))), atol=1e-4, rtol=0)


def test_a_magnitude_is_scaled_until_its_mel_is_the_mel(sung_mel):
    mel = torch.from_numpy(sung_mel)[None]
    flat = torch.ones(1, 513, mel.shape[-1])
    error = (torch.log(torch.from_numpy(mel_filters(GRID)) @ fit_to_mel(flat, mel, GRID, 30)) - mel).abs().mean()
    assert error < 0.05


def test_a_magnitude_that_has_the_mel_already_stays_as_it_is():
    magnitude = torch.rand(1, 513, 4) + 0.1
    mel = torch.log(torch.from_numpy(mel_filters(GRID)) @ magnitude)
    fitted = fit_to_mel(magnitude, mel, GRID, 5)
    torch.testing.assert_close(fitted[:, 1:512], magnitude[:, 1:512], rtol=1e-3, atol=1e-4)


def test_right_phases_stay_right_and_wrong_ones_are_improved():
    samples = noise(16)
    spectrum = to_spectrum(samples, GRID)
    torch.testing.assert_close(refine_phase(spectrum, spectrum.abs(), GRID, 3), samples, atol=1e-3, rtol=0)
    turned = spectrum * torch.exp(2j * torch.pi * torch.rand(spectrum.shape, generator=torch.manual_seed(0)))
    miss = [
        (to_spectrum(refine_phase(turned, spectrum.abs(), GRID, rounds), GRID).abs() - spectrum.abs()).norm()
        for rounds in (0, 4, 16)
    ]
    assert miss[0] > 1.5 * miss[1] > 1.5 * miss[2]
