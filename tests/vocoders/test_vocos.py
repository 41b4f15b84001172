"""Vocos through its own package, with a small network of random weights in the format of its checkpoints."""

import copy

import numpy as np
import pytest
import torch

from svc_core.config import DB_PER_LN
from svc_core.vocoders.vocoder import VocoderError
from tests.conftest import is_sentence
from tests.vocoders.conftest import GRID, centre_of, impulse_mel

vocos = pytest.importorskip("vocos")
yaml = pytest.importorskip("yaml")
from svc_core.vocoders.vocos import load_vocos  # noqa: E402

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*mel filterbank.*:UserWarning"),
    pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning"),
]


def configuration(padding: str = "center") -> dict:
    frame = {"n_fft": 1024, "hop_length": 256, "padding": padding}
    return {
        "feature_extractor": {
            "class_path": "vocos.feature_extractors.MelSpectrogramFeatures",
            "init_args": {"sample_rate": 24000, "n_mels": 100, **frame},
        },
        "backbone": {
            "class_path": "vocos.models.VocosBackbone",
            "init_args": {"input_channels": 100, "dim": 16, "intermediate_dim": 32, "num_layers": 2},
        },
        "head": {"class_path": "vocos.heads.ISTFTHead", "init_args": {"dim": 16, **frame}},
    }


def write_checkpoint(folder, config=None, symmetric=False):
    """Random weights; ``symmetric``: mirrored kernels and zero phases, so that a frame's sound is its own mirror."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(config or configuration()))
    torch.manual_seed(0)
    network = vocos.Vocos.from_hparams(str(folder / "config.yaml"))
    if symmetric:
        with torch.no_grad():
            for weight in network.backbone.parameters():
                if weight.dim() == 3:
                    weight.copy_(weight + weight.flip(-1))
            network.head.out.weight[513:] = 0
            # zero phase in a frame of 1024 means: turned by half a turn from bin to bin
            network.head.out.bias[513:] = torch.pi * torch.arange(513)
    torch.save(network.state_dict(), folder / "pytorch_model.bin")
    return folder


def refusal(folder) -> str:
    with pytest.raises(VocoderError) as caught:
        load_vocos(str(folder), GRID)
    assert is_sentence(str(caught.value))
    return str(caught.value)


@pytest.mark.parametrize("padding", ["center", "same"])
def test_every_frame_becomes_a_hop_of_samples(tmp_path, sung_mel, padding):
    vocoder = load_vocos(str(write_checkpoint(tmp_path, configuration(padding))), GRID)
    for frames in (2, 3, sung_mel.shape[1]):
        sound = vocoder.synthesize(sung_mel[:, :frames])
        assert sound.shape == (256 * frames,)
        assert sound.dtype == np.float32


@pytest.mark.parametrize("padding", ["center", "same"])
def test_an_impulse_stays_where_it_was(tmp_path, padding):
    """Its own centring would be half a hop, 5 ms, off; 1 ms is allowed."""
    vocoder = load_vocos(str(write_checkpoint(tmp_path, configuration(padding), symmetric=True)), GRID)
    quiet = np.full((100, 40), -9.0, np.float32)
    answer = vocoder.synthesize(impulse_mel()) - vocoder.synthesize(quiet)
    assert centre_of(answer, 256 * 20 + 128) == pytest.approx(256 * 20 + 128, abs=24)


@pytest.mark.parametrize("padding", ["same"])
def test_our_mel_becomes_the_mel_that_vocos_measures(tmp_path, sung, sung_mel, padding):
    """Median over all bands; below 700 Hz its bands are finer than ours and are guessed."""
    vocoder = load_vocos(str(write_checkpoint(tmp_path, configuration(padding))), GRID)
    with torch.inference_mode():
        theirs = vocoder.network.feature_extractor(torch.from_numpy(sung)[None])[0].numpy()
    ours = vocoder.convert_mel(sung_mel)[0].numpy()
    error_db = np.abs(ours[:, 3:-3] - theirs[:, 3 : ours.shape[1] - 3]) * DB_PER_LN
    assert np.median(error_db) < 1.5
    assert np.abs(np.median(error_db[40:])) < 1.0


def test_its_name_is_the_folders_with_the_hash_of_its_weights(tmp_path):
    kind, folder, digest = load_vocos(str(write_checkpoint(tmp_path / "small")), GRID).name.split()
    assert (kind, folder, len(digest)) == ("Vocos", "small", 12)


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [
        ("feature_extractor", "sample_rate", 44100),
        ("feature_extractor", "n_mels", 80),
        ("feature_extractor", "hop_length", 512),
        ("feature_extractor", "padding", "same"),
        ("head", "n_fft", 2048),
        ("head", "hop_length", 128),
    ],
)
def test_another_frame_is_refused(tmp_path, part, name, value):
    config = configuration()
    config[part]["init_args"][name] = value
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    assert name in refusal(tmp_path) or part == "feature_extractor"


@pytest.mark.parametrize(
    ("part", "class_path"),
    [
        ("feature_extractor", "vocos.feature_extractors.EncodecFeatures"),
        ("backbone", "subprocess.Popen"),
        ("head", "vocos.heads.IMDCTCosHead"),
    ],
)
def test_other_parts_are_refused_before_they_are_built(tmp_path, part, class_path):
    config = copy.deepcopy(configuration())
    config[part]["class_path"] = class_path
    write_checkpoint(tmp_path)
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    assert class_path in refusal(tmp_path)


def test_weights_of_another_size_are_refused(tmp_path):
    write_checkpoint(tmp_path)
    config = configuration()
    config["backbone"]["init_args"]["num_layers"] = 3
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    assert "do not fit" in refusal(tmp_path)


@pytest.mark.parametrize("text", ["[", "a: b", "- 1", ""])
def test_a_configuration_that_is_none_is_refused(tmp_path, text):
    write_checkpoint(tmp_path)
    (tmp_path / "config.yaml").write_text(text)
    refusal(tmp_path)


def test_a_file_that_is_no_checkpoint_is_refused(tmp_path):
    (write_checkpoint(tmp_path) / "pytorch_model.bin").write_bytes(b"not tensors")
    assert "tensors" in refusal(tmp_path)
