"""Content encoders by name: what may be said, what is loaded, and how a checkpoint is recognised."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from svc_core.config import GridConfig
from svc_core.sound.encoders import EncoderError, check_specs, fingerprint, open_encoder
from svc_core.sound.hubert import open_hubert
from tests.conftest import is_sentence
from tests.sound.conftest import GRID_16K, noise, tiny_torchaudio_hubert, tiny_whisper


@pytest.mark.parametrize(
    "specs", [("cepstra",), ("whisper:openai/whisper-medium", "contentvec:a/b"), ("hubert:HUBERT_BASE", "encodec:C:/x")]
)
def test_specs_that_can_be_meant_pass(specs):
    check_specs(specs)


@pytest.mark.parametrize(
    "specs", [("mfcc",), ("whisper",), ("whisper:",), (":a/b",), ("",), (), ("cepstra", "cepstra")]
)
def test_specs_that_cannot_be_meant_are_refused(specs):
    with pytest.raises(EncoderError) as refused:
        check_specs(specs)
    assert is_sentence(str(refused.value))


def test_a_spec_opens_its_kind(whisper_folder, contentvec_folder, encodec_folder, hubert_file):
    widths = {f"whisper:{whisper_folder}": 8, f"contentvec:{contentvec_folder}": 6, f"encodec:{encodec_folder}": 8}
    for spec, width in (widths | {f"hubert:{hubert_file}": 128}).items():
        encoder = open_encoder(spec, GridConfig())
        assert encoder.width == width
        assert encoder.encode(noise(24_000)).values.shape[0] == width


def test_an_encoder_is_loaded_once(whisper_folder):
    first, second = (open_encoder(f"whisper:{whisper_folder}", GridConfig()) for _ in range(2))
    assert first is second
    assert open_encoder(f"whisper:{whisper_folder}", GRID_16K) is not first


@pytest.mark.parametrize("device", ["cuda:99", "abacus"])
def test_a_device_that_is_not_there_is_refused(whisper_folder, device):
    with pytest.raises(EncoderError, match="no device") as refused:
        open_encoder(f"whisper:{whisper_folder}", GridConfig(), device)
    assert is_sentence(str(refused.value))


def test_an_exchanged_checkpoint_is_another_encoder(tmp_path):
    path = tmp_path / "hubert.pth"
    model, sound = tiny_torchaudio_hubert(), noise(24_000)
    labels, marks = [], []
    for scale in (1.0, 2.0):
        model.encoder.transformer.layers[0].feed_forward.output_dense.weight.data *= scale
        torch.save(model.state_dict(), path)
        labels.append(open_encoder(f"hubert:{path}", GridConfig()).encode(sound).values)
        marks.append(fingerprint(f"hubert:{path}"))
    assert marks[0] != marks[1]
    np.testing.assert_array_equal(labels[1], open_hubert(str(path), GridConfig()).encode(sound).values)
    assert np.abs(labels[1] - labels[0]).max() > 1e-4


def test_a_copy_of_a_checkpoint_has_the_same_fingerprint(tmp_path, whisper_folder):
    copy = tmp_path / "elsewhere"
    copy.mkdir()
    for file in Path(whisper_folder).iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    (copy / "README.md").write_text("decides nothing")
    assert fingerprint(f"whisper:{copy}") == fingerprint(f"whisper:{whisper_folder}")
    assert len(fingerprint(f"whisper:{copy}")) == 12


def test_another_configuration_of_the_same_weights_has_another_fingerprint(tmp_path):
    folder = tiny_whisper(tmp_path, 100)
    before = fingerprint(f"whisper:{folder}")
    config = folder / "config.json"
    config.write_text(config.read_text().replace('"max_source_positions": 100', '"max_source_positions": 101'))
    assert fingerprint(f"whisper:{folder}") != before


@pytest.mark.parametrize("spec", ["cepstra", "whisper:openai/whisper-medium", "hubert:HUBERT_BASE"])
def test_what_is_named_by_the_hub_has_no_fingerprint_here(spec):
    assert fingerprint(spec) == ""


def test_cepstra_need_neither_torch_nor_transformers():
    code = (
        "import sys\nfrom svc_core.config import Config\nfrom svc_core.corpora.cache import cache_key\n"
        "cache_key(Config())\nprint([name for name in ('torch', 'transformers') if name in sys.modules])"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("[]")
