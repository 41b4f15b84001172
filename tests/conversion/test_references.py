"""Which recordings stand for a singer: of a corpus, and of traces; and the voices' mean embeddings as a file."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from svc_core.config import GridConfig
from svc_core.conversion.references import (
    REFERENCE_CLIPS,
    VOICES,
    corpus_recordings,
    load_voices,
    save_ranges,
    save_voices,
    trace_recordings,
    usual_ranges,
)
from svc_core.corpora.corpus import Corpus
from svc_core.metrics.singer import EMBEDDING
from svc_core.traces.ranges import RANGES, read_ranges

SHIPPED = Path(__file__).resolve().parents[2] / "precomputed"


def test_of_a_corpus_those_of_training_alone(tiny_corpus):
    found = corpus_recordings(tiny_corpus)
    assert found == {singer: [tiny_corpus.root / singer / "train.wav"] for singer in ("alto", "bass")}


def with_clips(corpus: Corpus, count: int) -> Corpus:
    """The same, with so many training recordings of the alto in a row."""
    model = next(clip for clip in corpus.clips_of("train") if clip.singer == "alto")
    others = [clip for clip in corpus.clips if clip is not model]
    clips = [replace(model, path=Path(f"{number}.wav")) for number in range(count)]
    return replace(corpus, clips=type(corpus.clips)([*clips, *others]))


@pytest.mark.parametrize(
    ("count", "chosen"),
    [
        (1, [0]),
        (3, [0, 1, 2]),
        (8, list(range(8))),
        (15, [0, 2, 4, 6, 8, 10, 12, 14]),
        (50, [0, 7, 14, 21, 28, 35, 42, 49]),
    ],
)
def test_of_many_recordings_eight_are_spread_over_all(tiny_corpus, count, chosen):
    found = corpus_recordings(with_clips(tiny_corpus, count))["alto"]
    assert [int(path.stem) for path in found] == chosen
    assert len(found) <= REFERENCE_CLIPS


def copied(trace, folder: Path, name: str, **facts) -> Path:
    """A copy of the trace under another name, with other facts in its manifest."""
    shutil.copytree(trace.folder, folder / name)
    manifest = json.loads((folder / name / "trace.json").read_text(encoding="utf-8"))
    (folder / name / "trace.json").write_text(json.dumps(manifest | {"id": name} | facts), encoding="utf-8")
    return folder / name


def test_of_traces_the_targets_each_recording_once(tiny_trace, tmp_path):
    first = copied(tiny_trace, tmp_path, "first")
    copied(tiny_trace, tmp_path, "second")
    copied(tiny_trace, tmp_path, "third", target="tenor")
    sound = "sound/target.flac"
    assert trace_recordings([tmp_path]) == {"alto": [first / sound], "tenor": [tmp_path / "third" / sound]}


def test_a_trace_itself_can_be_named(tiny_trace):
    assert trace_recordings([tiny_trace.folder]) == {"alto": [tiny_trace.folder / "sound/target.flac"]}


def test_what_is_no_trace_or_damaged_is_passed_over(tiny_trace, tmp_path):
    damaged = copied(tiny_trace, tmp_path, "damaged")
    (damaged / "walk.npy.gz").unlink()
    (tmp_path / "notes").mkdir()
    assert trace_recordings([tmp_path, tmp_path / "nowhere"]) == {}


def test_a_trace_without_a_reference_has_none(light_trace):
    assert trace_recordings([light_trace.folder]) == {}


def means(*singers: str) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {singer: mean / np.linalg.norm(mean) for singer in singers for mean in [rng.normal(size=256)]}


def test_voices_are_read_as_they_were_written(tmp_path):
    voices = means("alto", "bass", "şan")
    save_voices(tmp_path, voices)
    found = load_voices(tmp_path)
    assert list(found) == list(voices)
    for singer, mean in voices.items():
        np.testing.assert_array_equal(found[singer], mean)
    assert [path.name for path in tmp_path.iterdir()] == [VOICES]


def test_later_voices_take_the_place_of_the_former(tmp_path):
    save_voices(tmp_path, means("alto", "bass"))
    save_voices(tmp_path, means("tenor"))
    assert list(load_voices(tmp_path)) == ["tenor"]


@pytest.mark.parametrize("left", [None, b"", b"half of it", b"PK\x03\x04"])
def test_where_there_are_no_voices_there_are_none(tmp_path, left):
    if left is not None:
        (tmp_path / VOICES).write_bytes(left)
    assert load_voices(tmp_path) == {}


def test_a_file_that_was_cut_off_is_none(tmp_path):
    save_voices(tmp_path, means("alto", "bass"))
    data = (tmp_path / VOICES).read_bytes()
    for length in (len(data) // 2, len(data) - 10):
        (tmp_path / VOICES).write_bytes(data[:length])
        assert load_voices(tmp_path) == {}


def test_voices_of_another_encoder_do_not_compare(tmp_path):
    np.savez(tmp_path / VOICES, embedding=np.array("another"), singers=np.array(["alto"]), means=np.ones((1, 256)))
    assert load_voices(tmp_path) == {}
    np.savez(tmp_path / VOICES, embedding=np.array(EMBEDDING), singers=np.array(["alto"]), means=np.ones((1, 256)))
    assert list(load_voices(tmp_path)) == ["alto"]
    np.savez(tmp_path / VOICES, embedding=np.array(EMBEDDING), singers=np.array(["alto"]))
    assert load_voices(tmp_path) == {}


def test_the_shipped_voices_are_those_of_the_shipped_traces():
    voices = load_voices(SHIPPED)
    manifests = [json.loads(path.read_text(encoding="utf-8")) for path in SHIPPED.glob("*/trace.json")]
    targets = {manifest["target"] for manifest in manifests if manifest["embedding"]}
    assert targets <= set(voices) and len(targets) >= 6
    for mean in voices.values():
        assert mean.shape == (256,) and np.linalg.norm(mean) == pytest.approx(1, abs=1e-6)
    cosines = np.array([*voices.values()]) @ np.array([*voices.values()]).T
    assert cosines[~np.eye(len(voices), dtype=bool)].max() < 0.99  # nobody twice


def test_ranges_are_of_all_recordings_and_written_whole(tmp_path):
    times_s = np.arange(24_000) / 24_000
    low, high = (0.3 * np.sign(np.sin(2 * np.pi * f0_hz * times_s)).astype(np.float32) for f0_hz in (150, 300))
    silence = np.zeros(24_000, np.float32)
    found = usual_ranges({"alto": [low, low, high], "bass": [silence]}, GridConfig())
    assert list(found) == ["alto"]
    assert found["alto"].low_hz == pytest.approx(150, rel=0.02)
    assert found["alto"].median_hz == pytest.approx(150, rel=0.02)
    assert found["alto"].high_hz == pytest.approx(300, rel=0.02)
    save_ranges(tmp_path, found)
    read = read_ranges(tmp_path)["alto"]
    assert (read.low_hz, read.high_hz) == pytest.approx((found["alto"].low_hz, found["alto"].high_hz), abs=0.06)
    assert [path.name for path in tmp_path.iterdir()] == [RANGES]


def test_shipped_ranges_are_of_the_singers_that_were_trained():
    ranges = read_ranges(SHIPPED)
    assert set(ranges) == set(load_voices(SHIPPED))
    assert all(60 < each.low_hz < each.median_hz < each.high_hz < 1000 for each in ranges.values())
