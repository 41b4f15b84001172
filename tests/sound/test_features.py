"""All features of a clip on one grid, and their files."""

from dataclasses import fields

import numpy as np
import pytest

from svc_core.config import Config
from svc_core.sound.features import Features, extract_features, load_features, save_features
from svc_core.sound.mel import log_mel
from svc_core.sound.pitch import track_f0
from tests.conftest import contour, voice


def test_all_features_have_the_same_frames(sung_features):
    frames = 36_000 // 256
    assert sung_features.frames == frames
    assert sung_features.mel.shape == (100, frames)
    assert sung_features.f0_hz.shape == (frames,)
    assert sung_features.loudness_db.shape == (frames,)
    assert sung_features.content.shape == (5, 20, frames)


def test_features_are_single_precision_and_finite(sung_features):
    for name in ("mel", "f0_hz", "loudness_db", "content"):
        array = getattr(sung_features, name)
        assert array.dtype == np.float32
        assert np.isfinite(array).all()


def test_the_clip_is_measured_at_normal_loudness(sung_features):
    assert np.percentile(sung_features.loudness_db, 90) == pytest.approx(-20.0, abs=1e-3)


def test_a_quiet_recording_has_the_same_features_and_another_gain():
    sung, config = voice(contour(0.5, 220.0)), Config()
    plain, quiet = extract_features(sung, config), extract_features(sung * np.float32(0.1), config)
    assert quiet.gain_db - plain.gain_db == pytest.approx(20.0, abs=1e-3)
    np.testing.assert_allclose(quiet.mel, plain.mel, atol=1e-3)
    np.testing.assert_allclose(quiet.loudness_db, plain.loudness_db, atol=1e-3)
    np.testing.assert_allclose(quiet.f0_hz, plain.f0_hz, atol=0.1)


def test_mel_is_of_the_recording_after_its_gain():
    sung, config = voice(contour(0.5, 220.0)), Config()
    features = extract_features(sung, config)
    louder = sung * np.float32(10 ** (features.gain_db / 20))
    np.testing.assert_allclose(features.mel, log_mel(louder, config.grid), atol=1e-5)
    np.testing.assert_allclose(features.f0_hz, track_f0(louder, config.grid), rtol=1e-5)


def test_features_survive_their_file(tmp_path, sung_features):
    save_features(tmp_path / "deep" / "clip.npz", sung_features)
    read = load_features(tmp_path / "deep" / "clip.npz")
    for field in fields(Features):
        np.testing.assert_array_equal(getattr(read, field.name), getattr(sung_features, field.name))
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["clip.npz"]
