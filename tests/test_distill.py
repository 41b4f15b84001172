"""The command that distills: a student that starts as its teacher, is killed and resumed, and what is refused."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from svc_core.conversion.convert import convert_features
from svc_core.conversion.sampling import choose_sampling
from svc_core.corpora.corpus import read_corpus
from svc_core.distill import main
from svc_core.model.checkpoint import load_model, read_tensors, save_model
from svc_core.model.system import VoiceConverter
from svc_core.train import export_model
from svc_core.training.objectives import as_student
from tests.conftest import SINGERS, is_sentence, write_rows
from tests.support.killed import Ended, killed_and_whole


@pytest.fixture(scope="module")
def runs(tiny_corpus, feature_cache, tiny_teacher_path, tmp_path_factory) -> tuple[Ended, Ended]:
    """Two distillations of eight steps: one that was killed, and one that was not."""
    arguments = ["--corpus", str(tiny_corpus.root), "--cache", str(feature_cache)]
    arguments += ["--teacher", str(tiny_teacher_path), "--steps", "8"]
    return killed_and_whole("distill", arguments, ("distill",), tmp_path_factory.mktemp("students"))


@pytest.fixture(scope="module")
def student(runs) -> VoiceConverter:
    return load_model(runs[1].folder / "student.safetensors")


@pytest.fixture
def base(tiny_corpus, feature_cache, tiny_teacher_path, tmp_path) -> list[str]:
    """A distillation of one step in an empty folder."""
    paths = {"--corpus": tiny_corpus.root, "--cache": feature_cache, "--run": tmp_path / "run"}
    paths |= {"--teacher": tiny_teacher_path, "--steps": 1}
    return [str(part) for pair in paths.items() for part in pair]


def refusal(capsys, arguments: list[str]) -> str:
    """What the command says on its way out with status 2."""
    assert main(arguments) == 2
    message = capsys.readouterr().err.strip().splitlines()[-1]
    assert message.startswith("distill: ")
    assert is_sentence(message)
    return message


@pytest.mark.parametrize("name", ["student", "distill.state"])
def test_a_run_that_was_killed_ends_with_exactly_the_weights_of_one_that_was_not(runs, name):
    killed, whole = runs
    assert killed.killed_at == {"distill": 4}  # of 8 steps
    tensors, metadata = read_tensors(killed.folder / f"{name}.safetensors")
    others, other_metadata = read_tensors(whole.folder / f"{name}.safetensors")
    assert metadata == other_metadata
    assert tensors.keys() == others.keys()
    assert all(torch.equal(tensor, others[key]) for key, tensor in tensors.items())


def test_and_with_exactly_the_losses(runs):
    assert runs[0].losses == runs[1].losses
    assert set(runs[1].losses) == {"train/distill", "held_out/distill"}


def test_only_its_denoiser_is_not_the_teachers(student, tiny_teacher_path):
    teacher = load_model(tiny_teacher_path)
    changed = {
        name.split(".")[0]
        for name, weight in student.state_dict().items()
        if not torch.equal(weight, teacher.state_dict()[name])
    }
    assert changed == {"denoiser"}
    assert student.singers == teacher.singers
    assert student.config == replace(as_student(teacher.config), distill=replace(teacher.config.distill, steps=8))


@pytest.mark.parametrize("steps", [1, 2, 4])
def test_a_student_is_sampled_in_few_steps(student, sung_features, steps):
    sampling = choose_sampling(student, steps=steps, seed=3)
    assert sampling.sampler == "consistency"
    told = []
    mel = convert_features(sung_features, student, 1, 0, sampling, lambda *step: told.append(step))
    assert mel.shape == sung_features.mel.shape
    assert torch.isfinite(mel).all()
    assert len(told) == steps


def test_the_command_exports_and_then_refuses_another_teacher(base, tiny_teacher_path, tmp_path, capsys):
    """In one folder a run has one teacher: its state would go on with the first."""
    exported = tmp_path / "ship" / "student.safetensors"
    arguments = [*base, "--loss", "l2", "--learning-rate", "1e-3", "--batch", "1", "--seed", "7"]
    assert main([*arguments, "--export", str(exported)]) == 0
    path = tmp_path / "run" / "student.safetensors"
    assert capsys.readouterr().out.splitlines() == [f"student: {path}", f"exported: {exported}"]
    distill = load_model(path).config.distill
    assert (distill.loss, distill.learning_rate, distill.batch, distill.seed) == ("l2", 1e-3, 1, 7)
    assert load_model(exported).config == load_model(path).config
    assert exported.stat().st_size < 0.6 * path.stat().st_size
    teacher, based = tmp_path / "ship" / "teacher.safetensors", tmp_path / "ship" / "based.safetensors"
    export_model(tiny_teacher_path, teacher, None)
    assert main([*arguments, "--export", str(based), "--base", str(teacher)]) == 0
    assert {name.split(".")[0] for name in read_tensors(based)[0]} == {"denoiser"}
    both, whole = (load_model(file).state_dict() for file in (based, exported))
    assert all(torch.equal(both[name], value) for name, value in whole.items())
    assert "in the folder of" in refusal(capsys, [*arguments, "--export", str(based), "--base", str(tiny_teacher_path)])
    other = load_model(tiny_teacher_path)
    other.residual_std.mul_(1.01)
    save_model(tmp_path / "other.safetensors", other, other.state_dict())
    assert "another encoder or teacher" in refusal(
        capsys, [*arguments, "--teacher", str(tmp_path / "other.safetensors")]
    )


def test_a_student_has_no_students(base, runs, capsys):
    message = refusal(capsys, [*base, "--teacher", str(runs[1].folder / "student.safetensors")])
    assert "this model is a student already" in message


def test_a_model_that_predicts_noise_cannot_be_distilled(base, tiny_teacher_path, tmp_path, capsys):
    teacher = load_model(tiny_teacher_path)
    teacher.config = replace(teacher.config, model=replace(teacher.config.model, prediction="epsilon"))
    save_model(tmp_path / "epsilon.safetensors", teacher, teacher.state_dict())
    assert "EDM" in refusal(capsys, [*base, "--teacher", str(tmp_path / "epsilon.safetensors")])
    assert not (tmp_path / "run").exists()


def test_a_corpus_of_other_singers_is_refused_with_both_lists(base, tiny_corpus, tmp_path, capsys):
    """A singer's id is the singer's place in the list: the student would learn the wrong voice."""
    root = tmp_path / "corpus"
    shutil.copytree(tiny_corpus.root, root)
    lines = (root / "metadata.csv").read_text().splitlines()
    write_rows(root / "metadata.csv", lines[0], [line for line in lines[1:] if "bass" not in line])
    (root / "phrases.csv").unlink()
    assert read_corpus(root).trained_singers == ("alto",)
    message = refusal(capsys, [*base, "--corpus", str(root)])
    assert f"the teacher's singers ({', '.join(SINGERS)}) are not the corpus's (alto)" in message


@pytest.mark.parametrize(("content", "reason"), [(b"\x80\x04pickled", "pickled"), (None, "no such file")])
def test_what_is_no_model_is_refused(base, tmp_path, capsys, content, reason):
    path: Path = tmp_path / "teacher.safetensors"
    if content is not None:
        path.write_bytes(content)
    assert reason in refusal(capsys, [*base, "--teacher", str(path)])


@pytest.mark.parametrize("option", ["--steps", "--batch", "--learning-rate", "--loss"])
def test_nonsense_is_refused_by_name(base, capsys, option):
    with pytest.raises(SystemExit) as caught:
        main([*base, option, "0"])
    assert caught.value.code == 2
    assert option in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize("missing", ["--corpus", "--run", "--teacher"])
def test_what_is_needed_is_asked_for(base, capsys, missing):
    place = base.index(missing)
    with pytest.raises(SystemExit) as caught:
        main(base[:place] + base[place + 2 :])
    assert caught.value.code == 2
    assert missing in capsys.readouterr().err
