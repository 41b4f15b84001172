"""What is sung when in a phrase: cut by hand, read from real excerpts, and told of bad input in sentences."""

import json
import shutil
from pathlib import Path

import pytest

from svc_core.corpora.corpus import read_corpus
from svc_core.corpora.labels import Interval, Labels
from svc_core.traces.manifest import Recording
from svc_core.traces.register import rebuild_catalogue
from svc_core.traces.writing import write_trace
from svc_core.words import FORMAT, WordsError, cut_labels, main, source_recordings, sung_phrases
from tests.conftest import is_sentence
from tests.support.hand_traces import hand_files, hand_manifest

SONGS = Path(__file__).parent / "songs"
SUNG = (Interval(0.0, 1.0, ""), Interval(1.0, 2.5, "gel"), Interval(2.5, 4.0, "güzelim bana"), Interval(4.0, 5.0, "a"))


def words(*intervals: tuple[float, float, str]) -> Labels:
    return Labels("words", tuple(Interval(*one) for one in intervals))


def test_intervals_are_told_from_the_start_of_the_phrase_and_cut_to_it():
    found = cut_labels(Labels("words", SUNG), 1.25, 4.5)
    assert found == [Interval(0.0, 1.25, "gel"), Interval(1.25, 2.75, "güzelim bana"), Interval(2.75, 3.25, "a")]


def test_a_phrase_without_an_end_goes_to_the_end_of_the_recording():
    assert cut_labels(Labels("words", SUNG), 2.5, None)[-1] == Interval(1.5, 2.5, "a")


def test_what_only_touches_the_phrase_is_no_part_of_it():
    assert [part.text for part in cut_labels(Labels("words", SUNG), 2.5, 4.0)] == ["güzelim bana"]


def test_of_a_word_that_is_cut_no_sliver_is_kept():
    labels = words((0.0, 1.01, "before"), (1.01, 2.0, "sung"), (2.0, 3.0, "after"))
    assert cut_labels(labels, 1.0, 2.015) == [Interval(0.01, 1.0, "sung")]
    assert [part.text for part in cut_labels(labels, 0.95, 2.05)] == ["before", "sung", "after"]


def test_a_short_phone_that_is_not_cut_is_kept():
    labels = Labels("phones", (Interval(0.5, 0.51, "t"), Interval(0.51, 0.7, "a")))
    assert cut_labels(labels, 0.5, 0.7) == [Interval(0.0, 0.01, "t"), Interval(0.01, 0.2, "a")]


def test_silence_is_left_out_and_a_word_that_is_spelt_like_it_is_not():
    parts = (Interval(0.0, 1.0, "pau"), Interval(1.0, 2.0, "cl"), Interval(2.0, 3.0, ""))
    assert [part.text for part in cut_labels(Labels("phones", parts), 0.0, 3.0)] == ["cl"]
    assert [part.text for part in cut_labels(Labels("words", parts), 0.0, 3.0)] == ["pau", "cl"]


def test_times_are_told_to_the_millisecond():
    (part,) = cut_labels(words((0.12345, 0.98765, "a")), 0.1, 1.0)
    assert (part.start_s, part.end_s) == (0.023, 0.888)


# from traces


def recording(singer: str, phrase: str, file: str, start_s: float = 0.0, end_s: float | None = 2.4) -> Recording:
    return Recording(singer, phrase, "a song", file, start_s, end_s, "CC BY 4.0", f"Made for tests, {singer}")


KIMSEYE = recording("makam-f3", "kimseye", "kimseye_nakarat1.flac", 0.4, 2.0)
PJS055 = recording("pjs-m1", "pjs055", "pjs055.flac", 0.1, 0.5)


def write_traces(parent: Path, *sources: Recording) -> Path:
    for index, source in enumerate(sources):
        manifest = hand_manifest(f"trace-{index}", source=source)
        write_trace(parent, manifest, hand_files(manifest))
    rebuild_catalogue(parent)
    return parent


@pytest.fixture
def traces(tmp_path) -> Path:
    """Three conversions of two phrases."""
    return write_traces(tmp_path / "traces", PJS055, KIMSEYE, PJS055)


def make(traces: Path, corpus: Path = SONGS) -> list[str]:
    return ["--corpus", str(corpus), "--traces", str(traces), "--out", str(traces / "lessons" / "words.json")]


def test_each_phrase_is_there_once_with_the_annotators_own_words(traces, capsys):
    assert main(make(traces)) == 0
    table = json.loads((traces / "lessons" / "words.json").read_text(encoding="utf-8"))
    assert table == {
        "format": FORMAT,
        "phrases": [
            {
                "singer": "makam-f3",
                "phrase": "kimseye",
                "file": "kimseye_nakarat1.flac",
                "kind": "words",
                "attribution": "Made for tests, makam-f3",
                "licence": "CC BY 4.0",
                "intervals": [{"start_s": 0.0, "end_s": 1.6, "text": "Titrerim mücrim"}],
            },
            {
                "singer": "pjs-m1",
                "phrase": "pjs055",
                "file": "pjs055.flac",
                "kind": "phones",
                "attribution": "Made for tests, pjs-m1",
                "licence": "CC BY 4.0",
                "intervals": [
                    {"start_s": 0.0, "end_s": 0.155, "text": "o"},
                    {"start_s": 0.155, "end_s": 0.19, "text": "r"},
                    {"start_s": 0.19, "end_s": 0.297, "text": "i"},
                    {"start_s": 0.297, "end_s": 0.4, "text": "a"},
                ],
            },
        ],
    }
    assert "2 phrases with 5 intervals; 0 left out." in capsys.readouterr().out


def test_the_same_command_again_gives_the_same_bytes_and_leaves_nothing_else(traces):
    assert main(make(traces)) == 0
    first = (traces / "lessons" / "words.json").read_bytes()
    assert main(make(traces)) == 0
    assert (traces / "lessons" / "words.json").read_bytes() == first
    assert [path.name for path in (traces / "lessons").iterdir()] == ["words.json"]


def test_a_table_that_cannot_be_put_in_place_leaves_the_old_one(traces, monkeypatch, capsys):
    assert main(make(traces)) == 0
    old = (traces / "lessons" / "words.json").read_bytes()
    write_traces(traces, recording("makam-m2", "gel", "gel-guzelim_zemin1.flac"))

    def full(self, target):
        raise OSError(28, "No space left on device", str(target))

    monkeypatch.setattr(Path, "replace", full)
    assert main(make(traces)) == 2
    assert is_sentence(capsys.readouterr().err.strip())
    assert [path.name for path in (traces / "lessons").iterdir()] == ["words.json"]
    assert (traces / "lessons" / "words.json").read_bytes() == old


def test_two_parts_under_one_name_are_refused(tmp_path):
    parent = write_traces(tmp_path, PJS055, recording("pjs-m1", "pjs055", "pjs055.flac", 0.0, 0.5))
    with pytest.raises(WordsError) as caught:
        source_recordings(parent)
    assert is_sentence(str(caught.value))
    assert "pjs055" in str(caught.value)


# what is left out, and why


@pytest.fixture
def songs(tmp_path) -> Path:
    """The tests' own corpus, free to be damaged."""
    return shutil.copytree(SONGS, tmp_path / "songs")


def left_out(corpus: Path, source: Recording) -> str:
    found, (reason,) = sung_phrases([source], read_corpus(corpus))
    assert found == []
    assert is_sentence(reason)
    return reason


def test_a_recording_without_labels_is_left_out(songs):
    (songs / "pjs-m1" / "pjs055.lab").unlink()
    assert "it has no labels" in left_out(songs, PJS055)


def test_a_recording_that_the_corpus_lacks_is_left_out():
    assert "no amen.wav of that singer" in left_out(SONGS, recording("bass", "amen", "amen.wav"))
    assert "no pjs055.flac of that singer" in left_out(SONGS, recording("makam-f3", "pjs055", "pjs055.flac"))


def test_a_recording_that_may_not_be_published_is_left_out(songs):
    table = (songs / "metadata.csv").read_text(encoding="utf-8")
    (songs / "metadata.csv").write_text(table.replace("pjs055,,test,yes", "pjs055,,test,no"), encoding="utf-8")
    assert "may not be published" in left_out(songs, PJS055)


def test_two_recordings_of_one_name_are_not_guessed_between(songs):
    (songs / "again").mkdir()
    shutil.copy(songs / "pjs-m1" / "pjs055.flac", songs / "again")
    with (songs / "metadata.csv").open("a", encoding="utf-8") as file:
        file.write("again/pjs055.flac,pjs-m1,pjs055,,test,yes,CC-BY-SA-4.0,phones,ja\n")
    assert "2 recordings of that singer" in left_out(songs, PJS055)


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (lambda songs, traces: (songs / "pjs-m1" / "pjs055.lab").write_text("0 x a\n"), "pjs055.lab, line 1"),
        (lambda songs, traces: (songs / "metadata.csv").unlink(), "metadata.csv"),
        (lambda songs, traces: (traces / "catalogue.csv").unlink(), "catalogue.csv"),
        (lambda songs, traces: (traces / "trace-1" / "f0.npy.gz").unlink(), "f0.npy.gz"),
        (lambda songs, traces: (traces / "lessons").write_text("a file"), "lessons"),
    ],
)
def test_bad_input_is_told_in_a_sentence_and_nothing_is_written(songs, traces, capsys, damage, named):
    damage(songs, traces)
    assert main(make(traces, songs)) == 2
    said = capsys.readouterr().err.strip()
    assert is_sentence(said)
    assert named in said
    assert not (traces / "lessons" / "words.json").exists()
