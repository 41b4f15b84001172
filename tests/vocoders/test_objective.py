"""What the vocoder minimises: each part by hand where it can be, and that all of it falls."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from svc_core.config import VocoderTrainConfig
from svc_core.vocoders.excitation import noise_like, pulse_train
from svc_core.vocoders.network import IstftNetwork
from svc_core.vocoders.objective import VocoderObjective, harmonic_share
from svc_core.vocoders.sounds import Sound, SoundBatch, SoundCrops
from svc_core.vocoders.spectrum import to_spectrum
from tests.conftest import contour, voice
from tests.vocoders.conftest import GRID, TINY

STEADY = torch.full((1, 200), 220.0)
VOICED = torch.ones(1, 200)


@pytest.fixture
def objective() -> VocoderObjective:
    torch.manual_seed(0)
    return VocoderObjective(IstftNetwork(GRID, TINY))


@pytest.fixture(scope="module")
def crops() -> SoundCrops:
    samples = voice(contour(2.0, 200.0, 300.0))
    f0_hz = contour(2.0, 200.0, 300.0)[128::256][: len(samples) // 256].astype(np.float32)
    return SoundCrops([Sound(samples, f0_hz)], GRID, VocoderTrainConfig(batch=4, crop_frames=16))


def test_pulses_run_along_with_pulses_of_any_colour_and_delay():
    pulses = pulse_train(STEADY, VOICED, GRID)
    coloured = pulses + 0.7 * pulses.roll(7, dims=-1)
    shares = harmonic_share(to_spectrum(coloured, GRID), to_spectrum(pulses, GRID))[0, 20:480, 5:-5]
    assert shares.median() > 0.9


def test_noise_runs_along_with_nothing():
    pulses = pulse_train(STEADY, VOICED, GRID)
    noise = noise_like(pulses, GRID, torch.Generator().manual_seed(0))
    assert harmonic_share(to_spectrum(noise, GRID), to_spectrum(pulses, GRID)).mean() < 0.1


def test_the_share_falls_as_breath_grows():
    pulses = pulse_train(STEADY, VOICED, GRID)
    breath = noise_like(pulses, GRID, torch.Generator().manual_seed(0))
    at_harmonics = [
        harmonic_share(to_spectrum(pulses + level * breath, GRID), to_spectrum(pulses, GRID))[0, 28:480:9].mean().item()
        for level in (0.0, 0.2, 0.5, 1.5)
    ]
    assert all(more > less + 0.05 for more, less in pairwise(at_harmonics))


def test_silence_has_no_share_and_no_loss_that_is_no_number(objective):
    silent = SoundBatch(torch.zeros(2, 16 * 256 + 768), torch.full((2, 16), 200.0), torch.zeros(2, 16))
    parts = objective.losses(silent)
    assert all(torch.isfinite(part) for part in parts.values())
    assert parts["pitch"] == 0


def test_a_pitch_beyond_the_scale_is_not_asked_for(objective, crops):
    """Played at twice the speed, a high note leaves the combs: its place there would be 0 / 0."""
    batch = crops.draw(0)
    high = SoundBatch(batch.samples, torch.full_like(batch.f0_hz, 2500.0), torch.ones_like(batch.voiced))
    assert objective.losses(high)["pitch"] == 0
    assert torch.isfinite(objective(high))


def test_unvoiced_frames_teach_no_pitch(objective, crops):
    batch = crops.draw(0)
    assert objective.losses(SoundBatch(batch.samples, batch.f0_hz, torch.zeros_like(batch.voiced)))["pitch"] == 0


def test_the_whole_is_the_sum_of_its_parts(objective, crops):
    batch = crops.draw(0)
    torch.manual_seed(3)
    parts = objective.losses(batch)
    torch.manual_seed(3)
    assert objective(batch).item() == pytest.approx(sum(part.item() for part in parts.values()), rel=1e-5)
    assert set(parts) == {"pitch", "voicing", "log_magnitude", "convergence", "share", "mel"}


def test_every_part_falls_on_a_voice_that_is_learnt_by_heart(objective, crops):
    optimiser = torch.optim.AdamW(objective.parameters(), lr=5e-3)
    torch.manual_seed(0)
    before = objective.losses(crops.draw(1000), noisy_share=0.0)
    for step in range(40):
        loss = objective(crops.draw(step))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    after = objective.losses(crops.draw(1000), noisy_share=0.0)
    for name in ("pitch", "voicing", "convergence", "share"):
        assert after[name] < before[name], name
    assert sum(after.values()) < 0.8 * sum(before.values())
