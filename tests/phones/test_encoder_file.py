"""The recogniser's file: what was saved is loaded, and what does not fit is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from svc_core.config import Config
from svc_core.model.checkpoint import CheckpointError, read_tensors, save_tensors
from svc_core.model.content_encoder import ContentEncoder
from svc_core.phones.encoder_file import Recogniser, load_content_encoder, load_recogniser, save_content_encoder
from svc_core.phones.inventory import Inventory
from svc_core.phones.learning import PhoneHead
from tests.conftest import is_sentence


@pytest.fixture
def saved(code_config: Config, inventory: Inventory, tmp_path: Path) -> tuple[Path, Recogniser]:
    torch.manual_seed(3)
    recogniser = Recogniser(ContentEncoder(code_config).eval(), PhoneHead(4, 3), inventory)
    save_content_encoder(tmp_path / "content.safetensors", recogniser)
    return tmp_path / "content.safetensors", recogniser


def refusal(path: Path) -> str:
    with pytest.raises(CheckpointError) as caught:
        load_recogniser(path)
    assert is_sentence(str(caught.value)) and str(path) in str(caught.value)
    return str(caught.value)


def test_what_was_saved_is_loaded(saved: tuple[Path, Recogniser]):
    path, recogniser = saved
    loaded = load_recogniser(path)
    heard = torch.randn(1, 6, 20)
    assert torch.equal(loaded.head(loaded.encoder(heard)), recogniser.head(recogniser.encoder(heard)))
    assert loaded.inventory == recogniser.inventory
    assert loaded.encoder.config == recogniser.encoder.config


def test_a_voice_converter_gets_the_encoder_alone_in_evaluation_mode(saved: tuple[Path, Recogniser]):
    encoder = load_content_encoder(saved[0])
    assert isinstance(encoder, ContentEncoder) and not encoder.training


def test_weights_in_16_bits_are_taken(saved: tuple[Path, Recogniser]):
    path, recogniser = saved
    tensors, metadata = read_tensors(path)
    save_tensors(path, {name: tensor.half() for name, tensor in tensors.items()}, metadata)
    weight = load_recogniser(path).encoder.leave.weight
    assert weight.dtype == torch.float32
    assert torch.allclose(weight, recogniser.encoder.leave.weight, atol=1e-3)


def test_a_missing_file_says_how_to_make_one(tmp_path: Path):
    assert "svc_core.learn_content" in refusal(tmp_path / "none.safetensors")


def test_a_foreign_file_is_refused(saved: tuple[Path, Recogniser], tmp_path: Path):
    path = tmp_path / "model.safetensors"
    save_tensors(path, read_tensors(saved[0])[0], {"format": "singsteps-model-1"})
    assert "not a content encoder" in refusal(path)
    path.write_bytes(b"\x80\x04 a pickle")
    assert "not a whole safetensors file" in refusal(path)


@pytest.mark.parametrize("damage", ["narrower", "fewer", "phones"])
def test_weights_that_do_not_fit_their_configuration_are_refused(saved: tuple[Path, Recogniser], damage: str):
    path = saved[0]
    tensors, metadata = read_tensors(path)
    if damage == "narrower":
        metadata["config"] = metadata["config"].replace('"code": 4', '"code": 3')
    elif damage == "fewer":
        del tensors["encoder/enter.bias"]
    else:
        metadata["phones"] = '["sil", "a"]'
    save_tensors(path, tensors, metadata)
    assert "do not fit" in refusal(path)
