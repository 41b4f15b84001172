"""Pulses and noise: their harmonics, their height, their place in time."""

import numpy as np
import pytest
import torch

from svc_core.config import GridConfig
from svc_core.vocoders.excitation import noise_like, pulse_train, to_sample_rate
from svc_core.vocoders.spectrum import to_spectrum

GRID = GridConfig()


def steady(f0_hz: float, frames: int = 40) -> torch.Tensor:
    return torch.full((1, frames), f0_hz)


def test_frame_values_stand_at_frame_centres_and_lines_lie_between():
    dense = to_sample_rate(torch.tensor([[0.0, 256.0, 512.0]]), GRID)[0]
    assert dense.shape == (768,)
    assert dense[128 + 256].item() == pytest.approx(256, abs=1)
    assert dense[128 + 100].item() == pytest.approx(100, abs=1)
    assert dense[0] == 0 and dense[-1] == 512  # held beyond the first and last centre


def test_beyond_adds_samples_at_both_ends():
    inner = to_sample_rate(torch.tensor([[1.0, 2.0, 3.0]]), GRID)
    wide = to_sample_rate(torch.tensor([[1.0, 2.0, 3.0]]), GRID, beyond=384)
    assert wide.shape == (1, 768 + 2 * 384)
    torch.testing.assert_close(wide[:, 384:-384], inner)
    assert (wide[:, :384] == 1).all() and (wide[:, -384:] == 3).all()


@pytest.mark.parametrize("f0_hz", [60.0, 187.5, 1000.0])
def test_pulses_are_the_sum_of_all_harmonics(f0_hz):
    """Against the sum itself, harmonic by harmonic; the one above half the rate fades."""
    phase = 2 * np.pi * f0_hz / 24_000 * np.arange(1, 256 * 40 + 1)
    limit = 12_000 / f0_hz
    wanted = sum(np.cos(k * phase) for k in range(1, int(limit) + 1))
    wanted = (wanted + (limit - int(limit)) * np.cos((int(limit) + 1) * phase)) / 256
    np.testing.assert_allclose(pulse_train(steady(f0_hz), torch.ones(1, 40), GRID)[0], wanted, atol=2e-3)


def test_a_harmonic_has_the_height_one():
    """1500 Hz is bin 64 exactly; harmonics stand 8 bins apart at 187.5 Hz."""
    spectrum = to_spectrum(pulse_train(steady(187.5), torch.ones(1, 40), GRID), GRID).abs()[0, :, 20]
    np.testing.assert_allclose(spectrum[8:500:8], 1.0, atol=0.01)
    assert spectrum[4:500:8].max() < 0.01


def test_there_are_no_pulses_where_there_is_no_voice():
    voiced = torch.ones(1, 40)
    voiced[:, 20:] = 0
    pulses = pulse_train(steady(200.0), voiced, GRID)[0]
    assert (pulses[256 * 20 + 128 :] == 0).all()
    assert pulses[: 256 * 19].abs().max() > 0.1


def test_pulses_keep_their_period_for_minutes():
    """Two minutes: 32 bits would lose the phase if cycles were simply counted up."""
    pulses = pulse_train(steady(500.0, 11_250), torch.ones(1, 11_250), GRID)[0]
    found = np.flatnonzero(pulses[-4800:].numpy() > 0.5 * float(pulses.max()))
    starts = found[np.diff(found, prepend=-99) > 5]
    assert len(starts) == pytest.approx(100, abs=1)
    np.testing.assert_allclose(np.diff(starts), 48, atol=1)


def test_noise_has_unit_power_in_every_bin_and_follows_its_generator():
    samples = torch.zeros(1, 256 * 400)
    noise = noise_like(samples, GRID, torch.Generator().manual_seed(1))
    power = (to_spectrum(noise, GRID).abs() ** 2).mean(dim=-1)[0]
    assert power.mean().item() == pytest.approx(1, abs=0.03)
    assert torch.equal(noise, noise_like(samples, GRID, torch.Generator().manual_seed(1)))
    assert not torch.equal(noise, noise_like(samples, GRID, torch.Generator().manual_seed(2)))
