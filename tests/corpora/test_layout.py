"""What all readers share: walking a folder, spelling names one way, and refusing."""

import unicodedata

import pytest

from svc_core.corpora.layout import LayoutError, audio_below, inside, refusal, text_of
from tests.conftest import is_sentence
from tests.corpora.conftest import write


def test_recordings_are_found_in_order_and_hidden_files_are_none(tmp_path):
    for name in ("b/2.WAV", "b/1.flac", "a b/ş.ogg", "c.mp3", "b/._1.flac", ".trash/x.wav", "b/notes.txt"):
        write(tmp_path / name, "")
    assert [inside(path, tmp_path) for path in audio_below(tmp_path)] == ["a b/ş.ogg", "b/1.flac", "b/2.WAV", "c.mp3"]


def test_a_singer_whose_recordings_lie_on_another_disk_is_found(tmp_path):
    write(tmp_path / "disk/alto/1.wav", "")
    (tmp_path / "data").mkdir()
    (tmp_path / "data/alto").symlink_to(tmp_path / "disk/alto")
    assert [inside(path, tmp_path / "data") for path in audio_below(tmp_path / "data")] == ["alto/1.wav"]


def test_two_spellings_of_a_name_are_one(tmp_path):
    (path,) = [write(tmp_path / unicodedata.normalize("NFD", "Été/Ayşe.wav"), "")]
    assert inside(path, tmp_path) == unicodedata.normalize("NFC", "Été/Ayşe.wav")


def test_a_refusal_names_what_was_looked_for_and_what_is_there(tmp_path):
    for number in range(9):
        write(tmp_path / f"song {number}.aiff", "")
    (tmp_path / "extras").mkdir()
    message = str(refusal(tmp_path, "VCTK", "a folder txt"))
    assert is_sentence(message)
    assert "not laid out as VCTK is: looked for a folder txt; there is extras/, song 0.aiff" in message
    assert "and 2 more" in message


def test_a_refused_empty_folder_holds_nothing(tmp_path):
    assert str(refusal(tmp_path, "PJS", "pjs001")).endswith("there is nothing.")


def test_text_that_cannot_be_read_is_refused(tmp_path):
    (tmp_path / "latin.txt").write_bytes("akşam".encode("iso8859-9"))
    for name in ("latin.txt", "nowhere.txt"):
        with pytest.raises(LayoutError) as caught:
            text_of(tmp_path / name)
        assert is_sentence(str(caught.value))
        assert name in str(caught.value)
