"""Model files: what is written comes back, and nothing else is let in."""

import hashlib
import io
import json
import pickle
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from svc_core.config import Config, DiffusionConfig
from svc_core.model.checkpoint import (
    FORMAT,
    CheckpointError,
    load_model,
    model_hash,
    read_tensors,
    save_model,
    save_tensors,
)
from svc_core.model.conditions import condition_inputs, keep_all
from svc_core.model.system import VoiceConverter
from tests.conftest import is_sentence


def refusal(path: Path) -> str:
    with pytest.raises(CheckpointError) as caught:
        load_model(path)
    message = str(caught.value)
    assert is_sentence(message)
    assert message.startswith(f"{path}: ")
    return message


@torch.no_grad()
def answer(model: VoiceConverter, features) -> torch.Tensor:
    conditioned = model.condition(condition_inputs(features, 1), keep_all(1))
    state = torch.randn(conditioned.draft.shape, generator=torch.Generator().manual_seed(0))
    return model.predict(state, torch.tensor([10]), conditioned)


def test_a_model_survives_its_file(tmp_path, tiny_model, sung_features):
    save_model(tmp_path / "deep" / "m.safetensors", tiny_model, tiny_model.state_dict())
    again = load_model(str(tmp_path / "deep" / "m.safetensors"))
    assert again.singers == ("alto", "bass")
    assert again.config == tiny_model.config
    assert torch.equal(answer(again, sung_features), answer(tiny_model, sung_features))


def test_a_loaded_model_is_ready_to_sing(tiny_model_path):
    model = load_model(tiny_model_path)
    assert not model.training
    assert {tensor.dtype for tensor in model.state_dict().values()} == {torch.float32}


def test_the_given_weights_are_written_not_the_models_own(tmp_path, tiny_model):
    """A run hands in the moving average of its weights."""
    average = {name: tensor * 0.5 for name, tensor in tiny_model.state_dict().items()}
    save_model(tmp_path / "m.safetensors", tiny_model, average)
    loaded = load_model(tmp_path / "m.safetensors").state_dict()
    for name, tensor in average.items():
        assert torch.equal(loaded[name], tensor)


def test_half_precision_halves_the_file_and_hardly_changes_the_answer(tmp_path, tiny_model, sung_features):
    for name, half in (("whole", False), ("half", True)):
        save_model(tmp_path / name, tiny_model, tiny_model.state_dict(), half=half)
    with safe_open(tmp_path / "half", framework="pt") as file:
        assert file.get_tensor("draft.leave.weight").dtype == torch.float16
        assert file.get_tensor("mel_mean").dtype == torch.float32  # single numbers keep all their digits
    sizes = [(tmp_path / name).stat().st_size for name in ("whole", "half")]
    assert sizes[1] < 0.65 * sizes[0]
    whole, half = (answer(load_model(tmp_path / name), sung_features) for name in ("whole", "half"))
    assert 0 < (whole - half).abs().max() < 0.02


def test_the_header_says_what_the_model_is(tiny_model_path):
    with safe_open(tiny_model_path, framework="pt") as file:
        header = file.metadata()
    assert header["format"] == FORMAT
    assert json.loads(header["singers"]) == ["alto", "bass"]
    assert json.loads(header["config"])["diffusion"]["steps"] == 20


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    save_tensors(tmp_path / "t.safetensors", {"a": torch.arange(3.0)}, {"made": "here"})
    assert [path.name for path in tmp_path.iterdir()] == ["t.safetensors"]
    tensors, metadata = read_tensors(tmp_path / "t.safetensors")
    assert tensors["a"].tolist() == [0.0, 1.0, 2.0]
    assert metadata == {"made": "here"}


def test_the_same_model_gives_the_same_file(tmp_path, tiny_model):
    """Its hash says which model made a trace: it must not change because a model was written again."""
    for number in range(5):
        save_model(tmp_path / str(number), tiny_model, tiny_model.state_dict())
    assert len({model_hash(tmp_path / str(number)) for number in range(5)}) == 1


def test_views_are_written_as_what_they_show(tmp_path):
    save_tensors(tmp_path / "t.safetensors", {"a": torch.arange(6.0).reshape(2, 3).T}, {})
    assert read_tensors(tmp_path / "t.safetensors")[0]["a"].tolist() == [[0, 3], [1, 4], [2, 5]]


def test_the_hash_is_the_files_own(tmp_path):
    (tmp_path / "file").write_bytes(b"some weights")
    assert model_hash(tmp_path / "file") == hashlib.sha256(b"some weights").hexdigest()[:12]


# what is refused


def test_a_missing_file_is_refused(tmp_path):
    assert "train a model first" in refusal(tmp_path / "none.safetensors")


def test_a_pickle_is_refused_and_never_run(tmp_path):
    class Trap:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "sprung",))

    (tmp_path / "m.safetensors").write_bytes(pickle.dumps(Trap()))
    assert "pickled checkpoints are refused" in refusal(tmp_path / "m.safetensors")
    assert not (tmp_path / "sprung").exists()


def test_a_torch_checkpoint_is_refused(tmp_path, tiny_model):
    file = io.BytesIO()
    torch.save(tiny_model.state_dict(), file)
    (tmp_path / "m.pt").write_bytes(file.getvalue())
    assert "not a whole safetensors file" in refusal(tmp_path / "m.pt")


@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 0.99])
def test_a_truncated_file_is_refused(tmp_path, tiny_model_path, share):
    data = tiny_model_path.read_bytes()
    (tmp_path / "m.safetensors").write_bytes(data[: int(share * len(data))])
    assert "not a whole safetensors file" in refusal(tmp_path / "m.safetensors")


def test_safetensors_of_another_program_are_refused(tmp_path):
    save_file({"weight": torch.zeros(3)}, tmp_path / "m.safetensors")
    assert "not a SingSteps model" in refusal(tmp_path / "m.safetensors")


def test_a_model_of_a_later_format_is_refused(tmp_path, tiny_model):
    save_tensors(tmp_path / "m.safetensors", tiny_model.state_dict(), {"format": "singsteps-model-2"})
    assert FORMAT in refusal(tmp_path / "m.safetensors")


def test_weights_of_another_shape_than_the_configuration_are_refused(tmp_path, tiny_model):
    wider = replace(tiny_model.config, model=replace(tiny_model.config.model, width=32))
    tiny_model.config = wider
    save_model(tmp_path / "m.safetensors", tiny_model, tiny_model.state_dict())
    assert "do not fit" in refusal(tmp_path / "m.safetensors")


def test_missing_weights_are_refused(tmp_path, tiny_model):
    weights = tiny_model.state_dict()
    del weights["draft.leave.bias"]
    save_model(tmp_path / "m.safetensors", tiny_model, weights)
    assert "do not fit" in refusal(tmp_path / "m.safetensors")


@pytest.mark.parametrize("config", ["{}", "[]", "not json", '{"content": {"warps": []}, "grid": {"colour": 1}}'])
def test_a_damaged_configuration_is_refused(tmp_path, tiny_model, config):
    metadata = {"format": FORMAT, "config": config, "singers": '["alto", "bass"]'}
    save_tensors(tmp_path / "m.safetensors", tiny_model.state_dict(), metadata)
    refusal(tmp_path / "m.safetensors")


def test_a_description_of_megabytes_is_refused_unread(tmp_path, tiny_model):
    metadata = {"format": FORMAT, "config": tiny_model.config.to_json(), "singers": "[" + "0," * 600_000 + "0]"}
    save_tensors(tmp_path / "m.safetensors", tiny_model.state_dict(), metadata)
    assert "1,048,576 characters" in refusal(tmp_path / "m.safetensors")


def test_a_header_without_singers_is_refused(tmp_path, tiny_model):
    metadata = {"format": FORMAT, "config": tiny_model.config.to_json()}
    save_tensors(tmp_path / "m.safetensors", tiny_model.state_dict(), metadata)
    refusal(tmp_path / "m.safetensors")


def test_a_configuration_that_makes_no_model_is_refused(tmp_path):
    config = Config(diffusion=DiffusionConfig(steps=-1))
    metadata = {"format": FORMAT, "config": config.to_json(), "singers": '["alto"]'}
    save_tensors(tmp_path / "m.safetensors", {}, metadata)
    refusal(tmp_path / "m.safetensors")


# what two models share is kept once


@pytest.fixture
def based(tmp_path, tiny_model) -> tuple[Path, Path, VoiceConverter]:
    """A model file, one that is built on it, and the model in the latter, whose denoiser alone is another."""
    base, path = tmp_path / "teacher.safetensors", tmp_path / "other.safetensors"
    save_model(base, tiny_model, tiny_model.state_dict(), half=True)
    with torch.no_grad():
        tiny_model.denoiser.enter.weight.add_(1.0)
    save_model(path, tiny_model, tiny_model.state_dict(), half=True, base=base)
    return base, path, tiny_model


def test_a_file_with_a_base_holds_only_what_differs_and_loads_whole(based, sung_features):
    _, path, model = based
    assert set(read_tensors(path)[0]) == {"denoiser.enter.weight"}
    whole = path.with_name("whole.safetensors")
    save_model(whole, model, model.state_dict(), half=True)
    assert torch.equal(answer(load_model(path), sung_features), answer(load_model(whole), sung_features))


def test_tensors_of_other_precision_are_not_taken_for_the_same(based):
    base, path, model = based
    save_model(path, model, model.state_dict(), base=base)
    left_out = set(read_tensors(base)[0]) - set(read_tensors(path)[0])
    assert left_out  # numbers by themselves are kept in 32 bits in either file
    assert all(model.state_dict()[name].dim() == 0 for name in left_out)


def test_without_its_base_or_with_another_it_is_refused(based):
    base, path, model = based
    save_model(base, model, model.state_dict(), half=True)
    assert "fetch both" in refusal(path)
    base.unlink()
    assert "must lie beside it" in refusal(path)


def test_a_base_is_never_sought_in_another_folder(based):
    base, path, _ = based
    tensors, metadata = read_tensors(path)
    inside = path.parent / "folder" / path.name
    save_tensors(inside, tensors, metadata | {"base": f"../{base.name}"})
    assert "must lie beside it" in refusal(inside)


def test_a_base_is_a_whole_model_in_the_same_folder(based, tmp_path):
    base, path, model = based
    for wrong, out in ((path, tmp_path / "third.safetensors"), (base, tmp_path / "folder" / "third.safetensors")):
        with pytest.raises(CheckpointError) as caught:
            save_model(out, model, model.state_dict(), half=True, base=wrong)
        assert is_sentence(str(caught.value))
        assert not out.exists()
