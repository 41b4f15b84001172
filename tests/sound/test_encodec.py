"""Encodec's continuous labels: their hop, their times, and clips of any length."""

import numpy as np
import pytest
import torch
from transformers import EncodecConfig, EncodecModel

from svc_core.config import GridConfig
from svc_core.sound.encodec import Encodec
from svc_core.sound.encoders import EncoderError
from tests.sound.conftest import noise


@pytest.fixture(scope="module")
def encodec(encodec_folder) -> Encodec:
    return Encodec(str(encodec_folder), GridConfig())


@pytest.mark.parametrize(("samples", "labels"), [(24_000, 75), (24_001, 76), (320, 1), (4_799, 15), (4_801, 16)])
def test_the_hop_is_the_product_of_the_strides(encodec, samples, labels):
    stream = encodec.encode(noise(samples))
    assert encodec.width == 8
    assert stream.values.shape == (8, labels)
    assert stream.values.dtype == np.float32
    assert stream.hop_s == pytest.approx(2 * 4 * 5 * 8 / 24_000)
    assert stream.first_centre_s == pytest.approx(160 / 24_000)


def test_other_strides_make_another_hop(tmp_path):
    EncodecModel(
        EncodecConfig(num_filters=2, hidden_size=8, codebook_dim=8, codebook_size=16, upsampling_ratios=[5, 4])
    ).save_pretrained(tmp_path)
    stream = Encodec(str(tmp_path), GridConfig()).encode(noise(2_400))
    assert stream.values.shape == (8, 120)
    assert stream.hop_s == pytest.approx(20 / 24_000)


def test_labels_are_the_encoders_own_before_quantisation(encodec, encodec_folder):
    sound = noise(24_000)
    with torch.no_grad():
        expected = EncodecModel.from_pretrained(encodec_folder).eval().encoder(torch.from_numpy(sound)[None, None])[0]
    np.testing.assert_allclose(encodec.encode(sound).values, expected, atol=1e-6)


@pytest.mark.parametrize("at", [9_599, 9_600, 9_601, 9_919])
def test_the_first_label_to_hear_a_sound_is_the_one_whose_hop_it_falls_in(encodec, at):
    silence = np.zeros(19_200, np.float32)
    click = silence.copy()
    click[at] = 0.5
    changed = np.abs(encodec.encode(click).values - encodec.encode(silence).values).max(axis=0)
    assert np.flatnonzero(changed > 1e-7)[0] == at // 320


def test_a_long_clip_goes_in_windows(encodec):
    """35 s are 2625 labels: windows of 2250 from 0 and from 375, the seam at 1312."""
    sound = noise(35 * 24_000)
    whole = encodec.encode(sound).values
    assert whole.shape == (8, 2625)
    np.testing.assert_allclose(whole[:, :1312], encodec.encode(sound[: 30 * 24_000]).values[:, :1312], atol=1e-5)


def test_the_stereo_model_is_refused(tmp_path):
    config = EncodecConfig(num_filters=2, hidden_size=8, codebook_dim=8, codebook_size=16, audio_channels=2)
    EncodecModel(config).save_pretrained(tmp_path)
    with pytest.raises(EncoderError, match="mono"):
        Encodec(str(tmp_path), GridConfig())
