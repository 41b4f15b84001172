"""The content encoder of our own: shapes, what a frame of its code depends on, and its size."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from svc_core.config import CodeConfig, Config
from svc_core.model.content_encoder import ContentEncoder

CONFIG = replace(Config(), code=CodeConfig(width=16, layers=2, code=6))


@pytest.fixture(scope="module")
def encoder() -> ContentEncoder:
    torch.manual_seed(0)
    return ContentEncoder(CONFIG).eval()


def cepstra(batch: int, frames: int, seed: int = 1) -> torch.Tensor:
    return torch.randn(batch, CONFIG.content.cepstra, frames, generator=torch.Generator().manual_seed(seed))


def test_a_frame_of_cepstra_becomes_a_frame_of_code(encoder: ContentEncoder):
    assert encoder(cepstra(3, 40)).shape == (3, 6, 40)


def test_every_frame_of_the_code_is_centred_and_of_unit_spread(encoder: ContentEncoder):
    """Else a distance between codes could be made small by making them all small."""
    code = encoder(cepstra(2, 30))
    assert torch.allclose(code.mean(dim=1), torch.zeros(2, 30), atol=1e-5)
    assert torch.allclose(code.var(dim=1, unbiased=False), torch.ones(2, 30), atol=1e-2)


@pytest.mark.parametrize("frames", [1, 3, 25])
def test_a_clips_code_does_not_depend_on_its_company(encoder: ContentEncoder, frames: int):
    alone = encoder(cepstra(1, frames))
    together = torch.randn(2, CONFIG.content.cepstra, 40) * 9
    together[:1, :, :frames] = cepstra(1, frames)
    mask = torch.arange(40) < torch.tensor([[frames], [40]])
    code = encoder(together, mask)
    assert torch.allclose(code[:1, :, :frames], alone, atol=1e-5)
    assert (code[0, :, frames:] == 0).all() and (code[1] != 0).any(dim=0).all()


def test_a_mask_that_hides_nothing_changes_nothing(encoder: ContentEncoder):
    heard = cepstra(2, 20)
    assert torch.equal(encoder(heard, torch.ones(2, 20, dtype=torch.bool)), encoder(heard))


def test_it_sees_three_frames_a_layer_to_either_side_and_no_further(encoder: ContentEncoder):
    """So it can run on a stream with so much delay; statistics over time would reach everywhere."""
    heard = cepstra(1, 41)
    changed = heard.clone()
    changed[:, :, 20] += 1
    differs = (encoder(heard) != encoder(changed)).any(dim=1)[0].nonzero().flatten()
    assert (differs.min(), differs.max()) == (20 - 6, 20 + 6)


def test_in_training_mode_dropout_has_a_say(encoder: ContentEncoder):
    torch.manual_seed(0)
    learning = ContentEncoder(replace(CONFIG, code=replace(CONFIG.code, dropout=0.5))).train()
    heard = cepstra(1, 20)
    assert not torch.equal(learning(heard), learning(heard))
    assert torch.equal(learning.eval()(heard), learning(heard))


def test_the_default_encoder_stays_under_a_million_weights():
    assert sum(weight.numel() for weight in ContentEncoder(Config()).parameters()) < 1_000_000


def test_gradients_reach_every_weight_of_it():
    learning = ContentEncoder(CONFIG).train()
    (learning(cepstra(2, 30)) ** 3).sum().backward()
    assert all(weight.grad is not None and weight.grad.abs().sum() > 0 for weight in learning.parameters())
