"""Which recordings stand for a singer: of a corpus, and of traces."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from svc_core.conversion.references import REFERENCE_CLIPS, corpus_recordings, trace_recordings
from svc_core.corpora.corpus import Corpus


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
