"""A prepared corpus on disk: what was written is what is read, and nothing of somebody's is overwritten."""

import csv
from dataclasses import replace

import pytest

from svc_core.corpora.corpus import CorpusError, Phrase, read_corpus
from svc_core.corpora.labels import labels_of_durations, read_labels
from svc_core.corpora.layout import Skipped
from svc_core.corpora.tables import check_target, write_labels, write_tables
from tests.conftest import is_sentence, write_rows
from tests.corpora.conftest import clip_of, write

AWKWARD = 'Été, "d\'amour"'


@pytest.fixture
def clips(tmp_path):
    """One with labels of the corpus, one with labels beside the audio, one with none; with awkward names."""
    out = tmp_path / "corpus"
    first, second, third = (clip_of("Ayşe, Nur", AWKWARD, number, "train") for number in range(3))
    written = write_labels(out, {first.file: labels_of_durations(["m", "ei"], [0.5, 0.25])})
    beside = write(tmp_path / "beside.TextGrid", "")
    return (
        replace(first, label_kind="phones", label_file=written[first.file], section="verse", language="zh"),
        replace(second, label_kind="words", label_file=beside, may_ship=True),
        third,
    )


def test_a_corpus_is_read_as_it_was_written(clips, tmp_path):
    out = tmp_path / "corpus"
    phrase = Phrase("amen", clips[1], 0.25, 1.5)
    write_tables(out, clips, [phrase], [], {clip.file: 1.0 for clip in clips})
    corpus = read_corpus(out)
    assert corpus.clips == clips
    assert corpus.phrases == (phrase,)
    assert [part.text for part in read_labels(corpus.clips[0]).intervals] == ["m", "ei"]
    assert not list(out.glob(".*"))


def test_labels_of_the_corpus_move_with_it(clips, tmp_path):
    write_tables(tmp_path / "corpus", clips, [], [], {clip.file: 1.0 for clip in clips})
    (tmp_path / "corpus").rename(tmp_path / "moved")
    assert read_labels(read_corpus(tmp_path / "moved").clips[0]).intervals[0].end_s == 0.5


def test_what_was_skipped_is_listed(clips, tmp_path):
    item = Skipped("a/b.wav", "no transcript", "there is none.", "vctk")
    write_tables(tmp_path / "corpus", clips, [], [item], {clip.file: 1.0 for clip in clips})
    with (tmp_path / "corpus/skipped.csv").open(newline="", encoding="utf-8") as file:
        assert list(csv.DictReader(file)) == [
            {"data_set": "vctk", "file": "a/b.wav", "reason": "no transcript", "detail": "there is none."}
        ]


def test_a_corpus_of_this_command_may_be_written_again(clips, tmp_path):
    write_tables(tmp_path / "corpus", clips, [], [], {clip.file: 1.0 for clip in clips})
    check_target(tmp_path / "corpus", [tmp_path / "data"])


def test_a_table_made_by_hand_a_data_set_and_a_file_are_not_overwritten(tmp_path):
    write(tmp_path / "own.csv", "")
    (tmp_path / "own").mkdir()
    write_rows(tmp_path / "own/metadata.csv", "file,singer,song,section,split,may_ship,licence", [])
    for out, folders in (
        (tmp_path / "own", []),
        (tmp_path / "data", [tmp_path / "data"]),
        (tmp_path / "own.csv", []),
    ):
        with pytest.raises(CorpusError) as caught:
            check_target(out, folders)
        assert is_sentence(str(caught.value))
