"""Choosing a vocoder by its name, and what every vocoder promises."""

from pathlib import Path

import numpy as np
import pytest

from svc_core.vocoders.vocoder import VocoderError, clip_mel, open_vocoder, vocoder_beside
from tests.conftest import is_sentence
from tests.vocoders.conftest import GRID


def refusal(spec: str) -> str:
    with pytest.raises(VocoderError) as caught:
        open_vocoder(spec, GRID)
    assert is_sentence(str(caught.value))
    return str(caught.value)


def test_griffin_lim_is_always_there(sung_mel):
    vocoder = open_vocoder("griffin-lim", GRID)
    assert vocoder.name == "Griffin-Lim"
    sound = vocoder.synthesize(sung_mel[:, :20])
    assert sound.shape == (256 * 20,)
    assert sound.dtype == np.float32


def test_our_own_is_opened_by_its_file(tiny_vocoder_path):
    assert open_vocoder(f"istft:{tiny_vocoder_path}", GRID).name.startswith("istft-head ")


@pytest.mark.parametrize("spec", ["", "griffinlim", "griffin-lim:fast", "istft", "istft:", "hifigan:x", "bigvgan:"])
def test_a_name_that_is_none_is_answered_with_those_there_are(spec):
    message = refusal(spec)
    assert all(kind in message for kind in ("griffin-lim", "istft:", "bigvgan:", "vocos:"))


@pytest.mark.parametrize("kind", ["bigvgan", "vocos"])
@pytest.mark.parametrize("where", ["some/model", "no/such/folder", "two words"])
def test_without_a_network_a_model_of_a_hub_is_refused_with_a_sentence(kind, where, monkeypatch):
    pytest.importorskip(kind)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    message = refusal(f"{kind}:{where}")
    assert where in message
    assert "network" in message


@pytest.mark.parametrize("kind", ["bigvgan", "vocos"])
def test_a_missing_package_is_named(kind, monkeypatch):
    for name in (kind, f"{kind}.{kind}"):
        monkeypatch.setitem(__import__("sys").modules, name, None)  # Python's own way to say: it cannot be imported
    assert f"pip install {kind}" in refusal(f"{kind}:some/model")


def test_a_mel_is_clipped_to_the_scale():
    clipped = clip_mel(np.array([[-50.0], [0.5]] * 50), GRID)
    assert clipped.dtype == np.float32
    np.testing.assert_allclose(clipped[:2, 0], [np.log(1e-5), 0.5])
    assert clip_mel(np.full((100, 1), 9.0), GRID).max() == 3.0


def test_the_vocoder_beside_a_model_is_chosen_and_else_griffin_lim(tmp_path):
    model = tmp_path / "student.safetensors"
    assert vocoder_beside(model) == "griffin-lim"
    (tmp_path / "vocoder.safetensors").touch()
    assert vocoder_beside(model) == f"istft:{tmp_path / 'vocoder.safetensors'}"


def test_the_shipped_vocoder_fits_the_grid():
    models = Path(__file__).resolve().parents[2] / "models"
    vocoder = open_vocoder(vocoder_beside(models / "any.safetensors"), GRID)
    assert vocoder.name.startswith("istft-head ")
    assert vocoder.synthesize(np.full((GRID.n_mels, 4), -8.0, np.float32)).shape == (4 * GRID.hop,)
