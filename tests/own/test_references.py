"""A recording of every voice, found in the traces."""

import json
from pathlib import Path

import numpy as np
import pytest

from svc_core.config import DB_PER_LN
from svc_core.conversion.hearing import PEAK
from svc_core.conversion.job import Credit
from svc_core.own.references import find_references
from svc_core.sound.audio import AudioError
from svc_core.sound.mel import log_mel
from svc_core.sound.pitch import track_f0
from svc_core.traces.trace import TraceError
from svc_core.traces.writing import write_trace
from tests.own.conftest import GRID, TRACES
from tests.support.hand_traces import hand_files, hand_manifest


@pytest.fixture(scope="module")
def shipped():
    return find_references(TRACES)


def write(folder: Path, name: str, **facts) -> Path:
    """A whole trace, made by hand."""
    manifest = hand_manifest(name, **facts)
    return write_trace(folder, manifest, hand_files(manifest)).folder


def test_every_target_of_the_shipped_traces_has_one(shipped):
    targets = {json.loads(path.read_text(encoding="utf-8"))["target"] for path in TRACES.glob("*/trace.json")}
    assert set(shipped) == targets and len(targets) >= 6


def test_it_is_sung_by_the_voice_itself_and_may_be_shown(shipped):
    for target, reference in shipped.items():
        excerpt = reference.excerpt
        assert excerpt.path.is_file() and excerpt.path.stem == "target"
        assert excerpt.singer == excerpt.credit.singer == target
        assert excerpt.credit.licence.startswith("CC BY") and excerpt.credit.attribution
        assert (excerpt.start_s, excerpt.end_s) == (0.0, None)


def test_a_reference_is_as_it_was_measured(shipped):
    reference = shipped["makam-f3"]
    loaded = reference.load(GRID)
    frames = reference.trace.manifest.reference_frames
    assert loaded.mel.shape == (100, frames) and loaded.f0_hz.shape == (frames,)
    assert GRID.frame_count(len(loaded.samples)) == frames
    assert np.abs(loaded.samples).max() <= PEAK + 0.05
    tracked = track_f0(loaded.samples, GRID)
    both = (tracked > 0) & (loaded.f0_hz > 0)
    assert both.mean() > 0.5
    assert np.median(np.abs(1200 * np.log2(tracked[both] / loaded.f0_hz[both]))) < 5
    difference_db = (loaded.mel - log_mel(loaded.samples, GRID)) * DB_PER_LN
    heard = loaded.mel * DB_PER_LN > -40
    assert abs(np.median(difference_db[heard])) < 1 and np.quantile(np.abs(difference_db[heard]), 0.9) < 2


def test_the_first_of_several_is_taken(tmp_path):
    for name in ("second", "first"):
        write(tmp_path, name)
    write(tmp_path, "third", target="tenor")
    found = find_references(tmp_path)
    assert {target: reference.excerpt.path for target, reference in found.items()} == {
        "alto": tmp_path / "first" / "sound" / "target.flac",
        "tenor": tmp_path / "third" / "sound" / "target.flac",
    }


def test_what_is_told_of_it_is_the_traces(tmp_path):
    write(tmp_path, "trace", reference_frames=30)
    reference = find_references(tmp_path)["alto"]
    excerpt = reference.excerpt
    assert (excerpt.singer, excerpt.phrase, excerpt.song) == ("alto", "kyrie", "Hymn 8")
    assert excerpt.credit == Credit("alto", "CC0", "Made for tests, too")
    loaded, manifest = reference.load(GRID), reference.trace.manifest
    assert loaded.mel.shape == (manifest.grid.n_mels, manifest.reference_frames)
    np.testing.assert_allclose(loaded.mel, (90 / 2 - 110) / DB_PER_LN, rtol=1e-5)  # hand_files' level
    np.testing.assert_allclose(loaded.f0_hz, 440.0)
    assert len(loaded.samples) == manifest.reference_frames * 256 and loaded.gain_db == manifest.reference.gain_db


def test_what_is_damaged_or_no_trace_is_passed_over(tmp_path):
    (write(tmp_path, "damaged") / "trace.json").write_text("{", encoding="utf-8")
    (tmp_path / "notes").mkdir()
    (tmp_path / "voices.npz").write_bytes(b"")
    assert find_references(tmp_path) == {}
    assert find_references(tmp_path / "nowhere") == {}
    whole = write(tmp_path, "whole")
    assert find_references(tmp_path)["alto"].excerpt.path == whole / "sound" / "target.flac"


def test_a_trace_without_a_reference_has_none(tmp_path):
    write(tmp_path, "alone", reference=None, reference_frames=0)
    assert find_references(tmp_path) == {}


@pytest.mark.parametrize(("lost", "error"), [("sound/target.flac", AudioError), ("target.npy.gz", TraceError)])
def test_a_file_that_went_missing_is_told(tmp_path, lost, error):
    folder = write(tmp_path, "trace")
    found = find_references(tmp_path)["alto"]
    (folder / lost).unlink()
    with pytest.raises(error):
        found.load(GRID)
