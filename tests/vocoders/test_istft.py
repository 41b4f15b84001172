"""Our own vocoder on disk: what is written, what is refused, and what it does with odd mels."""

from dataclasses import replace

import numpy as np
import pytest
from safetensors.torch import load_file

from svc_core.model.checkpoint import model_hash, read_tensors, save_tensors
from svc_core.vocoders.istft import load_istft
from svc_core.vocoders.vocoder import VocoderError
from tests.conftest import is_sentence
from tests.vocoders.conftest import GRID


@pytest.fixture(scope="module")
def vocoder(tiny_vocoder_path):
    return load_istft(tiny_vocoder_path, GRID)


def refusal(path, grid=GRID) -> str:
    with pytest.raises(VocoderError) as caught:
        load_istft(path, grid)
    assert is_sentence(str(caught.value))
    return str(caught.value)


def test_its_name_tells_which_weights_made_the_sound(vocoder, tiny_vocoder_path):
    assert vocoder.name == f"istft-head {model_hash(tiny_vocoder_path)}"


def test_every_frame_becomes_a_hop_of_samples(vocoder, sung_mel):
    for frames in (1, 2, 3, 60):
        sound = vocoder.synthesize(sung_mel[:, :frames])
        assert sound.shape == (256 * frames,)
        assert sound.dtype == np.float32


def test_the_same_mel_sounds_the_same(vocoder, sung_mel):
    np.testing.assert_array_equal(vocoder.synthesize(sung_mel), vocoder.synthesize(sung_mel))


def test_what_is_loaded_is_what_was_saved(vocoder, tiny_vocoder_path):
    saved = load_file(tiny_vocoder_path)
    assert {name: tensor.tolist() for name, tensor in vocoder.network.state_dict().items()} == {
        name: tensor.tolist() for name, tensor in saved.items()
    }


def test_sixteen_bits_are_enough(tmp_path, vocoder, tiny_vocoder_path, sung_mel):
    tensors, metadata = read_tensors(tiny_vocoder_path)
    save_tensors(tmp_path / "half.safetensors", {name: tensor.half() for name, tensor in tensors.items()}, metadata)
    assert load_istft(tmp_path / "half.safetensors", GRID).synthesize(sung_mel).shape == (256 * sung_mel.shape[1],)


@pytest.mark.parametrize("level", [-1e4, 1e4, 40.0])
def test_values_off_the_scale_are_brought_back_to_it(vocoder, level):
    """A noisy state at an early step may hold any value; its sound must stay finite."""
    sound = vocoder.synthesize(np.full((100, 6), level, np.float32))
    assert np.isfinite(sound).all()
    assert np.abs(sound).max() < 1e4


@pytest.mark.parametrize("shape", [(80, 10), (100, 0), (100,), (1, 100, 10)])
def test_what_is_no_mel_is_refused(vocoder, shape):
    with pytest.raises(VocoderError) as caught:
        vocoder.synthesize(np.zeros(shape, np.float32))
    assert is_sentence(str(caught.value))


@pytest.mark.parametrize("change", [{"hop": 128}, {"n_mels": 80}, {"mel_high_hz": 8000.0}, {"sample_rate_hz": 16000}])
def test_another_grid_is_refused(tiny_vocoder_path, change):
    assert next(iter(change)) in refusal(tiny_vocoder_path, replace(GRID, **change))


def test_what_the_vocoder_does_not_hear_may_differ(tiny_vocoder_path):
    assert load_istft(tiny_vocoder_path, replace(GRID, normal_loudness_db=-25.0)).name


def test_a_file_that_is_not_there_is_refused(tmp_path):
    assert "train one first" in refusal(tmp_path / "none.safetensors")


def test_a_model_of_another_kind_is_refused(tiny_model_path):
    assert "format" in refusal(tiny_model_path)


def test_a_cut_off_file_is_refused(tmp_path, tiny_vocoder_path):
    (tmp_path / "cut.safetensors").write_bytes(tiny_vocoder_path.read_bytes()[:2000])
    refusal(tmp_path / "cut.safetensors")


def test_weights_of_another_width_are_refused(tmp_path, tiny_vocoder_path):
    tensors, metadata = read_tensors(tiny_vocoder_path)
    metadata["vocoder"] = '{"layers": 1, "width": 24}'
    save_tensors(tmp_path / "other.safetensors", tensors, metadata)
    assert "configuration" in refusal(tmp_path / "other.safetensors")


@pytest.mark.parametrize(
    "asked",
    [
        '{"layers": 1000000000, "width": 16}',
        '{"layers": 1, "width": 1000000000}',
        '{"layers": "1", "width": 16}',
        "[]",
        "[" * 50_000,
    ],
)
def test_a_size_that_nobody_has_is_refused_before_it_is_made(tmp_path, tiny_vocoder_path, asked):
    tensors, metadata = read_tensors(tiny_vocoder_path)
    save_tensors(tmp_path / "other.safetensors", tensors, metadata | {"vocoder": asked})
    assert "configuration" in refusal(tmp_path / "other.safetensors")
