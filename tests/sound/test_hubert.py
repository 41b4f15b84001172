"""HuBERT from torchaudio: from a file of weights, and by the name of a pipeline."""

import socket

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from svc_core.sound.encoders import EncoderError
from svc_core.sound.hubert import open_hubert
from tests.conftest import is_sentence
from tests.sound.conftest import GRID_16K, noise, tiny_torchaudio_hubert


def refusal(name) -> str:
    with pytest.raises(EncoderError) as refused:
        open_hubert(str(name), GRID_16K)
    assert is_sentence(str(refused.value))
    return str(refused.value)


@torch.no_grad()
def third_layer(model: torch.nn.Module, sound: np.ndarray) -> np.ndarray:
    """Three quarters of the tiny model's four layers."""
    return model.extract_features(torch.from_numpy(sound)[None])[0][2][0].T.numpy()


@pytest.mark.parametrize("mode", ["group_norm", "layer_norm"])
def test_sizes_are_read_off_the_weights(tmp_path, mode):
    """Base is built the first way, Large and X-Large the second, which also want normalised sound."""
    model, sound = tiny_torchaudio_hubert(mode), noise(16_000)
    torch.save(model.state_dict(), tmp_path / "hubert.pth")
    encoder = open_hubert(str(tmp_path / "hubert.pth"), GRID_16K)
    stream = encoder.encode(sound)
    assert encoder.width == 128
    assert stream.values.shape == (128, 49)
    assert (stream.first_centre_s, stream.hop_s) == (0.0125, 0.02)
    heard = sound if mode == "group_norm" else (sound - sound.mean()) / np.sqrt(sound.var() + 1e-5)
    np.testing.assert_allclose(stream.values, third_layer(model, heard), atol=1e-4)


def test_weights_under_torchs_older_names_are_read_too(tmp_path, hubert_file):
    """The published files were written before torch renamed the parts of a normalised weight."""
    position = "encoder.transformer.pos_conv_embed.conv."
    older = tiny_torchaudio_hubert().state_dict()
    older[f"{position}weight_g"] = older.pop(f"{position}parametrizations.weight.original0")
    older[f"{position}weight_v"] = older.pop(f"{position}parametrizations.weight.original1")
    torch.save(older, tmp_path / "older.pth")
    sound = noise(8_000)
    found, expected = (open_hubert(str(path), GRID_16K).encode(sound) for path in (tmp_path / "older.pth", hubert_file))
    np.testing.assert_array_equal(found.values, expected.values)


def test_safetensors_are_read_too(tmp_path, hubert_file):
    save_file(tiny_torchaudio_hubert().state_dict(), tmp_path / "hubert.safetensors")
    sound = noise(8_000)
    found, expected = (
        open_hubert(str(path), GRID_16K).encode(sound) for path in (tmp_path / "hubert.safetensors", hubert_file)
    )
    np.testing.assert_array_equal(found.values, expected.values)


def test_a_file_that_is_no_hubert_is_refused(tmp_path):
    (tmp_path / "notes.pth").write_text("not weights")
    torch.save({"model": {"weight": torch.zeros(3)}, "args": 1}, tmp_path / "fairseq.pt")
    for name in ("notes.pth", "fairseq.pt"):
        assert "fairseq checkpoint must be converted" in refusal(tmp_path / name)


def test_a_folder_is_sent_to_contentvec(contentvec_folder):
    assert "say contentvec:" in refusal(contentvec_folder)


@pytest.mark.parametrize("name", ["HUBERT_TINY", "WAV2VEC2_BASE", "nowhere/hubert.pth"])
def test_an_unknown_pipeline_is_refused(name):
    assert "HUBERT_BASE" in refusal(name)


def test_without_a_network_the_file_to_fetch_is_named(monkeypatch, tmp_path):
    def no_network(*arguments):
        raise OSError("no network")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    message = refusal("HUBERT_BASE")
    assert "https://download.pytorch.org/torchaudio/models/hubert_fairseq_base_ls960.pth" in message
    assert "hubert:FILE" in message
