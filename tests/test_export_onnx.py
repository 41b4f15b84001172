"""The command: a student and a vocoder small enough to make here become graphs that say what they say with torch."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from svc_core.config import VocoderConfig
from svc_core.conversion.convert import convert_features
from svc_core.conversion.sampling import Sampling
from svc_core.export_onnx import main
from svc_core.light.convert import open_light
from svc_core.light.files import DESCRIPTION, FILTERS, PITCH, STUDENT
from svc_core.model.checkpoint import load_model, model_hash, save_model
from svc_core.model.system import VoiceConverter
from svc_core.vocoders.istft import load_istft, save_istft
from svc_core.vocoders.network import IstftNetwork
from tests.conftest import SINGERS, is_sentence


@pytest.fixture(scope="module")
def files(tiny_config, tmp_path_factory) -> tuple[Path, Path]:
    """A student with a look at neighbouring bands and a foretold spread, and a vocoder: random weights everywhere."""
    folder = tmp_path_factory.mktemp("files")
    model = replace(tiny_config.model, consistency=True, local_spread=True, texture_width=4)
    torch.manual_seed(1)
    student = VoiceConverter(replace(tiny_config, model=model), SINGERS)
    for layer in (student.denoiser.leave, student.denoiser.texture.leave, student.spread.leave):
        torch.nn.init.normal_(layer.weight, std=0.05)
    student.mel_mean.fill_(-6.0)
    student.mel_std.fill_(2.5)
    student.singer_f0_hz.copy_(torch.tensor([330.0, 130.0]))
    save_model(folder / "student.safetensors", student, student.state_dict())
    small = VocoderConfig(width=16, layers=1)
    network = IstftNetwork(tiny_config.grid, small)
    torch.nn.init.normal_(network.filters.leave.weight, std=0.02)
    save_istft(folder / "vocoder.safetensors", network.state_dict(), small, tiny_config.grid)
    return folder / "student.safetensors", folder / "vocoder.safetensors"


@pytest.fixture(scope="module")
def exported(files, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("light") / "new"
    assert main(["--model", str(files[0]), "--vocoder", f"istft:{files[1]}", "--out", str(folder)]) == 0
    return folder


def test_three_graphs_and_their_description_are_written(exported):
    assert {path.name for path in exported.iterdir()} == {STUDENT, PITCH, FILTERS, DESCRIPTION}


@pytest.mark.parametrize(("singer", "key_shift"), [("alto", 3), ("bass", -9)])
def test_they_say_what_is_said_with_torch(files, exported, sung_features, singer, key_shift):
    model, light = load_model(files[0]), open_light(exported, threads=1)
    number = model.singer_id(singer)
    features = replace(sung_features, content=sung_features.content[2:3])  # as conversion has it: one variant
    expected = convert_features(features, model, number, key_shift, Sampling("consistency", 1, seed=5)).numpy()
    converted = light.convert(features, singer, key_shift, seed=5)
    assert np.abs(converted.mel - expected).max() < 1e-3
    vocoder = load_istft(files[1], model.config.grid)
    assert np.abs(light.sound(expected) - vocoder.synthesize(expected)).max() < 1e-3


def test_every_graph_tells_what_it_was_made_from(files, exported):
    for name in (STUDENT, PITCH, FILTERS):
        session = onnxruntime.InferenceSession(exported / name, providers=["CPUExecutionProvider"])
        told = session.get_modelmeta().custom_metadata_map
        assert told == {"model": model_hash(files[0]), "vocoder": model_hash(files[1])}


def test_the_singers_come_with_their_medians(exported):
    singers = open_light(exported, threads=1).description.singers
    assert [(singer.name, singer.median_f0_hz) for singer in singers] == [("alto", 330.0), ("bass", 130.0)]


def test_no_graph_tells_where_it_was_made(exported):
    for name in (STUDENT, PITCH, FILTERS):
        data = (exported / name).read_bytes()
        assert not [word for word in (b".py", b"site-packages", b"stack_trace") if word in data]


def refusal(capsys, *arguments: str) -> str:
    assert main(list(arguments)) == 2
    said = capsys.readouterr().err.strip()
    assert is_sentence(said)
    return said


def test_what_cannot_be_exported_is_refused(files, tiny_model_path, tmp_path, capsys):
    student, vocoder, out = str(files[0]), f"istft:{files[1]}", str(tmp_path / "out")
    assert "no student" in refusal(capsys, "--model", str(tiny_model_path), "--vocoder", vocoder, "--out", out)
    assert "no such file" in refusal(capsys, "--model", out, "--vocoder", vocoder, "--out", out)
    assert "format" in refusal(capsys, "--model", student, "--vocoder", f"istft:{student}", "--out", out)
    for spec in ("griffin-lim", "istft:", "vocos:somewhere"):
        assert "istft:FILE" in refusal(capsys, "--model", student, "--vocoder", spec, "--out", out)
    assert not (tmp_path / "out").exists()


def test_content_that_needs_torch_is_refused(files, tmp_path, capsys):
    model = load_model(files[0])
    content = replace(model.config.content, encoders=("cepstra", "hubert:HUBERT_BASE"))
    model.config = replace(model.config, content=content)
    save_model(tmp_path / "model.safetensors", model, model.state_dict())
    asked = ["--model", str(tmp_path / "model.safetensors"), "--vocoder", f"istft:{files[1]}", "--out", str(tmp_path)]
    assert "hubert" in refusal(capsys, *asked)
