"""The command that prepares: every layout at once, what it skips, what it prints, and that it may be repeated."""

import csv
import io
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from svc_core.config import Config
from svc_core.corpora.cache import feature_path
from svc_core.corpora.corpus import Corpus, read_corpus
from svc_core.corpora.labels import read_labels
from svc_core.corpora.splits import find_leaks
from svc_core.prepare import main, prepare_corpus
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

LAYOUTS = {
    "m4singer": make_m4singer,
    "opencpop": make_opencpop,
    "opensinger": make_opensinger,
    "svcc": make_svcc,
    "vctk": make_vctk,
    "pjs": make_pjs,
    "makam": make_makam,
    "folder": make_singers,
}


@dataclass(frozen=True)
class Prepared:
    """All layouts, each with a fault or two, prepared twice."""

    out: Path
    corpus: Corpus
    printed: str
    first: dict[str, bytes]  # what the first run wrote
    second: dict[str, bytes]


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def make_own(root: Path) -> Path:
    """A folder with a metadata.csv: one good recording, one that is broken, a phrase of each."""
    sing(root / "a.wav", 350.0)
    write(root / "b.wav", "no sound")
    write(root / "a.TextGrid", "broken")
    rows = [f"{name}.wav,guest,Psalm,verse,unseen,yes,CC BY 4.0" for name in "ab"]
    write_rows(root / "metadata.csv", "file,singer,song,section,split,may_ship,licence", rows)
    write_rows(root / "phrases.csv", "phrase,file,start_s,end_s", ["good,a.wav,0,0.5", "bad,b.wav,0,0.5"])
    return root


@pytest.fixture(scope="module")
def prepared(tmp_path_factory) -> Prepared:
    data, out = tmp_path_factory.mktemp("data sets"), tmp_path_factory.mktemp("prepared") / "my corpus"
    asked = [(name, make(data / f"the {name}")) for name, make in LAYOUTS.items()]
    asked.append(("metadata", make_own(data / "own")))
    write(data / "the m4singer/Alto-1#美错/0001.wav", "no sound")
    (data / "the vctk/txt/p225/p225_001.txt").unlink()
    runs = []
    with ThreadPoolExecutor(2) as pool:
        for _ in range(2):
            with redirect_stdout(io.StringIO()) as said:
                corpus = prepare_corpus(asked, out, pool, f0_seconds=1.0)
            runs.append(files_in(out))
    return Prepared(out, corpus, said.getvalue(), *runs)


def test_the_corpus_is_read_by_training(prepared):
    assert read_corpus(prepared.out) == prepared.corpus
    assert prepared.corpus.trained_singers == (
        "m4singer-Alto-1",
        "m4singer-Tenor-1",
        "makam-bir",
        "makam-iki",
        "opencpop-f1",
        "opensinger-man-0",
        "opensinger-woman-0",
        "pjs-m1",
        "svcc-CDM1",
        "svcc-IDF1",
        "the_folder-Ayşe Nur",
        "the_folder-bob",
        "vctk-p225",
        "vctk-p226",
    )
    assert all(clip.path.is_file() and clip.path.is_absolute() for clip in prepared.corpus.clips)


def test_features_of_all_clips_have_files_of_their_own(prepared, tmp_path):
    paths = {feature_path(tmp_path, clip, Config()) for clip in prepared.corpus.clips}
    assert len(paths) == len(prepared.corpus.clips)
    assert all(path.is_relative_to(tmp_path) for path in paths)


def test_preparing_again_changes_nothing(prepared):
    assert prepared.first == prepared.second
    assert "metadata.csv" in prepared.first


def test_phones_that_stand_in_tables_become_label_files(prepared):
    labelled = {clip.file: read_labels(clip) for clip in prepared.corpus.clips if clip.label_file}
    texts = {file: [part.text for part in labels.intervals] for file, labels in labelled.items()}
    assert texts["m4singer/Tenor-1#美错/0000.wav"] == ["SP", "m", "ei", "AP"]
    assert texts["opencpop/segments/wavs/2044000001.wav"] == ["g", "an", "SP"]
    assert texts["pjs/PJS_corpus_ver1.1/pjs001/pjs001_song.wav"] == ["pau", "a"]
    assert texts["the_folder/Ayşe Nur/akşam oldu.wav"] == ["", "akşam"]
    assert {name for name in prepared.first if name.startswith("labels/")} == {
        f"labels/{file}.lab" for file in texts if file.startswith(("m4singer", "opencpop"))
    }


def test_broken_and_missing_files_are_listed_and_stop_nothing(prepared):
    with (prepared.out / "skipped.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert all(is_sentence(row["detail"]) for row in rows)
    found = {(row["data_set"], row["file"].rpartition("/")[2], row["reason"]) for row in rows}
    assert found >= {
        ("m4singer", "0001.wav", "audio that cannot be used"),
        ("own", "b.wav", "audio that cannot be used"),
        ("own", "a.wav", "labels that cannot be used"),
        ("pjs", "pjs001_speech.wav", "not singing"),
        ("vctk", "p225_001_mic1.flac", "no transcript"),
    }
    assert len(rows) == 7


def test_a_phrase_of_a_skipped_recording_is_left_out(prepared):
    assert [(phrase.name, phrase.clip.file) for phrase in prepared.corpus.phrases] == [("good", "own/a.wav")]


def test_splits_are_given_published_ones_kept_and_nothing_leaks(prepared):
    split_of = {clip.file: clip.split for clip in prepared.corpus.clips}
    assert split_of["opencpop/segments/wavs/2044000001.wav"] == "test"
    assert split_of["own/a.wav"] == "unseen"
    assert find_leaks(prepared.corpus.clips) == []


def test_only_what_may_be_published_is_marked_so(prepared):
    assert {clip.data_set for clip in prepared.corpus.clips if clip.may_ship} == {"own", "pjs", "vctk"}
    assert all(clip.licence for clip in prepared.corpus.clips)


def test_the_summary_has_a_line_for_each_singer_and_data_set(prepared):
    lines = {line.strip().split("  ")[0]: line.strip() for line in prepared.printed.splitlines()}
    assert lines["opencpop-f1"].split()[1:] == ["3", "0.0", "300-300", "Hz", "2", "/", "1", "/", "0"]
    assert lines["opencpop"].split()[1:] == ["3", "0.0", "2", "/", "1", "/", "0"]
    assert lines["guest"].split()[1:3] == ["1", "0.0"]
    low, high = map(int, lines["makam-bir"].split()[3].split("-"))
    assert (low, high) == pytest.approx((220, 220), abs=2)
    assert lines["all"].split()[1] == str(len(prepared.corpus.clips))


def test_what_was_skipped_is_counted_by_reason(prepared):
    assert "skipped: 7" in prepared.printed
    assert "     3  pjs: not singing, such as PJS_corpus_ver1.1/" in prepared.printed
    assert "     1  vctk: no transcript, such as" in prepared.printed


# the command line


def refusal(capsys, *arguments) -> str:
    assert main([str(argument) for argument in arguments]) == 2
    message = capsys.readouterr().err.strip().splitlines()[-1]
    assert message.startswith("prepare: ")
    assert is_sentence(message)
    return message


def test_the_command_prepares_and_says_where(tmp_path, capsys):
    make_singers(tmp_path / "choir")
    arguments = ["--data", f"folder:{tmp_path / 'choir'}", "--out", str(tmp_path / "out"), "--jobs", "1"]
    assert main([*arguments, "--f0-seconds", "0"]) == 0
    printed = capsys.readouterr().out
    assert printed.strip().endswith(f"corpus: {tmp_path / 'out'}")
    assert "note: no song is held out" in printed
    assert len(read_corpus(tmp_path / "out").clips) == 4


def test_leaks_of_published_splits_are_noted(tmp_path, capsys):
    rows = [f"{singer}.wav,{singer},Hymn,v,{split},no,CC0" for singer, split in (("alto", "train"), ("bass", "test"))]
    write_rows(tmp_path / "metadata.csv", "file,singer,song,section,split,may_ship,licence", rows)
    for singer in ("alto", "bass"):
        sing(tmp_path / f"{singer}.wav")
    with ThreadPoolExecutor(1) as pool:
        prepare_corpus([("metadata", tmp_path)], tmp_path / "out", pool, f0_seconds=0.0)
    assert "have 1 song(s) on both sides: Hymn." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("layout", "said"), [("vctk", "wav48_silence_trimmed"), ("nus48e", "there are m4singer, opencpop")]
)
def test_a_wrong_layout_is_refused_and_nothing_is_written(layout, said, tmp_path, capsys):
    make_singers(tmp_path / "choir")
    message = refusal(capsys, "--data", f"{layout}:{tmp_path / 'choir'}", "--out", tmp_path / "out")
    assert said in message
    assert not (tmp_path / "out").exists()


def test_a_folder_without_a_metadata_csv_is_refused(tmp_path, capsys):
    assert "metadata.csv" in refusal(capsys, "--data", f"metadata:{tmp_path}", "--out", tmp_path / "out")


def test_data_sets_without_one_usable_recording_are_refused(tmp_path, capsys):
    write(tmp_path / "choir/alto/a.wav", "no sound")
    arguments = ("--data", f"folder:{tmp_path / 'choir'}", "--out", tmp_path / "out", "--jobs", 1)
    assert "no recording" in refusal(capsys, *arguments)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_is_refused(tmp_path, capsys):
    make_singers(tmp_path / "choir")
    write(tmp_path / "file", "")
    message = refusal(capsys, "--data", f"folder:{tmp_path / 'choir'}", "--out", tmp_path / "file/out", "--jobs", 1)
    assert "file" in message


@pytest.mark.parametrize("arguments", [["--data", "vctk"], ["--data", "vctk:"], ["--data", "a:b", "--test-share", "2"]])
def test_arguments_that_make_no_sense_are_refused(arguments, tmp_path):
    with pytest.raises(SystemExit) as caught:
        main([*arguments, "--out", str(tmp_path)])
    assert caught.value.code == 2


def test_a_corpus_that_was_moved_is_prepared_from_again(prepared, tmp_path):
    """A prepared corpus is a folder with a metadata.csv like any other."""
    shutil.copytree(prepared.out, tmp_path / "moved")
    with ThreadPoolExecutor(2) as pool:
        again = prepare_corpus([("metadata", tmp_path / "moved")], tmp_path / "out", pool, f0_seconds=0.0)
    assert again.trained_singers == prepared.corpus.trained_singers
    assert [clip.split for clip in again.clips] == [clip.split for clip in prepared.corpus.clips]
