"""The bug gallery: each defect does what it is said to do, and is refused where it could do nothing."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from svc_core.conversion.defects import (
    CLAMP,
    DEFECTS,
    EARLY_F0,
    SEED_SIGMA_MAX,
    SIGMA_MAX,
    clamp_of,
    early_f0,
    from_sigma_max,
    highest_sigma,
    misfit,
)
from svc_core.model.system import VoiceConverter
from tests.conftest import is_sentence

# F0 that comes too early


def test_f0_is_two_and_a_half_frames_early_in_its_logarithm():
    """A glide of a tenth of an octave a frame: the geometric mean of the frames two and three ahead."""
    glide_hz = 100 * 2 ** (np.arange(12) / 10)
    moved_hz = early_f0(glide_hz)
    np.testing.assert_allclose(moved_hz[:9], 100 * 2 ** ((np.arange(9) + 2.5) / 10))
    np.testing.assert_allclose(moved_hz[9:], glide_hz[-1])  # its end is held


def test_voicing_is_moved_with_it():
    """Voiced in 5 to 9, whose middle is 7; early in 2 to 7, whose middle is 4.5."""
    f0_hz = np.where((np.arange(20) >= 5) & (np.arange(20) <= 9), 220.0, 0.0)
    assert np.flatnonzero(early_f0(f0_hz)).tolist() == [2, 3, 4, 5, 6, 7]


def test_at_the_edge_of_a_rest_f0_is_that_of_the_bridge_over_it():
    """100 Hz to frame 3, a rest to frame 6, 400 Hz from 7: half an octave a frame between, and no mean with 0 Hz."""
    f0_hz = np.array([100.0] * 4 + [0.0] * 3 + [400.0] * 5)
    moved_hz = early_f0(f0_hz)
    expected = [100, 100 * 2**0.25, 0, 0, 400 * 2**-0.25, *[400] * 7]
    np.testing.assert_allclose(moved_hz, expected)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_a_clip_without_a_voice_stays_without(kind):
    moved_hz = early_f0(np.zeros(9, kind))
    assert not moved_hz.any()
    assert moved_hz.dtype == kind


def test_so_many_frames_are_27_milliseconds(tiny_config):
    times_ms = tiny_config.grid.hop_ms * np.arange(400)
    vibrato_hz = 220 * 2 ** (np.sin(2 * np.pi * 5.5 * times_ms / 1000) / 12)
    ahead_hz = 220 * 2 ** (np.sin(2 * np.pi * 5.5 * (times_ms + 26.67) / 1000) / 12)
    off_cents = 1200 * np.abs(np.log2(early_f0(vibrato_hz)[:390] / ahead_hz[:390]))
    assert off_cents.max() < 2  # of a vibrato of 200: half a frame is interpolated


# noise that is clamped


def test_only_the_clamp_clamps():
    assert [clamp_of(defect) for defect in ("", *DEFECTS)] == [None, 1.0, None, None]


# noise that training did not cover


@pytest.fixture
def edm_model(tiny_model) -> VoiceConverter:
    """Of EDM's noise: it covers what its configuration says."""
    tiny_model.config = replace(tiny_model.config, train=replace(tiny_model.config.train, noise="log-normal"))
    return tiny_model


def test_the_walk_begins_where_the_seeds_does_and_the_network_is_told_so(edm_model):
    covered = edm_model.config.edm.sigma_max
    assert covered < SEED_SIGMA_MAX
    levels = torch.tensor([covered, SEED_SIGMA_MAX])
    own = edm_model.step_of(levels)
    assert own[0] == own[1]  # the nearest that training covered
    uncovered = from_sigma_max(edm_model)
    assert uncovered.config.edm.sigma_max == SEED_SIGMA_MAX
    told = uncovered.step_of(levels)
    assert told[0] == own[0]
    assert told[1] > told[0] + 1
    assert edm_model.config.edm.sigma_max == covered  # the model itself is left as it was
    assert all(a is b for a, b in zip(edm_model.parameters(), uncovered.parameters(), strict=True))


# where a defect could do nothing


@pytest.mark.parametrize(
    ("defect", "samplers"),
    [
        ("", {"ddpm", "ddim", "euler", "heun", "consistency"}),
        (CLAMP, {"ddpm"}),
        (EARLY_F0, {"ddpm", "ddim", "euler", "heun", "consistency"}),
        (SIGMA_MAX, {"euler", "heun", "consistency"}),
    ],
)
def test_each_defect_is_of_its_samplers(edm_model, defect, samplers):
    for sampler in ("ddpm", "ddim", "euler", "heun", "consistency"):
        problem = misfit(edm_model, sampler, defect)
        assert (problem == "") == (sampler in samplers)
        assert problem == "" or is_sentence(problem)


def test_a_model_that_knows_that_much_noise_is_not_shown_with_it(edm_model, tiny_config):
    thousand = replace(tiny_config, diffusion=replace(tiny_config.diffusion, steps=1000, beta_last=0.02))
    assert highest_sigma(VoiceConverter(thousand, ("alto",))) == pytest.approx(157, abs=1)
    assert "up to sigma = 157" in misfit(VoiceConverter(thousand, ("alto",)), "euler", SIGMA_MAX)
    edm_model.config = from_sigma_max(edm_model).config
    assert "up to sigma = 80" in misfit(edm_model, "euler", SIGMA_MAX)
