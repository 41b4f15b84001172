"""Joining data sets: every singer and file has one name, whatever the data sets call them."""

import pytest

from svc_core.corpora.corpus import Corpus, CorpusError
from svc_core.corpora.data_sets import READERS, read_data_sets
from svc_core.corpora.splits import assign_splits
from tests.conftest import is_sentence, write_rows
from tests.corpora.conftest import make_opencpop, make_opensinger, make_pjs, make_singers, make_vctk, sing

HEADER = "file,singer,song,section,split,may_ship,licence"


def refusal(*asked) -> str:
    with pytest.raises(CorpusError) as caught:
        read_data_sets(asked)
    assert is_sentence(str(caught.value))
    return str(caught.value)


def own_corpus(root, singer: str, data_set: str | None = None):
    sing(root / "one.wav")
    extra = "" if data_set is None else f",{data_set}"
    write_rows(
        root / "metadata.csv", HEADER + (",data_set" if extra else ""), [f"one.wav,{singer},Hymn,v,train,no,CC0{extra}"]
    )
    write_rows(root / "phrases.csv", "phrase,file,start_s,end_s", ["amen,one.wav,0,0.5"])
    return root


def test_names_are_unique_where_data_sets_share_them(tmp_path):
    """Man 0 and woman 0; p225 of two copies of VCTK; and a folder of singers called as a data set is."""
    make_vctk(tmp_path / "a")
    make_vctk(tmp_path / "b")
    sing(make_singers(tmp_path / "vctk") / "p225/x.wav")
    make_opensinger(tmp_path / "o")
    reading = read_data_sets(
        [
            ("vctk", tmp_path / "a"),
            ("vctk", tmp_path / "b"),
            ("folder", tmp_path / "vctk"),
            ("opensinger", tmp_path / "o"),
        ]
    )
    assert len({clip.file for clip in reading.clips}) == len(reading.clips) == 15
    singers = Corpus(tmp_path, assign_splits(reading.clips, 0.0), ()).trained_singers
    assert singers == (
        "opensinger-man-0",
        "opensinger-woman-0",
        "vctk-p225",
        "vctk-p226",
        "vctk2-p225",
        "vctk2-p226",
        "vctk3-Ayşe Nur",
        "vctk3-bob",
        "vctk3-p225",
    )
    for clip in reading.clips:
        assert clip.singer.startswith(f"{clip.data_set}-")
        assert clip.file.startswith(f"{clip.data_set}/")


@pytest.mark.parametrize(
    ("folder", "name"), [("my choir-2019", "my_choir_2019"), ("Ayşe", "Ayşe"), ("---", "folder"), ("pjs", "pjs")]
)
def test_a_folder_gives_its_data_set_a_name_without_hyphens(folder, name, tmp_path):
    """So that the hyphen behind it is the first one: a-b of a and b of a-b stay apart."""
    reading = read_data_sets([("folder", make_singers(tmp_path / folder))])
    assert {clip.singer for clip in reading.clips} == {f"{name}-Ayşe Nur", f"{name}-bob"}


def test_phones_follow_their_clips_to_the_new_names(tmp_path):
    reading = read_data_sets([("opencpop", make_opencpop(tmp_path))])
    assert set(reading.phones) == {clip.file for clip in reading.clips}


def test_a_metadata_csv_keeps_its_names_and_its_phrases_find_their_clips(tmp_path):
    reading = read_data_sets([("metadata", own_corpus(tmp_path / "own", "alto")), ("pjs", make_pjs(tmp_path / "p"))])
    assert {clip.singer for clip in reading.clips} == {"alto", "pjs-m1"}
    (phrase,) = reading.phrases
    assert phrase.clip is reading.clips[0]
    assert (phrase.clip.file, phrase.clip.data_set) == ("own/one.wav", "own")


def test_a_metadata_csv_may_name_the_data_sets_of_its_rows(tmp_path):
    (clip,) = read_data_sets([("metadata", own_corpus(tmp_path / "own", "alto", "VocalSet"))]).clips
    assert (clip.data_set, clip.file) == ("VocalSet", "own/one.wav")


def test_what_is_skipped_says_of_which_data_set(tmp_path):
    reading = read_data_sets([("pjs", make_pjs(tmp_path))])
    assert {item.data_set for item in reading.skipped} == {"pjs"}


# what is refused


def test_a_name_of_a_metadata_csv_that_another_data_set_has_is_refused(tmp_path):
    own, other = own_corpus(tmp_path / "own", "pjs-m1"), make_pjs(tmp_path / "p")
    for asked in ([("metadata", own), ("pjs", other)], [("pjs", other), ("metadata", own)]):
        message = refusal(*asked)
        assert "'pjs-m1'" in message
        assert str(own) in message
        assert str(other) in message


def test_two_corpora_with_a_singer_of_one_name_are_refused(tmp_path):
    message = refusal(
        ("metadata", own_corpus(tmp_path / "x/own", "alto")), ("metadata", own_corpus(tmp_path / "y/own", "alto"))
    )
    assert "'alto'" in message


def test_an_unknown_layout_is_refused_with_those_there_are(tmp_path):
    message = refusal(("librispeech", tmp_path))
    assert "'librispeech'" in message
    assert all(name in message for name in READERS)


def test_a_missing_folder_and_one_given_twice_are_refused(tmp_path):
    assert "no such folder" in refusal(("pjs", tmp_path / "nowhere"))
    make_pjs(tmp_path)
    assert "given twice" in refusal(("pjs", tmp_path), ("folder", tmp_path / "../" / tmp_path.name))
