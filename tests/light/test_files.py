"""What an export says of itself, and how one that cannot be used is refused."""

import hashlib
import json
import shutil
import sys
from pathlib import Path

import pytest

from svc_core.light.convert import open_light
from svc_core.light.files import (
    DESCRIPTION,
    FILTERS,
    PITCH,
    STUDENT,
    LightError,
    open_graph,
    read_description,
    write_description,
)
from svc_core.model.checkpoint import model_hash
from tests.conftest import is_sentence
from tests.light.conftest import MODELS


def refusal(folder: Path) -> str:
    with pytest.raises(LightError) as caught:
        open_light(folder, threads=1)
    assert is_sentence(str(caught.value))
    return str(caught.value)


@pytest.fixture
def copied(tmp_path) -> Path:
    return shutil.copytree(MODELS / "light", tmp_path / "light")


def test_it_was_made_from_the_shipped_models():
    described = read_description(MODELS / "light")
    assert described.model_hash == model_hash(MODELS / "student.safetensors")
    assert described.vocoder_hash == model_hash(MODELS / "vocoder.safetensors")


def test_it_tells_what_the_model_knows(with_torch):
    described, model = read_description(MODELS / "light"), with_torch.model
    assert described.config == model.config
    assert [singer.name for singer in described.singers] == list(model.singers)
    assert [singer.median_f0_hz for singer in described.singers] == model.singer_f0_hz.tolist()
    assert (described.mel_mean_ln, described.mel_std_ln) == (float(model.mel_mean), float(model.mel_std))
    assert described.noise_step == model.schedule.steps == 1000


def test_it_is_small():
    assert sum(path.stat().st_size for path in (MODELS / "light").iterdir()) < 18e6


def test_what_is_written_is_read(tmp_path):
    described = read_description(MODELS / "light")
    write_description(tmp_path, described)
    assert read_description(tmp_path) == described
    assert [path.name for path in tmp_path.iterdir()] == [DESCRIPTION]


def test_an_unknown_singer_is_told_who_there_is():
    with pytest.raises(LightError) as caught:
        read_description(MODELS / "light").singer_id("nobody")
    assert is_sentence(str(caught.value))
    assert "'nobody'" in str(caught.value) and "makam-f1" in str(caught.value)


def test_without_a_description_the_command_is_told(tmp_path):
    assert "svc_core.export_onnx" in refusal(tmp_path)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": "singsteps-light-1"}', "null", "\x00\xff", " " * (2 << 20)]
)
def test_a_damaged_description_is_refused(copied, text):
    (copied / DESCRIPTION).write_text(text, encoding="latin-1")
    assert "not a whole description" in refusal(copied)


def test_a_number_larger_than_any_float_is_refused(copied):
    """JSON holds it, and the first sum with it would fail."""
    whole = json.loads((copied / DESCRIPTION).read_text(encoding="utf-8"))
    (copied / DESCRIPTION).write_text(json.dumps(whole | {"mel_mean_ln": 10**400}), encoding="utf-8")
    assert "not a whole description" in refusal(copied)


def test_a_description_that_is_not_text_is_refused(copied):
    (copied / DESCRIPTION).write_bytes(b"\xff\xfe\x00")
    assert "not a whole description" in refusal(copied)


def test_another_format_is_named(copied):
    parts = json.loads((copied / DESCRIPTION).read_text())
    (copied / DESCRIPTION).write_text(json.dumps(parts | {"format": "singsteps-light-2"}))
    assert "singsteps-light-2" in refusal(copied)


def test_an_unknown_field_is_refused(copied):
    parts = json.loads((copied / DESCRIPTION).read_text())
    (copied / DESCRIPTION).write_text(json.dumps(parts | {"colour": "blue"}))
    refusal(copied)


@pytest.mark.parametrize(
    ("name", "other"),
    [("refinement", 0.5), ("mel_mean_ln", "-6"), ("noise_step", True), ("singers", [0.5]), ("files", None)],
)
def test_a_part_of_another_kind_is_refused(copied, name, other):
    parts = json.loads((copied / DESCRIPTION).read_text())
    (copied / DESCRIPTION).write_text(json.dumps(parts | {name: other}))
    refusal(copied)


@pytest.mark.parametrize("name", [STUDENT, PITCH, FILTERS])
def test_a_graph_that_is_not_there_is_named(copied, name):
    (copied / name).unlink()
    assert name in refusal(copied)


@pytest.mark.parametrize("name", [STUDENT, PITCH, FILTERS])
def test_a_cut_off_graph_is_refused(copied, name):
    whole = (copied / name).read_bytes()
    (copied / name).write_bytes(whole[: len(whole) // 2])
    assert "damaged" in refusal(copied)


def test_a_graph_that_is_none_is_refused(copied):
    """Its hash is right, and still it is not ONNX."""
    (copied / STUDENT).write_bytes(b"no graph")
    parts = json.loads((copied / DESCRIPTION).read_text())
    parts["files"][STUDENT] = hashlib.sha256(b"no graph").hexdigest()
    (copied / DESCRIPTION).write_text(json.dumps(parts))
    assert "cannot run it" in refusal(copied)


def test_content_that_needs_torch_is_refused(copied):
    parts = json.loads((copied / DESCRIPTION).read_text())
    parts["config"]["content"]["encoders"] = ["cepstra", "whisper:openai/whisper-medium"]
    (copied / DESCRIPTION).write_text(json.dumps(parts))
    assert "need torch" in refusal(copied)


def test_without_onnxruntime_the_command_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)  # as if it were not installed
    with pytest.raises(LightError) as caught:
        open_graph(MODELS / "light", STUDENT, read_description(MODELS / "light"), 1)
    assert is_sentence(str(caught.value))
    assert "pip install -r app/requirements-own.txt" in str(caught.value)
