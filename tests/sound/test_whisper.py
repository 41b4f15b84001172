"""Whisper's encoder: its labels, their times, and clips that are longer than its window."""

import numpy as np
import pytest
import torch
from transformers import WhisperFeatureExtractor, WhisperForConditionalGeneration

from svc_core.config import GridConfig
from svc_core.sound.whisper import Whisper
from tests.sound.conftest import GRID_16K, mean_edge_error_ms, noise, tiny_whisper


@pytest.fixture(scope="module")
def whisper(whisper_folder) -> Whisper:
    return Whisper(str(whisper_folder), GRID_16K)


@pytest.mark.parametrize(("samples", "labels"), [(16_000, 50), (16_001, 51), (320, 1), (321, 2), (32_000, 100)])
def test_a_label_for_every_twenty_milliseconds_begun(whisper, samples, labels):
    stream = whisper.encode(noise(samples))
    assert whisper.width == 8
    assert stream.values.shape == (8, labels)
    assert stream.values.dtype == np.float32
    assert (stream.first_centre_s, stream.hop_s) == (0.0, 0.02)


def test_labels_are_those_of_transformers_without_the_padding(whisper_folder):
    """The same through the whole model that was saved: mel, padding to the window, encoder."""
    real = WhisperFeatureExtractor(feature_size=80, chunk_length=2)
    sound = noise(16_000)
    model = WhisperForConditionalGeneration.from_pretrained(whisper_folder).eval()
    with torch.no_grad():
        mel = real(sound, sampling_rate=16_000, return_tensors="pt").input_features
        expected = model.model.encoder(mel).last_hidden_state[0, :50].T
    np.testing.assert_allclose(Whisper(str(whisper_folder), GRID_16K).encode(sound).values, expected, atol=1e-5)


def test_a_label_stands_in_the_middle_of_what_it_hears(tmp_path):
    """Without attention a label hears 32 ms to either side of its centre, and no more."""
    deaf = Whisper(str(tiny_whisper(tmp_path, 100, deaf=True)), GRID_16K)
    assert mean_edge_error_ms(deaf, 320, 24_000, 16_000) == pytest.approx(0.0, abs=1.0)


def test_other_rates_are_resampled_to_its_own(whisper, whisper_folder):
    at_24k = Whisper(str(whisper_folder), GridConfig())
    seconds = np.arange(24_000) / 24_000
    sound = np.sin(2 * np.pi * (200 + 300 * seconds) * seconds).astype(np.float32)
    fine = np.arange(16_000) / 16_000
    same = np.sin(2 * np.pi * (200 + 300 * fine) * fine).astype(np.float32)
    np.testing.assert_allclose(at_24k.encode(sound).values, whisper.encode(same).values, atol=0.05)


def test_thirty_seconds_are_one_window_and_more_are_two(tmp_path):
    """With 40 s, windows begin at 0 and 10 s and the seam is at 20 s; each half is what its window alone gives."""
    whisper = Whisper(str(tiny_whisper(tmp_path, 1500)), GRID_16K)
    sound = noise(40 * 16_000)
    whole = whisper.encode(sound).values
    assert whole.shape == (8, 2000)
    np.testing.assert_allclose(whole[:, :1000], whisper.encode(sound[: 30 * 16_000]).values[:, :1000], atol=1e-5)
    np.testing.assert_allclose(whole[:, 1000:], whisper.encode(sound[10 * 16_000 :]).values[:, 500:], atol=1e-5)
