"""One more singer: what is learnt, and that nothing else changes."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from svc_core.config import AdaptConfig
from svc_core.model.checkpoint import load_model, save_model
from svc_core.model.conditions import condition_inputs, keep_all
from svc_core.model.system import VoiceConverter
from svc_core.sound.features import Features
from svc_core.training.adaptation import RowObjective, adapt_singer, as_singer, with_singer
from svc_core.training.crops import Batch, Crops
from tests.conftest import is_sentence
from tests.model.clips import random_model, small_config
from tests.training.runs import random_features, small_crops

QUICK = AdaptConfig(steps=4, batch=2, crop_frames=16, warmup_steps=2)
ROW, F0 = "conditions.singer.weight", "singer_f0_hz"
KINDS = {
    "convnext": {},
    "conformer": {"draft": "conformer"},
    "draft alone": {"decoder_sees": "draft"},
    "no draft": {"draft": "none", "decoder_sees": "conditions"},
    "predicted noise": {"draft": "none", "decoder_sees": "conditions", "prediction": "epsilon"},
    "student": {"consistency": True},
    "own content encoder": {"content_encoder": True},
}


@pytest.fixture
def model() -> VoiceConverter:
    return random_model(small_config())


def sung_by(model: VoiceConverter, row: torch.Tensor, frames: int = 120, seed: int = 5) -> Features:
    """A clip that the model's draft would make with that row (1, width): what there is to learn is known."""
    clip = random_features(frames, seed)
    with torch.no_grad():
        grown = with_singer(model, "hidden", row, 200.0)
        mels = [
            grown.denormalise(
                grown.gather(condition_inputs(replace(clip, content=variant[None]), 2), keep_all(1)).draft
            )[0]
            for variant in clip.content
        ]
    return replace(clip, mel=mels[0].numpy(), content=clip.content[:1])


@torch.no_grad()
def draft_error(model: VoiceConverter, clip: Features, singer: int) -> float:
    draft = model.gather(condition_inputs(clip, singer), keep_all(1)).draft
    return float((model.normalise(torch.from_numpy(clip.mel)) - draft).abs().mean())


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_model_gets_a_row_and_keeps_every_other_bit(kind):
    model = random_model(small_config(**KINDS[kind]))
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    trained = {name for name, weight in model.named_parameters() if weight.requires_grad}
    grown = adapt_singer(model, [random_features(40, 3)], "cantor", QUICK)
    assert grown.singers == ("alto", "bass", "cantor") and model.singers == ("alto", "bass")
    assert grown.config == model.config and not any(module.training for module in grown.modules())
    after = grown.state_dict()
    assert all(torch.equal(after[name][:2], before[name]) for name in (ROW, F0))
    assert all(torch.equal(after[name], before[name]) for name in before if name not in (ROW, F0))
    assert len(after[ROW]) == 3 and not any(torch.equal(after[ROW][2], row) for row in before[ROW])
    assert all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())
    assert {name for name, weight in model.named_parameters() if weight.requires_grad} == trained


def test_a_hidden_singer_is_found_again(model):
    torch.manual_seed(8)
    hidden = torch.randn(1, model.config.model.width)
    clip = sung_by(model, hidden)
    grown = adapt_singer(model, [clip], "hidden", replace(QUICK, steps=150, batch=4, learning_rate=0.1))
    nearest = min(draft_error(model, clip, singer) for singer in range(2))
    assert draft_error(grown, clip, 2) < 0.2 * nearest


def test_the_row_begins_as_the_singer_who_fits_best(model):
    for singer in (0, 1):
        clip = sung_by(model, model.conditions.singer.weight[singer].detach().unsqueeze(0))
        batches = [Crops([clip], [2], 16, 2, 0.5, 0).draw(step) for step in range(2)]
        objective = RowObjective(with_singer(model, "new", torch.zeros(1, 8), 200.0))
        objective.start_as_nearest(batches)
        assert torch.equal(objective.row[0], model.conditions.singer.weight[singer])


def test_it_learns_what_the_row_sings_and_nothing_of_the_others(model):
    objective = RowObjective(with_singer(model, "new", torch.ones(1, 8), 200.0)).eval()
    batch = small_crops(QUICK).draw(0)
    objective(as_singer(batch, 2)).backward()
    assert objective.row.grad.abs().min() > 0
    assert [name for name, weight in objective.named_parameters() if weight.requires_grad] == ["row"]
    objective.row.grad = None
    objective(as_singer(batch, 0)).backward()
    assert objective.row.grad.abs().max() == 0


def test_a_batch_said_to_be_another_singers_is_the_same_otherwise():
    batch = small_crops(QUICK).draw(0)
    said = as_singer(batch, 7)
    assert isinstance(said, Batch) and said.inputs.singer.tolist() == [7, 7]
    assert said.mel is batch.mel and said.inputs.content is batch.inputs.content


def test_the_new_singers_f0_is_the_median_of_the_voiced_frames_of_all_clips(model):
    clips = [random_features(30, 1), random_features(50, 2)]
    sung = np.concatenate([clip.f0_hz for clip in clips])
    grown = adapt_singer(model, clips, "cantor", QUICK)
    assert float(grown.singer_f0_hz[2]) == pytest.approx(float(np.median(sung[sung > 0])))


def test_a_seed_gives_one_row_and_another_seed_another(model):
    clips = [random_features(60, 1)]
    rows = [
        adapt_singer(model, clips, "cantor", replace(QUICK, seed=seed)).conditions.singer.weight[2]
        for seed in (0, 0, 1)
    ]
    assert torch.equal(rows[0], rows[1]) and not torch.equal(rows[0], rows[2])


def test_singers_can_be_added_one_after_another_and_survive_their_file(model, tmp_path):
    first = adapt_singer(model, [random_features(40, 1)], "cantor", QUICK)
    second = adapt_singer(first, [random_features(40, 2)], "diva", QUICK)
    assert torch.equal(second.conditions.singer.weight[:3], first.conditions.singer.weight)
    save_model(tmp_path / "m.safetensors", second, second.state_dict())
    again = load_model(tmp_path / "m.safetensors")
    assert again.singers == ("alto", "bass", "cantor", "diva")
    assert torch.equal(again.conditions.singer.weight, second.conditions.singer.weight)


def test_progress_is_told_a_step_at_a_time(model):
    told = []
    adapt_singer(model, [random_features(40, 1)], "cantor", QUICK, told.append)
    assert told == [1] * QUICK.steps


def test_what_cannot_be_learnt_is_refused_with_a_sentence(model):
    silent = replace(random_features(40, 1), f0_hz=np.zeros(40, dtype=np.float32))
    for clips, name, word in (
        ([random_features(40, 1)], "alto", "'alto'"),
        ([silent], "cantor", "no voiced frame"),
        ([], "cantor", "no clip"),
    ):
        with pytest.raises(ValueError, match=word) as caught:
            adapt_singer(model, clips, name, QUICK)
        assert is_sentence(str(caught.value))
