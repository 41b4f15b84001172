"""Each data set's own layout: who sings what in which file, what is left out and why, and what is refused."""

import json
import unicodedata

import pytest

from svc_core.corpora.folders import read_metadata, read_singers
from svc_core.corpora.layout import LayoutError
from svc_core.corpora.m4singer import read_m4singer
from svc_core.corpora.makam import read_makam
from svc_core.corpora.opencpop import read_opencpop
from svc_core.corpora.opensinger import read_opensinger
from svc_core.corpora.pjs import read_pjs
from svc_core.corpora.svcc import read_svcc
from svc_core.corpora.vctk import read_vctk
from tests.conftest import is_sentence, write_rows
from tests.corpora.conftest import (
    make_m4singer,
    make_makam,
    make_opencpop,
    make_opensinger,
    make_pjs,
    make_singers,
    make_svcc,
    make_vctk,
    sing,
    write,
)

READERS = (
    read_m4singer,
    read_opencpop,
    read_opensinger,
    read_svcc,
    read_vctk,
    read_pjs,
    read_makam,
    read_singers,
    read_metadata,
)


def sung(reading) -> list[tuple[str, str, str]]:
    return [(clip.file, clip.singer, clip.song) for clip in reading.clips]


def skipped(reading) -> list[tuple[str, str]]:
    assert all(is_sentence(item.detail) for item in reading.skipped)
    return [(item.file, item.reason) for item in reading.skipped]


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("content", ["nothing", "other audio"])
def test_a_folder_of_another_layout_is_refused(reader, content, tmp_path):
    if content == "other audio":
        write(tmp_path / "take 1.wav", "")
        write(tmp_path / "meta.json", "[]")
    with pytest.raises(ValueError, match=r"looked for|no such file") as caught:
        reader(tmp_path)
    assert is_sentence(str(caught.value))
    assert str(tmp_path) in str(caught.value)


# M4Singer


def test_m4singer_names_singer_and_song_in_the_folder_and_times_phones_in_meta_json(tmp_path):
    reading = read_m4singer(make_m4singer(tmp_path))
    assert sung(reading) == [
        ("Alto-1#美错/0000.wav", "Alto-1", "美错"),
        ("Alto-1#美错/0001.wav", "Alto-1", "美错"),
        ("Tenor-1#Été d'amour/0000.wav", "Tenor-1", "Été d'amour"),
        ("Tenor-1#美错/0000.wav", "Tenor-1", "美错"),
    ]
    phones = reading.phones["Alto-1#美错/0000.wav"].intervals
    assert [part.text for part in phones] == ["SP", "m", "ei", "AP"]
    assert [part.end_s for part in phones] == pytest.approx([0.1, 0.15, 0.4, 0.5])
    assert {(clip.licence, clip.may_ship, clip.language, clip.label_kind) for clip in reading.clips} == {
        ("CC BY-NC-SA 4.0", False, "zh", "phones")
    }
    assert skipped(reading) == []


def test_m4singer_unzipped_with_accents_apart_is_read(tmp_path):
    make_m4singer(tmp_path)
    folder = tmp_path / "Tenor-1#Été d'amour"
    folder.rename(tmp_path / unicodedata.normalize("NFD", folder.name))
    assert len(read_m4singer(tmp_path).clips) == 4


def test_m4singer_without_a_transcript_or_audio_or_twice_is_skipped(tmp_path):
    items = json.loads((make_m4singer(tmp_path) / "meta.json").read_text(encoding="utf-8"))
    items[1]["ph_dur"].pop()
    del items[2]["phs"]
    items += [items[0], {"item_name": "Bass-1#gone#0000"}]
    write(tmp_path / "meta.json", json.dumps(items))
    sing(tmp_path / "Alto-1#美错/0002.wav")
    reading = read_m4singer(tmp_path)
    assert len(reading.clips) == len(reading.phones) == 2
    assert skipped(reading) == [
        ("Alto-1#美错#0000", "listed twice"),
        ("Alto-1#美错/0001.wav", "no transcript"),
        ("Alto-1#美错/0002.wav", "no transcript"),
        ("Tenor-1#美错/0000.wav", "no transcript"),
        ("Bass-1#gone#0000", "no audio"),
    ]


@pytest.mark.parametrize("text", ["not json", '{"a": 1}', "[1]", '[{"txt": "x"}]'])
def test_m4singer_with_another_meta_json_is_refused(text, tmp_path):
    write(make_m4singer(tmp_path) / "meta.json", text)
    with pytest.raises(LayoutError, match=r"meta\.json: not a list of items") as caught:
        read_m4singer(tmp_path)
    assert is_sentence(str(caught.value))


# Opencpop


def test_opencpop_keeps_the_published_test_songs(tmp_path):
    reading = read_opencpop(make_opencpop(tmp_path))
    assert [(clip.path.stem, clip.singer, clip.song, clip.split) for clip in reading.clips] == [
        ("2001000001", "f1", "opencpop-2001", "train"),
        ("2001000002", "f1", "opencpop-2001", "train"),
        ("2044000001", "f1", "opencpop-2044", "test"),
    ]
    phones = reading.phones["segments/wavs/2044000001.wav"].intervals
    assert [(part.text, part.start_s) for part in phones] == [("g", 0.0), ("an", 0.05), ("SP", pytest.approx(0.3))]


def test_opencpop_without_a_transcript_or_audio_or_twice_is_skipped(tmp_path):
    table = make_opencpop(tmp_path) / "segments/transcriptions.txt"
    lines = table.read_text(encoding="utf-8").splitlines()
    lines[1] = lines[1].replace("0.05 0.25 0.2", "0.05 soon 0.2")
    write(table, "\n\n".join([*lines, lines[0], "2099000001|gone"]))
    sing(tmp_path / "segments/wavs/2001000003.wav")
    reading = read_opencpop(tmp_path)
    assert [clip.path.stem for clip in reading.clips] == ["2001000001", "2044000001"]
    assert skipped(reading) == [
        ("2001000001", "listed twice"),
        ("segments/wavs/2001000002.wav", "no transcript"),
        ("segments/wavs/2001000003.wav", "no transcript"),
        ("2099000001", "no audio"),
    ]


def test_opencpop_without_its_test_list_is_refused(tmp_path):
    (make_opencpop(tmp_path) / "segments/test.txt").unlink()
    with pytest.raises(LayoutError, match=r"segments/test\.txt; there is train\.txt, transcriptions\.txt, wavs/"):
        read_opencpop(tmp_path)


# OpenSinger


def test_opensinger_man_0_and_woman_0_are_two_people_with_one_song(tmp_path):
    reading = read_opensinger(make_opensinger(tmp_path))
    assert sung(reading) == [
        (f"{half}/0_光年之外/0_光年之外_{number}.wav", singer, "光年之外")
        for half, singer in (("ManRaw", "man-0"), ("WomanRaw", "woman-0"))
        for number in range(2)
    ]
    assert {clip.label_file for clip in reading.clips} == {None}


def test_opensinger_without_a_transcript_or_singer_is_skipped(tmp_path):
    (make_opensinger(tmp_path) / "ManRaw/0_光年之外/0_光年之外_1.txt").unlink()
    sing(tmp_path / "WomanRaw/loose.wav")
    assert skipped(read_opensinger(tmp_path)) == [
        ("ManRaw/0_光年之外/0_光年之外_1.wav", "no transcript"),
        ("WomanRaw/loose.wav", "no singer"),
    ]


# SVCC


def test_svcc_tells_phrases_by_their_text_and_only_trains_on_those_without(tmp_path):
    sing(make_svcc(tmp_path) / "Data/ground_truth/IDF1_10001.wav")
    reading = read_svcc(tmp_path)
    assert [(clip.singer, clip.path.stem, clip.song, clip.split) for clip in reading.clips] == [
        ("CDM1", "10001", "take a sad song", ""),
        ("IDF1", "10001", "take a sad song", ""),
        ("IDF1", "10002", "", "train"),
    ]
    assert skipped(reading) == [("Data/ground_truth/IDF1_10001.wav", "not training data")]


# VCTK


def test_vctk_is_heard_by_its_first_microphone_and_by_the_second_where_there_is_no_first(tmp_path):
    reading = read_vctk(make_vctk(tmp_path))
    assert [(clip.path.name, clip.singer, clip.song) for clip in reading.clips] == [
        ("p225_001_mic1.flac", "p225", "Please call Stella."),
        ("p225_002_mic1.flac", "p225", "Ask her to bring these things."),
        ("p226_001_mic2.flac", "p226", "Please call Stella."),
    ]
    assert skipped(reading) == []
    assert {(clip.licence, clip.may_ship) for clip in reading.clips} == {("CC BY 4.0", True)}


def test_vctk_sentences_whose_text_is_lost_are_skipped(tmp_path):
    make_vctk(tmp_path)
    (tmp_path / "txt/p225/p225_001.txt").write_bytes(b"\xff\xfe\xff")
    (tmp_path / "txt/p226/p226_001.txt").unlink()
    reading = read_vctk(tmp_path)
    assert [clip.path.name for clip in reading.clips] == ["p225_002_mic1.flac"]
    assert [reason for _, reason in skipped(reading)] == ["no transcript", "no transcript"]


# PJS


@pytest.mark.parametrize("inner", ["", "PJS_corpus_ver1.1"])
def test_pjs_songs_are_read_and_speech_is_left_out(inner, tmp_path):
    reading = read_pjs(make_pjs(tmp_path) / inner)
    assert [(clip.path.name, clip.song, clip.label_file.name) for clip in reading.clips] == [
        ("pjs001_song.wav", "pjs001", "pjs001.lab"),
        ("pjs002_song.wav", "pjs002", "pjs002.lab"),
    ]
    assert [reason for _, reason in skipped(reading)] == ["not singing"] * 3


def test_pjs_without_labels_is_skipped(tmp_path):
    (make_pjs(tmp_path) / "PJS_corpus_ver1.1/pjs001/pjs001.lab").unlink()
    reading = read_pjs(tmp_path)
    assert len(reading.clips) == 1
    assert ("PJS_corpus_ver1.1/pjs001/pjs001_song.wav", "no transcript") in skipped(reading)


# makam


def test_makam_sections_are_named_by_song_whatever_the_file_was_named_after(tmp_path):
    reading = read_makam(make_makam(tmp_path))
    assert [(clip.singer, clip.song, clip.section, clip.label_kind) for clip in reading.clips] == [
        ("bir", "gel", "zemin", "words"),
        ("bir", "gel", "nakarat", ""),
        ("bir", "kimseye", "zemin", "words"),
        ("iki", "kimseye", "zemin", "words"),
    ]


@pytest.mark.parametrize(
    ("name", "song", "section"),
    [
        ("bu_aksam_part1_zemin", "bu_aksam", "zemin"),
        ("01_Olmaz_15_nakarat2", "olmaz", "nakarat"),
        ("Sakin--Gec--Kalma_9_nakarat_2_from_94_478888_to_103_203062", "bu_aksam", "nakarat"),
        ("bu_aksam_last_10_meyan_2_from_103_203062_to_112_125237", "bu_aksam", "meyan"),
        ("05_Someone_-_Bir_Ihtimal_8_meyan_from_155_5737_to_170", "someone_-_bir_ihtimal", "meyan"),
        ("02_Gel_10_nakarat2_beforeGazel", "gel", "nakarat"),
        ("nihansin", "nihansin", ""),
    ],
)
def test_makam_names_are_taken_apart(name, song, section, tmp_path):
    sing(make_makam(tmp_path) / f"üç/{name}.wav")
    (clip,) = (clip for clip in read_makam(tmp_path).clips if clip.singer == "üç")
    assert (clip.song, clip.section) == (song, section)


# folders of one's own


def test_a_folder_of_singers_names_them_by_its_first_level_and_songs_by_the_second(tmp_path):
    sing(make_singers(tmp_path) / "nobody's.wav")
    reading = read_singers(tmp_path)
    assert sung(reading) == [
        ("Ayşe Nur/akşam oldu.wav", "Ayşe Nur", "akşam oldu"),
        ("Ayşe Nur/gel.flac", "Ayşe Nur", "gel"),
        ("bob/gel/01.wav", "bob", "gel"),
        ("bob/gel/02.wav", "bob", "gel"),
    ]
    assert [clip.label_kind for clip in reading.clips] == ["words", "", "", ""]
    assert {(clip.licence, clip.may_ship) for clip in reading.clips} == {("unknown", False)}
    assert skipped(reading) == [("nobody's.wav", "no singer")]


def test_a_metadata_csv_keeps_splits_and_phrases_and_loses_clips_without_their_labels(tmp_path):
    write_rows(
        tmp_path / "metadata.csv",
        "file,singer,song,section,split,may_ship,licence,labels",
        ["a.wav,alto,Hymn,verse,test,yes,CC0,words", "b.wav,alto,Hymn,verse,train,yes,CC0,phones"],
    )
    write_rows(tmp_path / "phrases.csv", "phrase,file,start_s,end_s", ["amen,a.wav,0,1"])
    write(tmp_path / "a.TextGrid", "")
    reading = read_metadata(tmp_path)
    assert [(clip.file, clip.split, clip.may_ship) for clip in reading.clips] == [("a.wav", "test", True)]
    assert skipped(reading) == [("b.wav", "no transcript")]
    assert [phrase.name for phrase in reading.phrases] == ["amen"]
