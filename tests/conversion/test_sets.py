"""Sets of conversions on disk: what is found, and one sentence for what cannot be read."""

import json
import shutil
from pathlib import Path

import pytest

from svc_core.conversion.sets import ConversionSetError, conversion_of_trace, find_conversions, read_conversion
from tests.conftest import is_sentence

FACTS = {"source": "song.wav", "target": "alto", "key_shift_semitones": -3, "start_s": 1.5, "end_s": None, "steps": 40}


def describe(folder: Path, name: str, **changes: object) -> Path:
    """A description with a sound beside it, of which only the name matters here."""
    (folder / f"{name}.wav").write_bytes(b"")
    (folder / f"{name}.json").write_text(json.dumps(FACTS | changes), encoding="utf-8")
    return folder / f"{name}.json"


def test_a_description_is_read_with_all_that_it_says(tmp_path):
    conversion = read_conversion(describe(tmp_path, "one.two"))
    assert conversion.name == "one.two" and conversion.converted == tmp_path / "one.two.wav"
    assert (conversion.target, conversion.key_shift_semitones) == ("alto", -3)
    assert (conversion.start_s, conversion.end_s) == (1.5, None)
    assert conversion.made_by == {"sampler": None, "steps": 40, "seed": None, "vocoder": None, "model": None}


def test_a_source_is_looked_for_beside_the_description_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = describe(tmp_path, "one")
    assert read_conversion(path).source == Path("song.wav")
    (tmp_path / "song.wav").write_bytes(b"")
    assert read_conversion(path).source == tmp_path / "song.wav"
    assert read_conversion(describe(tmp_path, "two", source=str(tmp_path / "x.wav"))).source == tmp_path / "x.wav"


def test_a_source_with_a_name_longer_than_any_files_is_not_beside_it(tmp_path):
    assert read_conversion(describe(tmp_path, "odd", source="x" * 5_000)).source == Path("x" * 5_000)


def test_a_description_may_leave_the_part_open(tmp_path):
    conversion = read_conversion(describe(tmp_path, "whole", start_s=None, end_s=None))
    assert (conversion.start_s, conversion.end_s) == (0, None)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"source": None}, "'source'"),
        ({"target": 7}, "'target'"),
        ({"key_shift_semitones": "five"}, "'key_shift_semitones'"),
        ({"key_shift_semitones": True}, "'key_shift_semitones'"),
        ({"start_s": "0"}, "'start_s' and 'end_s'"),
        ({"source_singer": 3}, "'source_singer'"),
    ],
)
def test_a_description_that_lacks_what_is_needed_is_refused(tmp_path, changes, said):
    path = describe(tmp_path, "odd", **changes)
    with pytest.raises(ConversionSetError) as caught:
        read_conversion(path)
    assert said in str(caught.value) and is_sentence(str(caught.value))


@pytest.mark.parametrize(
    "text", ["{", "[1, 2]", "\x00", "[" * 50_000], ids=["cut off", "a list", "no text", "too deep"]
)
def test_what_is_no_description_is_listed_and_the_others_are_found(tmp_path, text):
    describe(tmp_path, "good")
    (tmp_path / "bad.json").write_text(text, encoding="utf-8")
    found, problems = find_conversions([tmp_path], [])
    assert [conversion.name for conversion in found] == ["good"]
    assert problems[0].startswith("bad.json: skipped; ") and is_sentence(problems[0])


def test_sounds_and_descriptions_that_do_not_pair_up_are_listed(tmp_path):
    describe(tmp_path, "both")
    (tmp_path / "both.flac").write_bytes(b"")
    describe(tmp_path, "alone").with_suffix(".wav").unlink()
    (tmp_path / "stranger.wav").write_bytes(b"")
    found, problems = find_conversions([tmp_path], [])
    assert found == [] and len(problems) == 3 and all(is_sentence(problem) for problem in problems)
    assert "stranger.json" in problems[0] and "alone.wav" in problems[1] and "both.wav and .flac" in problems[2]


def test_conversions_of_one_part_of_a_recording_share_its_name(tmp_path):
    (tmp_path / "song.wav").write_bytes(b"")
    first, second = (read_conversion(describe(tmp_path, name, target=name)) for name in ("alto", "bass"))
    assert first.clip == second.clip == f"{tmp_path / 'song.wav'} 1.5- s"
    other = read_conversion(describe(tmp_path, "other", start_s=1.5, end_s=2.0))
    assert other.clip == f"{tmp_path / 'song.wav'} 1.5-2 s"
    assert read_conversion(describe(tmp_path, "all", start_s=None)).clip == str(tmp_path / "song.wav")


@pytest.mark.parametrize(
    ("singer", "target", "key", "group"),
    [
        ("bass", "alto", 0, "conversion"),
        (None, "alto", 0, "conversion"),
        ("alto", "alto", 0, "self-conversion"),
        ("alto", "alto", -2, "self-conversion, other key"),
    ],
)
def test_groups_are_told_apart_by_who_sings(tmp_path, singer, target, key, group):
    path = describe(tmp_path, "one", source_singer=singer, target=target, key_shift_semitones=key)
    assert read_conversion(path).group == group


def test_one_description_may_be_named_by_itself(tmp_path):
    describe(tmp_path, "other")
    found, problems = find_conversions([describe(tmp_path, "one")], [])
    assert [conversion.name for conversion in found] == ["one"] and problems == []


@pytest.mark.parametrize("place", ["", "nowhere"], ids=["empty", "missing"])
def test_a_folder_without_any_is_listed(tmp_path, place):
    found, problems = find_conversions([tmp_path / place], [tmp_path / place])
    assert found == [] and len(problems) == 2 and all(is_sentence(problem) for problem in problems)


def test_a_trace_is_a_conversion_of_the_sounds_in_it(tiny_trace):
    conversion = conversion_of_trace(tiny_trace.folder)
    assert conversion.name == tiny_trace.id and conversion.target == "alto"
    assert conversion.converted.is_file() and conversion.source.is_file()
    assert conversion.key_shift_semitones == tiny_trace.manifest.key_shift_semitones
    assert conversion.made_by["sampler"] == "ddpm" and conversion.made_by["seed"] == 3
    assert (conversion.source_singer, conversion.group) == ("bass", "conversion")
    assert conversion.clip == "bass/test.wav 0-1.2 s"
    assert conversion.made_by["model"] == tiny_trace.manifest.model.sha256_12


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        ("without", ["melody"]),
        ("guidance", {"singer": 2.0}),
        ("defect", "early-f0"),
        ("swap", {"singer": "bass", "at": 3}),
    ],
)
def test_a_trace_that_was_altered_on_purpose_is_a_group_of_its_own(tiny_trace, tmp_path, fact, value):
    folder = shutil.copytree(tiny_trace.folder, tmp_path / tiny_trace.id)
    facts = json.loads((folder / "trace.json").read_text(encoding="utf-8"))
    facts["sampler"][fact] = value
    (folder / "trace.json").write_text(json.dumps(facts), encoding="utf-8")
    assert conversion_of_trace(folder).group == "altered on purpose"


def test_a_trace_may_be_named_itself_and_a_damaged_or_unfinished_one_is_no_conversion(tiny_trace, tmp_path):
    found, problems = find_conversions([], [tiny_trace.folder])
    assert [conversion.name for conversion in found] == [tiny_trace.id] and problems == []
    shutil.copytree(tiny_trace.folder, tmp_path / f".partial-{tiny_trace.id}-7")
    damaged = tmp_path / tiny_trace.id
    shutil.copytree(tiny_trace.folder, damaged)
    (damaged / "sound" / "converted.flac").write_bytes(b"")
    found, problems = find_conversions([], [tmp_path])
    assert found == [] and len(problems) == 1 and "converted.flac" in problems[0] and is_sentence(problems[0])


def test_the_shipped_traces_can_be_read():
    folder = Path(__file__).resolve().parents[2] / "precomputed"
    found, problems = find_conversions([], [folder])
    assert problems == [] and len(found) >= 6
    assert all(conversion.converted.is_file() and conversion.source.is_file() for conversion in found)
