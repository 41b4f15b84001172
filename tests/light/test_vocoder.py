"""The vocoder without torch: the same mel, the same sound."""

import numpy as np
import pytest
import torch

from svc_core.vocoders.vocoder import VocoderError
from tests.conftest import is_sentence
from tests.light.conftest import SAMPLE, SUNG


@pytest.mark.parametrize("clip", SUNG)
def test_it_hears_the_same_f0(light, with_torch, clips, clip):
    mel, network = clips[clip].mel, with_torch.vocoder.network
    with torch.inference_mode():
        expected_hz, expected_voiced = network.hear_f0(torch.from_numpy(mel)[None])
    f0_hz, voiced = light.vocoder.hear_f0(mel)
    np.testing.assert_array_equal(voiced, expected_voiced[0])
    assert 0 < voiced.mean() <= 1
    np.testing.assert_allclose(f0_hz, expected_hz[0], rtol=1e-6)


@pytest.mark.parametrize("clip", SUNG)
def test_the_sound_is_torch_s(light, with_torch, clips, clip):
    expected = with_torch.vocoder.synthesize(clips[clip].mel)
    sound = light.vocoder.synthesize(clips[clip].mel)
    assert sound.shape == expected.shape == (256 * clips[clip].frames,)
    assert sound.dtype == np.float32
    assert np.abs(expected).max() > 0.1
    assert np.abs(sound - expected).max() < SAMPLE


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_a_few_frames_suffice(light, with_torch, clips, frames):
    mel = clips["pjs"].mel[:, 60 : 60 + frames]
    sound = light.vocoder.synthesize(mel)
    assert sound.shape == (256 * frames,)
    np.testing.assert_allclose(sound, with_torch.vocoder.synthesize(mel), atol=SAMPLE)


@pytest.mark.parametrize("level", [-1e4, 1e4, 40.0])
def test_values_off_the_scale_are_brought_back_to_it(light, level):
    sound = light.vocoder.synthesize(np.full((100, 6), level, np.float32))
    assert np.isfinite(sound).all()


@pytest.mark.parametrize("shape", [(80, 10), (100, 0), (100,), (1, 100, 10)])
def test_what_is_no_mel_is_refused(light, shape):
    with pytest.raises(VocoderError) as caught:
        light.vocoder.synthesize(np.zeros(shape, np.float32))
    assert is_sentence(str(caught.value))


def test_the_same_mel_sounds_the_same(light, clips):
    mel = clips["makam"].mel
    np.testing.assert_array_equal(light.vocoder.synthesize(mel), light.vocoder.synthesize(mel))


def test_it_has_the_name_of_the_weights(light, with_torch):
    assert light.vocoder.name == with_torch.vocoder.name
