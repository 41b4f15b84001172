"""BigVGAN through its own package, with a small network of random weights in the format of its checkpoints."""

import json

import numpy as np
import pytest
import torch

from svc_core.sound.mel import log_mel
from svc_core.vocoders.bigvgan import load_bigvgan
from svc_core.vocoders.vocoder import VocoderError
from tests.conftest import is_sentence
from tests.vocoders.conftest import GRID, centre_of, impulse_mel

bigvgan = pytest.importorskip("bigvgan.bigvgan")
pytestmark = pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning")

CONFIG = {
    "resblock": "1",
    "num_mels": 100,
    "upsample_rates": [8, 8, 4],
    "upsample_kernel_sizes": [16, 16, 8],
    "upsample_initial_channel": 16,
    "resblock_kernel_sizes": [3],
    "resblock_dilation_sizes": [[1, 3, 5]],
    "activation": "snakebeta",
    "snake_logscale": True,
    "use_tanh_at_final": False,
    "use_bias_at_final": False,
    "n_fft": 1024,
    "hop_size": 256,
    "win_size": 1024,
    "sampling_rate": 24000,
    "fmin": 0,
    "fmax": None,
}


def write_checkpoint(folder, config=CONFIG, symmetric=False, folded=False):
    """Random weights; ``symmetric``: every kernel is its own mirror: time has no direction in it."""
    torch.manual_seed(0)
    network = bigvgan.BigVGAN(bigvgan.AttrDict(config))
    if folded:
        network.remove_weight_norm()
    weights = network.state_dict()
    if symmetric:
        for name, tensor in weights.items():
            if name.endswith("weight_v"):
                weights[name] = tensor + tensor.flip(-1)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    torch.save({"generator": weights}, folder / "bigvgan_generator.pt")
    return folder


def refusal(folder) -> str:
    with pytest.raises(VocoderError) as caught:
        load_bigvgan(str(folder), GRID)
    assert is_sentence(str(caught.value))
    return str(caught.value)


def test_it_hears_our_mel_and_makes_a_hop_of_each_frame(tmp_path, sung_mel, capsys):
    vocoder = load_bigvgan(str(write_checkpoint(tmp_path / "small")), GRID)
    sound = vocoder.synthesize(sung_mel)
    assert sound.shape == (256 * sung_mel.shape[1],)
    assert sound.dtype == np.float32
    assert sound.std() > 0
    assert capsys.readouterr().out == ""


def test_its_name_is_the_folders_with_the_hash_of_its_weights(tmp_path):
    kind, folder, digest = load_bigvgan(str(write_checkpoint(tmp_path / "small")), GRID).name.split()
    assert (kind, folder, len(digest)) == ("BigVGAN", "small", 12)


def test_its_own_mel_is_ours(sung):
    from bigvgan.meldataset import mel_spectrogram

    theirs = mel_spectrogram(torch.from_numpy(sung)[None], 1024, 100, 24000, 256, 1024, 0, None)[0]
    np.testing.assert_allclose(theirs[:, : len(sung) // 256], log_mel(sung, GRID), atol=2e-3)


def test_an_impulse_stays_where_it_was(tmp_path):
    """A network of mirrored kernels must answer a frame symmetrically about the frame's centre."""
    vocoder = load_bigvgan(str(write_checkpoint(tmp_path, symmetric=True)), GRID)
    quiet = np.full((100, 40), -9.0, np.float32)
    answer = vocoder.synthesize(impulse_mel()) - vocoder.synthesize(quiet)
    assert centre_of(answer, 256 * 20 + 128) == pytest.approx(256 * 20 + 128, abs=24)


def test_weights_with_the_norm_folded_in_sound_the_same(tmp_path, sung_mel):
    plain, folded = (
        load_bigvgan(str(write_checkpoint(tmp_path / str(flag), folded=flag)), GRID) for flag in (False, True)
    )
    np.testing.assert_allclose(plain.synthesize(sung_mel), folded.synthesize(sung_mel), atol=1e-5)


@pytest.mark.parametrize(
    "change",
    [
        {"sampling_rate": 22050},
        {"hop_size": 512},
        {"num_mels": 80},
        {"fmax": 8000},
        {"n_fft": 2048},
        {"upsample_rates": [8, 8, 2], "upsample_kernel_sizes": [16, 16, 4]},
    ],
)
def test_another_frame_is_refused(tmp_path, change):
    (tmp_path / "config.json").write_text(json.dumps(CONFIG | change))
    (tmp_path / "bigvgan_generator.pt").write_bytes(b"")
    refusal(tmp_path)


def test_a_folder_without_weights_is_refused(tmp_path):
    (write_checkpoint(tmp_path) / "bigvgan_generator.pt").unlink()
    assert "bigvgan_generator.pt is not there" in refusal(tmp_path)


class Trap:
    def __reduce__(self):
        return print, ("this must never run",)


@pytest.mark.parametrize("content", [Trap(), {"generator": {}}, {"weights": {}}, [1]])
def test_anything_but_its_own_tensors_is_refused_and_nothing_runs(tmp_path, content, capsys):
    torch.save(content, write_checkpoint(tmp_path) / "bigvgan_generator.pt")
    refusal(tmp_path)
    assert "never run" not in capsys.readouterr().out


@pytest.mark.parametrize("text", ["{", "[]", "{}", json.dumps(CONFIG | {"activation": "relu"})])
def test_a_configuration_that_is_none_is_refused(tmp_path, text):
    (write_checkpoint(tmp_path) / "config.json").write_text(text)
    refusal(tmp_path)
