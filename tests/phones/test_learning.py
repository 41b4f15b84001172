"""Crops, losses and the reversed gradient by which the content encoder learns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from svc_core.config import CodeTrainConfig, Config
from svc_core.model.content_encoder import ContentEncoder
from svc_core.phones.inventory import NO_PHONE
from svc_core.phones.learning import CodeBatch, CodeCrops, CodeObjective, PhoneHead, _Reversed

TRAIN = CodeTrainConfig(batch=6, crop_frames=8)


def counted_clips() -> list[np.ndarray]:
    """Two variants of clips whose every value says variant, clip and frame: 100 variant + 20 clip + frame."""
    return [
        np.stack([np.full((2, length), 100.0 * v + 20 * clip) + np.arange(length) for v in range(2)]).astype(np.float32)
        for clip, length in enumerate((12, 5))
    ]


def objective(config: Config, alignment: list[int], **changes: float) -> CodeObjective:
    torch.manual_seed(0)
    config = replace(config, code=replace(config.code, **changes))
    return CodeObjective(
        ContentEncoder(config), PhoneHead(4, 3), np.array(alignment, dtype=np.int64), np.array([0.75, 0.25])
    )


def crop(alike: bool = False, frames: int = 8) -> CodeBatch:
    perturbed = torch.randn(2, 2, 6, frames, generator=torch.Generator().manual_seed(1))
    if alike:
        perturbed[1] = perturbed[0]
    return CodeBatch(perturbed, perturbed[0], torch.arange(2 * frames).reshape(2, frames), torch.tensor([0, 1]))


def test_a_crop_knows_where_its_frames_lie_in_the_corpus():
    batch = CodeCrops(counted_clips(), [0, 1], 0, TRAIN).draw(3)
    assert batch.perturbed.shape == (2, 6, 2, 8) and batch.place.shape == (6, 8)
    for row in range(6):
        clip = int(batch.singer[row])
        there = batch.place[row] >= 0
        frames = batch.place[row][there] - 12 * clip
        assert torch.equal(batch.plain[row, 0, there], 20.0 * clip + frames)
        assert there.sum() == (5 if clip else 8)
        assert (batch.perturbed[:, row, :, ~there] == 0).all()


def test_the_two_sides_are_different_variants_of_the_same_crop():
    batch = CodeCrops(counted_clips(), [0, 1], 0, TRAIN).draw(0)
    there = batch.place >= 0
    apart = (batch.perturbed[0] - batch.perturbed[1]).abs()[:, 0]
    assert (apart[there] == 100).all()


def test_one_variant_is_enough_if_there_is_no_other():
    batch = CodeCrops([clip[:1] for clip in counted_clips()], [0, 1], 0, TRAIN).draw(0)
    assert torch.equal(batch.perturbed[0], batch.perturbed[1])


def test_a_batch_is_a_function_of_seed_and_step_and_process():
    def places(seed: int, step: int, rank: int = 0) -> list[int]:
        crops = CodeCrops(counted_clips(), [0, 1], 0, replace(TRAIN, seed=seed), rank, 2)
        return crops.draw(step).place.flatten().tolist()

    assert places(0, 1) == places(0, 1)
    assert places(0, 1) != places(0, 2) and places(0, 1) != places(1, 1) and places(0, 1) != places(0, 1, rank=1)


def test_balance_1_draws_every_singer_alike_and_0_by_minutes():
    clips = [np.zeros((1, 2, frames), dtype=np.float32) for frames in (30, 60, 10)]
    for balance, chances in ((0.0, [0.9, 0.1]), (1.0, [0.5, 0.5])):
        crops = CodeCrops(clips, [0, 0, 1], 0, replace(TRAIN, singer_balance=balance))
        assert crops.singer_chances() == pytest.approx(chances)


def test_no_clip_and_a_batch_that_cannot_be_shared_are_refused():
    with pytest.raises(ValueError, match="no clip to learn from"):
        CodeCrops([], [], 0, TRAIN)
    with pytest.raises(ValueError, match="shared evenly by 4"):
        CodeCrops(counted_clips(), [0, 1], 0, TRAIN, processes=4)


def test_the_reversed_gradient_is_the_opposite():
    x = torch.tensor([2.0], requires_grad=True)
    y = _Reversed.apply(x)
    assert y.item() == 2.0
    (3 * y).backward()
    assert x.grad.item() == -3.0


def test_the_head_gives_log_probabilities():
    heard = PhoneHead(4, 3)(torch.randn(2, 4, 5))
    assert heard.shape == (2, 3, 5)
    assert torch.allclose(heard.exp().sum(dim=1), torch.ones(2, 5))


def test_frames_without_a_label_do_not_count_for_the_phones(code_config: Config):
    """A head whose weights are zero says 1/3 of everything: ln 3 a labelled frame, however many are not."""
    for alignment in ([1] * 16, [1, 2] + [NO_PHONE] * 14):
        target = objective(code_config, alignment, singer_weight=0.0, same_weight=0.0)
        torch.nn.init.zeros_(target.head.leave.weight)
        torch.nn.init.zeros_(target.head.leave.bias)
        assert target.eval()(crop()).item() == pytest.approx(np.log(3), rel=1e-5)


def test_a_batch_without_any_label_costs_nothing_for_phones(code_config: Config):
    target = objective(code_config, [NO_PHONE] * 16 + [1], singer_weight=0.0, same_weight=0.0)
    assert target.labelled and target.eval()(crop()).item() == 0.0


def test_two_perturbations_that_are_alike_cost_nothing_for_their_distance(code_config: Config):
    target = objective(code_config, [NO_PHONE] * 16 + [1], singer_weight=0.0, same_weight=1.0).eval()
    assert target(crop(alike=True)).item() == pytest.approx(0.0, abs=1e-9)
    assert target(crop()).item() > 0.1


def test_in_training_the_two_hear_another_equalisation_each(code_config: Config):
    changes = {"singer_weight": 0.0, "same_weight": 1.0}
    alike, alignment = crop(alike=True), [NO_PHONE] * 16 + [1]
    assert objective(code_config, alignment, eq_spread=0.5, **changes).train()(alike).item() > 0.001
    assert objective(code_config, alignment, eq_spread=0.0, **changes).train()(alike).item() == pytest.approx(0.0)


def test_the_equalisation_is_a_constant_over_a_crop(code_config: Config):
    target = objective(code_config, [1] * 16, eq_spread=0.5).train()
    heard = {}
    target.encoder.register_forward_pre_hook(lambda _, given: heard.update(cepstra=given[0]))
    batch = crop()
    target(batch)
    added = heard["cepstra"] - batch.perturbed.flatten(0, 1)
    assert torch.allclose(added, added[:, :, :1].expand_as(added), atol=1e-5)
    assert added[:, :, 0].std() == pytest.approx(0.5, rel=0.4)


def test_the_encoder_works_against_the_singer_classifier(code_config: Config):
    """A step down the loss makes the classifier better, or the code worse for it: never both the same way."""
    target = objective(code_config, [NO_PHONE] * 16 + [1], singer_weight=1.0, same_weight=0.0).eval()
    target(crop()).backward()
    before = target(crop()).item()
    with torch.no_grad():
        for part, falls in ((target.classifier, True), (target.encoder, False)):
            kept = {name: weight.clone() for name, weight in part.named_parameters()}
            for weight in part.parameters():
                if weight.grad is not None:
                    weight -= 0.01 * weight.grad
            assert (target(crop()).item() < before) == falls
            for name, weight in part.named_parameters():
                weight.copy_(kept[name])


def test_a_rarely_drawn_singer_counts_for_as_much_as_a_frequent_one(code_config: Config):
    weights = objective(code_config, [1] * 16).singer_weights
    assert weights.tolist() == pytest.approx([1 / (2 * 0.75), 1 / (2 * 0.25)])


def test_without_labels_the_code_has_to_rebuild_the_sound(code_config: Config):
    target = objective(code_config, [NO_PHONE] * 16, singer_weight=0.0, same_weight=0.0).eval()
    torch.nn.init.zeros_(target.rebuild.weight)
    torch.nn.init.zeros_(target.rebuild.bias)
    batch = crop()
    assert not target.labelled
    assert target(batch).item() == pytest.approx(float((batch.plain**2).mean()), rel=1e-4)
    assert objective(code_config, [1] * 16).rebuild is None


def test_padding_behind_a_clip_has_no_say(code_config: Config):
    target = objective(code_config, [1] * 16).eval()
    batch = crop()
    padded = torch.nn.functional.pad(batch.perturbed, (0, 4), value=7.0)
    place = torch.nn.functional.pad(batch.place, (0, 4), value=-1)
    assert target(CodeBatch(padded, padded[0], place, batch.singer)).item() == pytest.approx(target(batch).item())
