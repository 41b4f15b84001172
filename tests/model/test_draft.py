"""The draft network: shapes, and no frame that knows how long the clip is."""

import torch

from svc_core.model.draft import ConvNeXtBlock, Draft
from tests.model.clips import LENGTHS, ragged_mask, ragged_mels


def random_draft(layers: int = 2, condition_width: int = 6) -> Draft:
    torch.manual_seed(0)
    return Draft(condition_width=condition_width, width=8, layers=layers, n_mels=10, dropout=0.3).eval()


@torch.no_grad()
def test_condition_vectors_become_a_mel_of_as_many_frames():
    draft = random_draft()
    for frames in (1, 2, 50):
        assert draft(torch.randn(3, 6, frames)).shape == (3, 10, frames)


@torch.no_grad()
def test_a_longer_clip_with_the_same_beginning_has_the_same_draft_there():
    """Two layers see 6 frames to either side; further from the end nothing may differ."""
    draft, condition = random_draft(), torch.randn(1, 6, 80)
    short, long = draft(condition[:, :, :50]), draft(condition)
    torch.testing.assert_close(long[:, :, :44], short[:, :, :44])
    assert not torch.allclose(long[:, :, 49], short[:, :, 49])


@torch.no_grad()
def test_a_frame_is_heard_three_frames_away_and_no_further():
    draft, condition = random_draft(layers=1), torch.randn(1, 6, 21)
    touched = condition.clone()
    touched[:, :, 10] += 1.0
    changed = (draft(touched) - draft(condition)).abs().amax(dim=(0, 1)) > 1e-6
    assert torch.nonzero(changed).flatten().tolist() == list(range(7, 14))


@torch.no_grad()
def test_a_clip_has_the_same_draft_alone_and_in_a_batch():
    draft, condition = random_draft(), torch.randn(4, 6, 30)
    torch.testing.assert_close(draft(condition)[2:3], draft(condition[2:3]))


@torch.no_grad()
def test_a_clip_of_a_padded_batch_has_its_own_draft():
    draft = random_draft(condition_width=12)
    conditions, together = ragged_mels()
    drafts = draft(together, ragged_mask())
    for row, (condition, frames) in enumerate(zip(conditions, LENGTHS, strict=True)):
        torch.testing.assert_close(drafts[row : row + 1, :, :frames], draft(condition), rtol=0, atol=1e-5)
    unmasked = draft(together)[:1, :, : LENGTHS[0]]
    assert (unmasked - draft(conditions[0])).abs().max() > 1e-2  # what the mask is for


@torch.no_grad()
def test_dropout_rests_outside_training():
    draft, condition = random_draft(), torch.randn(1, 6, 30)
    assert torch.equal(draft(condition), draft(condition))
    draft.train()
    assert not torch.equal(draft(condition), draft(condition))


@torch.no_grad()
def test_a_block_that_mixes_nothing_hands_its_input_on():
    block = ConvNeXtBlock(8, dropout=0.0)
    torch.nn.init.zeros_(block.mix_channels[2].weight)
    torch.nn.init.zeros_(block.mix_channels[2].bias)
    x = torch.randn(2, 8, 9)
    assert torch.equal(block(x), x)


@torch.no_grad()
def test_what_a_block_adds_does_not_depend_on_the_level_of_its_input():
    """The norm over channels, in each frame for itself: some frames ten times as strong add what they added before."""
    torch.manual_seed(0)
    block = ConvNeXtBlock(8, dropout=0.0).eval()
    torch.nn.init.zeros_(block.mix_frames.bias)
    x = torch.randn(1, 8, 30)
    louder = x * torch.where(torch.arange(30) < 15, 10.0, 1.0)
    plain, scaled = block(x) - x, block(louder) - louder
    away = [frame for frame in range(30) if not 12 <= frame < 18]  # from where both levels are mixed
    torch.testing.assert_close(scaled[:, :, away], plain[:, :, away], rtol=1e-3, atol=1e-3)
