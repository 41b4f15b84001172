"""What all pretrained encoders share: windows over long clips, and checkpoints that are whole."""

import json

import huggingface_hub.constants
import numpy as np
import pytest
from transformers import HubertModel, WhisperModel

from svc_core.sound.encoders import EncoderError
from svc_core.sound.pretrained import cut_windows, encode_windows, load_checkpoint, resample
from tests.conftest import is_sentence
from tests.sound.conftest import noise, tiny_hubert_config


def refusal(model_class, kind: str, name) -> str:
    with pytest.raises(EncoderError) as refused:
        load_checkpoint(model_class, kind, str(name), lambda weight: True)
    assert is_sentence(str(refused.value))
    return str(refused.value)


def test_a_clip_within_a_window_is_encoded_whole():
    assert cut_windows(1500, 1500, 125) == [(slice(0, 1500), slice(0, 1500))]


def test_a_longer_clip_is_cut_in_the_middle_of_the_overlap():
    assert cut_windows(17, 10, 1) == [(slice(0, 10), slice(0, 8)), (slice(7, 17), slice(8, 17))]


@pytest.mark.parametrize("labels", [1501, 1600, 2750, 2751, 9001])
def test_every_label_is_kept_once_and_hears_enough_to_both_sides(labels):
    windows = cut_windows(labels, 1500, 125)
    kept = [label for _, part in windows for label in range(part.start, part.stop)]
    assert kept == list(range(labels))
    for heard, part in windows:
        assert heard.stop - heard.start == 1500
        assert part.start - heard.start >= 125 or heard.start == 0
        assert heard.stop - part.stop >= 125 or heard.stop == labels


def test_no_more_windows_than_needed():
    assert len(cut_windows(2750, 1500, 125)) == 2
    assert len(cut_windows(2751, 1500, 125)) == 3


def test_parts_are_joined_in_their_places():
    joined = encode_windows(95, 0.5, lambda heard: np.arange(heard.start, heard.stop)[None], window=40)
    np.testing.assert_array_equal(joined[0], np.arange(95))


def test_the_window_is_thirty_seconds_where_the_model_does_not_say():
    heard = []
    encode_windows(1501, 0.02, lambda part: heard.append(part) or np.zeros((1, part.stop - part.start)))
    assert [part.stop - part.start for part in heard] == [1500, 1500]


def test_resampling_keeps_time():
    tone = np.sin(2 * np.pi * 440 * np.arange(24_000) / 24_000)
    resampled = resample(tone, 24_000, 16_000)
    assert resampled.shape == (16_000,)
    expected = np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)
    np.testing.assert_allclose(resampled[500:-500], expected[500:-500], atol=1e-3)


def test_nothing_is_resampled_at_the_right_rate():
    sound = noise(1000)
    np.testing.assert_array_equal(resample(sound, 16_000, 16_000), sound)


def test_a_name_that_is_nowhere_tells_what_to_fetch_and_where_to_put_it(monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    message = refusal(WhisperModel, "whisper", "nobody/whisper-nowhere")
    assert "https://huggingface.co/nobody/whisper-nowhere" in message
    assert "whisper:FOLDER" in message


def test_a_path_that_leads_nowhere_is_not_looked_for_in_the_network(tmp_path):
    assert "no such folder" in refusal(WhisperModel, "whisper", tmp_path / "nowhere")
    assert "no such folder" in refusal(WhisperModel, "whisper", "./nowhere")


def test_an_empty_folder_is_refused(tmp_path):
    assert "config.json" in refusal(WhisperModel, "whisper", tmp_path)


def test_a_broken_file_is_refused(tmp_path):
    HubertModel(tiny_hubert_config()).save_pretrained(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"cut off")
    assert str(tmp_path) in refusal(HubertModel, "contentvec", tmp_path)


def test_a_checkpoint_that_lacks_weights_is_refused(tmp_path):
    """transformers would fill them with noise and only mention it."""
    config = tiny_hubert_config()
    HubertModel(config).save_pretrained(tmp_path)
    deeper = json.loads((tmp_path / "config.json").read_text()) | {"num_hidden_layers": 3}
    (tmp_path / "config.json").write_text(json.dumps(deeper))
    message = refusal(HubertModel, "contentvec", tmp_path)
    assert "weights are missing" in message
    assert "encoder.layers.2" in message


def test_another_kind_of_checkpoint_is_refused(whisper_folder):
    assert "weights are missing" in refusal(HubertModel, "contentvec", whisper_folder)
