"""ContentVec in Hugging Face's format: its last layer, with and without the projection."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import HubertModel

from svc_core.config import GridConfig
from svc_core.sound.contentvec import ProjectedHubert, open_contentvec
from svc_core.sound.encoders import EncoderError
from tests.sound.conftest import GRID_16K, mean_edge_error_ms, noise, tiny_hubert_config


@pytest.fixture(scope="module")
def plain_folder(tmp_path_factory):
    """A HuBERT without final_proj."""
    torch.manual_seed(7)
    folder = tmp_path_factory.mktemp("plain")
    HubertModel(tiny_hubert_config()).save_pretrained(folder)
    return folder


@pytest.mark.parametrize(("samples", "labels"), [(16_000, 49), (400, 1), (719, 1), (720, 2), (300, 1)])
def test_a_label_for_every_whole_window(contentvec_folder, samples, labels):
    encoder = open_contentvec(str(contentvec_folder), GRID_16K)
    stream = encoder.encode(noise(samples))
    assert stream.values.shape == (encoder.width, labels) == (6, labels)
    assert stream.values.dtype == np.float32
    assert (stream.first_centre_s, stream.hop_s) == (0.0125, 0.02)


def test_with_the_projection_labels_are_the_projected_last_layer(contentvec_folder):
    sound = noise(16_000)
    weights = load_file(contentvec_folder / "model.safetensors")
    model = HubertModel.from_pretrained(contentvec_folder).eval()
    with torch.no_grad():
        layers = model(torch.from_numpy(sound)[None], output_hidden_states=True).hidden_states
        expected = layers[2][0] @ weights["final_proj.weight"].T + weights["final_proj.bias"]  # 2 layers: the last
    found = open_contentvec(str(contentvec_folder), GRID_16K).encode(sound)
    np.testing.assert_allclose(found.values, expected.T, atol=1e-5)


def test_without_the_projection_labels_are_the_last_layer(plain_folder):
    sound = noise(16_000)
    with torch.no_grad():
        expected = HubertModel.from_pretrained(plain_folder).eval()(torch.from_numpy(sound)[None]).last_hidden_state
    encoder = open_contentvec(str(plain_folder), GRID_16K)
    assert encoder.width == 16
    np.testing.assert_allclose(encoder.encode(sound).values, expected[0].T, atol=1e-5)


def test_a_projection_without_its_model_is_refused(tmp_path, contentvec_folder):
    save_file({"final_proj.weight": torch.zeros(6, 16)}, tmp_path / "model.safetensors", {"format": "pt"})
    (tmp_path / "config.json").write_bytes((contentvec_folder / "config.json").read_bytes())
    with pytest.raises(EncoderError, match="weights are missing"):
        open_contentvec(str(tmp_path), GRID_16K)


def test_a_label_stands_in_the_middle_of_what_it_hears(tmp_path):
    """Without attention and position a label hears 400 samples, and their middle is its centre."""
    torch.manual_seed(8)
    model = ProjectedHubert(tiny_hubert_config("layer"))
    torch.nn.init.zeros_(model.encoder.pos_conv_embed.conv.parametrizations.weight.original0)
    for layer in model.encoder.layers:
        torch.nn.init.zeros_(layer.attention.out_proj.weight)
    model.save_pretrained(tmp_path)
    encoder = open_contentvec(str(tmp_path), GRID_16K)
    assert encoder.normalised
    encoder.normalised = False  # over the whole clip: every label would hear a little of everything
    assert mean_edge_error_ms(encoder, 320, 24_000, 16_000) == pytest.approx(0.0, abs=1.0)


def test_models_with_layer_normalisation_hear_every_level_alike(tmp_path, contentvec_folder):
    ProjectedHubert(tiny_hubert_config("layer")).save_pretrained(tmp_path)
    sound = noise(16_000)
    encoder = open_contentvec(str(tmp_path), GRID_16K)
    np.testing.assert_allclose(encoder.encode(10 * sound + 1).values, encoder.encode(sound).values, atol=1e-3)
    assert not open_contentvec(str(contentvec_folder), GRID_16K).normalised


def test_a_long_clip_goes_in_windows(contentvec_folder):
    """40 s are 1999 labels: windows of 1500 from 0 and from 499, the seam at their overlap's middle, 999."""
    encoder = open_contentvec(str(contentvec_folder), GRID_16K)
    sound = noise(40 * 16_000)
    whole = encoder.encode(sound).values
    assert whole.shape == (6, 1999)
    first = encoder.encode(sound[: 1499 * 320 + 400]).values
    last = encoder.encode(sound[499 * 320 :]).values
    np.testing.assert_allclose(whole[:, :999], first[:, :999], atol=1e-5)
    np.testing.assert_allclose(whole[:, 999:], last[:, 500:], atol=1e-5)


def test_other_rates_are_resampled_to_its_own(contentvec_folder):
    stream = open_contentvec(str(contentvec_folder), GridConfig()).encode(noise(24_000))
    assert stream.values.shape == (6, 49)
