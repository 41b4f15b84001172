"""All features of a clip on one grid, and their files."""

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from svc_core.config import Config, ContentConfig
from svc_core.sound.align import AlignmentError, align_stream
from svc_core.sound.encoders import EncoderError, open_encoder
from svc_core.sound.features import (
    DamagedFeaturesError,
    FeatureError,
    Features,
    extract_features,
    load_features,
    read_source,
    save_features,
)
from svc_core.sound.mel import log_mel
from svc_core.sound.pitch import track_f0
from tests.conftest import contour, is_sentence, voice


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


def features_with(*encoders: str, alignment: str = "linear", **variants) -> Features:
    config = Config(content=ContentConfig(encoders=encoders, alignment=alignment))
    return extract_features(voice(contour(0.5, 220.0)), config, **variants)


def heard(spec: str, alignment: str = "linear") -> np.ndarray:
    """Labels of the same clip after its gain, aligned by hand."""
    grid, sung = Config().grid, voice(contour(0.5, 220.0))
    louder = sung * np.float32(10 ** (extract_features(sung, Config()).gain_db / 20))
    return align_stream(open_encoder(spec, grid).encode(louder), 46, grid, alignment)


def test_channels_of_several_encoders_are_stacked_in_their_order(whisper_folder, contentvec_folder):
    whisper, contentvec = f"whisper:{whisper_folder}", f"contentvec:{contentvec_folder}"
    content = features_with(contentvec, "cepstra", whisper).content
    assert content.shape == (1, 6 + 20 + 8, 46)
    np.testing.assert_allclose(content[0, :6], heard(contentvec), atol=1e-5)
    np.testing.assert_array_equal(content[0, 6:26], features_with("cepstra").content[0])
    np.testing.assert_allclose(content[0, 26:], heard(whisper), atol=1e-5)


def test_the_box_is_taken_where_it_is_asked_for(whisper_folder):
    spec = f"whisper:{whisper_folder}"
    boxed = features_with(spec, alignment="box").content[0]
    np.testing.assert_allclose(boxed, heard(spec, "box"), atol=1e-5)
    assert np.abs(boxed - features_with(spec).content[0]).max() > 1e-3


def test_labels_of_a_pretrained_encoder_are_repeated_beside_variants_of_cepstra(contentvec_folder):
    variants = {"warps": (0.9, 1.0), "pitches": (4.0,)}
    content = features_with("cepstra", f"contentvec:{contentvec_folder}", **variants).content
    assert content.shape == (3, 26, 46)
    np.testing.assert_array_equal(content[1, 20:], content[0, 20:])
    np.testing.assert_array_equal(content[2, 20:], content[0, 20:])
    assert np.abs(content[1, :20] - content[0, :20]).max() > 0.1


def test_a_pretrained_encoder_alone_has_one_variant(contentvec_folder):
    content = features_with(f"contentvec:{contentvec_folder}", warps=(0.9, 1.0), pitches=(4.0,)).content
    assert content.shape == (1, 6, 46)


def test_an_unknown_encoder_is_refused():
    with pytest.raises(EncoderError, match="names no content encoder"):
        features_with("mfcc")


def test_labels_that_do_not_fit_are_refused_by_the_clips_name(whisper_folder, monkeypatch):
    encoder = open_encoder(f"whisper:{whisper_folder}", Config().grid)
    whole = encoder.encode
    monkeypatch.setattr(encoder, "encode", lambda samples: whole(np.tile(samples, 2)))  # padding left in
    config = Config(content=ContentConfig(encoders=(f"whisper:{whisper_folder}",)))
    with pytest.raises(AlignmentError, match="hymn"):
        extract_features(voice(contour(0.5, 220.0)), config, name="hymn")


@pytest.fixture
def saved(tmp_path, sung_features) -> Path:
    path = tmp_path / "clip.npz"
    save_features(path, sung_features, "0123456789ab", "12 34 abc")
    return path


def test_the_configuration_that_measured_is_written_beside_the_features(saved, sung_features):
    np.testing.assert_array_equal(load_features(saved, "0123456789ab").mel, sung_features.mel)
    assert read_source(saved, "0123456789ab") == "12 34 abc"


def test_features_of_another_configuration_are_refused(saved, sung_features):
    save_features(saved.with_name("keyless.npz"), sung_features)
    for path in (saved, saved.with_name("keyless.npz")):
        for read in (load_features, read_source):
            with pytest.raises(FeatureError, match="another configuration") as refusal:
                read(path, "ba9876543210")
            assert is_sentence(str(refusal.value))
            assert path.name in str(refusal.value)
            assert not isinstance(refusal.value, DamagedFeaturesError)


def test_a_file_that_is_cut_off_or_missing_is_damaged(saved):
    whole = saved.read_bytes()
    saved.write_bytes(whole[: len(whole) // 2])
    (saved.parent / "empty.npz").touch()
    for path in (saved, saved.parent / "empty.npz", saved.parent / "missing.npz"):
        for read in (load_features, read_source):
            with pytest.raises(DamagedFeaturesError) as refusal:
                read(path, "0123456789ab")
            assert is_sentence(str(refusal.value))


def test_a_flipped_bit_is_noticed(saved):
    data = bytearray(saved.read_bytes())
    data[len(data) // 3] ^= 0x10
    saved.write_bytes(data)
    with pytest.raises(DamagedFeaturesError):
        load_features(saved, "0123456789ab")


def test_a_file_that_lacks_a_feature_is_damaged(tmp_path):
    np.savez(tmp_path / "part.npz", mel=np.zeros((100, 3)), key=np.array("k"), source=np.array(""))
    for read in (load_features, read_source):
        with pytest.raises(DamagedFeaturesError):
            read(tmp_path / "part.npz", "k")


def test_where_nothing_can_be_written_it_is_said_and_nothing_is_left(tmp_path, sung_features):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(FeatureError) as refusal:
        save_features(tmp_path / "file" / "clip.npz", sung_features)
    assert is_sentence(str(refusal.value))
    (tmp_path / "clip.npz").mkdir()  # a folder of that name: the last step, the renaming, fails
    with pytest.raises(FeatureError):
        save_features(tmp_path / "clip.npz", sung_features)
    assert {path.name for path in tmp_path.iterdir()} == {"file", "clip.npz"}
