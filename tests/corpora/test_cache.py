"""Features of a corpus on disk: measured once, whole, and never mixed up."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from svc_core.config import Config, ContentConfig, TrainConfig
from svc_core.corpora.cache import cache_features, feature_path
from svc_core.corpora.corpus import Clip
from svc_core.sound.audio import load_audio
from svc_core.sound.features import extract_features, load_features, save_features
from tests.conftest import contour, is_sentence, voice

CONFIG = Config(content=ContentConfig(warps=(1.0,)))


def clip_of(path: Path, singer: str = "alto") -> Clip:
    return Clip(path, f"{path.parent.name}/{path.name}", singer, "Hymn", "train", True, "CC0")


@dataclass(frozen=True)
class Measured:
    """A cache that was interrupted after the first clip, then called for all three, then for the good ones again."""

    cache: Path
    clips: list[Clip]
    usable: list[Clip]
    skipped: list[str]
    after: list[dict[str, int]]


def files_in(folder: Path) -> dict[str, int]:
    """Every file below ``folder`` with the nanosecond of its last change."""
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def measured(tmp_path_factory) -> Measured:
    """Two sound recordings, and between them one that is none."""
    folder, cache = tmp_path_factory.mktemp("recordings"), tmp_path_factory.mktemp("cache")
    for name, hz in (("low", 150.0), ("high", 300.0)):
        soundfile.write(folder / f"{name}.wav", voice(contour(0.5, hz)), 24_000)
    (folder / "broken.wav").write_text("no sound at all")
    clips = [clip_of(folder / name) for name in ("low.wav", "broken.wav", "high.wav")]
    first = extract_features(load_audio(clips[0].path, CONFIG.grid), CONFIG)
    save_features(feature_path(cache, clips[0], CONFIG), first)
    after = [files_in(cache)]
    usable, skipped = cache_features(clips, CONFIG, cache, jobs=1)
    after.append(files_in(cache))
    assert cache_features(usable, CONFIG, cache, jobs=1) == (usable, [])
    after.append(files_in(cache))
    return Measured(cache, clips, usable, skipped, after)


def test_features_are_those_of_the_recording(measured):
    cached = load_features(feature_path(measured.cache, measured.clips[2], CONFIG))
    expected = extract_features(load_audio(measured.clips[2].path, CONFIG.grid), CONFIG)
    np.testing.assert_array_equal(cached.mel, expected.mel)
    np.testing.assert_array_equal(cached.content, expected.content)


def test_a_broken_file_is_skipped_with_a_sentence_and_the_rest_keeps_its_order(measured):
    assert [clip.path.stem for clip in measured.usable] == ["low", "high"]
    (sentence,) = measured.skipped
    assert is_sentence(sentence)
    assert "broken.wav" in sentence


def test_an_interrupted_run_goes_on_with_what_is_missing(measured):
    first, second, _ = measured.after
    assert len(first) == 1
    assert len(second) == 2
    assert first.items() <= second.items()


def test_with_everything_there_nothing_is_measured(measured):
    assert measured.after[2] == measured.after[1]


def test_another_measurement_has_another_folder(measured):
    coarse = replace(CONFIG, content=ContentConfig(cepstra=12, warps=(1.0,)))
    paths = [feature_path(measured.cache, measured.clips[0], config) for config in (CONFIG, coarse)]
    assert paths[0].is_file()
    assert not paths[1].exists()
    assert paths[0].parent != paths[1].parent


def test_another_training_shares_the_folder(measured):
    longer = replace(CONFIG, train=TrainConfig(draft_steps=1))
    paths = [feature_path(measured.cache, measured.clips[0], config) for config in (CONFIG, longer)]
    assert paths[0] == paths[1]


@pytest.mark.parametrize("other", ["verse/take.wav", "chorus/take.flac"])
def test_two_recordings_never_share_a_file(tmp_path, other):
    """Songs in folders, one take each: the same name must not mean the same features."""
    first = Clip(tmp_path / "chorus/take.wav", "chorus/take.wav", "alto", "Hymn", "train", True, "CC0")
    second = Clip(tmp_path / other, other, "alto", "Hymn", "train", True, "CC0")
    assert feature_path(tmp_path, first, CONFIG) != feature_path(tmp_path, second, CONFIG)


def test_nothing_to_do_is_no_error(tmp_path):
    assert cache_features([], CONFIG, tmp_path) == ([], [])
