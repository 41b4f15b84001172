"""Spectra without torch: torch's own, and there and back."""

import numpy as np
import pytest
import torch

from svc_core.config import GridConfig
from svc_core.light import spectrum as light
from svc_core.vocoders import spectrum

GRID = GridConfig()
RNG = np.random.default_rng(0)
SOUND = (0.1 * RNG.standard_normal(256 * 30)).astype(np.float32)
MEL = RNG.uniform(-9, 1, (100, 30)).astype(np.float32)
MAGNITUDE = RNG.uniform(0.01, 3, (513, 30)).astype(np.float32)


def batch(values: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(values)[None]


@pytest.mark.parametrize("frames", [1, 2, 30])
def test_a_spectrum_is_torch_s(frames):
    """One hop is too short to be reflected: zeros stand beyond its ends."""
    given = SOUND[: 256 * frames]
    found = light.to_spectrum(given, GRID)
    assert found.dtype == np.complex64
    np.testing.assert_allclose(found.T, spectrum.to_spectrum(batch(given), GRID)[0], atol=1e-5)


def test_there_and_back_nothing_is_lost():
    np.testing.assert_allclose(light.to_samples(light.to_spectrum(SOUND, GRID), GRID), SOUND, atol=1e-6)


def test_a_mel_is_spread_as_by_torch():
    np.testing.assert_allclose(light.spread_mel(MEL.T, GRID).T, spectrum.spread_mel(batch(MEL), GRID)[0], atol=1e-5)


@pytest.mark.parametrize("updates", [0, 1, 10])
def test_magnitudes_are_fitted_as_by_torch(updates):
    expected = spectrum.fit_to_mel(batch(MAGNITUDE), batch(MEL), GRID, updates)[0]
    np.testing.assert_allclose(light.fit_to_mel(MAGNITUDE.T, MEL.T, GRID, updates).T, expected, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("iterations", [0, 1, 8])
def test_phases_are_refined_as_by_torch(iterations):
    start = spectrum.to_spectrum(batch(SOUND), GRID)
    magnitude = start.abs() * batch(MAGNITUDE)
    expected = spectrum.refine_phase(start, magnitude, GRID, iterations)[0]
    given = start[0].numpy().T, magnitude[0].numpy().T
    found = light.refine_phase(*given, GRID, iterations, spectrum.MOMENTUM)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert np.abs(found).max() > 0.1


def test_a_direction_has_the_length_one_and_nothing_has_none():
    found = light.direction(np.array([3 + 4j, 0j, -2j], np.complex64))
    np.testing.assert_allclose(found, [0.6 + 0.8j, 0, -1j], atol=1e-7)
