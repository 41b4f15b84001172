"""Which recordings are meant: files, folders, lists, and names that no two of them share."""

import json
from pathlib import Path

import pytest

from svc_core.conversion.sources import SourceError, find_sources
from tests.conftest import is_sentence


@pytest.fixture
def takes(tmp_path) -> Path:
    """A folder with recordings at two depths, and things that are none."""
    for name in ("b.wav", "a.MP3", "deep/er/c.flac", "notes.md", "deep/cover.png", "d.ogg.part"):
        path = tmp_path / "takes" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "takes" / "album.wav").mkdir()
    return tmp_path / "takes"


def refusal(*given: Path) -> str:
    with pytest.raises(SourceError) as caught:
        find_sources(given)
    assert is_sentence(str(caught.value))
    return str(caught.value)


def test_files_are_taken_as_they_are_in_the_order_given():
    given = [Path("z.wav"), Path("sub/a.aiff"), Path("no-suffix")]
    assert find_sources(given) == {"z": given[0], "a": given[1], "no-suffix": given[2]}
    assert list(find_sources(given)) == ["z", "a", "no-suffix"]


def test_a_folder_gives_its_recordings_and_those_of_its_folders(takes):
    expected = {"a": takes / "a.MP3", "b": takes / "b.wav", "c": takes / "deep/er/c.flac"}
    assert find_sources([takes]) == expected
    assert list(find_sources([takes])) == ["a", "b", "c"]


def test_a_folder_without_a_recording_is_refused(tmp_path):
    assert "no recording in this folder" in refusal(tmp_path)


def test_a_list_has_a_path_a_line_relative_to_itself(tmp_path):
    listed = tmp_path / "lists" / "songs.txt"
    listed.parent.mkdir()
    listed.write_text("\ufeffone.wav\n\n  ../two words.wav  \n/elsewhere/üç.wav\n", encoding="utf-8")
    assert find_sources([listed]) == {
        "one": tmp_path / "lists/one.wav",
        "two words": tmp_path / "lists/../two words.wav",
        "üç": Path("/elsewhere/üç.wav"),
    }


def test_a_json_list_is_relative_to_itself_too(tmp_path):
    (tmp_path / "songs.JSON").write_text(json.dumps(["one.wav", "/elsewhere/two.wav"]))
    found = find_sources([tmp_path / "songs.JSON"])
    assert found == {"one": tmp_path / "one.wav", "two": Path("/elsewhere/two.wav")}


def test_a_name_longer_than_any_files_is_no_folder():
    (name,) = find_sources([Path("x" * 5_000 + ".wav")])
    assert name == "x" * 5_000


@pytest.mark.parametrize(("name", "text"), [("songs.txt", "\n \n"), ("songs.txt", ""), ("songs.json", "[]")])
def test_an_empty_list_is_refused(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    assert "the list is empty" in refusal(tmp_path / name)


def test_a_list_that_is_not_there_is_refused(tmp_path):
    assert "there is no such list" in refusal(tmp_path / "gone.txt")


@pytest.mark.parametrize("text", ['["one.wav",', "[" * 50_000, "9" * 5_000])
def test_a_list_that_is_not_json_is_refused(tmp_path, text):
    (tmp_path / "songs.json").write_text(text)
    assert "not JSON" in refusal(tmp_path / "songs.json")


@pytest.mark.parametrize("content", ['{"one": "two"}', "[1, 2]", '"one.wav"', "null"])
def test_json_of_another_form_is_refused_with_an_example(tmp_path, content):
    (tmp_path / "songs.json").write_text(content)
    assert '["one.wav", "two.wav"]' in refusal(tmp_path / "songs.json")


@pytest.mark.parametrize("count", [20_001, 400_000])
def test_a_list_of_more_than_can_be_meant_is_refused(tmp_path, count):
    (tmp_path / "songs.txt").write_text("\n".join(map(str, range(count))))
    assert ("20,001" if count == 20_001 else "MiB") in refusal(tmp_path / "songs.txt")


def test_a_list_may_name_a_recording_many_times(tmp_path):
    (tmp_path / "songs.json").write_text(json.dumps(["one.wav"] * 100_000))
    assert list(find_sources([tmp_path / "songs.json"])) == ["one"]


def test_a_list_in_another_encoding_is_refused(tmp_path):
    (tmp_path / "songs.txt").write_bytes("şarkı.wav".encode("utf-16"))
    assert "UTF-8" in refusal(tmp_path / "songs.txt")


def test_recordings_of_one_name_are_told_apart_by_their_folders():
    found = find_sources([Path("/ayse/gel.wav"), Path("/bob/gel.wav"), Path("/bob/amen.wav")])
    assert found == {
        "ayse-gel": Path("/ayse/gel.wav"),
        "bob-gel": Path("/bob/gel.wav"),
        "amen": Path("/bob/amen.wav"),
    }


def test_and_where_that_is_not_enough_by_a_number():
    paths = [Path("/x/bob/gel.wav"), Path("/y/bob/gel.wav"), Path("/y/bob/gel.flac"), Path("/z/bob-gel-2.wav")]
    names = list(find_sources(paths))
    assert names == ["bob-gel", "bob-gel-2", "bob-gel-3", "bob-gel-2-2"]


def test_a_file_of_this_folder_is_named_by_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert list(find_sources([Path("gel.wav"), Path("bob/gel.wav")])) == [f"{tmp_path.name}-gel", "bob-gel"]
    (tmp_path / "deep").mkdir()
    monkeypatch.chdir("deep")
    assert list(find_sources([Path("../gel.wav"), Path("gel.wav")])) == [f"{tmp_path.name}-gel", "deep-gel"]


def test_a_recording_that_is_given_twice_is_converted_once(takes):
    assert find_sources([takes / "b.wav", takes]) == find_sources([takes])
