"""The catalogue: one row a trace, rebuilt from the folders."""

import json

import pytest

from svc_core.traces.catalogue import CATALOGUE, CatalogueError, Entry, read_catalogue, rebuild_catalogue
from svc_core.traces.trace import MANIFEST, Trace, write_trace
from tests.conftest import is_sentence
from tests.traces.conftest import hand_files, hand_manifest

NAMES = ["amen--bass--alto", "kyrie--bass--alto", "şarkı--bass--alto"]


@pytest.fixture
def parent(tmp_path):
    for name in reversed(NAMES):
        write_trace(tmp_path, hand_manifest(name), hand_files())
    return tmp_path


def spoil(trace_folder, change) -> None:
    manifest = json.loads((trace_folder / MANIFEST).read_text(encoding="utf-8"))
    change(manifest)
    (trace_folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")


def test_an_entry_says_what_the_manifest_says(parent):
    entries, problems = rebuild_catalogue(parent)
    assert problems == []
    assert entries[0] == Entry(
        id="amen--bass--alto",
        song="Hymn 7",
        phrase="amen",
        source="bass",
        target="alto",
        key_shift_semitones=12,
        sampler="ddpm",
        steps=8,
        seed=11,
        seconds=0.13,  # 12 frames of 10.67 ms
    )


def test_what_is_rebuilt_can_be_read_in_the_order_of_names(parent):
    entries, _ = rebuild_catalogue(str(parent))
    assert [entry.id for entry in entries] == NAMES
    assert read_catalogue(str(parent)) == entries


def test_rebuilding_twice_gives_the_same_bytes(parent):
    rebuild_catalogue(parent)
    first = (parent / CATALOGUE).read_bytes()
    rebuild_catalogue(parent)
    assert (parent / CATALOGUE).read_bytes() == first
    assert b"\r" not in first


def test_fields_with_commas_quotes_and_line_breaks_survive(tmp_path):
    song = 'Ah, "vous" dirai-je\nmaman'
    source = {"singer": "a, b", "phrase": "p", "song": song}
    write_trace(tmp_path, hand_manifest(source=source), hand_files())
    rebuild_catalogue(tmp_path)
    (entry,) = read_catalogue(tmp_path)
    assert (entry.song, entry.source) == (song, "a, b")


def test_a_broken_folder_is_reported_and_the_others_are_listed(parent):
    (parent / NAMES[1] / "f0.npy.gz").unlink()
    entries, problems = rebuild_catalogue(parent)
    assert [entry.id for entry in entries] == [NAMES[0], NAMES[2]]
    (problem,) = problems
    assert is_sentence(problem)
    assert NAMES[1] in problem
    assert read_catalogue(parent) == entries


@pytest.mark.parametrize(
    "change",
    [
        lambda manifest: manifest["source"].pop("song"),
        lambda manifest: manifest["sampler"].pop("seed"),
        lambda manifest: manifest["grid"].update(hop=None),
        lambda manifest: manifest["grid"].update(sample_rate_hz=0),
    ],
)
def test_a_manifest_with_holes_is_reported_by_name(parent, change):
    spoil(parent / NAMES[0], change)
    entries, problems = rebuild_catalogue(parent)
    assert [entry.id for entry in entries] == NAMES[1:]
    (problem,) = problems
    assert is_sentence(problem)
    assert NAMES[0] in problem


def test_unfinished_traces_and_plain_files_are_passed_over(parent):
    (parent / ".partial-amen-123").mkdir()
    (parent / "credits.csv").touch()
    entries, problems = rebuild_catalogue(parent)
    assert len(entries) == 3
    assert problems == []


def test_an_empty_folder_has_an_empty_catalogue(tmp_path):
    assert rebuild_catalogue(tmp_path) == ([], [])
    assert read_catalogue(tmp_path) == []


def test_rebuilding_leaves_nothing_else_behind(parent):
    rebuild_catalogue(parent)
    assert sorted(path.name for path in parent.iterdir()) == sorted([*NAMES, CATALOGUE])


def refusal(parent) -> str:
    with pytest.raises(CatalogueError) as caught:
        read_catalogue(parent)
    message = str(caught.value)
    assert is_sentence(message)
    return message


def test_a_missing_catalogue_is_refused_with_what_to_do(tmp_path):
    assert "svc_core.precompute" in refusal(tmp_path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text.replace("key_shift_semitones", "key"),
        lambda text: text.replace(",12,", ",twelve,"),
        lambda text: text.replace(",0.13", ""),
        lambda text: text[:-30],
        lambda text: "",
        lambda text: "la la la\n",
        lambda text: text + "\xff\xfe",
        lambda text: text + "\0\n",
    ],
)
def test_a_damaged_catalogue_is_refused_with_what_to_do(parent, damage):
    rebuild_catalogue(parent)
    path = parent / CATALOGUE
    path.write_bytes(damage(path.read_text(encoding="utf-8")).encode("latin-1", "replace"))
    assert "--rebuild-catalogue" in refusal(parent)


def test_a_missing_parent_is_refused(tmp_path):
    with pytest.raises(CatalogueError):
        rebuild_catalogue(tmp_path / "nowhere")


def test_entries_of_a_recorded_trace_say_its_length(tiny_trace: Trace):
    entries, problems = rebuild_catalogue(tiny_trace.folder.parent)
    assert problems == []
    (entry,) = entries
    assert (entry.phrase, entry.source, entry.target, entry.steps) == ("hymn", "bass", "alto", 20)
    assert entry.seconds == pytest.approx(1.2, abs=0.011)
