"""Reading a corpus folder: what it holds, and one sentence for each way in which it can be wrong."""

from pathlib import Path

import pytest

from svc_core.corpora.corpus import Clip, CorpusError, read_corpus
from tests.conftest import is_sentence, write_rows
from tests.corpora.conftest import write

HEADER = "file,singer,song,section,split,may_ship,licence"
ROWS = [
    "b/one.wav,bass,Hymn,verse,train,yes,CC BY 4.0",
    "a/one.wav,alto,Hymn,verse,train,no,CC BY 4.0",
    "a/two.wav,alto,Hymn,chorus,test,yes,CC BY 4.0",
    "g/one.wav,guest,Hymn,verse,unseen,yes,CC0",
]
PHRASE_HEADER = "phrase,file,start_s,end_s"


@pytest.fixture
def root(tmp_path) -> Path:
    write_rows(tmp_path / "metadata.csv", HEADER, ROWS)
    return tmp_path


def refusal(root: Path) -> str:
    with pytest.raises(CorpusError) as caught:
        read_corpus(root)
    message = str(caught.value)
    assert is_sentence(message)
    assert message.startswith(str(root))
    return message


def test_every_row_becomes_a_clip_in_the_order_of_the_table(root):
    corpus = read_corpus(root)
    assert [clip.file for clip in corpus.clips] == ["b/one.wav", "a/one.wav", "a/two.wav", "g/one.wav"]
    assert corpus.clips[1] == Clip(
        root / "a/one.wav", "a/one.wav", "alto", "Hymn", "train", False, "CC BY 4.0", section="verse"
    )


def test_trained_singers_are_sorted_and_have_training_recordings(root):
    assert read_corpus(root).trained_singers == ("alto", "bass")


def test_clips_are_told_apart_by_split(root):
    corpus = read_corpus(root)
    assert [clip.file for clip in corpus.clips_of("train")] == ["b/one.wav", "a/one.wav"]
    assert [clip.file for clip in corpus.clips_of("unseen")] == ["g/one.wav"]


def test_only_yes_allows_publishing(root):
    assert [clip.may_ship for clip in read_corpus(root).clips] == [True, False, True, True]


def test_a_corpus_without_phrases_has_none(root):
    assert read_corpus(root).phrases == ()


def test_phrases_point_at_their_clips(root):
    write_rows(root / "phrases.csv", PHRASE_HEADER, ["amen,a/two.wav,0.5,2.25", "amen,b/one.wav,1,3"])
    corpus = read_corpus(str(root))
    assert [(p.name, p.clip.singer, p.start_s, p.end_s) for p in corpus.phrases] == [
        ("amen", "alto", 0.5, 2.25),
        ("amen", "bass", 1.0, 3.0),
    ]
    assert corpus.phrases[0].clip is corpus.clips[2]


def test_a_singer_called_na_or_none_is_a_name(root):
    write_rows(root / "metadata.csv", HEADER, ["x.wav,NA,None,1,train,yes,null"])
    (clip,) = read_corpus(root).clips
    assert (clip.singer, clip.song, clip.licence) == ("NA", "None", "null")


def test_additional_columns_are_passed_over(root):
    write_rows(root / "metadata.csv", HEADER + ",hz", [row + ",440" for row in ROWS])
    assert len(read_corpus(root).clips) == 4


def test_a_table_with_a_byte_order_mark_is_read(root):
    """As Excel writes it."""
    path = root / "metadata.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert len(read_corpus(root).clips) == 4


def test_audio_and_labels_may_lie_elsewhere(root, tmp_path_factory):
    """A relative path is meant from the corpus, an absolute one as it stands."""
    write_rows(
        root / "metadata.csv",
        HEADER + ",path,data_set,language,labels,label_file",
        [
            "set/one.wav,alto,Hymn,verse,train,no,CC0,/elsewhere/1.wav,choir,tr,words,/elsewhere/1.TextGrid",
            "set/two.wav,alto,Hymn,verse,train,no,CC0,../two.wav,choir,,phones,labels/two.lab",
        ],
    )
    first, second = read_corpus(root).clips
    assert (first.path, first.label_file) == (Path("/elsewhere/1.wav"), Path("/elsewhere/1.TextGrid"))
    assert (first.file, first.data_set, first.language, first.label_kind) == ("set/one.wav", "choir", "tr", "words")
    assert (second.path, second.label_file) == (root / "../two.wav", root / "labels/two.lab")


def test_labels_beside_the_audio_are_found_without_a_column(root):
    write(root / "a/one.lab", "0 1 a")
    write(root / "a/two.TextGrid", "")
    labels = [(clip.label_kind, clip.label_file) for clip in read_corpus(root).clips]
    assert labels == [("", None), ("phones", root / "a/one.lab"), ("words", root / "a/two.TextGrid"), ("", None)]


@pytest.mark.parametrize(
    ("given", "kind", "found"),
    [("phones+midi", "phones", True), ("words", "words", True), ("", "", False), ("midi", "", False)],
)
def test_the_labels_column_says_what_the_file_beside_the_audio_times(root, given, kind, found):
    write_rows(root / "metadata.csv", HEADER + ",labels", [f"{ROWS[1]},{given}"])
    write(root / "a/one.lab", "0 1 a")
    (clip,) = read_corpus(root).clips
    assert (clip.label_kind, clip.label_file) == (kind, root / "a/one.lab" if found else None)


def test_a_promise_of_labels_that_are_not_there_stays_visible(root):
    write_rows(root / "metadata.csv", HEADER + ",labels", [f"{ROWS[1]},phones"])
    (clip,) = read_corpus(root).clips
    assert (clip.label_kind, clip.label_file) == ("phones", None)


def test_a_row_that_ends_early_leaves_its_last_columns_empty(root):
    write_rows(root / "metadata.csv", HEADER + ",path,language", [ROWS[1]])
    (clip,) = read_corpus(root).clips
    assert (clip.path, clip.language) == (root / "a/one.wav", "")


# what is refused


@pytest.mark.parametrize("file", ["../one.wav", "a/../../one.wav", "/recordings/one.wav"])
def test_a_file_that_leads_out_of_the_corpus_is_refused(root, file):
    """It names the features too: they would be written there."""
    write_rows(root / "metadata.csv", HEADER, [ROWS[0], f"{file},alto,Hymn,verse,train,no,CC0"])
    message = refusal(root)
    assert "line 3" in message
    assert file in message


def test_the_root_of_all_folders_is_no_recording(root):
    write_rows(root / "metadata.csv", HEADER + ",path,labels", [f"{ROWS[0]},/,phones"])
    assert "line 2: '/' is no file" in refusal(root)


def test_labels_of_an_unknown_kind_are_refused(root):
    write_rows(root / "metadata.csv", HEADER + ",labels", [f"{ROWS[0]},syllables"])
    assert "line 2: labels 'syllables'" in refusal(root)


@pytest.mark.parametrize("row", [",alto,Hymn,verse,train,no,CC0", "x.wav,,Hymn,verse,train,no,CC0"])
def test_a_recording_or_singer_without_a_name_is_refused(root, row):
    write_rows(root / "metadata.csv", HEADER, [row])
    assert "line 2" in refusal(root)


def test_a_missing_table_is_refused(root):
    (root / "metadata.csv").unlink()
    assert "metadata.csv: there is no such file" in refusal(root)


def test_a_missing_folder_is_refused(tmp_path):
    assert "there is no such file" in refusal(tmp_path / "nowhere")


@pytest.mark.parametrize("content", [b"", b"\n", b"\x00\xff\xfe binary"])
def test_what_is_no_table_is_refused(root, content):
    (root / "metadata.csv").write_bytes(content)
    refusal(root)


def test_missing_columns_are_all_named(root):
    write_rows(root / "metadata.csv", "file,singer,song,section,split", ["x.wav,a,b,c,train"])
    message = refusal(root)
    assert "may_ship" in message
    assert "licence" in message


def test_an_unknown_split_is_refused_with_its_line(root):
    write_rows(root / "metadata.csv", HEADER, [*ROWS, "z.wav,alto,Hymn,verse,validation,yes,CC0"])
    message = refusal(root)
    assert "line 6" in message
    assert "'validation'" in message


def test_a_file_listed_twice_is_refused_with_its_line(root):
    write_rows(root / "metadata.csv", HEADER, [*ROWS, ROWS[1]])
    message = refusal(root)
    assert "line 6" in message
    assert "'a/one.wav' is listed twice" in message


def test_a_row_with_too_many_fields_is_refused(root):
    write_rows(root / "metadata.csv", HEADER, [*ROWS, ROWS[1] + ",one,two"])
    assert "line 6" in refusal(root)


def test_a_phrase_of_an_unknown_file_is_refused_with_its_line(root):
    write_rows(root / "phrases.csv", PHRASE_HEADER, ["amen,a/two.wav,0,1", "amen,a/nine.wav,0,1"])
    message = refusal(root)
    assert "phrases.csv, line 3" in message
    assert "'a/nine.wav'" in message


def test_a_phrase_table_without_its_columns_is_refused(root):
    write_rows(root / "phrases.csv", "phrase,file", ["amen,a/two.wav"])
    assert "start_s, end_s" in refusal(root)


@pytest.mark.parametrize("times", ["soon,1", ",1", "0,1s"])
def test_a_time_that_is_no_number_is_refused_with_its_line(root, times):
    write_rows(root / "phrases.csv", PHRASE_HEADER, [f"amen,a/two.wav,{times}"])
    assert "phrases.csv, line 2" in refusal(root)
