"""Opening every recording: lengths, what cannot be used, and how high a singer sings."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from svc_core.config import GridConfig
from svc_core.corpora.survey import check_audio_files, check_label_files, f0_ranges_hz, held_f0_hz
from tests.conftest import is_sentence
from tests.corpora.conftest import TEXTGRID, clip_of, sing, write

GRID = GridConfig()


def clip_at(path: Path, singer: str = "alto"):
    return replace(clip_of(singer, path.stem), path=path)


def check(*paths: Path):
    with ThreadPoolExecutor(2) as pool:
        return check_audio_files([clip_at(path) for path in paths], GRID, pool)


def test_lengths_are_in_seconds_at_whatever_rate(tmp_path):
    soundfile.write(tmp_path / "low.wav", np.full(8_000, 0.1), 16_000)
    soundfile.write(tmp_path / "high.flac", np.full((12_000, 2), 0.1), 48_000)
    paths = [sing(tmp_path / "a.wav", seconds=0.75), tmp_path / "low.wav", tmp_path / "high.flac"]
    seconds, skipped = check(*paths)
    assert list(seconds.values()) == [0.75, 0.5, 0.25]
    assert skipped == []


def test_a_broken_file_among_sound_ones_costs_a_sentence(tmp_path):
    good = [sing(tmp_path / f"{name}.flac") for name in "ab"]
    (tmp_path / "cut.flac").write_bytes(good[0].read_bytes()[:2000])
    write(tmp_path / "text.wav", "no sound")
    write(tmp_path / "empty.mp3", "")
    soundfile.write(tmp_path / "silent.wav", np.zeros(24_000), 24_000)
    soundfile.write(tmp_path / "short.wav", np.full(100, 0.1), 24_000)
    bad = [tmp_path / name for name in ("cut.flac", "text.wav", "empty.mp3", "silent.wav", "short.wav", "gone.wav")]
    seconds, skipped = check(good[0], *bad, good[1])
    assert list(seconds) == [clip_at(path).file for path in good]
    assert [item.file for item in skipped] == [clip_at(path).file for path in bad]
    for item, path in zip(skipped, bad, strict=True):
        assert is_sentence(item.detail)
        assert str(path) in item.detail
        assert (item.reason, item.data_set) == ("audio that cannot be used", "own")


def test_each_singer_has_the_range_that_is_sung(tmp_path):
    clips = [
        clip_at(sing(tmp_path / f"{hz}.wav", hz, seconds=0.5), "alto" if hz > 200 else "bass")
        for hz in (300.0, 400.0, 110.0)
    ]
    soundfile.write(tmp_path / "noise.wav", 0.1 * np.random.default_rng(0).standard_normal(12_000), 24_000)
    clips.append(clip_at(tmp_path / "noise.wav", "hiss"))
    seconds = {clip.file: 0.5 for clip in clips}
    with ThreadPoolExecutor(2) as pool:
        found = f0_ranges_hz(clips, seconds, 30.0, GRID, pool)
        none = f0_ranges_hz(clips, seconds, 0.0, GRID, pool)
        half = f0_ranges_hz(clips[:2], seconds, 0.5, GRID, pool)
    assert set(found) == {"alto", "bass"}
    assert found["alto"] == pytest.approx((300, 400), rel=0.01)
    assert found["bass"] == pytest.approx((110, 110), rel=0.01)
    assert none == {}
    assert half["alto"][1] == pytest.approx(half["alto"][0], rel=0.01)


def test_only_what_is_held_counts():
    """Nine frames within a whole tone: a note, its vibrato, but no jump, no burst and no gap."""
    note = np.full(20, 200.0)
    assert held_f0_hz(note).tolist() == [200.0] * 12
    assert len(held_f0_hz(200.0 * 2 ** (np.sin(np.arange(50) / 3) / 24))) == 42
    assert len(held_f0_hz(np.concatenate([note, np.full(5, 50.0), note]))) == 24
    assert len(held_f0_hz(np.full(8, 200.0))) == 0
    assert len(held_f0_hz(np.zeros(20))) == 0


def test_labels_that_cannot_be_read_are_left_off_their_clip(tmp_path):
    clip = clip_of("alto", "Hymn")
    good = replace(clip, label_kind="words", label_file=write(tmp_path / "a.TextGrid", TEXTGRID))
    bad = replace(good, label_file=write(tmp_path / "b.TextGrid", "nothing"))
    clips, skipped = check_label_files([clip, good, bad])
    assert clips == [clip, good, clip]
    assert [item.reason for item in skipped] == ["labels that cannot be used"]
    assert is_sentence(skipped[0].detail)
