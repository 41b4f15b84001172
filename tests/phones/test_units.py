"""Codes replaced by the nearest of a few."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from svc_core.config import PRESETS
from svc_core.model.content_encoder import ContentEncoder
from svc_core.phones.units import with_units


@pytest.fixture
def encoder() -> ContentEncoder:
    torch.manual_seed(0)
    config = PRESETS["tiny"]
    return ContentEncoder(replace(config, code=replace(config.code, units=0))).eval()


@pytest.fixture
def cepstra() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.standard_normal((20, frames)).astype(np.float32) for frames in (60, 90)]


def test_every_frame_becomes_the_nearest_centre(encoder, cepstra):
    quantised = with_units(encoder, cepstra, 5, seed=0)
    clip = torch.from_numpy(cepstra[0])[None]
    with torch.no_grad():
        code, unit = encoder(clip)[0].T, quantised(clip)[0].T
    distances = ((code[:, None] - quantised.units[None]) ** 2).sum(-1)
    torch.testing.assert_close(unit, quantised.units[distances.argmin(1)])
    assert len(torch.unique(unit, dim=0)) > 1
    assert quantised.config.code.units == len(quantised.units) == 5


def test_centres_lie_where_the_codes_lie(encoder, cepstra):
    """As many centres as there are frames: every frame is its own."""
    quantised = with_units(encoder, cepstra[:1], 60, seed=0)
    clip = torch.from_numpy(cepstra[0])[None]
    with torch.no_grad():
        torch.testing.assert_close(quantised(clip), encoder(clip), atol=1e-4, rtol=1e-4)


def test_there_are_no_more_units_than_codes(encoder):
    held = np.ones((20, 30), dtype=np.float32)  # one sound; the ends differ, for there is silence beyond them
    assert with_units(encoder, [held], 25, seed=0).config.code.units <= 7


def test_padding_stays_zero(encoder, cepstra):
    quantised = with_units(encoder, cepstra, 5, seed=0)
    clip = torch.from_numpy(cepstra[0])[None]
    padded = torch.cat([clip, torch.randn(1, 20, 10)], dim=2)
    mask = torch.arange(70)[None] < 60
    with torch.no_grad():
        together = quantised(padded, mask)
        torch.testing.assert_close(together[:, :, :60], quantised(clip))
    assert not together[:, :, 60:].any()
