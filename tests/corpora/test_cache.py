"""Features of a corpus on disk: measured once, whole, and never mixed up."""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from threadpoolctl import threadpool_limits

from svc_core.config import AugmentConfig, Config, ContentConfig, TrainConfig
from svc_core.corpora.cache import (
    CacheReport,
    cache_features,
    cache_key,
    copies_of,
    feature_path,
    load_cached,
    measure_clips,
)
from svc_core.corpora.corpus import Clip
from svc_core.sound.audio import load_audio
from svc_core.sound.augment import change_recording, draw_change
from svc_core.sound.encoders import EncoderError
from svc_core.sound.features import Features, extract_features, load_features, save_features
from tests.conftest import contour, is_sentence, voice
from tests.sound.conftest import tiny_torchaudio_hubert

CONFIG = Config(
    content=ContentConfig(warps=(1.0,), pitches=(4.0,)), augment=AugmentConfig(copies=1, eq_db=3.0, stretch_ratio=1.1)
)


def clip_of(path: Path, split: str = "train") -> Clip:
    return Clip(path, f"{path.parent.name}/{path.name}", "alto", "Hymn", split, True, "CC0")


def write_voice(path: Path, f0_hz: float) -> None:
    soundfile.write(path, voice(contour(0.3, f0_hz)), 24_000)


def files_in(folder: Path) -> dict[str, int]:
    """Every file of features below ``folder``, with the nanosecond of its last change."""
    return {path.name: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def same(first: Features, second: Features) -> bool:
    return all(np.array_equal(getattr(first, name), getattr(second, name)) for name in ("mel", "f0_hz", "content"))


@dataclass(frozen=True)
class Mended:
    """A cache that was interrupted and harmed, and then completed by one run."""

    cache: Path
    clips: dict[str, Clip]
    before: dict[str, int]
    report: CacheReport
    after: dict[str, int]


@pytest.fixture(scope="module")
def mended(tmp_path_factory) -> Mended:
    folder, cache = tmp_path_factory.mktemp("recordings"), tmp_path_factory.mktemp("cache")
    for name, f0_hz in (("low", 150.0), ("high", 300.0), ("new", 200.0), ("moved", 250.0), ("late", 180.0)):
        write_voice(folder / f"{name}.wav", f0_hz)
    (folder / "broken.wav").write_text("no sound at all")
    splits = {"low": "train", "broken": "train", "high": "test", "new": "test", "moved": "test", "late": "test"}
    clips = {name: clip_of(folder / f"{name}.wav", split) for name, split in splits.items()}
    for name in ("low", "high", "new", "moved"):
        for copy in copies_of(clips[name], CONFIG):
            load_cached(cache, clips[name], CONFIG, copy)
    copy = feature_path(cache, clips["low"], CONFIG, 1)
    copy.write_bytes(copy.read_bytes()[:5000])
    other = cache_key(replace(CONFIG, content=ContentConfig(warps=(1.0, 1.1))))
    save_features(feature_path(cache, clips["high"], CONFIG), load_cached(cache, clips["low"], CONFIG), other)
    write_voice(clips["new"].path, 210.0)
    shutil.copyfile(clips["moved"].path, folder / "again.wav")
    (folder / "again.wav").replace(clips["moved"].path)  # the same bytes, written anew
    before = files_in(cache)
    report = measure_clips(list(clips.values()), CONFIG, cache, jobs=1)
    return Mended(cache, clips, before, report, files_in(cache))


def test_features_are_those_of_the_recording(mended):
    clip = mended.clips["late"]
    with threadpool_limits(1):  # as in a worker: other numbers of threads add up in another order
        expected = extract_features(load_audio(clip.path, CONFIG.grid), CONFIG, (1.0,), (4.0,))
    assert same(load_features(feature_path(mended.cache, clip, CONFIG)), expected)
    assert expected.content.shape[0] == 2


def test_a_broken_file_is_skipped_with_a_sentence_and_the_rest_keeps_its_order(mended):
    assert [clip.path.stem for clip in mended.report.usable] == ["low", "high", "new", "moved", "late"]
    (sentence,) = mended.report.skipped
    assert is_sentence(sentence)
    assert "broken.wav" in sentence


def test_what_is_missing_damaged_stale_or_of_another_configuration_is_measured_and_the_rest_is_kept(mended):
    """One was cut off, one held other features, one recording was sung again; one was only copied and stays."""
    changed = {name for name, when in mended.after.items() if when != mended.before.get(name)}
    assert changed == {"late.wav.npz", "low.wav.copy1.npz", "high.wav.npz", "new.wav.npz"}
    assert set(mended.after) == changed | {"low.wav.npz", "moved.wav.npz"}
    assert (mended.report.files, mended.report.kept) == (4, 2)
    for name, f0_hz in (("high", 300), ("new", 210)):
        tracked_hz = load_cached(mended.cache, mended.clips[name], CONFIG).f0_hz
        assert np.median(tracked_hz[tracked_hz > 0]) == pytest.approx(f0_hz, rel=0.01)


def test_with_everything_there_nothing_is_measured(mended):
    clips = [clip for name, clip in mended.clips.items() if name != "broken"]
    report = measure_clips(clips, CONFIG, mended.cache)
    assert (report.files, report.kept, report.audio_s) == (0, 6, 0.0)
    assert files_in(mended.cache) == mended.after


def test_seconds_of_sound_and_of_work_are_counted(mended):
    low = draw_change(mended.clips["low"].file, 1, CONFIG.augment).stretch_ratio
    assert mended.report.audio_s == pytest.approx(3 * 0.3 + 0.3 * low, abs=1e-3)
    assert mended.report.work_s > 0
    assert mended.report.wall_s > 0


def test_a_copy_is_the_changed_recording(mended):
    clip = mended.clips["low"]
    samples = load_audio(clip.path, CONFIG.grid)
    plain = load_cached(mended.cache, clip, CONFIG)
    changed = change_recording(samples, draw_change(clip.file, 1, CONFIG.augment), CONFIG.grid, plain.f0_hz)
    with threadpool_limits(1):
        expected = extract_features(changed, CONFIG, (1.0,), (4.0,))
    assert same(load_cached(mended.cache, clip, CONFIG, 1), expected)
    assert expected.frames != plain.frames


def test_training_recordings_alone_have_copies(mended):
    assert list(copies_of(mended.clips["low"], CONFIG)) == [0, 1]
    assert list(copies_of(mended.clips["high"], CONFIG)) == [0]
    assert list(copies_of(mended.clips["low"], Config())) == [0]


def test_the_short_form_gives_the_clips_and_the_skipped(mended):
    usable, skipped = cache_features([mended.clips["high"], mended.clips["moved"]], CONFIG, mended.cache)
    assert usable == [mended.clips["high"], mended.clips["moved"]]
    assert skipped == []


def test_features_without_their_recording_are_taken_as_they_are(mended, tmp_path):
    """A cache that was brought to another machine without the recordings."""
    gone = replace(mended.clips["high"], path=tmp_path / "gone.wav")
    assert cache_features([gone], CONFIG, mended.cache) == ([gone], [])


def test_damage_that_shows_only_on_reading_is_mended_on_reading(mended, tmp_path):
    """A flipped bit: the file's directory is whole, so the quick check of the cache passes it."""
    shutil.copytree(mended.cache, tmp_path / "cache")
    path = feature_path(tmp_path / "cache", mended.clips["moved"], CONFIG)
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 0x10
    path.write_bytes(data)
    found = load_cached(tmp_path / "cache", mended.clips["moved"], CONFIG)
    assert same(found, load_cached(mended.cache, mended.clips["moved"], CONFIG))


def test_another_measurement_has_another_folder(mended):
    clip = mended.clips["high"]
    others = [
        replace(CONFIG.content, cepstra=12),
        replace(CONFIG.content, pitches=()),
        replace(CONFIG.content, alignment="box"),
        replace(CONFIG.content, encoders=("cepstra", "whisper:openai/whisper-tiny")),
    ]
    paths = {feature_path(mended.cache, clip, replace(CONFIG, content=content)).parent for content in others}
    assert len(paths | {feature_path(mended.cache, clip, CONFIG).parent}) == 5


def test_another_training_shares_the_folder(mended):
    longer = replace(CONFIG, train=TrainConfig(draft_steps=1))
    assert cache_key(longer) == cache_key(CONFIG)


def test_augmentation_moves_the_copies_and_not_the_recordings():
    more, other = (
        replace(CONFIG, augment=replace(CONFIG.augment, **change)) for change in ({"copies": 5}, {"eq_db": 6.0})
    )
    assert (
        cache_key(more) == cache_key(other) == cache_key(CONFIG) == cache_key(replace(CONFIG, augment=AugmentConfig()))
    )
    assert cache_key(more, 1) == cache_key(CONFIG, 1)
    assert cache_key(other, 1) != cache_key(CONFIG, 1)
    assert cache_key(CONFIG, 1) != cache_key(CONFIG)


def test_an_exchanged_checkpoint_at_the_same_path_is_never_confused(tmp_path):
    clip, model = clip_of(tmp_path / "sung.wav"), tiny_torchaudio_hubert()
    write_voice(clip.path, 220.0)
    config = replace(CONFIG, content=ContentConfig(encoders=(f"hubert:{tmp_path / 'hubert.pth'}",)))
    keys, measured = [], []
    for scale in (1.0, 2.0):
        model.encoder.transformer.layers[0].feed_forward.output_dense.weight.data *= scale
        torch.save(model.state_dict(), tmp_path / "hubert.pth")
        keys.append(cache_key(config))
        measured.append(load_cached(tmp_path / "cache", clip, config).content)
    assert keys[0] != keys[1]
    assert measured[0].shape == (1, 128, 28)
    assert np.abs(measured[1] - measured[0]).max() > 1e-4


def test_an_encoder_that_cannot_be_had_ends_the_run(tmp_path):
    with pytest.raises(EncoderError) as refusal:
        cache_features([], replace(CONFIG, content=ContentConfig(encoders=("mfcc",))), tmp_path)
    assert is_sentence(str(refusal.value))


@pytest.mark.parametrize("other", ["verse/take.wav", "chorus/take.flac", "chorus/take.wav.copy1"])
def test_two_recordings_never_share_a_file(tmp_path, other):
    """Songs in folders, one take each: the same name must not mean the same features, nor a copy's."""
    first = Clip(tmp_path / "chorus/take.wav", "chorus/take.wav", "alto", "Hymn", "train", True, "CC0")
    second = Clip(tmp_path / other, other, "alto", "Hymn", "train", True, "CC0")
    taken = {feature_path(tmp_path, first, CONFIG, copy) for copy in (0, 1)}
    assert feature_path(tmp_path, second, CONFIG) not in taken


def test_nothing_to_do_is_no_error(tmp_path):
    assert cache_features([], CONFIG, tmp_path) == ([], [])
