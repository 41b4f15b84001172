"""The student without torch: the same conditions, the same noise, the same mel."""

from dataclasses import replace

import numpy as np
import pytest

from svc_core.conversion.convert import choose_key_shift, convert_features
from svc_core.conversion.key import ConversionError
from svc_core.conversion.sampling import choose_sampling
from svc_core.light.files import LightError
from svc_core.light.student import condition_arrays
from svc_core.model.conditions import condition_inputs
from svc_core.sound.features import Features
from tests.conftest import is_sentence
from tests.light.conftest import MEL_LN, SINGERS, SUNG


def of_length(features: Features, frames: int) -> Features:
    """The features again and again, so many frames."""
    times = np.arange(frames) % features.frames
    return Features(
        features.mel[:, times],
        features.f0_hz[times],
        features.loudness_db[times],
        features.content[..., times],
        features.gain_db,
    )


@pytest.mark.parametrize("key_shift", [0, -5])
def test_conditions_are_torch_s(clips, key_shift):
    expected = condition_inputs(clips["pjs"], 3, key_shift)
    given = condition_arrays(clips["pjs"], 3, key_shift)
    assert set(given) == set(vars(expected)) - {"mask"}
    for name, values in given.items():
        found = getattr(expected, name).numpy()
        np.testing.assert_array_equal(values, found)
        assert values.dtype == found.dtype


@pytest.mark.parametrize("clip", SUNG)
@pytest.mark.parametrize("singer", SINGERS)
def test_the_mel_is_torch_s(light, with_torch, clips, clip, singer):
    features, model = clips[clip], with_torch.model
    number = model.singer_id(singer)
    assert light.description.singer_id(singer) == number
    shift = light.student.choose_key_shift(features, number, None)
    assert shift == choose_key_shift(features, model, number, None)
    expected = convert_features(features, model, number, shift, choose_sampling(model, seed=4)).numpy()
    mel = light.student.convert(features, number, shift, seed=4)
    assert mel.shape == expected.shape == (100, features.frames)
    assert mel.dtype == np.float32
    assert expected.std() > 1  # there is something to agree on
    assert np.abs(mel - expected).max() < MEL_LN


def test_another_seed_is_another_mel(light, clips):
    one, other = (light.student.convert(clips["makam"], 0, 0, seed) for seed in (1, 2))
    assert np.abs(one - other).mean() > 10 * MEL_LN


def test_one_frame_suffices(light, with_torch, clips):
    one = of_length(clips["pjs"], 1)
    expected = convert_features(one, with_torch.model, 2, 0, choose_sampling(with_torch.model))
    np.testing.assert_allclose(light.student.convert(one, 2, 0, 0), expected.numpy(), atol=MEL_LN)


def test_fifteen_seconds_are_the_most(light, clips):
    assert light.student.convert(of_length(clips["pjs"], 1406), 2, 0, 0).shape == (100, 1406)
    with pytest.raises(LightError) as caught:
        light.student.convert(of_length(clips["pjs"], 1407), 2, 0, 0)
    assert is_sentence(str(caught.value))
    assert "15.0 s are too long" in str(caught.value)


def test_nothing_voiced_has_no_key(light, clips):
    silent = replace(clips["pjs"], f0_hz=np.zeros_like(clips["pjs"].f0_hz))
    for asked in (None, 3):
        with pytest.raises(ConversionError, match="no voiced frame") as caught:
            light.student.choose_key_shift(silent, 0, asked)
        assert is_sentence(str(caught.value))
