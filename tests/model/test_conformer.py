"""The Conformer draft: its parts written out by hand, and no clip that knows its company."""

import numpy as np
import pytest
import torch

from svc_core.model.conformer import Attention, ConformerBlock, ConformerDraft, Convolution, FeedForward
from tests.model.clips import LENGTHS, ragged_mask, ragged_mels


def random_draft(layers: int = 2, dropout: float = 0.3) -> ConformerDraft:
    torch.manual_seed(0)
    return ConformerDraft(
        condition_width=12, width=8, layers=layers, heads=2, filter_width=12, n_mels=10, dropout=dropout
    ).eval()


def normed(x: np.ndarray) -> np.ndarray:
    """Layer norm without gain, as it stands before training."""
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)


def linear(module: torch.nn.Linear, x: np.ndarray) -> np.ndarray:
    return x @ module.weight.detach().numpy().T + module.bias.detach().numpy()


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


@torch.no_grad()
def test_condition_vectors_become_a_mel_of_as_many_frames():
    draft = random_draft()
    for frames in (1, 2, 50):
        assert draft(torch.randn(3, 12, frames)).shape == (3, 10, frames)


@torch.no_grad()
def test_feed_forward_is_two_layers_with_swish_between():
    torch.manual_seed(0)
    layer, x = FeedForward(6, 10, 0.5).eval(), torch.randn(2, 4, 6)
    inner = linear(layer[1], normed(x.numpy()))
    np.testing.assert_allclose(layer(x), linear(layer[4], inner * sigmoid(inner)), atol=1e-5)


@torch.no_grad()
def test_attention_is_softmax_of_scaled_products_in_each_head():
    torch.manual_seed(0)
    layer, x = Attention(8, heads=2, dropout=0.5).eval(), torch.randn(1, 5, 8)
    query, key, value = np.split(linear(layer.enter, normed(x.numpy()))[0], 3, axis=1)
    heads = []
    for head in (slice(0, 4), slice(4, 8)):
        scores = np.exp(query[:, head] @ key[:, head].T / 2)  # the root of four channels a head
        heads.append(scores / scores.sum(axis=1, keepdims=True) @ value[:, head])
    expected = linear(layer.leave, np.concatenate(heads, axis=1))
    np.testing.assert_allclose(layer(x, None)[0], expected, atol=1e-5)


@torch.no_grad()
def test_convolution_is_gated_depthwise_and_thirty_one_frames_wide():
    torch.manual_seed(0)
    layer, x = Convolution(4, 0.5).eval(), torch.randn(1, 40, 4)
    entered, gate = np.split(linear(layer.enter, normed(x.numpy()))[0], 2, axis=1)
    gated = np.pad(entered * sigmoid(gate), ((15, 15), (0, 0)))
    kernel = layer.mix_frames.weight[:, 0].numpy()
    mixed = np.stack([(gated[i : i + 31] * kernel.T).sum(axis=0) for i in range(40)]) + layer.mix_frames.bias.numpy()
    mixed = normed(mixed)
    np.testing.assert_allclose(layer(x, None)[0], linear(layer.leave, mixed * sigmoid(mixed)), atol=1e-5)


@torch.no_grad()
def test_a_block_is_half_a_feed_forward_layer_attention_convolution_and_the_other_half():
    torch.manual_seed(0)
    block, x = ConformerBlock(8, 2, 12, 0.5).eval(), torch.randn(2, 6, 8)
    y = x + 0.5 * block.first(x)
    y = y + block.attention(y, None)
    y = y + block.convolution(y, None)
    y = y + 0.5 * block.second(y)
    np.testing.assert_allclose(block(x, None), normed(y.numpy()), atol=1e-5)


@torch.no_grad()
def test_every_frame_is_heard_by_every_other():
    """Beyond any convolution's reach, which is what attention is for."""
    draft, condition = random_draft(layers=1), torch.randn(1, 12, 120)
    touched = condition.clone()
    touched[:, :, 0] += 5.0
    assert ((draft(touched) - draft(condition)).abs().amax(dim=1) > 1e-7).all()


@torch.no_grad()
def test_a_clip_of_a_padded_batch_has_its_own_draft():
    draft = random_draft()
    conditions, together = ragged_mels()
    drafts = draft(together, ragged_mask())
    for row, (condition, frames) in enumerate(zip(conditions, LENGTHS, strict=True)):
        torch.testing.assert_close(drafts[row : row + 1, :, :frames], draft(condition), rtol=0, atol=1e-5)


@torch.no_grad()
def test_padding_that_is_not_masked_would_matter():
    """The test above can fail: without the mask the rubbish is attended to."""
    draft = random_draft()
    conditions, together = ragged_mels()
    assert (draft(together)[:1, :, : LENGTHS[0]] - draft(conditions[0])).abs().max() > 1e-2


@torch.no_grad()
def test_a_mask_of_frames_that_are_all_there_changes_nothing():
    draft, condition = random_draft(), torch.randn(2, 12, 20)
    torch.testing.assert_close(draft(condition, torch.ones(2, 20, dtype=torch.bool)), draft(condition))


@torch.no_grad()
def test_dropout_rests_outside_training():
    draft, condition = random_draft(), torch.randn(1, 12, 30)
    assert torch.equal(draft(condition), draft(condition))
    draft.train()
    assert not torch.equal(draft(condition), draft(condition))


@torch.no_grad()
def test_turned_around_in_time_with_its_kernels_the_draft_is_turned_around():
    """There is no positional encoding: only the convolutions know before from after."""
    draft, condition = random_draft(), torch.randn(1, 12, 25)
    forwards = draft(condition)
    for block in draft.blocks:
        kernel = block.convolution.mix_frames.weight
        kernel.copy_(kernel.flip(2))
    torch.testing.assert_close(draft(condition.flip(2)).flip(2), forwards, rtol=0, atol=1e-5)


def test_a_width_that_its_heads_cannot_share_is_refused():
    with pytest.raises(ValueError, match=r"width 9 cannot be cut into 2 heads"):
        ConformerDraft(12, 9, 1, 2, 12, 10, 0.1)
