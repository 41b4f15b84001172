"""Draft, denoiser and student: what each stage starts from, changes and leaves behind."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from svc_core.config import Config
from svc_core.model.checkpoint import CheckpointError, load_model, read_tensors
from svc_core.model.system import VoiceConverter
from svc_core.training.objectives import DenoiserObjective, DraftObjective, as_student, measure_residual_std
from svc_core.training.processes import Processes
from svc_core.training.stages import (
    HELD_OUT_BATCHES,
    SPREAD_BATCHES,
    begun_model,
    held_out_loss,
    new_model,
    train_student,
    train_teacher,
)
from tests.conftest import is_sentence
from tests.model.clips import random_model, small_config
from tests.training.runs import changed_parts, copied, small_crops, with_optimiser

SINGERS = ("alto", "bass")


def teacher_config(**model) -> Config:
    """Six steps of draft, six of denoiser, six of student, a checkpoint after four."""
    config = with_optimiser(small_config(**{"draft": "convnext"} | model))
    train = replace(config.train, draft_steps=6, denoiser_steps=6, noise="log-normal", ema_decay=0.9)
    return replace(config, train=train, distill=replace(config.distill, steps=6, grid_steps=5, ema_decay=0.9))


def train(config: Config, folder: Path, preview=None, singers: tuple[str, ...] = SINGERS) -> VoiceConverter:
    crops = small_crops(config.train)
    model = new_model(config, singers, crops)
    path = train_teacher(model, crops, crops, folder, Processes(), preview)
    assert path == folder / "model.safetensors"
    return model


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> tuple[VoiceConverter, Path, list]:
    """A teacher, its folder, and what its preview was called with: model's weights and step."""
    folder, seen = tmp_path_factory.mktemp("teacher"), []

    def preview(model, curves, step) -> None:
        seen.append((step, curves.log_dir, copied(model), model.training))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.cuda, "is_available", lambda: False)
        return train(teacher_config(), folder, preview), folder, seen


def objective_in(folder: Path, stage: str, kind: str = "objective") -> dict[str, torch.Tensor]:
    """Weights in a saved state: as the optimiser left them, or their average."""
    tensors, _ = read_tensors(folder / f"{stage}.state.safetensors")
    return {name.removeprefix(f"{kind}/"): value for name, value in tensors.items() if name.startswith(f"{kind}/")}


# a new model


def test_the_seed_decides_the_first_weights():
    config = teacher_config()
    crops = small_crops(config.train)
    first, again = (new_model(config, SINGERS, crops).state_dict() for _ in range(2))
    assert all(torch.equal(weight, again[name]) for name, weight in first.items())
    other = new_model(replace(config, train=replace(config.train, seed=1)), SINGERS, crops).state_dict()
    assert not torch.equal(other["denoiser.enter.weight"], first["denoiser.enter.weight"])


def test_a_new_model_knows_the_corpus_it_will_learn():
    config = teacher_config()
    crops = small_crops(config.train)
    model = new_model(config, SINGERS, crops)
    assert (model.mel_mean.item(), model.mel_std.item()) == pytest.approx(crops.mel_statistics(), rel=1e-5)
    for singer in (0, 1):
        assert model.singer_f0_hz[singer].item() == pytest.approx(crops.median_f0_hz(singer), rel=1e-5)


# the teacher


def test_the_draft_comes_first_and_leaves_the_denoiser_alone(trained):
    config = teacher_config()
    first = copied(new_model(config, SINGERS, small_crops(config.train)))
    after = {name.removeprefix("model."): value for name, value in objective_in(trained[1], "draft").items()}
    assert changed_parts(first, after, depth=1) == {"conditions", "draft"}


def test_the_denoiser_refines_the_averaged_draft_which_stays(trained):
    model, folder, _ = trained
    average = {name.removeprefix("model."): v for name, v in objective_in(folder, "draft", "average").items()}
    assert {name.split(".")[0] for name in average} == {"conditions", "draft"}
    weights = model.state_dict()
    assert all(torch.equal(weights[name], value) for name, value in average.items())
    averaged = {name.removeprefix("model."): v for name, v in objective_in(folder, "denoiser", "average").items()}
    assert {name.split(".")[0] for name in averaged} == {"denoiser"}
    assert all(torch.equal(weights[name], value) for name, value in averaged.items())


def test_what_the_draft_misses_is_measured_when_it_stands_still(trained):
    """On crops that come after those it has learnt from, with conditions dropped as in training."""
    model, folder, _ = trained
    config = teacher_config()
    crops = small_crops(config.train)
    measured = new_model(config, SINGERS, crops)
    DraftObjective(measured).load_state_dict(objective_in(folder, "draft"))
    for name, value in objective_in(folder, "draft", "average").items():
        measured.get_parameter(name.removeprefix("model.")).data.copy_(value)
    torch.manual_seed(config.train.seed)
    batches = [crops.draw(config.train.draft_steps + index) for index in range(SPREAD_BATCHES)]
    assert model.residual_std.item() == pytest.approx(measure_residual_std(measured.eval(), batches), rel=1e-6)


def test_the_model_on_disk_is_the_one_with_averaged_weights(trained):
    model, folder, _ = trained
    saved = load_model(folder / "model.safetensors").state_dict()
    assert all(torch.equal(saved[name], value) for name, value in model.state_dict().items())
    raw = objective_in(folder, "denoiser")
    assert not torch.equal(saved["denoiser.enter.weight"], raw["model.denoiser.enter.weight"])


def test_every_checkpoint_is_shown_in_the_curves_of_its_stage_with_averaged_weights(trained):
    _, folder, seen = trained
    logs = {stage: folder / "tensorboard" / stage for stage in ("draft", "denoiser")}
    assert [(step, log) for step, log, _, _ in seen] == [
        (4, logs["draft"]),
        (6, logs["draft"]),
        (4, logs["denoiser"]),
        (6, logs["denoiser"]),
    ]
    average = objective_in(folder, "draft", "average")
    last_of_draft = seen[1][2]
    assert all(torch.equal(last_of_draft[name.removeprefix("model.")], value) for name, value in average.items())
    assert not any(training for *_, training in seen)


def test_a_model_without_a_draft_has_one_stage(tmp_path):
    config = teacher_config(draft="none", decoder_sees="conditions")
    first = copied(new_model(config, SINGERS, small_crops(config.train)))
    model = train(config, tmp_path)
    assert not (tmp_path / "draft.state.safetensors").exists()
    assert changed_parts(first, copied(model), depth=1) == {"conditions", "denoiser"}
    assert model.residual_std.item() == 1.0  # there is no draft that could miss anything


def test_a_process_that_is_not_the_first_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    config = teacher_config()
    crops = small_crops(config.train)
    train_teacher(new_model(config, SINGERS, crops), crops, crops, tmp_path, Processes(), pytest.fail)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("other", ["learning rate", "singers"])
def test_a_folder_of_another_run_is_refused_and_left_alone(trained, other):
    folder = trained[1]
    before = {path: path.read_bytes() for path in folder.glob("*.safetensors")}
    config = teacher_config()
    singers = SINGERS
    if other == "singers":
        singers = ("alto", "tenor")
    else:
        config = replace(config, train=replace(config.train, learning_rate=0.1))
    with pytest.raises(CheckpointError, match="another configuration, other singers") as caught:
        train(config, folder, singers=singers)
    assert is_sentence(str(caught.value))
    assert {path: path.read_bytes() for path in folder.glob("*.safetensors")} == before


# what it is measured with


def test_the_held_out_loss_is_the_mean_over_fixed_crops_with_nothing_dropped():
    config = teacher_config(condition_dropout=1.0)
    crops = small_crops(config.train)
    objective = DraftObjective(random_model(config)).eval()
    measured = held_out_loss(objective, crops, Processes())
    by_hand = [objective(crops.draw(index)).item() for index in range(HELD_OUT_BATCHES)]
    assert measured == pytest.approx(sum(by_hand) / HELD_OUT_BATCHES, rel=1e-6)
    told = replace(config, model=replace(config.model, condition_dropout=0.0))
    assert measured == held_out_loss(DraftObjective(random_model(told)).eval(), crops, Processes())


def test_the_held_out_loss_is_the_same_every_time(trained):
    objective, crops = DenoiserObjective(trained[0]).eval(), small_crops(teacher_config().train)
    first = held_out_loss(objective, crops, Processes())
    torch.rand(100)
    assert held_out_loss(objective, crops, Processes()) == first


# a model that begins as another


def on_from(start: VoiceConverter, folder: Path, **changes) -> VoiceConverter:
    config = replace(start.config, train=replace(start.config.train, **changes))
    crops = small_crops(config.train)
    model = begun_model(config, SINGERS, start)
    train_teacher(model, crops, crops, folder, Processes(), start=start)
    return model


def test_a_model_that_begins_as_another_keeps_all_but_the_denoiser(trained, tmp_path):
    start = trained[0]
    before = copied(start)
    model = on_from(start, tmp_path, noise="uniform")
    assert changed_parts(before, model.state_dict(), depth=1) == {"denoiser"}
    assert changed_parts(before, start.state_dict(), depth=1) == set()
    assert not (tmp_path / "draft.state.safetensors").exists()
    assert load_model(tmp_path / "model.safetensors").config.train.noise == "uniform"


def test_guidance_is_learnt_from_the_model_it_begins_as(trained, tmp_path):
    start, before = trained[0], copied(trained[0])
    model = on_from(start, tmp_path, guidance=(1.0, 0.0, 0.0, 0.5))
    assert changed_parts(before, model.state_dict(), depth=1) == {"denoiser"}
    plain = on_from(start, tmp_path / "plain")
    assert changed_parts(copied(plain), model.state_dict(), depth=1) == {"denoiser"}  # recordings teach another thing
    assert load_model(tmp_path / "model.safetensors").config.train.guidance == (1.0, 0.0, 0.0, 0.5)


def test_guidance_needs_somebody_to_guide(trained, tmp_path):
    config = replace(trained[0].config, train=replace(trained[0].config.train, guidance=(1.0, 0.0, 0.0, 0.0)))
    crops = small_crops(config.train)
    with pytest.raises(ValueError, match="start from") as error:
        train_teacher(VoiceConverter(config, SINGERS), crops, crops, tmp_path, Processes())
    assert is_sentence(str(error.value))


def test_its_run_is_not_resumed_from_another_beginning(trained, tmp_path):
    on_from(trained[0], tmp_path, denoiser_steps=2)
    other = begun_model(trained[0].config, SINGERS, trained[0])
    other.residual_std.mul_(1.01)
    with pytest.raises(CheckpointError) as error:
        on_from(other, tmp_path, denoiser_steps=2)
    assert is_sentence(str(error.value))


def test_a_student_and_a_stranger_are_no_beginning(trained):
    config = trained[0].config
    with pytest.raises(ValueError, match="alto, bass") as error:
        begun_model(config, ("alto", "tenor"), trained[0])
    assert is_sentence(str(error.value))
    student = VoiceConverter(as_student(config), SINGERS)
    with pytest.raises(ValueError, match="student") as error:
        begun_model(student.config, SINGERS, student)
    assert is_sentence(str(error.value))


# the student


def distill(teacher: VoiceConverter, folder: Path, **fields) -> VoiceConverter:
    teacher.config = replace(teacher.config, distill=replace(teacher.config.distill, **fields))
    crops = small_crops(teacher.config.distill)
    path = train_student(teacher, crops, crops, folder, Processes())
    assert path == folder / "student.safetensors"
    return load_model(path)


def teacher_of(trained) -> VoiceConverter:
    return load_model(trained[1] / "model.safetensors")


def test_a_student_starts_as_its_teacher(trained, tmp_path):
    """After no step it has the teacher's weights, with the boundary of a consistency model around them."""
    student = distill(teacher_of(trained), tmp_path, steps=0)
    assert changed_parts(copied(teacher_of(trained)), copied(student), depth=1) == set()
    assert student.config.model == as_student(teacher_config()).model
    assert student.config.model.consistency


def test_only_the_students_denoiser_learns(trained, tmp_path):
    teacher = teacher_of(trained)
    before = copied(teacher)
    student = distill(teacher, tmp_path)
    assert changed_parts(before, copied(student), depth=1) == {"denoiser"}
    assert changed_parts(before, copied(teacher)) == set()


def test_a_student_of_another_teacher_is_another_run(trained, tmp_path):
    distill(teacher_of(trained), tmp_path)
    other = teacher_of(trained)
    other.denoiser.leave.bias.data.add_(1e-3)
    with pytest.raises(CheckpointError, match="another encoder or teacher"):
        distill(other, tmp_path)


@pytest.mark.parametrize(
    ("model", "reason"), [({"consistency": True}, "is a student already"), ({"prediction": "epsilon"}, "EDM")]
)
def test_who_cannot_teach_is_refused(tmp_path, model, reason):
    with pytest.raises(ValueError, match=reason) as caught:
        distill(random_model(teacher_config(**model)), tmp_path)
    assert is_sentence(str(caught.value))
    assert not list(tmp_path.iterdir())
